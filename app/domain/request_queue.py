"""The moderators' queue of requests as it is read: the list, what to know of a member before one decides, the nudge."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.domain import notifications
from app.domain.activities import Activity
from app.domain.badges import Award, Badge
from app.domain.base import now
from app.domain.flag_queue import record_of as behaviour_of
from app.domain.listing import author_columns, members, with_author
from app.domain.members import Member, Role
from app.domain.requests import OPEN, UNDO_WITHIN, BadgeRequest
from app.domain.threads import Post, Thread

PER_PAGE = 30
EARLIER_MOST, BADGES_MOST, EVENTS_MOST = 10, 6, 5
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


class Record(NamedTuple):
    """What moderators should know of a member before they decide."""

    posts: int
    accepted: int
    badges: int
    events: int
    warnings: int
    suspensions: int
    requests: Mapping[str, int]  # those before this one, by state


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


def can_be_undone(session: Session, by: Member, moment: datetime) -> Sequence[BadgeRequest]:
    """What a moderator has just refused or asked about, and may take back."""
    latest = (
        select(BadgeRequest)
        .where(
            BadgeRequest.state.in_(("declined", "asked")),
            BadgeRequest.decided_by_id == by.id,
            BadgeRequest.decided_at > moment - UNDO_WITHIN,
        )
        .order_by(BadgeRequest.decided_at.desc())
        .limit(EARLIER_MOST)
    )
    return session.scalars(latest).all()


def person(session: Session, request: BadgeRequest) -> Row:
    """Who a request is for, as pages name people; all None once they have left."""
    whose = with_author(table, table.c.member_id)
    columns = (*author_columns(), members.c.points, members.c.joined_at, members.c.suspended_until)
    return session.execute(select(*columns).select_from(whose).where(table.c.id == request.id)).one()


def record_of(session: Session, request: BadgeRequest) -> Record:
    """What happened around the member of a request so far."""
    whose = request.member_id
    written = and_(Post.author_id == whose, Post.deleted_at.is_(None))
    accepted = select(func.count()).select_from(Post).join(Thread, Thread.accepted_post_id == Post.id).where(written)
    held = select(func.count(Award.badge_id.distinct())).where(Award.member_id == whose, Award.revoked_at.is_(None))
    attended = select(func.coalesce(func.sum(Activity.amount), 0)).where(
        Activity.member_id == whose, Activity.kind == "event_attended"
    )
    numbers = (accepted, held, attended)
    answers, badges, events = session.execute(select(*(it.scalar_subquery() for it in numbers))).one()
    before = select(table.c.state, func.count()).where(table.c.member_id == whose, table.c.id < request.id)
    requests: dict[str, int] = dict(session.execute(before.group_by(table.c.state)).all())
    behaviour = behaviour_of(session, whose)
    return Record(behaviour.posts, answers, badges, events, behaviour.warnings, behaviour.suspensions, requests)


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
