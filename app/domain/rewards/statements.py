"""Statements of points, like a bank's: what was booked, why, what it left; newest first."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from app.domain.forum.threads import Post, Thread
from app.domain.record.points import PointEntry, PointRule
from app.domain.words import _

PER_PAGE = 30
DIRECTIONS = ("all", "in", "out", "held")
CSV_COLUMNS = (
    "entry",
    "time",
    "cause",
    "points",
    "balance",
    "held_back",
    "not_counted_because",
    "takes_back",
    "thread",
)
AT_ONCE = 1000


class Mark(NamedTuple):
    """A place in a statement: entries below it are older."""

    seq: int
    entry: int

    def __str__(self) -> str:
        return f"{self.seq}-{self.entry}"


class Wanted(NamedTuple):
    """Which entries to show; what is empty or None does not matter. Weeks and months are the site's."""

    cause: str = ""
    direction: str = "all"
    week: int | None = None
    month: int | None = None


_earlier, _later = aliased(PointEntry), aliased(PointEntry)
_post, _thread = Post.__table__, Thread.__table__

_LINES = (
    select(
        PointEntry.id, PointEntry.seq, PointEntry.amount, PointEntry.balance, PointEntry.happened_at, PointEntry.rule,
        PointEntry.held, PointEntry.held_back, PointEntry.reverses_id,
        PointRule.says, PointRule.cap, PointRule.per_day, PointRule.per_pair,
        _earlier.seq.label("earlier_seq"), _earlier.happened_at.label("earlier_at"),
        _later.id.label("later_id"), _later.seq.label("later_seq"),
        _post.c.id.label("post_id"), _thread.c.title,
    )
    .select_from(PointEntry)
    .outerjoin(PointRule, PointRule.slug == PointEntry.rule)
    .outerjoin(_earlier, _earlier.id == PointEntry.reverses_id)
    .outerjoin(_later, _later.reverses_id == PointEntry.id)
    .outerjoin(_post, and_(_post.c.id == PointEntry.post_id, _post.c.deleted_at.is_(None)))
    .outerjoin(_thread, and_(_thread.c.id == _post.c.thread_id, _thread.c.deleted_at.is_(None)))
    .order_by(PointEntry.seq.desc(), PointEntry.id.desc())
)  # fmt: skip


def page(session: Session, member_id: int, wanted: Wanted, below: Mark | None = None) -> tuple[Sequence[Row], bool]:
    """A page of a member's statement, and whether older entries follow. Its cost does not grow with its depth."""
    lines = _wanted(_LINES, member_id, wanted)
    if below is not None:
        lines = lines.where(PointEntry.seq <= below.seq, or_(PointEntry.seq < below.seq, PointEntry.id < below.entry))
    rows = session.execute(lines.limit(literal_column(str(PER_PAGE + 1)))).all()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def _wanted(lines: Select, member_id: int, wanted: Wanted) -> Select:
    which: dict[str, ColumnElement[bool]] = {
        "in": PointEntry.amount > 0, "out": PointEntry.amount < 0, "held": PointEntry.held.is_not(None)
    }  # fmt: skip
    lines = lines.where(PointEntry.member_id == member_id)
    if wanted.cause:
        lines = lines.where(PointEntry.rule == wanted.cause)
    if wanted.direction in which:
        lines = lines.where(which[wanted.direction])
    if wanted.week is not None:
        lines = lines.where(PointEntry.week == wanted.week)
    if wanted.month is not None:
        lines = lines.where(PointEntry.month == wanted.month)
    return lines


def causes(session: Session) -> Sequence[Row]:
    """What points are given for, to choose from: slug and words."""
    return session.execute(select(PointRule.slug, PointRule.says).order_by(PointRule.position, PointRule.id)).all()


def why_held(line: Row) -> str:
    """Which allowance kept some of an entry back, with its numbers as they are today; nothing where none did."""
    if line.held == "pair" and line.per_pair:
        return _("One member can give you at most %(most)s points a day this way.", most=line.per_pair)
    if line.held == "pair":
        return _("One member can give only so much a day.")
    if line.held == "day" and line.per_day and line.cap:
        return _("The day’s allowance of %(most)s points for %(cap)s was used up.", most=line.per_day, cap=line.cap)
    if line.held == "day" and line.per_day:
        return _("The day’s allowance of %(most)s points for this was used up.", most=line.per_day)
    return _("The day’s allowance was used up.") if line.held else ""


def csv_rows(session: Session, member_id: int, wanted: Wanted) -> Iterator[tuple[object, ...]]:
    """A member's whole statement in CSV_COLUMNS, newest first. Text can be no formula of a spreadsheet."""
    lines = _wanted(_LINES, member_id, wanted).execution_options(yield_per=AT_ONCE)
    for it in session.execute(lines):
        yield (
            it.id, it.happened_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            harmless(it.says or it.rule), it.amount, it.balance, it.held_back, harmless(why_held(it)),
            it.reverses_id or "", harmless(it.title or ""),
        )  # fmt: skip


def harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text
