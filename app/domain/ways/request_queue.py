"""The moderators' queue of requests as it is read: the list, what to know of a member before one decides, the nudge."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Row, Select, and_, bindparam, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.forum.listing import author_columns, members, with_author
from app.domain.forum.threads import Post, Thread
from app.domain.moderation.suspensions import Suspension
from app.domain.moderation.warnings_given import GivenWarning
from app.domain.notices import notifications
from app.domain.people.members import Member, Role
from app.domain.people.pictures import Picture
from app.domain.record.activities import Activity
from app.domain.ways.requests import OPEN, BadgeRequest, RequestEvent, RequestLink, RequestPicture

PER_PAGE = 30
EARLIER_MOST, BADGES_MOST = 10, 6
STATES = ("waiting", "asked", "decided")
CLOSED = ("approved", "declined", "withdrawn")
AGES = {"day": timedelta(days=1), "two-days": timedelta(days=2), "week": timedelta(days=7)}
TOO_LONG = timedelta(days=2)

table = BadgeRequest.__table__
asker, claimant, decider = aliased(Member), aliased(Member), aliased(Member)


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


class Proof(NamedTuple):
    """The evidence of a request; events are rows with title, day, state and reason."""

    links: Sequence[str]
    events: Sequence[Row]
    pictures: Sequence[str]


def page(session: Session, search: Search, moment: datetime, number: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of requests: open ones from the oldest, decided ones from the latest; and whether there is more."""
    rows = _listing(search.state, *_asked(search))
    found = session.execute(rows, _given(search, moment) | {"skip": (number - 1) * PER_PAGE}).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


@cache
def _listing(state: str, by_badge: bool, by_age: bool, mine: bool) -> Select[*tuple[Any, ...]]:
    """The statement for a list that is filtered so. Putting one together costs more than asking it.

    The page is cut out first: else names and badges would be looked up for every request of the queue.
    """
    order = (table.c.sent_at, table.c.id) if state in OPEN else (table.c.moved_at.desc(), table.c.id.desc())
    cut = select(table.c.id).where(*_conditions(state, by_badge, by_age, mine)).order_by(*order).limit(PER_PAGE + 1)
    whose = with_author(table.join(Badge.__table__, Badge.id == table.c.badge_id), table.c.member_id)
    return (
        select(
            table.c.id, table.c.state, table.c.version, table.c.sent_at, table.c.moved_at, table.c.claimed_by_id,
            table.c.claimed_until, table.c.member_id, table.c.by_id, table.c.note, Badge.slug, Badge.name.label("badge"),
            Badge.family, Badge.tier, Badge.glyph, claimant.name.label("claimant"), decider.name.label("decider"),
            *author_columns(),
        )
        .select_from(whose)
        .outerjoin(claimant, and_(claimant.id == table.c.claimed_by_id, claimant.deleted_at.is_(None)))
        .outerjoin(decider, and_(decider.id == table.c.decided_by_id, decider.deleted_at.is_(None)))
        .where(table.c.id.in_(cut.offset(bindparam("skip")).correlate(None)))
        .order_by(*order)
    )  # fmt: skip


def _conditions(state: str, by_badge: bool, by_age: bool, mine: bool) -> Iterator[ColumnElement[bool]]:
    yield table.c.state == state if state in OPEN else table.c.state.in_(CLOSED)
    if by_badge:
        yield table.c.badge_id == select(Badge.id).where(Badge.slug == bindparam("badge")).scalar_subquery()
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


_COUNTS = select(table.c.state, func.count(), func.min(table.c.sent_at)).group_by(table.c.state)


def counts(session: Session) -> Counts:
    """How many requests there are in each state of the queue."""
    found = {state: (number, oldest) for state, number, oldest in session.execute(_COUNTS)}
    waiting, oldest = found.get("waiting", (0, None))
    decided = sum(found.get(state, (0, None))[0] for state in CLOSED)
    return Counts(waiting, oldest, found.get("asked", (0, None))[0], decided)


def waiting(session: Session) -> int:
    """How many requests wait for a moderator."""
    return session.scalar(select(func.count()).select_from(table).where(table.c.state == "waiting")) or 0


_BADGES = select(Badge.slug, Badge.name).where(Badge.id.in_(select(table.c.badge_id))).order_by(Badge.name)


def badges(session: Session) -> Sequence[Row]:
    """The badges that anybody has ever asked for, by name."""
    return session.execute(_BADGES).all()


def following(session: Session, search: Search, request: BadgeRequest, moment: datetime) -> int | None:
    """The open request after this one in the list, to go on with."""
    later = or_(table.c.sent_at > request.sent_at, and_(table.c.sent_at == request.sent_at, table.c.id > request.id))
    wanted = select(table.c.id).where(*_conditions(search.state, *_asked(search)), later, table.c.state.in_(OPEN))
    return session.scalar(wanted.order_by(table.c.sent_at, table.c.id).limit(1), _given(search, moment))


_people = (BadgeRequest.member, BadgeRequest.by, BadgeRequest.decided_by, BadgeRequest.claimed_by)
_FOUND = (
    select(BadgeRequest)
    .where(BadgeRequest.id == bindparam("id"))
    .options(joinedload(BadgeRequest.badge).joinedload(Badge.version), *(joinedload(it) for it in _people))
)


def find(session: Session, request_id: int) -> BadgeRequest | None:
    """A request with everybody who has to do with it, and its badge with the words of its rule."""
    return session.scalars(_FOUND, {"id": request_id}).first()


_whose, _count = table.c.member_id, select(func.count())
_others = table.alias("others")
_written = and_(Post.author_id == _whose, Post.deleted_at.is_(None))
_NUMBERS = {
    "posts": _count.where(_written),
    "accepted": _count.select_from(Post).join(Thread, Thread.accepted_post_id == Post.id).where(_written),
    "badges": select(func.count(Award.badge_id.distinct())).where(
        Award.member_id == _whose, Award.revoked_at.is_(None)
    ),
    "events": select(func.coalesce(func.sum(Activity.amount), 0)).where(
        Activity.member_id == _whose, Activity.kind == "event_attended"
    ),
    "warnings": _count.where(GivenWarning.member_id == _whose),
    "suspensions": _count.where(Suspension.member_id == _whose),
    **{
        state: _count.where(_others.c.member_id == _whose, _others.c.id < table.c.id, _others.c.state == state)
        for state in CLOSED
    },
}
_PERSON = (
    select(
        *author_columns(), members.c.points, members.c.joined_at,
        *(it.correlate(table).scalar_subquery().label(name) for name, it in _NUMBERS.items()),
    )
    .select_from(with_author(table, _whose))
    .where(table.c.id == bindparam("id"))
)  # fmt: skip


def person(session: Session, request: BadgeRequest) -> Row:
    """Who a request is for, as pages name people, and what happened around them so far.

    Name and account are None once they have left. `approved`, `declined` and `withdrawn` are requests before this one.
    """
    return session.execute(_PERSON, {"id": request.id}).one()


_nothing, _no_day = literal(""), null().cast(Date)
_EVIDENCE = union_all(
    select(literal("link").label("what"), RequestLink.id, RequestLink.address.label("title"), _no_day.label("on"),
           _nothing.label("state"), _nothing.label("reason")).where(RequestLink.request_id == bindparam("id")),
    select(literal("event"), RequestEvent.id, RequestEvent.title, RequestEvent.on, RequestEvent.state, RequestEvent.reason)
    .where(RequestEvent.request_id == bindparam("id")),
    select(literal("picture"), Picture.id, Picture.name, _no_day, _nothing, _nothing)
    .join(RequestPicture, RequestPicture.picture_id == Picture.id)
    .where(RequestPicture.request_id == bindparam("id")),
).order_by("id")  # fmt: skip


def evidence(session: Session, request: BadgeRequest) -> Proof:
    """The links, events and names of pictures that came with a request."""
    rows = session.execute(_EVIDENCE, {"id": request.id}).all()
    return Proof(
        [it.title for it in rows if it.what == "link"],
        [it for it in rows if it.what == "event"],
        [it.title for it in rows if it.what == "picture"],
    )


_EARLIER = (
    select(
        table.c.id, table.c.state, table.c.sent_at, table.c.decided_at, table.c.message, decider.name.label("decider")
    )
    .select_from(table)
    .outerjoin(decider, and_(decider.id == table.c.decided_by_id, decider.deleted_at.is_(None)))
    .where(table.c.badge_id == bindparam("badge_id"), table.c.member_id == bindparam("member_id"))
    .where(table.c.id < bindparam("id"))
    .order_by(table.c.id.desc())
    .limit(EARLIER_MOST)
)


def earlier(session: Session, request: BadgeRequest) -> Sequence[Row]:
    """What the same member asked for the same badge before, the latest first, and what became of it."""
    about = {"badge_id": request.badge_id, "member_id": request.member_id, "id": request.id}
    return session.execute(_EARLIER, about).all()


_HELD = (
    select(Badge.slug, Badge.name)
    .join(Award, Award.badge_id == Badge.id)
    .where(Award.member_id == bindparam("member_id"), Award.revoked_at.is_(None))
    .order_by(Award.earned_at.desc(), Award.id.desc())
    .limit(BADGES_MOST)
)


def badges_of(session: Session, member_id: int) -> Sequence[Row]:
    """The badges a member earned last."""
    return session.execute(_HELD, {"member_id": member_id}).all()


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
