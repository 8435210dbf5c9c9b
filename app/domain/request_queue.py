"""The moderators' queue of requests as it is read: the list, what to know of a member before one decides, the nudge."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Date, Row, Select, and_, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from app.domain import notifications
from app.domain.activities import Activity
from app.domain.badges import Award, Badge
from app.domain.base import now
from app.domain.listing import author_columns, members, with_author
from app.domain.members import Member, Role
from app.domain.pictures import Picture
from app.domain.requests import OPEN, BadgeRequest, RequestEvent, RequestLink, RequestPicture
from app.domain.suspensions import Suspension
from app.domain.threads import Post, Thread
from app.domain.warnings_given import GivenWarning

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
    is_open = search.state in OPEN
    order = (table.c.sent_at, table.c.id) if is_open else (table.c.moved_at.desc(), table.c.id.desc())
    rows = (
        select(
            table.c.id, table.c.state, table.c.version, table.c.sent_at, table.c.moved_at, table.c.claimed_by_id,
            table.c.claimed_until, table.c.member_id, table.c.by_id, table.c.note, Badge.slug, Badge.name.label("badge"), Badge.family,
            Badge.tier, Badge.glyph, claimant.name.label("claimant"), decider.name.label("decider"), *author_columns(),
        )
        .select_from(with_author(table.join(Badge.__table__, Badge.id == table.c.badge_id), table.c.member_id))
        .outerjoin(claimant, and_(claimant.id == table.c.claimed_by_id, claimant.deleted_at.is_(None)))
        .outerjoin(decider, and_(decider.id == table.c.decided_by_id, decider.deleted_at.is_(None)))
        .where(*_conditions(search, moment))
        .order_by(*order)
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )  # fmt: skip
    found = session.execute(rows).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def _conditions(search: Search, moment: datetime) -> list[ColumnElement[bool]]:
    states = (search.state,) if search.state in OPEN else CLOSED
    wanted: list[ColumnElement[bool]] = [table.c.state.in_(states)]
    if search.badge:
        wanted.append(Badge.slug == search.badge)
    if search.before:
        wanted.append(table.c.sent_at <= search.before)
    if search.mine:
        claimed = and_(table.c.claimed_by_id == search.mine.id, table.c.claimed_until > moment)
        wanted.append(claimed if search.state == "waiting" else table.c.decided_by_id == search.mine.id)
    return wanted


def counts(session: Session) -> Counts:
    """How many requests there are in each state of the queue."""
    rows = session.execute(select(table.c.state, func.count(), func.min(table.c.sent_at)).group_by(table.c.state)).all()
    found = {state: (number, oldest) for state, number, oldest in rows}
    waiting, oldest = found.get("waiting", (0, None))
    decided = sum(found.get(state, (0, None))[0] for state in CLOSED)
    return Counts(waiting, oldest, found.get("asked", (0, None))[0], decided)


def waiting(session: Session) -> int:
    """How many requests wait for a moderator."""
    return session.scalar(select(func.count()).select_from(table).where(table.c.state == "waiting")) or 0


def badges(session: Session) -> Sequence[Row]:
    """The badges that anybody has ever asked for, by name."""
    about = select(table.c.badge_id)
    return session.execute(select(Badge.slug, Badge.name).where(Badge.id.in_(about)).order_by(Badge.name)).all()


def following(session: Session, search: Search, request: BadgeRequest, moment: datetime) -> int | None:
    """The open request after this one in the list, to go on with."""
    later = or_(table.c.sent_at > request.sent_at, and_(table.c.sent_at == request.sent_at, table.c.id > request.id))
    rows = select(table.c.id).join(Badge, Badge.id == table.c.badge_id).where(*_conditions(search, moment), later)
    return session.scalar(rows.order_by(table.c.sent_at, table.c.id).limit(1))


def find(session: Session, request_id: int) -> BadgeRequest | None:
    """A request with everybody who has to do with it, and its badge with the words of its rule."""
    people = (BadgeRequest.member, BadgeRequest.by, BadgeRequest.decided_by, BadgeRequest.claimed_by)
    wanted = select(BadgeRequest).where(BadgeRequest.id == request_id)
    with_badge = joinedload(BadgeRequest.badge).joinedload(Badge.version)
    return session.scalars(wanted.options(with_badge, *(joinedload(it) for it in people))).first()


def person(session: Session, request: BadgeRequest) -> Row:
    """Who a request is for, as pages name people, and what happened around them so far.

    Name and account are None once they have left. `approved`, `declined` and `withdrawn` are requests before this one.
    """
    numbers = _numbers(request.member_id) | _before(request)
    columns = (
        *author_columns(), members.c.points, members.c.joined_at,
        *(it.scalar_subquery().label(name) for name, it in numbers.items()),
    )  # fmt: skip
    whose = with_author(table, table.c.member_id)
    return session.execute(select(*columns).select_from(whose).where(table.c.id == request.id)).one()


def _numbers(whose: int) -> dict[str, Select[int]]:
    count, written = select(func.count()), and_(Post.author_id == whose, Post.deleted_at.is_(None))
    attended = and_(Activity.member_id == whose, Activity.kind == "event_attended")
    return {
        "posts": count.where(written),
        "accepted": count.select_from(Post).join(Thread, Thread.accepted_post_id == Post.id).where(written),
        "badges": select(func.count(Award.badge_id.distinct())).where(
            Award.member_id == whose, Award.revoked_at.is_(None)
        ),
        "events": select(func.coalesce(func.sum(Activity.amount), 0)).where(attended),
        "warnings": count.where(GivenWarning.member_id == whose),
        "suspensions": count.where(Suspension.member_id == whose),
    }


def _before(request: BadgeRequest) -> dict[str, Select[int]]:
    others = table.alias("others")
    before = select(func.count()).where(others.c.member_id == request.member_id, others.c.id < request.id)
    return {state: before.where(others.c.state == state) for state in CLOSED}


def evidence(session: Session, request: BadgeRequest) -> Proof:
    """The links, events and names of pictures that came with a request."""
    nothing, no_day = literal(""), null().cast(Date)
    parts = (
        select(literal("link").label("what"), RequestLink.id, RequestLink.address.label("title"), no_day.label("on"),
               nothing.label("state"), nothing.label("reason")).where(RequestLink.request_id == request.id),
        select(literal("event"), RequestEvent.id, RequestEvent.title, RequestEvent.on, RequestEvent.state,
               RequestEvent.reason).where(RequestEvent.request_id == request.id),
        select(literal("picture"), Picture.id, Picture.name, no_day, nothing, nothing)
        .join(RequestPicture, RequestPicture.picture_id == Picture.id)
        .where(RequestPicture.request_id == request.id),
    )  # fmt: skip
    rows = session.execute(union_all(*parts).order_by("id")).all()
    return Proof(
        [it.title for it in rows if it.what == "link"],
        [it for it in rows if it.what == "event"],
        [it.title for it in rows if it.what == "picture"],
    )


def earlier(session: Session, request: BadgeRequest) -> Sequence[Row]:
    """What the same member asked for the same badge before, the latest first, and what became of it."""
    before = (
        select(BadgeRequest.id, BadgeRequest.state, BadgeRequest.sent_at, BadgeRequest.decided_at, BadgeRequest.message,
               decider.name.label("decider"))
        .outerjoin(decider, and_(decider.id == BadgeRequest.decided_by_id, decider.deleted_at.is_(None)))
        .where(BadgeRequest.badge_id == request.badge_id, BadgeRequest.member_id == request.member_id)
        .where(BadgeRequest.id < request.id)
        .order_by(BadgeRequest.id.desc())
        .limit(EARLIER_MOST)
    )  # fmt: skip
    return session.execute(before).all()


def badges_of(session: Session, member_id: int) -> Sequence[Row]:
    """The badges a member earned last."""
    held = (
        select(Badge.slug, Badge.name)
        .join(Award, Award.badge_id == Badge.id)
        .where(Award.member_id == member_id, Award.revoked_at.is_(None))
        .order_by(Award.earned_at.desc(), Award.id.desc())
        .limit(BADGES_MOST)
    )
    return session.execute(held).all()


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
