"""The groups that events are for: whoever belongs to one can be noted as there, and its page says which it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.record import audit_log
from app.domain.rewards import guide
from app.domain.ways.events import Event, Guest
from app.domain.words import _


def invite(session: Session, event: Event, members: Sequence[Member], by: Member, *, at: datetime | None = None) -> int:
    """Add members to the group that an event is for; how many were not in it yet."""
    if event.audience != "guests":
        raise Refused(_("This event is not for a list of guests: change for whom it is first."))
    new = [it for it in members if rows.add_once(session, Guest, event_id=event.id, member_id=it.id)]
    if new:
        audit_log.record(
            session, by, "event", subject=event.title, after={"event": event.id, "guests": len(new)}, at=at
        )
    return len(new)


def uninvite(session: Session, event: Event, member: Member, by: Member, *, at: datetime | None = None) -> None:
    """Take somebody out of the group; that they were there stays."""
    theirs = delete(Guest).where(Guest.event_id == event.id, Guest.member_id == member.id)
    if session.execute(theirs.returning(Guest.member_id)).first():
        audit_log.record(
            session, by, "event", member=member, subject=event.title, after={"event": event.id, "guest": False}, at=at
        )


def guests(session: Session, event: Event) -> Sequence[Member]:
    """The group that an event is for, by name."""
    theirs = select(Member).join(Guest, Guest.member_id == Member.id).where(Guest.event_id == event.id)
    return session.scalars(theirs.where(Member.deleted_at.is_(None)).order_by(Member.username_key)).all()


def is_for(session: Session, event: Event, member: Member | None) -> bool:
    """Whether an event is for somebody; a visitor is as a new member. A rank that is no more keeps nobody out."""
    if event.audience == "everybody":
        return True
    if member is None:
        return False
    if event.audience == "team":
        return member.is_staff
    if event.audience == "guests":
        return session.get(Guest, (event.id, member.id)) is not None
    step = _step(session, event)
    return step is None or member.rank >= step.position


def for_whom(session: Session, event: Event) -> str:
    """For whom an event is, in words; empty where it is for everybody."""
    if event.audience == "team":
        return _("the team")
    if event.audience == "guests":
        return event.group_name
    step = _step(session, event)
    return _("members from the rank %(rank)s on", rank=step.name) if step else ""


def _step(session: Session, event: Event) -> Row | None:
    return next((step for step in guide.ladder(session) if step.slug == event.rank), None)
