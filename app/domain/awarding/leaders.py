"""Leaders: who earned most in a week, a month or ever; and the closing of weeks.

Staff are listed apart. Members with the same points share a position, and stand in the order in
which they got there. Whoever asked not to be listed, was deleted or is suspended is in no list.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Executable,
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.awarding import evaluator, stumbles
from app.domain.awarding.imported import ImportRun
from app.domain.base import insert_into, now
from app.domain.forum.listing import members, ranks
from app.domain.notices import hearers
from app.domain.people.members import APART, Member
from app.domain.record import activities, scores
from app.domain.record.activities import Activity
from app.domain.record.scores import EVERYWHERE, WEEK, ClosedWeek, Placing, Score
from app.domain.site import site_settings

SHOWN, NEIGHBOURS, TEAM_SHOWN = 30, 2, 30
SETTLED = timedelta(minutes=1)  # after its end: what was done in the last moment is written by then
IMPORT_PATIENCE = timedelta(days=1)
TOP = 10


class Place(NamedTuple):
    """A line of a board. `change` is how many positions up since the week before; None for who was not on that board."""

    position: int
    member: Row
    change: int | None = None


class Board(NamedTuple):
    """Who leads; where the viewer stands if further down, between neighbours; staff. Closed boards are final."""

    top: Sequence[Place]
    around: Sequence[Place]
    team: Sequence[Row]
    is_closed: bool
    is_compared: bool  # whether the week before is closed, so that changes can be told


live, closed = Score.__table__, Placing.__table__

_welcome = and_(
    members.c.deleted_at.is_(None),
    members.c.unlisted_at.is_(None),
    or_(members.c.suspended_until.is_(None), members.c.suspended_until <= bindparam("at")),
)
# Those apart are few and found by an index of their own; said with a sum, which no index has, so that theirs is used.
_earned = live.c.points + 0
_apart = and_(live.c.member_id.in_(select(members.c.id).where(APART)), _earned > 0)
_is_member = members.c.role == literal_column("'member'")  # a parameter would hide the index
_on_board = and_(
    live.c.span == bindparam("span"), live.c.number == bindparam("number"),
    live.c.category_id == bindparam("category_id"),
)  # fmt: skip
_on_closed = and_(
    closed.c.week == bindparam("number"), closed.c.category_id == bindparam("category_id"),
    closed.c.is_staff == bindparam("is_staff"), _welcome,
)  # fmt: skip


def _lines(board: FromClause, *more: ColumnElement[Any]) -> Select[Any]:
    return select(
        members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo, members.c.role,
        ranks.c.name.label("rank"), ranks.c.stars, board.c.points, board.c.accepted, board.c.seq, *more,
    ).select_from(
        board.join(members, members.c.id == board.c.member_id).outerjoin(ranks, ranks.c.position == members.c.rank)
    )  # fmt: skip


# Where somebody finished the week before, read with their line.
_earlier = closed.alias()
_was_there = and_(
    _earlier.c.week == bindparam("number") - 1, _earlier.c.category_id == bindparam("category_id"),
    _earlier.c.member_id == members.c.id, _earlier.c.is_staff.is_(False),
)  # fmt: skip
_before = select(_earlier.c.position).where(_was_there).scalar_subquery().label("before")
_unplaced, _uncompared = null().label("position"), null().label("before")
_LINES = {
    "closed": _lines(closed, closed.c.position, _before).where(_on_closed),
    "week": _lines(live, _unplaced, _before).where(_on_board, _is_member, _welcome),
    "else": _lines(live, _unplaced, _uncompared).where(_on_board, _is_member, _welcome),
}
_LIVE_TEAM = _lines(live).where(_on_board, _apart, not_(_is_member), _welcome)


def _best(board: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return board.c.points.desc(), board.c.seq


def _worst(board: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return board.c.points, board.c.seq.desc()


def _ahead(board: FromClause, points: Any, seq: Any) -> ColumnElement[bool]:
    """Lines before one with so many points, reached by then; said so that an index finds where they begin."""
    return and_(board.c.points >= points, or_(board.c.points > points, board.c.seq < seq))


def _behind(board: FromClause, points: Any, seq: Any) -> ColumnElement[bool]:
    return and_(board.c.points <= points, or_(board.c.points < points, board.c.seq > seq))


def _top(lines: Select[Any], board: FromClause) -> Select[Any]:
    return lines.where(board.c.points > 0).order_by(*_best(board)).limit(bindparam("count"))


def _around(lines: Select[Any], board: FromClause) -> CompoundSelect[Any]:
    """A member's line and the few before and behind it, in no order: one statement for the three."""
    theirs = lines.where(members.c.id == bindparam("member_id"), board.c.points > 0)
    own = theirs.cte("own")
    here = [select(column).scalar_subquery() for column in (own.c.points, own.c.seq)]
    few: BindParameter[int] = bindparam("count")
    ahead = lines.where(_ahead(board, *here)).order_by(*_worst(board)).limit(few)
    behind = lines.where(board.c.points > 0, _behind(board, *here)).order_by(*_best(board)).limit(few)
    return union_all(select(own), *(select(it.subquery()) for it in (ahead, behind)))


_BOARDS = {"closed": closed, "week": live, "else": live}
_TOP = {which: _top(_LINES[which], board) for which, board in _BOARDS.items()}
_AROUND = {which: _around(_LINES[which], board) for which, board in _BOARDS.items()}
_TEAM = {
    True: _TOP["closed"],
    False: _LIVE_TEAM.order_by(_earned.desc(), live.c.seq).limit(bindparam("count")),
}


def _count(seq: Any) -> ColumnElement[int]:
    """How many are ahead of a line: all of them, from the index alone, less the few who are not listed."""
    points: BindParameter[int] = bindparam("points")
    passed_over = (
        select(func.count())
        .select_from(members.join(live, live.c.member_id == members.c.id))
        .where(_on_board, _apart, not_(and_(_is_member, _welcome)))
        .where(or_(_earned > points, and_(_earned == points, live.c.seq < seq)))
    )
    everybody = select(func.count()).select_from(live).where(_on_board, _ahead(live, points, seq))
    return everybody.scalar_subquery() - passed_over.scalar_subquery()


# Those ahead of a line, and those of them with more points.
_COUNTS = select(_count(bindparam("before")), _count(-1))
_CLOSED_AMONG = select(ClosedWeek.week).where(ClosedWeek.week.in_([bindparam("week"), bindparam("week") - 1]))


def board(
    session: Session, span: str, number: int, category_id: int = EVERYWHERE, *, viewer_id: int = 0,
    at: datetime | None = None,
) -> Board:  # fmt: skip
    """The board of a week, a month or ever, with the place of a viewer who is on it."""
    weeks = set(session.scalars(_CLOSED_AMONG, {"week": number})) if span == WEEK else set()
    asked = _Asked(session, number in weeks, span, number, category_id, at or now())
    top = asked.top()
    around = () if viewer_id in {it.member.author_id for it in top} else asked.around(viewer_id)
    return Board(top, around, asked.team(), number in weeks, number - 1 in weeks)


def this_week(session: Session, week: int, count: int, *, at: datetime | None = None) -> Sequence[Row]:
    """The first few of a running week."""
    given = {"span": WEEK, "number": week, "category_id": EVERYWHERE, "at": at or now(), "count": count}
    return session.execute(_TOP["else"], given).all()


class _Asked:
    """One board, asked for its parts."""

    def __init__(
        self, session: Session, is_closed: bool, span: str, number: int, category_id: int, at: datetime
    ) -> None:
        self._session, self._is_closed = session, is_closed
        self._which = "closed" if is_closed else "week" if span == WEEK else "else"
        self._given = {"span": span, "number": number, "category_id": category_id, "at": at, "is_staff": False}

    def top(self) -> list[Place]:
        return self._placed(self._rows(_TOP[self._which], count=SHOWN), 1)

    def team(self) -> Sequence[Row]:
        return self._rows(_TEAM[self._is_closed], count=TEAM_SHOWN, is_staff=True)

    def around(self, member_id: int) -> list[Place]:
        """The viewer between neighbours; empty for who is not on this board."""
        found = self._rows(_AROUND[self._which], member_id=member_id, count=NEIGHBOURS) if member_id else ()
        return self._placed(sorted(found, key=lambda it: (-it.points, it.seq)), 0)

    def _rows(self, statement: Executable, **more: object) -> Sequence[Row]:
        return self._session.execute(statement, self._given | more).all()

    def _placed(self, lines: Sequence[Row], number: int) -> list[Place]:
        """Lines that follow each other, with their positions; `number` is the first one's place in the row, 0 to count."""
        if self._is_closed:
            return [_place(it.position, it) for it in lines]
        if not lines:
            return []
        position = number
        if not number:
            [(ahead, above)] = self._rows(_COUNTS, points=lines[0].points, before=lines[0].seq)
            number, position = 1 + ahead, 1 + above
        places = [_place(position, lines[0])]
        for place, (before, it) in enumerate(pairwise(lines), start=number + 1):
            position = position if it.points == before.points else place
            places.append(_place(position, it))
        return places


def _place(position: int, line: Row) -> Place:
    return Place(position, line, None if line.before is None else line.before - position)


# --- closing -----------------------------------------------------------------------------------


def close_next(session: Session, *, at: datetime | None = None) -> bool:
    """Close the oldest week that is over and was not closed; whether there was one.

    It waits for everything that belongs to the week to be booked.
    """
    moment = at or now()
    zone = site_settings.read(session).zone
    running = scores.week_at(moment - SETTLED, zone)
    first = session.scalar(select(func.min(Score.number)).where(Score.span == WEEK))
    if first is None or not _is_settled(session, scores.begins(running, zone), moment):
        return False
    done = set(session.scalars(select(ClosedWeek.week)))
    week = next((it for it in range(first, running) if it not in done), None)
    return week is not None and _close(session, week, zone, moment)


def _is_settled(session: Session, end: datetime, moment: datetime) -> bool:
    """Whether nothing that happened before that end waits, nor is on its way."""
    waits = select(Activity.id).where(stumbles.UNSETTLED, Activity.happened_at < end)
    # One that was given up must not keep weeks open forever.
    imports = select(ImportRun.source).where(
        ImportRun.finished_at.is_(None), ImportRun.started_at > moment - IMPORT_PATIENCE
    )
    on_its_way = session.execute(waits.limit(1)).first() or session.execute(imports.limit(1)).first()
    return on_its_way is None and not evaluator.is_owed(session)


def _close(session: Session, week: int, zone: str, moment: datetime) -> bool:
    if not rows.add_once(session, ClosedWeek, week=week, closed_at=moment):
        return False  # another sweep was first
    is_staff = not_(_is_member)
    position = func.rank().over(partition_by=(live.c.category_id, is_staff), order_by=live.c.points.desc())
    finished = (
        select(live.c.number, live.c.category_id, live.c.member_id, is_staff, position, live.c.points, live.c.accepted, live.c.seq)
        .select_from(live.join(members, members.c.id == live.c.member_id))
        .where(live.c.span == WEEK, live.c.number == week, live.c.points > 0, _welcome)
    )  # fmt: skip
    columns = ["week", "category_id", "member_id", "is_staff", "position", "points", "accepted", "seq"]
    session.execute(insert_into(session, Placing).from_select(columns, finished.params(at=moment)))
    ended = scores.begins(week + 1, zone)
    _note_first_ones(session, week, ended - timedelta(seconds=1))
    hearers.of_week(session, week, ended, moment)
    return True


def _note_first_ones(session: Session, week: int, at: datetime) -> None:
    """What finishing a week well means for badges."""
    first_ones = (
        select(Member, Placing.position)
        .join(Placing, Placing.member_id == Member.id)
        .where(Placing.week == week, Placing.category_id == EVERYWHERE)
        .where(Placing.is_staff.is_(False), Placing.position <= TOP)
        .order_by(Placing.position, Placing.seq)
    )
    name = scores.week_name(week)
    for member, position in session.execute(first_ones):
        activities.note(session, "week_top_ten", member, at=at, object=name, source=f"top:{name}:{member.id}")
        if position == 1:
            activities.note(session, "week_first", member, at=at, object=name, source=f"first:{name}:{member.id}")


# --- who wants to be listed --------------------------------------------------------------------


def list_member(session: Session, member: Member, listed: bool, *, at: datetime | None = None) -> None:
    """Let a member be in the lists of leaders, or in none of them, closed weeks included."""
    if listed:
        member.unlisted_at = None
    elif member.unlisted_at is None:
        member.unlisted_at = at or now()
    session.flush()
