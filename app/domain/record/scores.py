"""Scores: what members earned in each week, in each month and ever, everywhere and by category.

They are sums of the ledger, kept as it grows, so that a board costs the same however long the
history is. Weeks and months are those of the site's zone. A week that is over is closed once: who
finished where is written down, and nothing that is withdrawn or booked later changes it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Boolean,
    ForeignKey,
    Index,
    Select,
    String,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import EPOCH, Base, day_number, now
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry

WEEK, MONTH, EVER = "week", "month", "ever"
EVERYWHERE = 0  # the category of a score that counts them all
COUNTED_AS_ACCEPTED = "accepted"


class Score(Base):
    """What a member earned in a span of time; `seq` says who came first to it.

    `number` is the week, counted from the Monday before 1970-01-01 as 0, or the month as 12 times
    the year and the months before it, or 0 for ever. No foreign keys: the rows follow from entries
    that have them.
    """

    __tablename__ = "scores"
    __table_args__ = {"sqlite_with_rowid": False}

    span: Mapped[str] = mapped_column(String(5), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    category_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    points: Mapped[int]
    accepted: Mapped[int]
    seq: Mapped[int]


class ClosedWeek(Base):
    """A week whose board is final, and since when."""

    __tablename__ = "closed_weeks"

    week: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    closed_at: Mapped[datetime] = mapped_column(default=now)


class Placing(Base):
    """Where a member finished a closed week. Staff have positions among themselves."""

    __tablename__ = "placings"
    __table_args__ = {"sqlite_with_rowid": False}

    week: Mapped[int] = mapped_column(ForeignKey("closed_weeks.week"), primary_key=True)
    category_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    is_staff: Mapped[bool] = mapped_column(Boolean)
    position: Mapped[int]
    points: Mapped[int]
    accepted: Mapped[int]
    seq: Mapped[int]


# In the very order of a board, so that no tie has to be sorted, however many share it.
Index("ix_scores_leaders", Score.span, Score.number, Score.category_id, Score.points.desc(), Score.seq)
Index("ix_placings_board", Placing.week, Placing.category_id, Placing.is_staff, Placing.points.desc(), Placing.seq)


# --- the site's calendar -----------------------------------------------------------------------


def week_of(day: int) -> int:
    """The week a day falls in, Monday to Sunday; 1970-01-01 was a Thursday of week 0."""
    return (day + 3) // 7


def week_at(moment: datetime, zone: str) -> int:
    """The week of the site in which a moment falls."""
    return week_of(day_number(moment, _zone(zone)))


def month_at(moment: datetime, zone: str) -> int:
    """The month of the site in which a moment falls."""
    there = moment.astimezone(_zone(zone))
    return there.year * 12 + there.month - 1


def monday(week: int) -> date:
    """The first day of a week."""
    return EPOCH + timedelta(days=week * 7 - 3)


def week_name(week: int) -> str:
    """A week as ISO 8601 names it: 2026-W47."""
    year, number, _day = monday(week).isocalendar()
    return f"{year}-W{number:02}"


def week_named(name: str) -> int | None:
    """The week of a name, or None where there is no such week."""
    found = re.fullmatch(r"([0-9]{4})-W([0-9]{2})", name)
    try:
        return week_of((date.fromisocalendar(int(found[1]), int(found[2]), 1) - EPOCH).days) if found else None
    except ValueError:
        return None


def begins(week: int, zone: str) -> datetime:
    """The moment a week begins where the site is: midnight there, whatever the clocks did before."""
    return datetime.combine(monday(week), datetime.min.time(), _zone(zone)).astimezone(UTC)


def _zone(name: str) -> Any:
    return UTC if name == "UTC" else ZoneInfo(name)  # nothing to look up for the zone most sites keep


# --- as the ledger grows -----------------------------------------------------------------------

Key = tuple[str, int, int, int]  # span, number, category, member

# As lists in a few parameters, like totals: one statement a batch.
_ADD = {
    "sqlite": """
        INSERT INTO scores (span, number, category_id, member_id, points, accepted, seq)
        SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 3, k.value ->> 4, k.value ->> 5, k.value ->> 6
        FROM json_each(:rows) AS k WHERE true
    """,
    "postgresql": """
        INSERT INTO scores (span, number, category_id, member_id, points, accepted, seq)
        SELECT k ->> 0, CAST(k ->> 1 AS bigint), CAST(k ->> 2 AS bigint), CAST(k ->> 3 AS bigint),
               CAST(k ->> 4 AS bigint), CAST(k ->> 5 AS bigint), CAST(k ->> 6 AS bigint)
        FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS k
    """,
}
_ADDING = {
    name: text(
        statement
        + """ON CONFLICT (span, number, category_id, member_id) DO UPDATE SET
             points = scores.points + excluded.points, accepted = scores.accepted + excluded.accepted, seq = excluded.seq"""
    )
    for name, statement in _ADD.items()
}


def add(session: Session, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add booked entries to every score they count for; an entry has its `category` and `kind` with it."""
    sums: dict[Key, list[int]] = {}
    for entry in entries:
        if amount := entry["amount"]:
            accepted = (amount > 0) - (amount < 0) if entry["kind"] == COUNTED_AS_ACCEPTED else 0
            for key in _keys(entry):
                score = sums.setdefault(key, [0, 0, 0])
                score[0] += amount
                score[1] += accepted
                score[2] = entry["seq"]
    if sums:
        rows = json.dumps([(*key, *score) for key, score in sorted(sums.items())])
        session.connection().execute(_ADDING[session.get_bind().dialect.name], {"rows": rows})


def _keys(entry: Mapping[str, Any]) -> Iterator[Key]:
    for span, number in ((WEEK, entry["week"]), (MONTH, entry["month"]), (EVER, 0)):
        yield span, number, EVERYWHERE, entry["member_id"]
        if entry["category"] is not None:
            yield span, number, entry["category"], entry["member_id"]


# --- the same from the ledger ------------------------------------------------------------------


def summed() -> list[Select[Any]]:
    """Statements that together find every score anew from the ledger, in the columns of the table."""
    spans = ((WEEK, PointEntry.week), (MONTH, PointEntry.month), (EVER, literal(0)))
    return [_sums(span, number, category) for span, number in spans for category in (literal(0), Activity.category_id)]


def _sums(span: str, number: Any, category: Any) -> Select[Any]:
    accepted = case((Activity.kind != COUNTED_AS_ACCEPTED, 0), (PointEntry.amount > 0, 1), else_=-1)
    entry = (
        select(
            number.label("number"), category.label("category_id"), PointEntry.member_id, PointEntry.amount,
            accepted.label("accepted"), PointEntry.seq,
        )
        .join(Activity, Activity.id == PointEntry.activity_id)
        .where(PointEntry.amount != 0, category.is_not(None))
        .subquery()
    )  # fmt: skip
    whose = entry.c.number, entry.c.category_id, entry.c.member_id
    return select(
        literal(span).label("span"), *whose, func.sum(entry.c.amount).label("points"),
        func.sum(entry.c.accepted).label("accepted"), func.max(entry.c.seq).label("seq"),
    ).group_by(*whose)  # fmt: skip


def rebuild(session: Session) -> None:
    """Set every score to what the ledger says. Closed weeks stay as they are."""
    session.execute(delete(Score))
    for sums in summed():
        session.execute(insert(Score).from_select(list(Score.__table__.columns.keys()), sums))
