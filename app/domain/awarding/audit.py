"""The audit: every kept number held against the ledger or the awards it is a sum of."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Row, Select, Subquery, and_, func, literal, select, union_all, update
from sqlalchemy.orm import Session

from app.domain.awarding import awards, ranks, stumbles
from app.domain.badging.badges import Badge
from app.domain.badging.criteria import Yearly, running
from app.domain.people.members import Member
from app.domain.record import scores
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry, Rank
from app.domain.record.scores import Score


class Difference(NamedTuple):
    """A number that is kept and what it should be."""

    member: str  # or the badge
    what: str
    kept: int
    should: int


def differences(session: Session) -> list[Difference]:
    """Balances, statements, scores and ranks that differ from the ledger; ranks from the highest balance ever.

    And the holders of badges that differ from their awards.
    """
    return [
        *_balances(session), *_statements(session), *_scores(session), *_ranks(session),
        *(Difference(it.name, "holders", it.holders, it.should) for it in _miscounted(session)),
    ]  # fmt: skip


def waiting(session: Session) -> int:
    """How many activities have not been booked yet, besides those that could not be."""
    return session.scalar(select(func.count()).select_from(Activity).where(stumbles.WAITS)) or 0


def _sums():  # type: ignore[no-untyped-def]
    return (
        select(PointEntry.member_id, func.sum(PointEntry.amount).label("points"))
        .group_by(PointEntry.member_id)
        .subquery()
    )


def _balances(session: Session) -> Iterable[Difference]:
    sums = _sums()
    should = func.coalesce(sums.c.points, 0)
    rows = session.execute(
        select(Member.username, literal("balance"), Member.points, should)
        .outerjoin(sums, sums.c.member_id == Member.id)
        .where(Member.points != should)
        .order_by(Member.id)
    )
    return [Difference(*row) for row in rows]


def _statements(session: Session) -> Iterable[Difference]:
    """Lines of statements that do not show the balance there was after them, how many a member."""
    run = _running()
    rows = session.execute(
        select(Member.username, literal("lines of the statement"), func.count(), literal(0))
        .join(run, run.c.member_id == Member.id)
        .where(run.c.balance != run.c.should)
        .group_by(Member.id, Member.username)
        .order_by(Member.id)
    )
    return [Difference(*row) for row in rows]


def _running() -> Subquery:
    should = func.sum(PointEntry.amount).over(
        partition_by=PointEntry.member_id, order_by=(PointEntry.seq, PointEntry.id), rows=(None, 0)
    )
    return select(PointEntry.id, PointEntry.member_id, PointEntry.balance, should.label("should")).subquery()


def _scores(session: Session) -> Iterable[Difference]:
    kept = union_all(select(Score.__table__), *(_opposite(sums) for sums in scores.summed())).subquery()
    key = kept.c.span, kept.c.number, kept.c.category_id, kept.c.member_id
    off = (
        select(*key, func.sum(kept.c.points).label("points"), func.sum(kept.c.accepted).label("accepted"))
        .group_by(*key)
        .having((func.sum(kept.c.points) != 0) | (func.sum(kept.c.accepted) != 0))
        .subquery()
    )
    rows = session.execute(
        select(Member.username, off, func.coalesce(Score.points, 0).label("kept"))
        .join(off, off.c.member_id == Member.id)
        .outerjoin(Score, and_(*(getattr(Score, it.key) == off.c[it.key] for it in key)))
        .order_by(Member.id, off.c.span, off.c.number, off.c.category_id)
    )
    return [
        Difference(
            it.username, f"{it.span} {it.number}, category {it.category_id or 'all'}", it.kept, it.kept - it.points
        )
        for it in rows
    ]


def _opposite(sums: Select) -> Select:
    it = sums.subquery().c
    return select(it.span, it.number, it.category_id, it.member_id, -it.points, -it.accepted, it.seq)


def _reached():  # type: ignore[no-untyped-def]
    run = running(changes := Yearly.ledger.changes(), changes.c.member_id)
    highest = select(run.c.member_id, func.max(run.c.run).label("points")).group_by(run.c.member_id).subquery()
    return (
        select(highest.c.member_id, func.max(Rank.position).label("rank"))
        .join_from(highest, Rank, Rank.points <= highest.c.points)
        .group_by(highest.c.member_id)
        .subquery()
    )


def _ranks(session: Session) -> Iterable[Difference]:
    reached = _reached()
    rows = session.execute(
        select(Member.username, literal("rank"), Member.rank, reached.c.rank)
        .join(reached, reached.c.member_id == Member.id)
        .where(Member.rank < reached.c.rank)
        .order_by(Member.id)
    )
    return [Difference(*row) for row in rows]


def _miscounted(session: Session) -> Sequence[Row]:
    """Badges whose number of holders is not that of their awards."""
    rows = select(Badge.id, Badge.name, Badge.holders, awards.HOLDERS.label("should"))
    return session.execute(rows.where(Badge.holders != awards.HOLDERS).order_by(Badge.id)).all()


def repair(session: Session) -> None:
    """Set balances, statements, scores and ranks to what the ledger says; a rank is never lowered. Holders are counted."""
    awards.count_holders(session, {it.id for it in _miscounted(session)})
    repair_members(session)
    run = _running()
    session.execute(
        update(PointEntry)
        .where(PointEntry.id == run.c.id, run.c.balance != run.c.should)
        .values(balance=run.c.should)
        .execution_options(synchronize_session=False)
    )
    scores.rebuild(session)


def repair_members(session: Session) -> None:
    """Set balances to what the ledger says, and raise ranks to what they reached; whoever rises is told, once."""
    sums, reached = _sums(), _reached()
    quiet = {"synchronize_session": False}
    session.execute(
        update(Member)
        .where(Member.points != 0, Member.id.not_in(select(PointEntry.member_id)))
        .values(points=0)
        .execution_options(**quiet)
    )
    session.execute(
        update(Member)
        .where(Member.id == sums.c.member_id, Member.points != sums.c.points)
        .values(points=sums.c.points)
        .execution_options(**quiet)
    )
    raised = session.execute(
        update(Member)
        .where(Member.id == reached.c.member_id, Member.rank < reached.c.rank)
        .values(rank=reached.c.rank)
        .returning(Member.id, Member.rank)
        .execution_options(**quiet)
    )
    ranks.tell(session, dict(sorted(raised.all())))
