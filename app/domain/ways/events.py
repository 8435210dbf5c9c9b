"""Events: where members meet. Whether one gives points or a badge is said before, and stays once somebody was there."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, Row, Select, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import markup
from app.domain.badging import badges
from app.domain.badging.badges import Badge
from app.domain.base import Base, now
from app.domain.forum import threads
from app.domain.people import introductions
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.record import audit_log
from app.domain.rewards import guide
from app.domain.words import _

TITLE_MOST, PLACE_MOST, ABOUT_MOST, GROUP_MOST, REASON_MOST, SLUG_MOST = 120, 200, 5000, 80, 500, 60
ABOUT_HTML_MOST = 60_000
AUDIENCES = ("everybody", "rank", "team", "guests")
DOORS = timedelta(hours=1)  # before it begins, somebody may be there already
LONGEST = timedelta(days=31)
PER_PAGE = 20


class Event(Base):
    """Somewhere members come together at a time. `zone` is where; the code is what who is there can enter.

    It is for everybody, for a rank and those above (`rank`, its slug), for the team, or for the guests of a named
    group. A catalogue's file knows it by its slug, whatever becomes of its name and day.
    """

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("ends_at > begins_at", name="ends_after_it_begins"),
        CheckConstraint("audience IN ('everybody', 'rank', 'team', 'guests')", name="audience"),
        CheckConstraint("(audience = 'rank') = (rank IS NOT NULL)", name="rank_of_its_audience"),
        CheckConstraint("(audience = 'guests') = (group_name <> '')", name="group_of_its_audience"),
        CheckConstraint("(code IS NULL) = (code_until IS NULL)", name="code_with_its_end"),
        Index("uq_events_slug", "slug", unique=True),
        Index("ix_events_ends_at", "ends_at", "id"),
        Index("ix_events_badge", "badge_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(SLUG_MOST))
    title: Mapped[str] = mapped_column(String(TITLE_MOST))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(PLACE_MOST))
    about: Mapped[str] = mapped_column(String(ABOUT_MOST))
    about_html: Mapped[str] = mapped_column(String(ABOUT_HTML_MOST))
    gives_points: Mapped[bool]
    badge_id: Mapped[int | None] = mapped_column(ForeignKey("badges.id"))
    audience: Mapped[str] = mapped_column(String(10))
    rank: Mapped[str | None] = mapped_column(String(60))
    group_name: Mapped[str] = mapped_column(String(GROUP_MOST))
    code: Mapped[str | None] = mapped_column(String(12), unique=True)
    code_until: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    called_off_at: Mapped[datetime | None]

    @property
    def key(self) -> str:
        """What stands for it in the deeds of those who came."""
        return f"event-{self.id}"

    @property
    def opens_at(self) -> datetime:
        """From when on somebody can have been there."""
        return self.begins_at - DOORS


class Guest(Base):
    """Somebody of the group that an event is for."""

    __tablename__ = "event_guests"

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)


class Attendance(Base):
    """Somebody was at an event, as the code, a list or one of the team says; once, even if it was taken back."""

    __tablename__ = "attendances"
    __table_args__ = (
        CheckConstraint("way IN ('code', 'list', 'team')", name="way"),
        CheckConstraint("(way = 'code') = (by_id IS NULL)", name="by_whom"),
        Index("ix_attendances_member", "member_id", "event_id"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    way: Mapped[str] = mapped_column(String(10))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    noted_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    withdrawn_because: Mapped[str] = mapped_column(String(REASON_MOST), default="")


@dataclass(frozen=True)
class Plan:
    """What staff say about an event. A moment that could not be read is None; `badge` and `rank` are slugs."""

    title: str
    begins_at: datetime | None
    ends_at: datetime | None
    zone: str = "UTC"
    place: str = ""
    about: str = ""
    gives_points: bool = False
    badge: str = ""
    audience: str = "everybody"
    rank: str = ""
    group_name: str = ""


def make(session: Session, by: Member, plan: Plan, *, at: datetime | None = None) -> Event:
    """Put an event into the calendar. Nobody is told: whoever wants that writes an announcement."""
    said = _checked(session, plan, badges_to_give(session))
    event = Event(slug=_new_slug(said), made_by_id=by.id, made_at=at or now(), **said)
    session.add(event)
    session.flush()
    audit_log.record(session, by, "event", subject=event.title, after={"event": event.id, "made": True}, at=at)
    return event


def put(
    session: Session, slug: str, plan: Plan, by: Member | None, *, off: bool, at: datetime | None = None
) -> Event:  # fmt: skip
    """Make the event of that slug be so, also where there was none; whoever puts many enters that into the log."""
    event = session.scalars(select(Event).filter_by(slug=slug).with_for_update()).one_or_none()
    badge = badges.find(session, plan.badge)
    said = _checked(session, plan, [badge] if badge and is_given(badge) else [])
    if event is None:
        event = Event(slug=slug, made_by_id=by.id if by else None, made_at=at or now())
        session.add(event)
    _say(session, event, said)
    if off != (event.called_off_at is not None):
        event.called_off_at = (at or now()) if off else None
    session.flush()
    return event


def change(session: Session, event: Event, by: Member, plan: Plan, *, at: datetime | None = None) -> None:
    """Change an event; what it gives stays once somebody has been there, so that all get the same."""
    session.flush()
    session.refresh(event, with_for_update=True)
    own = session.get(Badge, event.badge_id) if event.badge_id else None  # it may have been retired since
    found = _checked(session, plan, [*badges_to_give(session), *([own] if own else [])])
    changed = {name for name, value in found.items() if getattr(event, name) != value} - {"about_html"}
    _say(session, event, found)
    session.flush()
    audit_log.record(
        session, by, "event", subject=event.title, after={"event": event.id, "changed": sorted(changed)}, at=at
    )


def _say(session: Session, event: Event, found: dict[str, Any]) -> None:
    """Let an event be as was found right, and nobody be on a list of guests that it has no more."""
    if event.id and is_attended(session, event):
        _refuse_to_change_what_it_gives(event, found)
    for name, value in found.items():
        setattr(event, name, value)
    if event.id and event.audience != "guests":
        session.execute(delete(Guest).where(Guest.event_id == event.id))


def _new_slug(said: dict[str, Any]) -> str:
    """What a new event goes by in files: its name, its day, and what no other has."""
    day = said["begins_at"].astimezone(ZoneInfo(said["zone"])).date().isoformat()
    name = threads.slug(said["title"], none="event")[: SLUG_MOST - 16].strip("-")
    return f"{name}-{day}-{secrets.token_hex(2)}"


def call_off(session: Session, event: Event, by: Member, *, off: bool, at: datetime | None = None) -> None:
    """Say that an event does not take place, or that it does after all; raises Conflict where that is known."""
    session.flush()
    session.refresh(event, with_for_update=True)
    if off == (event.called_off_at is not None):
        raise Conflict(_("Somebody else has done this already."))
    event.called_off_at = (at or now()) if off else None
    audit_log.record(session, by, "event", subject=event.title, after={"event": event.id, "called_off": off}, at=at)


def coming(session: Session, page: int = 1, *, at: datetime | None = None) -> tuple[Sequence[Event], bool]:
    """A page of the events that are not over, the next first, and whether there is more."""
    listed = select(Event).where(Event.ends_at > (at or now())).order_by(Event.begins_at, Event.id)
    return _page(session, listed, page)


def past(session: Session, page: int = 1, *, at: datetime | None = None) -> tuple[Sequence[Event], bool]:
    """A page of the events that are over, the latest first, and whether there is more."""
    listed = select(Event).where(Event.ends_at <= (at or now())).order_by(Event.begins_at.desc(), Event.id.desc())
    return _page(session, listed, page)


def leading_to(session: Session, badge: Row, *, at: datetime | None = None) -> Sequence[Event]:
    """The next events that bring somebody closer to a badge of the library: those that give it, or count for its rule."""
    counts = "event_attended" in (badge.criterion or "")
    wanted = select(Event).where(Event.ends_at > (at or now()), Event.called_off_at.is_(None))
    wanted = wanted if counts else wanted.where(Event.badge_id == badge.id)
    return session.scalars(wanted.order_by(Event.begins_at, Event.id).limit(5)).all()


def called(session: Session, title: str, on: date) -> Event | None:
    """The event of that name on that day where it was, if there is one on the list."""
    noon = datetime.combine(on, time(12), UTC)
    around = Event.begins_at.between(noon - timedelta(days=2), noon + timedelta(days=2))
    nearby = session.scalars(select(Event).where(around, Event.called_off_at.is_(None)).order_by(Event.id))
    wanted = title.strip().casefold()
    return next(
        (
            it
            for it in nearby
            if it.title.casefold() == wanted and it.begins_at.astimezone(ZoneInfo(it.zone)).date() == on
        ),
        None,
    )


def badges_to_give(session: Session) -> Sequence[Badge]:
    """The badges that an event can give by itself: those of events that no rule decides about."""
    found = session.scalars(select(Badge).where(Badge.state == "published").order_by(Badge.position, Badge.id))
    return [it for it in found if is_given(it)]


def is_given(badge: Badge) -> bool:
    """Whether a badge is one that events give by themselves."""
    return "event" in badge.ways and badge.version is not None and badge.version.criterion is None


def is_attended(session: Session, event: Event) -> bool:
    """Whether anybody was ever noted as there, also somebody whose attendance was taken back."""
    return (
        session.scalars(select(Attendance.member_id).where(Attendance.event_id == event.id).limit(1)).first()
        is not None
    )


def _page(session: Session, wanted: Select[Event], page: int) -> tuple[Sequence[Event], bool]:
    found = session.scalars(wanted.limit(PER_PAGE + 1).offset((page - 1) * PER_PAGE)).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def _checked(session: Session, plan: Plan, offered: Sequence[Badge]) -> dict[str, Any]:
    """What the fields of an event become; raises Invalid with all that needs another look."""
    texts = _texts(plan)
    badge = next((it for it in offered if it.slug == plan.badge), None)
    steps = [step.slug for step in guide.ladder(session)]
    if problems := flaws(plan, gives=badge is not None, ladder=steps):
        raise Invalid(**problems)
    return texts | {
        "begins_at": plan.begins_at, "ends_at": plan.ends_at, "zone": plan.zone, "gives_points": plan.gives_points,
        "badge_id": badge.id if badge else None, "audience": plan.audience,
        "rank": plan.rank if plan.audience == "rank" else None,
    }  # fmt: skip


def _texts(plan: Plan) -> dict[str, str]:
    texts = {
        "title": introductions.one_line(plan.title), "place": introductions.one_line(plan.place),
        "about": plan.about.replace("\x00", "").replace("\r\n", "\n").strip(),
        "group_name": introductions.one_line(plan.group_name) if plan.audience == "guests" else "",
    }  # fmt: skip
    return texts | {"about_html": markup.render(texts["about"])}


def flaws(plan: Plan, *, gives: bool, ladder: Sequence[str]) -> dict[str, str]:
    """What of an event needs another look, by field; `gives` is whether its badge is one to be given."""
    texts = _texts(plan)
    most = {"title": TITLE_MOST, "place": PLACE_MOST, "about": ABOUT_MOST, "group_name": GROUP_MOST}
    found = {
        field: _("Make it shorter: at most %(most)s characters.", most=longest)
        for field, longest in most.items()
        if len(texts[field]) > longest
    }
    if "about" not in found and len(texts["about_html"]) > ABOUT_HTML_MOST:
        found["about"] = _("Use fewer links and less formatting here.")
    if not texts["title"]:
        found["title"] = _("Give it a name.")
    if plan.zone not in introductions.zones():
        found["zone"] = _("Choose one of the list.")
    found |= _problems_of_time(plan.begins_at, plan.ends_at)
    if plan.badge and not gives:
        found["badge"] = _("Choose one of the list.")
    if plan.audience not in AUDIENCES:
        found["audience"] = _("Choose one of the list.")
    if plan.audience == "rank" and plan.rank not in ladder:
        found["rank"] = _("Choose the rank.")
    if plan.audience == "guests" and not texts["group_name"]:
        found["group_name"] = _("Say which group it is: everybody reads it.")
    return found


def _problems_of_time(begins_at: datetime | None, ends_at: datetime | None) -> dict[str, str]:
    found = {
        field: _("Write a day and a time, as 2026-11-22 18:30.")
        for field, moment in (("begins", begins_at), ("ends", ends_at))
        if moment is None
    }
    if begins_at and ends_at and not begins_at < ends_at <= begins_at + LONGEST:
        found["ends"] = _("It ends after it begins, and within a month.")
    return found


def _refuse_to_change_what_it_gives(event: Event, found: dict[str, Any]) -> None:
    stays = _("Somebody has been there already, so this stays as it is.")
    kept = (("gives_points", "gives_points"), ("badge_id", "badge"))
    if problems := {field: stays for name, field in kept if getattr(event, name) != found[name]}:
        raise Invalid(**problems)
