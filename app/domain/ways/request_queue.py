"""The moderators' queue of requests as it is read: the list, what to choose from, and the nudge."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, cast, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from app.domain.badging.badges import Badge
from app.domain.base import Number, now
from app.domain.forum.listing import author_columns, members, with_author
from app.domain.notices import notifications
from app.domain.people.members import Member, Role
from app.domain.ways.prepared_replies import PreparedReply
from app.domain.ways.requests import CLOSED, OPEN, BadgeRequest

PER_PAGE = 20
STATES = ("waiting", "asked", "decided")
AGES = {"day": timedelta(days=1), "two-days": timedelta(days=2), "week": timedelta(days=7)}
TOO_LONG = timedelta(days=2)

# Tables and not models: what only is read costs half without entities.
table, badges, replies = BadgeRequest.__table__, Badge.__table__, PreparedReply.__table__
claimant, decider = members.alias("claimant"), members.alias("decider")


class Search(NamedTuple):
    """Which requests to list; what is empty or None does not matter."""

    state: str = "waiting"
    badge: str = ""
    before: datetime | None = None
    mine: Member | None = None


class Counts(NamedTuple):
    """How many wait for a moderator, and since when the oldest does; how many for an answer; how many are done."""

    waiting: int
    oldest: datetime | None
    asked: int
    decided: int


class Page(NamedTuple):
    """A page of the list, whether there is more, and how many requests there are by now."""

    listed: Sequence[Row]
    more: bool
    counts: Counts


class Choices(NamedTuple):
    """What moderators choose from: badges that anybody ever asked for, as `key` and `name`; replies, with `id` too."""

    badges: tuple[Row, ...]
    replies: tuple[Row, ...]


def page(session: Session, search: Search, moment: datetime, number: int = 1) -> Page:
    """A page of requests: open ones from the oldest, decided ones from the latest."""
    rows = _listing(search.state, *_asked(search))
    found = session.execute(rows, _given(search, moment) | {"skip": (number - 1) * PER_PAGE}).all()
    first = found[0] if found else None
    number_of = Counts(first.waiting, first.oldest, first.asked, first.decided) if first else counts(session)
    return Page(found[:PER_PAGE], len(found) > PER_PAGE, number_of)


@cache
def _listing(state: str, by_badge: bool, by_age: bool, mine: bool) -> Select[*tuple[Any, ...]]:
    """The statement for a list that is filtered so. Putting one together costs more than asking it.

    The page is cut out first: else names and badges would be looked up for every request of the queue.
    """
    order = (table.c.sent_at, table.c.id) if state in OPEN else (table.c.moved_at.desc(), table.c.id.desc())
    cut = select(table.c.id).where(*_conditions(state, by_badge, by_age, mine)).order_by(*order).limit(PER_PAGE + 1)
    source = (
        with_author(table.join(badges, badges.c.id == table.c.badge_id), table.c.member_id)
        .outerjoin(claimant, and_(claimant.c.id == table.c.claimed_by_id, claimant.c.deleted_at.is_(None)))
        .outerjoin(decider, and_(decider.c.id == table.c.decided_by_id, decider.c.deleted_at.is_(None)))
    )
    return (
        select(
            table.c.id, table.c.state, table.c.version, table.c.sent_at, table.c.moved_at, table.c.claimed_by_id,
            table.c.claimed_until, table.c.member_id, table.c.by_id, table.c.note, badges.c.slug,
            badges.c.name.label("badge"), badges.c.family, badges.c.tier, badges.c.glyph,
            claimant.c.name.label("claimant"), decider.c.name.label("decider"), *author_columns(), *_NUMBERS,
        )
        .select_from(source)
        .where(table.c.id.in_(cut.offset(bindparam("skip")).correlate(None)))
        .order_by(*order)
    )  # fmt: skip


def _conditions(state: str, by_badge: bool, by_age: bool, mine: bool) -> Iterator[ColumnElement[bool]]:
    yield table.c.state == state if state in OPEN else table.c.state.in_(CLOSED)
    if by_badge:
        yield table.c.badge_id == select(badges.c.id).where(badges.c.slug == bindparam("badge")).scalar_subquery()
    if by_age:
        yield table.c.sent_at <= bindparam("before")
    if mine and state == "waiting":
        yield and_(table.c.claimed_by_id == bindparam("mine"), table.c.claimed_until > bindparam("moment"))
    elif mine:
        yield table.c.decided_by_id == bindparam("mine")


def _asked(search: Search) -> tuple[bool, bool, bool]:
    return bool(search.badge), search.before is not None, search.mine is not None


def _given(search: Search, moment: datetime) -> dict[str, object]:
    whose = search.mine.id if search.mine else None
    return {"badge": search.badge, "before": search.before, "mine": whose, "moment": moment}


_all = table.alias("all_of_them")
_NUMBERS = [
    select(what).where(_all.c.state.in_(states)).scalar_subquery().label(name)
    for name, what, states in (
        ("waiting", func.count(), ["waiting"]),
        ("oldest", func.min(_all.c.sent_at), ["waiting"]),
        ("asked", func.count(), ["asked"]),
        ("decided", func.count(), CLOSED),
    )
]
_COUNTS = select(*_NUMBERS)


def counts(session: Session) -> Counts:
    """How many requests there are in each state of the queue."""
    return Counts(*session.execute(_COUNTS).one())


_WAITING = select(func.count()).select_from(table).where(table.c.state == "waiting")


def waiting(session: Session) -> int:
    """How many requests wait for a moderator."""
    return session.scalar(_WAITING) or 0


_wanted = select(table.c.id).where(table.c.badge_id == badges.c.id).exists()
_CHOICES = union_all(
    select(literal("badge").label("part"), cast(null(), Number).label("id"), badges.c.slug.label("key"), badges.c.name)
    .where(_wanted),
    select(literal("reply"), replies.c.id, replies.c.suits, replies.c.name),
).order_by("name")  # fmt: skip


def choices(session: Session) -> Choices:
    """The badges to filter by and the replies to answer with, by name."""
    found = session.execute(_CHOICES).all()
    return Choices(*(tuple(it for it in found if it.part == part) for part in ("badge", "reply")))


def following(session: Session, search: Search, sent_at: datetime, request_id: int, moment: datetime) -> int | None:
    """The open request after this one in the list, to go on with."""
    place = {"sent_at": sent_at, "id": request_id}
    found: int | None = session.scalar(_following(search.state, *_asked(search)), _given(search, moment) | place)
    return found


@cache
def _following(state: str, by_badge: bool, by_age: bool, mine: bool) -> Select[Any]:
    later = or_(
        table.c.sent_at > bindparam("sent_at"),
        and_(table.c.sent_at == bindparam("sent_at"), table.c.id > bindparam("id")),
    )
    wanted = select(table.c.id).where(*_conditions(state, by_badge, by_age, mine), later, table.c.state.in_(OPEN))
    return wanted.order_by(table.c.sent_at, table.c.id).limit(1)


def nudge(session: Session, *, at: datetime | None = None) -> int:
    """Remind the team of requests that have waited too long, once a day; how many moderators were told."""
    moment = at or now()
    late = select(func.count()).where(table.c.state == "waiting", table.c.moved_at <= moment - TOO_LONG)
    number = session.scalar(late)
    if not number:
        return 0
    staff = select(Member.id).where(Member.role != Role.MEMBER, Member.deleted_at.is_(None)).order_by(Member.id)
    notice = {"kind": "queue", "key": f"queue:{moment:%Y-%m-%d}", "facts": {"late": number}}
    return notifications.tell(session, [notice | {"member_id": member_id} for member_id in session.scalars(staff)])
