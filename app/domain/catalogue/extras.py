"""Lessons, prepared replies and events of the site in the form of a file, and back."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.catalogue.entries import EventEntry, Extra, LessonEntry, ReplyEntry
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.rewards import guide
from app.domain.ways import events, lessons, prepared_replies
from app.domain.ways.events import Event, Plan
from app.domain.words import _


def here(session: Session) -> dict[str, tuple[Extra, ...]]:
    """What the site has of each, by the name of its table."""
    return {table: tuple(read(session)) for table, read in _READERS.items()}


def put(session: Session, entry: Extra, by: Member | None) -> None:
    """Make the site have one as an entry says. Raises Conflict where what is here does not allow it."""
    try:
        match entry:
            case LessonEntry():
                lessons.put(session, entry.slug, entry.text, by, offered=entry.offered)
            case ReplyEntry():
                prepared_replies.put(session, by, name=entry.name, suits=entry.suits, body=entry.body)
            case EventEntry():
                events.put(session, entry.slug, plan_of(entry), by, off=entry.called_off)
    except Invalid as no:
        raise Conflict(_("%(which)s: %(why)s", which=entry.slug, why=str(no))) from no


def retire(session: Session, entry: Extra, by: Member | None) -> None:
    """Offer a lesson no longer, call an event off, throw a reply away."""
    if isinstance(entry, ReplyEntry):
        session.delete(prepared_replies.called(session, entry.name))
    else:
        put(session, entry.retired(), by)


def plan_of(entry: EventEntry) -> Plan:
    """An event as staff would have filled in its form."""
    return Plan(
        entry.title, entry.begins, entry.ends, zone=entry.zone, place=entry.place, about=entry.about,
        gives_points=entry.gives_points, badge=entry.badge or "", audience=entry.audience, rank=entry.rank or "",
        group_name=entry.group,
    )  # fmt: skip


def _lessons(session: Session) -> list[LessonEntry]:
    """Every lesson but the guidelines as they came. None is on offer that has no questions."""
    return [
        LessonEntry.from_data({"slug": it.slug, "text": it.text.body, "offered": it.offered and bool(it.questions)})
        for it in lessons.every(session, also_unoffered=True)
        if it.slug != lessons.GUIDELINES or it.text.number or not it.offered
    ]


def _replies(session: Session) -> list[ReplyEntry]:
    """The replies, in an order that is the same in every database."""
    found = sorted(prepared_replies.every(session), key=lambda it: (prepared_replies.SUITS.index(it.suits), it.name))
    return [ReplyEntry.from_data({"name": it.name, "suits": it.suits, "body": it.body}) for it in found]


def _events(session: Session) -> list[EventEntry]:
    """The events that are not over, also those that were called off."""
    coming = (
        select(Event, Badge)
        .outerjoin(Badge, Badge.id == Event.badge_id)
        .where(Event.ends_at > now())
        .options(selectinload(Badge.version))
        .order_by(Event.begins_at, Event.slug)
    )
    steps = {it.slug for it in guide.ladder(session)}
    return [_event(event, badge, steps) for event, badge in session.execute(coming)]


def _event(event: Event, badge: Badge | None, steps: set[str]) -> EventEntry:
    zone = ZoneInfo(event.zone)
    anybody = event.audience == "rank" and event.rank not in steps  # a rank that is no more keeps nobody out
    said: dict[str, Any] = {
        "slug": event.slug, "title": event.title, "zone": event.zone, "place": event.place, "about": event.about,
        "begins": event.begins_at.astimezone(zone), "ends": event.ends_at.astimezone(zone),
        "badge": badge.slug if badge and events.is_given(badge) else None,
        "gives_points": event.gives_points, "audience": "everybody" if anybody else event.audience,
        "rank": None if anybody else event.rank, "group": event.group_name,
        "called_off": event.called_off_at is not None,
    }  # fmt: skip
    return EventEntry.from_data(said)


_READERS: dict[str, Callable[[Session], list[Any]]] = {"lesson": _lessons, "reply": _replies, "event": _events}
