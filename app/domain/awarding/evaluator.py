"""The evaluator: books what waits, in order, and awards what it completes.

One evaluator works at a time, under a lease. A batch is one transaction: its deeds get their
positions, points and totals move, awards and notices are written, or none of it happened.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from app.domain.awarding import awards, ledger, programme, ranks, stumbles
from app.domain.awarding.ledger import Book
from app.domain.awarding.programme import Programme
from app.domain.awarding.stumbles import Open
from app.domain.badging.facts import COLUMNS, Deed
from app.domain.badging.sums import Sums
from app.domain.badging.totals import Lease
from app.domain.forum.threads import Category, Post
from app.domain.mail import leases
from app.domain.notices import notifications
from app.domain.record.activities import Activity

LEASE = "evaluator"
OWED = "backfill"  # the lease that says a retroactive run was begun; its position is the last award before it
LEASE_SECONDS = 10  # a dead evaluator's; a live one renews it with each batch
BATCH = 500
TOO_MANY_DEATHS = 2  # of evaluators in a row over the same batch: one of its deeds may be why
PATIENT_TRIES = 3  # to finish a retroactive run, before evaluation goes on without it

_kept: dict[str, tuple[tuple, Programme]] = {}  # by database: the programme and its stamp


def run(open_transaction: Open, batch: int = BATCH) -> int:
    """Book and evaluate all that waits; returns how many deeds. 0 where another is at it.

    Raises, after all others are done, what deeds fell over; they are tried again later.
    """
    done, falls = 0, list[Exception]()
    while not falls:
        with open_transaction() as session:
            token = leases.take(session, LEASE, LEASE_SECONDS) if has_work(session) else None
            singly = batch if leases.deaths(session, LEASE) >= TOO_MANY_DEATHS else 0
        if token is None:
            break
        try:
            booked, falls = work_off(open_transaction, token, batch, singly=singly)
            done += booked
        except leases.Lost:
            break
        finally:
            with open_transaction() as session:
                leases.release(session, LEASE, token)
        # A deed may have been noted after the last look, its bell answered by nobody: look again.
    if falls:
        raise ExceptionGroup(f"{len(falls)} deeds could not be booked", falls)
    return done


def work_off(open_transaction: Open, token: str, batch: int = BATCH, *, singly: int = 0) -> tuple[int, list[Exception]]:
    """Book and evaluate all that waits under a lease, the first so many deeds one by one.

    Returns how many, and what deeds fell over. Raises leases.Lost.
    """

    @contextmanager
    def holding() -> Iterator[Session]:
        with open_transaction() as session:
            leases.hold(session, LEASE, token, LEASE_SECONDS)
            yield session

    return stumbles.book_all(holding, partial(step, open_transaction, token), batch, singly=singly)


def has_work(session: Session) -> bool:
    """Whether there is anything to book now, and nothing that must come first."""
    return (waiting(session) or stumbles.is_due(session)) and not is_owed(session)


def waiting(session: Session) -> bool:
    """Whether any deed has not been booked yet, besides those that could not be."""
    return session.scalar(select(Activity.id).where(stumbles.WAITS).limit(1)) is not None


def is_owed(session: Session) -> bool:
    """Whether a retroactive run was begun and not finished. What it booked it must award before anything follows.

    One that fails for a reason of its own would stop all awards for ever, so it is waited for some tries only. What is
    awarded before it may then be dated too late; the run sets it right in the end.
    """
    owed = session.get(Lease, OWED)
    return owed is not None and owed.deaths < PATIENT_TRIES


def step(open_transaction: Open, token: str, size: int = BATCH, only: int | None = None) -> int:
    """Book and evaluate one batch under a lease, or one deed; returns how many. Raises leases.Lost, stumbles.Fell."""
    with open_transaction() as session:
        position = leases.hold(session, LEASE, token, LEASE_SECONDS)
        rules = kept(session)
        with stumbles.watched():
            deeds = book(session, position, size, only)
            if deeds:
                evaluate(session, rules, deeds)
                leases.move(session, LEASE, token, deeds[-1].seq)
            return len(deeds)


def kept(session: Session) -> Programme:
    """The site's programme, compiled once and again only after it changed."""
    database = str(session.get_bind().engine.url)
    now = programme.stamp(session)
    if database not in _kept or _kept[database][0] != now:
        fresh = programme.current(session)
        _kept[database] = (programme.stamp(session), fresh)
    return _kept[database][1]


def book(session: Session, position: int, size: int, only: int | None = None) -> list[Deed]:
    """Give waiting deeds the next positions, in the order in which they were noted; or one that stumbled."""
    wanted = stumbles.WAITS if only is None else and_(Activity.id == only, Activity.seq.is_(None))
    number = func.row_number().over(order_by=Activity.id)
    next_ones = (
        select(Activity.id, (number + position).label("seq")).where(wanted).order_by(Activity.id).limit(size).subquery()
    )
    session.execute(
        update(Activity)
        .where(Activity.id == next_ones.c.id)
        .values(seq=next_ones.c.seq)
        .execution_options(synchronize_session=False)
    )
    deeds = read(session, position, position + size)
    if deeds:
        stumbles.forget(session, [it.id for it in deeds])
    return deeds


def read(session: Session, after: int, to: int) -> list[Deed]:
    """Booked deeds with the facts of their posts, in order; positions above `after`, up to `to`."""
    rows = session.execute(
        select(*COLUMNS)
        .outerjoin(Post, Post.id == Activity.post_id)
        .outerjoin(Category, Category.id == Activity.category_id)
        .where(Activity.seq > after, Activity.seq <= to)
        .order_by(Activity.seq)
    )
    return [Deed._make(row) for row in rows]


def evaluate(session: Session, rules: Programme, deeds: Sequence[Deed]) -> None:
    """What a batch of booked deeds leads to: points, totals, ranks, awards, notices."""
    points, sums, gate = Book(rules.points), Sums(session), rules.gate
    points.open(session, deeds)
    gate.open(sums, deeds)
    balances: dict[int, int] = {}
    climbed: dict[int, int] = {}
    for deed in deeds:
        moved = points.book(deed)
        gate.feed(deed, moved)
        if moved:
            balances[deed.member] = sums.value((gate.balance.id, deed.member, ""))
            rank = rank_at(rules, balances[deed.member])
            climbed[deed.member] = max(rank, climbed.get(deed.member, 0))
        if deed.kind == "badge_granted" and deed.object and not deed.reverses:
            awards.place(session, deed.object, deed.member, deed.seq)
            gate.held(deed.object, deed.member, deed.seq, deed.at)
    points.close(session, balances)
    sums.save()
    raised = ledger.save_balances(session, balances, climbed)
    fresh = awards.make(session, gate.reached)
    notifications.tell_of_awards(session, [it.id for it in fresh])
    ranks.tell(session, raised)


def rank_at(rules: Programme, balance: int) -> int:
    """The position of the highest rank that so many points reach."""
    place = bisect_right(rules.ranks, balance, key=lambda rank: rank[0])
    return rules.ranks[place - 1][1] if place else 0
