"""Retroactive awards: everything for everybody, set by set, at the dates it was really earned.

It works under the evaluator's lease, so live evaluation waits meanwhile and goes on afterwards from
totals that reach exactly as far as was booked. What a run owes is written down before it begins: a
run that died is finished by the next evaluator, with the one grouped notice a member.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.domain import plans, statistics
from app.domain.awarding import audit, awards, evaluator, ledger, programme, stumbles
from app.domain.awarding.evaluator import LEASE, OWED, PATIENT_TRIES
from app.domain.awarding.ledger import Book
from app.domain.awarding.programme import Programme
from app.domain.awarding.stumbles import Open
from app.domain.badging.badges import Award, Badge
from app.domain.badging.criteria import All, Count, Measure, Node, Yearly, latest_of
from app.domain.badging.gate import Rule, latch_key, yearly_keys
from app.domain.badging.totals import Lease, Total
from app.domain.base import insert_into, now, ring_after_commit
from app.domain.mail import leases
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry

EVERYTHING = "*"
LEASE_SECONDS = 30  # renewed at both ends of each statement
PATIENCE_SECONDS = 60
RESTS = timedelta(hours=1)  # what a run does that failed too often; each try costs as much as the whole
BATCH = 2000
REACHABLE = and_(Member.email_verified_at.is_not(None), Member.deleted_at.is_(None))

Tell = Callable[[str, int, int], None]  # stage, done, of


BUSY = "The evaluator is at work and did not pause. Try again in a minute."


class Busy(Exception):
    """The evaluator is at work and did not stop in time."""


@dataclass(frozen=True)
class Gain:
    """What a run brings for one badge."""

    slug: str
    name: str
    members: int
    letters: int  # members among them whom a letter could reach
    awards: int
    earliest: datetime | None
    latest: datetime | None


def silent(stage: str, done: int, of: int) -> None:
    """Tells nobody."""


def run(open_transaction: Open, only: str | None = None, tell: Tell = silent) -> list[Gain]:
    """Book everything that waits and award everything that was earned; returns the gains by badge.

    Raises Busy when the evaluator does not stop for a minute, KeyError for an unknown badge.
    """
    with open_transaction() as session:
        _refuse_unknown(session, only)
    return _run(open_transaction, _take(open_transaction), only, tell)


def resume(open_transaction: Open) -> None:
    """Finish a run that died, unless somebody is still at it, or it failed too often and rests."""
    with open_transaction() as session:
        token = leases.take(session, LEASE, LEASE_SECONDS) if _is_due(session) else None
        owed = _begin_again(session) if token else None
        if token and not owed:  # it was finished meanwhile
            leases.release(session, LEASE, token)
    if token and owed:
        _run(open_transaction, token, None if owed == EVERYTHING else owed, silent)


def failures(session: Session) -> int:
    """How often in vain a run that is owed was tried again."""
    return leases.deaths(session, OWED)


def _is_due(session: Session) -> bool:
    owed = session.get(Lease, OWED)
    return owed is not None and (owed.deaths < PATIENT_TRIES or owed.until is None or owed.until <= now())


def _begin_again(session: Session) -> str | None:
    """Write down that a run is tried once more, for it may end the process; returns for what it is owed."""
    tried = update(Lease).where(Lease.name == OWED).values(deaths=Lease.deaths + 1, until=now() + RESTS)
    return session.scalar(tried.returning(Lease.token).execution_options(synchronize_session=False))


def _run(open_transaction: Open, token: str, only: str | None, tell: Tell) -> list[Gain]:
    @contextmanager
    def holding() -> Iterator[Session]:
        with open_transaction() as session:
            leases.hold(session, LEASE, token, LEASE_SECONDS)
            with plans.for_whole_tables(session):
                yield session
            leases.hold(session, LEASE, token, LEASE_SECONDS)  # a statement may take longer than the lease

    try:
        with holding() as session:
            only = owe(session, only)
        if only:  # no other badge is looked at below, so what waits is evaluated as ever
            evaluator.work_off(open_transaction, token)
        else:
            book_all(holding, token, tell)
        with holding() as session:
            rules = programme.current(session) if only else rebuild(session, tell)
        falls = list[Exception]()
        for stage, step in award_steps(rules, only):
            try:
                with stumbles.watched(), holding() as session:
                    tell(*stage)
                    step(session)
            except stumbles.Fell as fell:  # no rule keeps the others waiting
                falls.append(fell.cause)
        if falls:
            raise ExceptionGroup("badges could not be awarded", falls)
        with holding() as session:
            gains = settle(session, rules)
        if sum(it.awards for it in gains) >= statistics.MANY:
            with open_transaction() as session:
                statistics.count_anew(session, Award, Notification, Delivery)
        return gains
    finally:
        with open_transaction() as session:
            leases.release(session, LEASE, token)


def preview(session: Session, only: str | None = None, tell: Tell = silent) -> list[Gain]:
    """What a run would bring. Everything is really done; the caller undoes the transaction. Raises as `run`."""
    _refuse_unknown(session, only)
    if leases.take(session, LEASE, LEASE_SECONDS) is None:
        raise Busy(BUSY)
    with plans.for_whole_tables(session):
        owe(session, only)
        position = leases.position(session, LEASE)
        while reached := _book(session, position):
            position = reached
        rules = rebuild(session, tell)
        for stage, step in award_steps(rules, only):
            tell(*stage)
            step(session)
        return settle(session, rules)


def _refuse_unknown(session: Session, only: str | None) -> None:
    if only and only not in {rule.slug for rule in programme.published(session)}:
        raise KeyError(only)


def _take(open_transaction: Open) -> str:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        with open_transaction() as session:
            if token := leases.take(session, LEASE, LEASE_SECONDS):
                return token
        time.sleep(0.2)
    raise Busy(BUSY)


# --- the stages ------------------------------------------------------------------------------


def owe(session: Session, only: str | None) -> str | None:
    """Write down that a run begins, for which badge, and after which award; returns for which badge.

    What an earlier run still owes is paid with it: then it is for all badges.
    """
    owed = session.get(Lease, OWED)
    if owed is None:
        last = session.scalar(select(func.max(Award.id))) or 0
        session.add(Lease(name=OWED, token=only or EVERYTHING, position=last))
    elif owed.token != only:
        only, owed.token = None, EVERYTHING
    return only


def book_all(holding: Open, token: str, tell: Tell) -> None:
    """Give every waiting deed its position and its points. Totals follow in one piece afterwards."""
    with holding() as session:
        of = session.scalar(select(func.count()).select_from(Activity).where(stumbles.WAITS)) or 0
    done = 0

    def step(size: int, only: int | None) -> int:
        nonlocal done
        with holding() as session, stumbles.watched():
            position = leases.position(session, LEASE)
            reached = _book(session, position, size, only)
            if reached:
                leases.move(session, LEASE, token, reached)
        booked = reached - position if reached else 0
        done += booked
        tell("Booking", done, max(of, done))
        return booked

    stumbles.book_all(holding, step, BATCH)  # what falls is tried again by the evaluator, which tells


def _book(session: Session, position: int, size: int = BATCH, only: int | None = None) -> int:
    """Book one batch without its totals, which are dropped: who looks meanwhile builds them anew."""
    programme.forget(session)
    deeds = evaluator.book(session, position, size, only)
    if not deeds:
        return 0
    book = Book(ledger.rules(session))
    book.open(session, deeds)
    moved: Counter[int] = Counter()
    for deed in deeds:
        moved[deed.member] += book.book(deed)
        if deed.kind == "badge_granted" and deed.object:
            awards.place(session, deed.object, deed.member, deed.seq)
    book.close(session, ledger.move_balances(session, moved))
    return deeds[-1].seq


def rebuild(session: Session, tell: Tell) -> Programme:
    """Build all totals, balances and ranks from the booked deeds."""
    tell("Adding up", 0, 1)
    # What was booked just now still counts as waiting for PostgreSQL, and of what is kept for members it knows nothing.
    statistics.count_anew(session, Activity, PointEntry)
    programme.forget(session)
    rules = programme.current(session)
    statistics.count_anew(session, Total)
    audit.repair_members(session)
    tell("Adding up", 1, 1)
    return rules


Step = Callable[[Session], None]


def award_steps(rules: Programme, only: str | None) -> Iterable[tuple[tuple[str, int, int], Step]]:
    """The statements to run, one a transaction: simple thresholds of one measure share a scan."""
    wanted = [rule for rule in rules.rules if only in (None, rule.slug)]
    shared: dict[Measure, list[tuple[Rule, Count]]] = defaultdict(list)
    single: list[Rule] = []
    for rule in wanted:
        if isinstance(rule.node, Count) and not rule.node.days and not rule.node.first:
            shared[rule.node.measure].append((rule, rule.node))
        else:
            single.append(rule)
    steps: list[Step] = [partial(_award_thresholds, measure, some) for measure, some in shared.items()]
    # Rules that need other badges come after those; the programme keeps that order.
    steps += [partial(_award, rule) for rule in single]
    for i, step in enumerate(steps):
        yield ("Awarding", i, len(steps)), step


def _award_thresholds(measure: Measure, some: Sequence[tuple[Rule, Count]], session: Session) -> None:
    reached = measure.reached(sorted({node.n for _, node in some}))
    rows = [
        select(literal(rule.badge).label("badge"), literal(rule.version).label("version"), literal(node.n).label("n"))
        for rule, node in some
    ]
    wanted = rows[0].union_all(*rows[1:]).subquery()
    _insert(
        session,
        select(
            wanted.c.badge,
            wanted.c.version,
            reached.c.member_id,
            reached.c.subject,
            reached.c.seq,
            reached.c.at,
        ).join_from(reached, wanted, wanted.c.n == reached.c.n),
    )


def _award(rule: Rule, session: Session) -> None:
    if rule.node.badges():  # their awards were only just made, and PostgreSQL takes them for a few
        plans.without_loops(session)
    earned = _earned(rule.node)
    _insert(
        session,
        select(
            literal(rule.badge),
            literal(rule.version),
            earned.c.member_id,
            earned.c.subject,
            earned.c.seq,
            earned.c.at,
        ),
    )


def _earned(node: Node) -> Subquery:
    """Who earned it, when: read from the latches where adding up has just found it."""
    match node:
        case Count(days=int()):
            return programme.remembered(latch_key(node))
        case Yearly():
            return latest_of([programme.remembered(key, cast(Total.part, Integer)) for key in yearly_keys(node)])
        case All():  # what asks for badges holds more often by now than when totals were added up
            return latest_of(
                [
                    select(part.earned()).cte() if part.badges() else programme.remembered(latch_key(part))
                    for part in node.parts
                ]
            )
    return node.earned()


def _insert(session: Session, rows: Select) -> None:
    found = rows.subquery()
    badge, version, member, subject, seq, at = found.c
    _date_anew(session, found)
    new = insert_into(session, Award).from_select(
        [
            "badge_id",
            "version_id",
            "member_id",
            "subject",
            "seq",
            "earned_at",
            "way",
            "reason",
            "revoked_because",
            "awarded_at",
        ],
        select(
            badge,
            version,
            member,
            subject,
            seq,
            at,
            literal("automatic"),
            literal(""),
            literal(""),
            literal(now(), Award.awarded_at.type),
        )
        .where(literal(True))
        .order_by(seq, badge, subject),  # SQLite reads ON CONFLICT as a join without a WHERE
    )
    session.execute(new.on_conflict_do_nothing())


def _date_anew(session: Session, found: Subquery) -> None:
    """Where evaluation went on before this run, it saw some rules hold later than they first did."""
    owed = session.get_one(Lease, OWED)
    if owed.deaths < PATIENT_TRIES:
        return
    badge, _version, member, subject, seq, at = found.c
    theirs = and_(Award.badge_id == badge, Award.member_id == member, Award.subject == subject)
    late = and_(Award.id > owed.position, Award.way == "automatic", Award.seq > seq)
    dated = update(Award).where(theirs, late).values(seq=seq, earned_at=at)
    session.execute(dated.execution_options(synchronize_session=False))


def settle(session: Session, rules: Programme) -> list[Gain]:
    """Count holders, give each member one notice for all of it, and call the debt paid."""
    programme.forget_badges_held(session, rules.gate)
    programme.current(session)
    before = leases.position(session, OWED)
    fresh = and_(Award.id > before, Award.way == "automatic")
    gains = [Gain(*row) for row in session.execute(_gains(fresh))]
    awards.count_holders(session, set(session.scalars(select(Award.badge_id).where(fresh).distinct())))
    _tell_members(session, before, fresh)
    session.execute(Lease.__table__.delete().where(Lease.name == OWED))  # type: ignore[attr-defined]
    return gains


def _gains(fresh: ColumnElement[bool]) -> Select:
    won = (
        select(
            Award.badge_id,
            Award.member_id,
            func.count().label("awards"),
            func.min(Award.earned_at).label("earliest"),
            func.max(Award.earned_at).label("latest"),
        )
        .where(fresh)
        .group_by(Award.badge_id, Award.member_id)
        .subquery()
    )
    return (
        select(
            Badge.slug,
            Badge.name,
            func.count(),
            func.count(case((REACHABLE, 1))),
            cast(func.sum(won.c.awards), Integer),
            func.min(won.c.earliest),
            func.max(won.c.latest),
        )
        .join(won, won.c.badge_id == Badge.id)
        .join(Member, Member.id == won.c.member_id)
        .group_by(Badge.id, Badge.slug, Badge.name)
        .order_by(Badge.position, Badge.id)
    )


def _tell_members(session: Session, before: int, fresh: ColumnElement[bool]) -> None:
    """One notice each, and the letters owed for them: written by the database, however many there are."""
    last_notice = session.scalar(select(func.max(Notification.id))) or 0
    told = (
        select(Notification.id)
        .where(
            Notification.member_id == Award.member_id, Notification.key == literal("award:") + cast(Award.id, String)
        )
        .exists()
    )
    told_now = (
        select(Award.member_id, func.count().label("badges"), func.max(Award.id).label("last"))
        .where(fresh, ~told)
        .group_by(Award.member_id)
        .subquery()
    )
    own = literal("award:") + cast(told_now.c.last, String)
    notices = select(
        told_now.c.member_id,
        literal("badge_earned"),
        told_now.c.last,
        case((told_now.c.badges == 1, own), else_=f"retroactive:{before}"),
        _json(session)("badges", told_now.c.badges),
    ).order_by(told_now.c.member_id)
    new = insert_into(session, Notification).from_select(["member_id", "kind", "award_id", "key", "facts"], notices)
    session.execute(new.on_conflict_do_nothing())
    letters = (
        select(Notification.id, Notification.member_id, Notification.kind)
        .join(Award, Award.id == Notification.award_id)
        .join(Member, Member.id == Notification.member_id)
        .where(Notification.id > last_notice, fresh, REACHABLE)
        .order_by(Notification.id)
    )
    owed = insert_into(session, Delivery).from_select(["notification_id", "member_id", "kind"], letters)
    session.execute(owed.on_conflict_do_nothing())
    ring_after_commit(session, "mail")


def _json(session: Session) -> Callable[..., ColumnElement]:
    """Makes a small JSON object; each engine calls it by another name."""
    return {"sqlite": func.json_object, "postgresql": func.json_build_object}[session.get_bind().dialect.name]
