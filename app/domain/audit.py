"""The audit of points: every kept number held against the ledger it is a sum of."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.domain.activities import Activity
from app.domain.criteria import Yearly, running
from app.domain.members import Member
from app.domain.points import PointEntry, Rank, WeekScore

WEEK = (PointEntry.local_day + 3) // 7  # as ledger.week_of


class Difference(NamedTuple):
    """A number that is kept and what it should be."""

    member: str
    what: str
    kept: int
    should: int


def differences(session: Session) -> list[Difference]:
    """Balances, weeks and ranks that differ from the ledger; rank is checked against the highest balance ever."""
    return [*_balances(session), *_weeks(session), *_ranks(session)]


def waiting(session: Session) -> int:
    """How many activities have not been booked yet."""
    return session.scalar(select(func.count()).select_from(Activity).where(Activity.seq.is_(None))) or 0


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


def _week_sums():  # type: ignore[no-untyped-def]
    return (
        select(
            WEEK.label("week"),
            PointEntry.member_id,
            func.sum(PointEntry.amount).label("points"),
            func.max(PointEntry.seq).label("seq"),
        )
        .where(PointEntry.amount != 0)
        .group_by(WEEK, PointEntry.member_id)
        .subquery()
    )


def _weeks(session: Session) -> Iterable[Difference]:
    sums = _week_sums()
    same = (sums.c.week == WeekScore.week) & (sums.c.member_id == WeekScore.member_id)
    kept = session.execute(
        select(Member.username, WeekScore.week, WeekScore.points, func.coalesce(sums.c.points, 0))
        .select_from(WeekScore)
        .join(Member, Member.id == WeekScore.member_id)
        .outerjoin(sums, same)
        .where(WeekScore.points != func.coalesce(sums.c.points, 0))
    )
    missing = session.execute(
        select(Member.username, sums.c.week, literal(0), sums.c.points)
        .select_from(sums)
        .join(Member, Member.id == sums.c.member_id)
        .outerjoin(WeekScore, same)
        .where(WeekScore.week.is_(None))
    )
    return [Difference(name, f"week {week}", has, should) for name, week, has, should in [*kept, *missing]]


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


def repair(session: Session) -> None:
    """Set balances, weeks and ranks to what the ledger says; a rank is never lowered."""
    sums, reached = _sums(), _reached()
    quiet = {"synchronize_session": False}
    session.execute(
        update(Member)
        .values(points=func.coalesce(select(sums.c.points).where(sums.c.member_id == Member.id).scalar_subquery(), 0))
        .execution_options(**quiet)
    )
    session.execute(
        update(Member)
        .where(Member.id == reached.c.member_id, Member.rank < reached.c.rank)
        .values(rank=reached.c.rank)
        .execution_options(**quiet)
    )
    weeks = _week_sums()
    session.execute(delete(WeekScore))
    session.execute(insert(WeekScore).from_select(["week", "member_id", "points", "seq"], select(weeks)))
