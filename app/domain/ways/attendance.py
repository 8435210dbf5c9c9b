"""Attendance: who was at an event, noted once, and what that counts for. What was wrong is taken back, not forgotten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.awarding import awards
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import activities, audit_log
from app.domain.ways import event_groups
from app.domain.ways.events import REASON_MOST, Attendance, Event
from app.domain.words import _

PER_PAGE = 100
ATTENDED, CREDITED = "event_attended", "event_credited"


class Sorted(NamedTuple):
    """The people of a list as they are to an event: to be noted, noted already, taken back before, not of its group."""

    new: list[Member]
    there: list[Member]
    taken_back: list[Member]
    outside: list[Member]


def record(
    session: Session, event: Event, member: Member, way: str, *, by: Member | None = None, at: datetime | None = None
) -> bool:
    """Note that somebody was there, and what it counts for; whether that was news.

    What the team took back, only the team notes again. Raises Refused where the event is not for them.
    """
    moment = at or now()
    _refuse(session, event, member, moment)
    _hold_badge(session, event)
    noted = {"way": way, "by_id": by.id if by else None, "noted_at": moment}
    if not rows.add_once(session, Attendance, event_id=event.id, member_id=member.id, **noted):
        there = session.get_one(Attendance, (event.id, member.id), with_for_update=True, populate_existing=True)
        if there.withdrawn_at is None:
            return False
        if by is None:
            raise Refused(_("The team has taken this back: “%(why)s” Write to them.", why=there.withdrawn_because))
        for name, value in (noted | {"withdrawn_at": None, "withdrawn_by_id": None, "withdrawn_because": ""}).items():
            setattr(there, name, value)
    _count(session, event, [member], by, min(moment, event.ends_at))
    return True


def record_all(
    session: Session, event: Event, members: Sequence[Member], way: str, by: Member, *, at: datetime | None = None
) -> list[Member]:
    """Note that some were there, as one of the team says; those of whom that was news."""
    moment = at or now()
    in_order = sorted(members, key=lambda it: it.id)  # two lists at the same moment wait for each other in turn
    _hold_badge(session, event)
    known = sort(session, event, in_order)
    for member in known.outside:
        _refuse(session, event, member, moment)
    noted = _note_once(session, event, known.new, way, by, moment)
    new = noted + [it for it in known.taken_back if record(session, event, it, way, by=by, at=moment)]
    for member in new:
        audit_log.record(session, by, "attendance", member=member, subject=event.title, at=at)
    return new


def _note_once(
    session: Session, event: Event, members: Sequence[Member], way: str, by: Member, moment: datetime
) -> list[Member]:
    """Note members who were not noted yet, and what it counts for; those of whom that was news."""
    if not members:
        return []
    _refuse(session, event, members[0], moment)
    noted = {"event_id": event.id, "way": way, "by_id": by.id, "noted_at": moment}
    once = [noted | {"member_id": it.id} for it in members]
    ids = {it.member_id for it in rows.add_new(session, Attendance, once, Attendance.member_id)}
    new = [it for it in members if it.id in ids]
    _count(session, event, new, by, min(moment, event.ends_at))
    return new


def sort(session: Session, event: Event, members: Sequence[Member]) -> Sorted:
    """What a list would do, without doing it."""
    known = select(Attendance.member_id, Attendance.withdrawn_at).where(Attendance.event_id == event.id)
    noted = dict(session.execute(known).all())
    found = Sorted([], [], [], [])
    for member in members:
        if member.id in noted:
            (found.there if noted[member.id] is None else found.taken_back).append(member)
        else:
            (found.new if event_groups.is_for(session, event, member) else found.outside).append(member)
    return found


def withdraw(
    session: Session, event: Event, member: Member, by: Member, reason: str, *, at: datetime | None = None
) -> None:
    """Take back that somebody was there, with its points. A badge earned by it stays, as every badge does."""
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Invalid(reason=_("Say why: the log keeps it, and the member can read it."))
    if len(reason) > REASON_MOST:
        raise Invalid(reason=_("Make it shorter: at most %(most)s characters.", most=REASON_MOST))
    there = session.get(Attendance, (event.id, member.id), with_for_update=True, populate_existing=True)
    if there is None or there.withdrawn_at is not None:
        raise Conflict(_("Somebody else has taken this back already."))
    there.withdrawn_at, there.withdrawn_by_id, there.withdrawn_because = at or now(), by.id, reason
    for kind in (ATTENDED, CREDITED):
        deeds = activities.standing(session, kind=kind, member_id=member.id, object=event.key)
        activities.withdraw(session, deeds)
    audit_log.record(
        session, by, "attendance", member=member, subject=event.title, reason=reason, after={"taken back": True}, at=at
    )


def of(session: Session, member: Member, page: int = 1) -> tuple[Sequence[Event], bool]:
    """A page of the events a member was at, the latest first, and whether there is more."""
    theirs = (
        select(Event)
        .join(Attendance, Attendance.event_id == Event.id)
        .where(Attendance.member_id == member.id, Attendance.withdrawn_at.is_(None))
        .order_by(Event.begins_at.desc(), Event.id.desc())
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    )
    found = session.scalars(theirs).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def find(session: Session, event: Event, member: Member) -> Attendance | None:
    """What is noted of a member at an event, also if it was taken back."""
    return session.get(Attendance, (event.id, member.id))


def attended(session: Session, member: Member, events: Sequence[Event]) -> set[int]:
    """Which of some events a member was at."""
    noted = select(Attendance.event_id).where(Attendance.member_id == member.id, Attendance.withdrawn_at.is_(None))
    return set(session.scalars(noted.where(Attendance.event_id.in_([it.id for it in events]))))


def count(session: Session, event: Event) -> int:
    """How many were there."""
    noted = select(func.count()).select_from(Attendance).where(Attendance.event_id == event.id)
    return session.scalar(noted.where(Attendance.withdrawn_at.is_(None))) or 0


def page(session: Session, event: Event, number: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of who was there, as staff see it, the latest first; and whether there is more."""
    listed = (
        select(Attendance, Member.username, Member.name, Member.photo, Member.id.label("author_id"))
        .outerjoin(Member, (Member.id == Attendance.member_id) & Member.deleted_at.is_(None))
        .where(Attendance.event_id == event.id)
        .order_by(Attendance.noted_at.desc(), Attendance.member_id)
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )
    found = session.execute(listed).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def for_export(member_id: int) -> Select[*tuple[Any, ...]]:
    """The statement for the events a member was at."""
    rows_ = select(Event.title.label("event"), Event.begins_at, Attendance.way, Attendance.noted_at,
                   Attendance.withdrawn_at, Attendance.withdrawn_because)  # fmt: skip
    mine = rows_.join(Event, Event.id == Attendance.event_id).where(Attendance.member_id == member_id)
    return mine.order_by(Event.begins_at, Event.id)


def _refuse(session: Session, event: Event, member: Member, moment: datetime) -> None:
    if event.called_off_at is not None:
        raise Refused(_("%(event)s was called off.", event=event.title))
    if event.opens_at > moment:
        raise Refused(_("%(event)s has not begun: nobody can have been there yet.", event=event.title))
    if not event_groups.is_for(session, event, member):
        group = event_groups.for_whom(session, event)
        raise Refused(_("%(event)s is for %(group)s only.", event=event.title, group=group))


def _hold_badge(session: Session, event: Event) -> None:
    """Let who else gives the badge wait: giving it counts its holders, after rows that both may want to write."""
    if event.badge_id is not None:
        session.execute(select(Badge.id).where(Badge.id == event.badge_id).with_for_update())


def _count(session: Session, event: Event, members: Sequence[Member], by: Member | None, when: datetime) -> None:
    """Note the deeds, at the time of the event. Points are a deed of their own, so that no later change can move them."""
    session.refresh(event)  # the rows written above keep it as it is now
    for member in members:
        activities.note(session, ATTENDED, member, at=when, object=event.key)
        if event.gives_points:
            activities.note(session, CREDITED, member, at=when, object=event.key)
    badge = session.get(Badge, event.badge_id) if event.badge_id else None
    if (
        badge is not None and badge.state == "published" and badge.version_id is not None
    ):  # who has it already keeps the one they have
        reason = _("For being at %(event)s.", event=event.title)
        awards.give(session, badge, members, by=by, way="event", reason=reason, at=when)
