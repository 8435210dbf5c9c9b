"""Statements of points, like a bank's: what was booked, why, what it left; newest first."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.domain.forum.threads import Post, Thread
from app.domain.record.points import PointEntry, PointRule
from app.domain.spreadsheets import harmless
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


_entries, _rules, _post, _thread = PointEntry.__table__, PointRule.__table__, Post.__table__, Thread.__table__
_earlier, _later = _entries.alias(), _entries.alias()

_LINES = (
    select(
        _entries.c.id, _entries.c.seq, _entries.c.amount, _entries.c.balance, _entries.c.happened_at, _entries.c.rule,
        _entries.c.held, _entries.c.held_back, _entries.c.reverses_id,
        _rules.c.says, _rules.c.cap, _rules.c.per_day, _rules.c.per_pair,
        _earlier.c.seq.label("earlier_seq"), _later.c.id.label("later_id"), _later.c.seq.label("later_seq"),
        _post.c.id.label("post_id"), _thread.c.title,
    )
    .select_from(_entries)
    .outerjoin(_rules, _rules.c.slug == _entries.c.rule)
    .outerjoin(_earlier, _earlier.c.id == _entries.c.reverses_id)
    .outerjoin(_later, _later.c.reverses_id == _entries.c.id)
    .outerjoin(_post, and_(_post.c.id == _entries.c.post_id, _post.c.deleted_at.is_(None)))
    .outerjoin(_thread, and_(_thread.c.id == _post.c.thread_id, _thread.c.deleted_at.is_(None)))
    .where(_entries.c.member_id == bindparam("member_id"))
    .order_by(_entries.c.seq.desc(), _entries.c.id.desc())
)  # fmt: skip
_DIRECTIONS: dict[str, ColumnElement[bool]] = {
    "in": _entries.c.amount > 0, "out": _entries.c.amount < 0, "held": _entries.c.held.is_not(None)
}  # fmt: skip
_WHICH: dict[str, ColumnElement[bool]] = {
    "cause": _entries.c.rule == bindparam("cause"),
    "week": _entries.c.week == bindparam("week"),
    "month": _entries.c.month == bindparam("month"),
    "seq": _entries.c.seq <= bindparam("seq"),
    "entry": or_(_entries.c.seq < bindparam("seq"), _entries.c.id < bindparam("entry")),
}
_CAUSES = select(_rules.c.slug, _rules.c.says).order_by(_rules.c.position, _rules.c.id)


def page(session: Session, member_id: int, wanted: Wanted, below: Mark | None = None) -> tuple[Sequence[Row], bool]:
    """A page of a member's statement, and whether older entries follow. Its cost does not grow with its depth."""
    lines, given = _wanted(member_id, wanted, below)
    rows = session.execute(lines.limit(bindparam("count")), given | {"count": PER_PAGE + 1}).all()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def _wanted(member_id: int, wanted: Wanted, below: Mark | None = None) -> tuple[Select, dict[str, object]]:
    """The lines that are wanted, and what their statement is given."""
    asked: dict[str, object] = {"cause": wanted.cause or None, "week": wanted.week, "month": wanted.month}
    given = {name: it for name, it in (asked | (below._asdict() if below else {})).items() if it is not None}
    return _lines(wanted.direction, tuple(given)), given | {"member_id": member_id}


@cache
def _lines(direction: str, which: tuple[str, ...]) -> Select:
    """Built once for each way to ask: that costs more than to run it."""
    lines = _LINES.where(*(_WHICH[it] for it in which))
    return lines.where(_DIRECTIONS[direction]) if direction in _DIRECTIONS else lines


def causes(session: Session) -> Sequence[Row]:
    """What points are given for, to choose from: slug and words."""
    return session.execute(_CAUSES).all()


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
    lines, given = _wanted(member_id, wanted)
    for it in session.execute(lines.execution_options(yield_per=AT_ONCE), given):
        yield (
            it.id, it.happened_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            harmless(it.says or it.rule), it.amount, it.balance, it.held_back, harmless(why_held(it)),
            it.reverses_id or "", harmless(it.title or ""),
        )  # fmt: skip
