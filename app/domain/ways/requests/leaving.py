"""What a member can take along of their requests, and what is left of them when they go."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.people.pictures import Picture, Use
from app.domain.ways.requests.tables import (
    OPEN,
    BadgeRequest,
    RequestEntry,
    RequestEvent,
    RequestLink,
    RequestPicture,
)


def for_export(member_id: int) -> dict[str, Select[*tuple[Any, ...]]]:
    """The statements for what a member asked for, showed and was told; nothing that staff wrote among themselves."""
    theirs = BadgeRequest.by_id == member_id
    asked = (
        select(BadgeRequest.id, Badge.name.label("badge"), BadgeRequest.note, BadgeRequest.state, BadgeRequest.sent_at,
               BadgeRequest.decided_at, BadgeRequest.message, BadgeRequest.may_ask_again_at)
        .join(Badge, Badge.id == BadgeRequest.badge_id)
        .where(theirs)
    )  # fmt: skip
    said = select(RequestEntry.request_id, RequestEntry.at, RequestEntry.what, RequestEntry.text)
    events = select(
        RequestEvent.request_id, RequestEvent.title, RequestEvent.on, RequestEvent.state, RequestEvent.reason
    )
    links = select(RequestLink.request_id, RequestLink.address)
    return {
        "badge_requests": asked.order_by(BadgeRequest.id),
        "badge_request_history": said.join(BadgeRequest)
        .where(theirs, RequestEntry.for_staff.is_(False))
        .order_by(RequestEntry.id),
        "badge_request_events": events.join(BadgeRequest).where(theirs).order_by(RequestEvent.id),
        "badge_request_links": links.join(BadgeRequest).where(theirs).order_by(RequestLink.id),
    }


def forget_member(session: Session, member: Member, *, at: datetime | None = None) -> None:
    """Withdraw what a member still waits for, and forget what they wrote and showed. Decisions stay."""
    moment = at or now()
    about = (BadgeRequest.by_id == member.id) | (BadgeRequest.member_id == member.id)
    session.execute(
        update(BadgeRequest)
        .where(about, BadgeRequest.state.in_(OPEN))
        .values(
            state="withdrawn", version=BadgeRequest.version + 1, moved_at=moment, decided_at=None, decided_by_id=None,
            message="", claimed_by_id=None, claimed_until=None,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    asked = select(BadgeRequest.id).where(BadgeRequest.by_id == member.id)
    session.execute(delete(RequestLink).where(RequestLink.request_id.in_(asked)))
    session.execute(delete(RequestPicture).where(RequestPicture.request_id.in_(asked)))
    session.execute(delete(Picture).where(Picture.member_id == member.id, Picture.use == Use.REQUEST))
    session.execute(update(BadgeRequest).where(BadgeRequest.by_id == member.id).values(note="", token=None))
    session.execute(update(RequestEntry).where(RequestEntry.by_id == member.id).values(text=""))
