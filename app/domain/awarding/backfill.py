"""Retroactive awards: everything for everybody, set by set, at the dates it was really earned.

It works under the evaluator's lease, so live evaluation waits meanwhile and goes on afterwards from
totals that reach exactly as far as was booked. What a run owes is written down before it begins: a
run that died is finished by the next evaluator, with the one grouped notice a member.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from app.domain import plans, statistics
from app.domain.awarding import audit, awards, evaluator, gains, ledger, programme, sets, stumbles
from app.domain.awarding.evaluator import LEASE, OWED, PATIENT_TRIES
from app.domain.awarding.gains import Gain
from app.domain.awarding.ledger import Book
from app.domain.awarding.programme import Programme
from app.domain.awarding.stumbles import Open
from app.domain.badging.badges import Award
from app.domain.badging.totals import Lease, Total
from app.domain.base import now
from app.domain.mail import leases
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry

EVERYTHING = "*"
LEASE_SECONDS = 30  # renewed at both ends of each statement
PATIENCE_SECONDS = 60
RESTS = timedelta(hours=1)  # what a run does that failed too often; each try costs as much as the whole
BATCH = 2000

Tell = Callable[[str, int, int], None]  # stage, done, of

BUSY = "The evaluator is at work and did not pause. Try again in a minute."


class Busy(Exception):
    """The evaluator is at work and did not stop in time."""


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
        for stage, step in sets.steps(rules, only):
            try:
                with stumbles.watched(), holding() as session:
                    tell(*stage)
                    step(session)
            except stumbles.Fell as fell:  # no rule keeps the others waiting
                falls.append(fell.cause)
        if falls:
            raise ExceptionGroup("badges could not be awarded", falls)
        with holding() as session:
            found = settle(session, rules)
        if sum(it.awards for it in found) >= statistics.MANY:
            with open_transaction() as session:
                statistics.count_anew(session, Award, Notification, Delivery)
        return found
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
        for stage, step in sets.steps(rules, only):
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


def settle(session: Session, rules: Programme) -> list[Gain]:
    """Count holders, give each member one notice for all of it, and call the debt paid."""
    programme.forget_badges_held(session, rules.gate)
    programme.current(session)
    before = leases.position(session, OWED)
    fresh = and_(Award.id > before, Award.way == "automatic")
    found = gains.of(session, fresh)
    awards.count_holders(session, set(session.scalars(select(Award.badge_id).where(fresh).distinct())))
    gains.tell(session, before, fresh)
    session.execute(Lease.__table__.delete().where(Lease.name == OWED))  # type: ignore[attr-defined]
    return found
