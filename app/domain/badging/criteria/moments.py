"""Moments: where a sum stands after each deed, where something first held, where the last of several came to hold."""

from collections.abc import Callable, Sequence
from functools import reduce

from sqlalchemy import CTE, ColumnElement, FromClause, Subquery, and_, case, func, literal, select


def running(rows: FromClause, *partition: ColumnElement) -> Subquery:
    """Rows with the sum so far (`run`) and the latest time so far (`latest`)."""
    return select(
        rows,
        func.sum(rows.c.step).over(partition_by=partition, order_by=rows.c.seq).label("run"),
        func.max(rows.c.at).over(partition_by=partition, order_by=rows.c.seq).label("latest"),
    ).subquery()


def first_of(rows: Subquery) -> Subquery:
    """The earliest booked row of each member, subject 0."""
    place = func.row_number().over(partition_by=rows.c.member_id, order_by=(rows.c.seq, rows.c.at))
    placed = select(rows, place.label("place")).subquery()
    return (
        select(placed.c.member_id, literal(0).label("subject"), placed.c.seq, placed.c.at)
        .where(placed.c.place == 1)
        .subquery()
    )


def latest_of(parts: Sequence[CTE | Subquery]) -> Subquery:
    """Where the last of some parts came to hold, for whoever has them all for the same subject."""
    first, *others = parts
    joined = select(
        first.c.member_id,
        first.c.subject,
        greatest([first.c.seq, *(it.c.seq for it in others)]).label("seq"),
        greatest([first.c.at, *(it.c.at for it in others)]).label("at"),
    )
    for other in others:
        joined = joined.join(other, and_(other.c.member_id == first.c.member_id, other.c.subject == first.c.subject))
    return joined.subquery()


def greatest(values: list[ColumnElement]) -> ColumnElement:
    """The greatest of several; neither engine's own function is the other's."""

    def later(a: ColumnElement, b: ColumnElement) -> ColumnElement:
        return case((a >= b, a), else_=b)

    pick: Callable[[ColumnElement, ColumnElement], ColumnElement] = later
    return reduce(pick, values)
