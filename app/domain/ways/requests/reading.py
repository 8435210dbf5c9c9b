"""Requests as pages show them to whoever asked, and how long answers usually take."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from sqlalchemy import Row, bindparam, literal, or_, select, union_all
from sqlalchemy.orm import Load, Session, aliased, joinedload

from app.domain.badging.badges import Award, Badge
from app.domain.people.members import Member
from app.domain.people.pictures import Picture
from app.domain.ways.requests.tables import (
    DECIDED,
    OPEN,
    UNDO_WITHIN,
    BadgeRequest,
    RequestEntry,
    RequestEvent,
    RequestLink,
    RequestPicture,
)
from app.domain.words import _, ngettext

PER_PAGE = 30
LATEST_DECIDED = 100  # how many decisions tell the usual wait
ENOUGH_DECIDED = 3

requests, awards = BadgeRequest.__table__, Award.__table__

_TO_DECIDE = (
    select(BadgeRequest, Member)
    .join(Member, Member.id == bindparam("by"))
    .where(BadgeRequest.id == bindparam("request"))
    .options(
        Load(Member).load_only(
            Member.name,
            Member.email,
            Member.email_verified_at,
            Member.claimed_email,
            Member.zone,
            Member.suspended_until,
            Member.deleted_at,
        ),
        joinedload(BadgeRequest.badge).load_only(Badge.slug, Badge.name, Badge.version_id),
        joinedload(BadgeRequest.member).load_only(Member.name, Member.email, Member.deleted_at, Member.zone),
    )
)

_ASKED_OR_TAKEN_BACK = union_all(
    select(requests.c.badge_id, literal("asked").label("what")).where(
        requests.c.by_id == bindparam("member_id"),
        requests.c.member_id == bindparam("member_id"),
        or_(*(requests.c.state == state for state in OPEN)),
    ),
    select(awards.c.badge_id, literal("taken back")).where(
        awards.c.member_id == bindparam("member_id"), awards.c.revoked_at.is_not(None)
    ),
)


class Proof(NamedTuple):
    """The evidence of a request."""

    links: Sequence[str]
    events: Sequence[RequestEvent]
    pictures: Sequence[str]  # their names


def find(session: Session, request_id: int, *, by: Member | None = None) -> BadgeRequest | None:
    """A request with its badge and people; for a member, only their own."""
    wanted = select(BadgeRequest).where(BadgeRequest.id == request_id)
    if by is not None:
        wanted = wanted.where(BadgeRequest.by_id == by.id)
    people = (BadgeRequest.badge, BadgeRequest.member, BadgeRequest.by, BadgeRequest.decided_by)
    return session.scalars(wanted.options(*(joinedload(it) for it in people))).first()


def to_decide(session: Session, request_id: int, by: Member) -> tuple[BadgeRequest, Member] | None:
    """A request with what every decision about it needs, and who decides as a row of this session; or None."""
    found = session.execute(_TO_DECIDE, {"request": request_id, "by": by.id}).first()
    return (found[0], found[1]) if found else None


def mine(session: Session, member: Member, number: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of what a member asked for, the latest first, and whether there is more."""
    nominee = aliased(Member)
    rows = (
        select(
            BadgeRequest.id, BadgeRequest.state, BadgeRequest.sent_at, BadgeRequest.moved_at, BadgeRequest.message,
            BadgeRequest.may_ask_again_at, BadgeRequest.member_id, nominee.name.label("nominee"),
            Badge.slug, Badge.name.label("badge"), Badge.family, Badge.tier, Badge.glyph,
        )
        .join(Badge, Badge.id == BadgeRequest.badge_id)
        .join(nominee, nominee.id == BadgeRequest.member_id)
        .where(BadgeRequest.by_id == member.id)
        .order_by(BadgeRequest.id.desc())
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )  # fmt: skip
    found = session.execute(rows).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def entries(session: Session, request: BadgeRequest, *, for_staff: bool = False) -> Sequence[Row]:
    """What was said and done, in order; what staff wrote among themselves only for staff."""
    rows = (
        select(RequestEntry.id, RequestEntry.at, RequestEntry.what, RequestEntry.text, RequestEntry.for_staff,
               RequestEntry.by_id, Member.username, Member.name, Member.deleted_at)
        .join(Member, Member.id == RequestEntry.by_id)
        .where(RequestEntry.request_id == request.id)
        .order_by(RequestEntry.id)
    )  # fmt: skip
    return session.execute(rows if for_staff else rows.where(RequestEntry.for_staff.is_(False))).all()


def evidence(session: Session, request: BadgeRequest) -> Proof:
    """The links, events and pictures that came with a request."""
    links = select(RequestLink.address).where(RequestLink.request_id == request.id).order_by(RequestLink.id)
    events = select(RequestEvent).where(RequestEvent.request_id == request.id).order_by(RequestEvent.id)
    pictures = (
        select(Picture.name)
        .join(RequestPicture, RequestPicture.picture_id == Picture.id)
        .where(RequestPicture.request_id == request.id)
        .order_by(Picture.id)
    )
    return Proof(*(session.scalars(it).all() for it in (links, events, pictures)))


def picture(session: Session, request_id: int, name: str) -> bytes | None:
    """The WebP file of a picture that belongs to a request."""
    theirs = select(Picture.content).join(RequestPicture, RequestPicture.picture_id == Picture.id)
    return session.scalar(theirs.where(RequestPicture.request_id == request_id, Picture.name == name))


def latest_of(session: Session, member_id: int, badge_id: int) -> Row | None:
    """What a member last asked for that badge, for its page."""
    theirs = select(
        BadgeRequest.id, BadgeRequest.state, BadgeRequest.sent_at, BadgeRequest.decided_at, BadgeRequest.message,
        BadgeRequest.may_ask_again_at, Member.name.label("decider"),
    ).outerjoin(Member, (Member.id == BadgeRequest.decided_by_id) & Member.deleted_at.is_(None))  # fmt: skip
    own = theirs.where(
        BadgeRequest.badge_id == badge_id, BadgeRequest.member_id == member_id, BadgeRequest.by_id == member_id
    )
    return session.execute(own.order_by(BadgeRequest.id.desc()).limit(1)).first()


def may_ask_again(declined: Row | BadgeRequest, moment: datetime) -> bool:
    """Whether the time has come to ask again after a refusal, if there is one."""
    return declined.may_ask_again_at is not None and declined.may_ask_again_at <= moment


def can_be_undone(request: Row | BadgeRequest, by: Member, moment: datetime) -> bool:
    """Whether that moderator has just refused a request or asked for more."""
    return (
        request.state in ("declined", "asked")
        and request.decided_by_id == by.id
        and request.decided_at is not None
        and request.decided_at + UNDO_WITHIN > moment
    )


def asked_and_taken_back(session: Session, member_id: int) -> tuple[frozenset[int], frozenset[int]]:
    """The badges that a member has asked for and waits for; and those of which staff took an award back."""
    found = session.execute(_ASKED_OR_TAKEN_BACK, {"member_id": member_id}).all()
    asked, back = (frozenset(it.badge_id for it in found if it.what == what) for what in ("asked", "taken back"))
    return asked, back


def usual_wait(session: Session) -> timedelta | None:
    """How long the latest decisions took, in the middle; None until there are a few."""
    decided = (
        select(BadgeRequest.sent_at, BadgeRequest.decided_at)
        .where(BadgeRequest.state.in_(DECIDED), BadgeRequest.decided_at.is_not(None))
        .order_by(BadgeRequest.decided_at.desc())
        .limit(LATEST_DECIDED)
    )
    waits = [(it.decided_at - it.sent_at).total_seconds() for it in session.execute(decided)]
    return timedelta(seconds=median(waits)) if len(waits) >= ENOUGH_DECIDED else None


def wait_in_words(wait: timedelta) -> str:
    """A waiting time in round words, never shorter than it is."""
    hours = -(-wait.total_seconds() // 3600)
    if hours <= 1:
        return _("within an hour")
    if hours <= 24:
        return ngettext("within %(num)s hour", "within %(num)s hours", int(hours))
    return ngettext("within %(num)s day", "within %(num)s days", int(-(-hours // 24)))
