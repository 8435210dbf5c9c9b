"""Events as the team keeps them: making and changing them, their codes, and who was there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people import introductions
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.rewards import guide
from app.domain.ways import attendance, event_codes, event_groups, events, rosters
from app.domain.ways.events import AUDIENCES, Event, Plan
from app.domain.words import _, ngettext
from app.web.answers import again, on_to
from app.web.audience import member, myself, staff_only
from app.web.paging import choice, page_number
from app.web.ways.events import when
from app.web.ways.rosters import a_few_at_a_time, looked_through, of_session, preview, read

bp = Blueprint("event_desk", __name__, url_prefix="/staff/events")

SHOWN = ("coming", "past")
TEXTS = ("title", "begins", "ends", "zone", "place", "about", "badge", "audience", "rank", "group_name")
LOCAL = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1990, 2200
Deed = Callable[[Session, Event, Member], object]


@bp.get("")
@staff_only
def index() -> str:
    """All events."""
    shown, page = choice("shown", SHOWN), page_number()
    found, more = (events.coming if shown == "coming" else events.past)(db.session(), page)
    if page > 1 and not found:
        abort(404)
    there = {it.id: attendance.count(db.session(), it) for it in found}
    return render_template("events/desk.html", shown=shown, page=page, more=more, listed=found, there=there, when=when)


@bp.get("/new")
@staff_only
def form() -> str:
    """The form for a new event."""
    typed = dict.fromkeys(TEXTS, "") | {"zone": member().zone, "audience": "everybody", "gives_points": ""}
    return render_template("events/edit.html", event=None, typed=typed, problems={}, **_choices())


@bp.post("/new")
@staff_only
def make() -> Response | tuple[str, int]:
    """Put it into the calendar."""
    try:
        with transaction() as writing:
            event = events.make(writing, myself(writing), _plan())
    except Invalid as no:
        return again("events/edit.html", no, event=None, typed=_typed(), **_choices())
    return on_to(f"/staff/events/{event.id}", _("It is in the calendar. Nobody was told: write an announcement."))


@bp.get("/<int:event_id>")
@staff_only
def show(event_id: int) -> str:
    """One event: its code, and who was there."""
    return render_template("events/manage.html", problems={}, **_about(_find(event_id)))


@bp.get("/<int:event_id>/edit")
@staff_only
def edit_form(event_id: int) -> str:
    """The form to change it."""
    event = _find(event_id)
    return render_template("events/edit.html", event=event, typed=_as_typed(event), problems={}, **_choices(event))


@bp.post("/<int:event_id>/edit")
@staff_only
def change(event_id: int) -> Response | tuple[str, int]:
    """Change it."""
    event = _find(event_id)
    try:
        with transaction() as writing:
            events.change(writing, writing.get_one(Event, event_id), myself(writing), _plan())
    except Invalid as no:
        return again("events/edit.html", no, event=event, typed=_typed(), **_choices(event))
    return on_to(f"/staff/events/{event_id}", _("Saved."))


@bp.post("/<int:event_id>/calling-off")
@staff_only
def call_off(event_id: int) -> Response:
    """Say that it does not take place, or that it does after all."""
    _find(event_id)
    off = request.form.get("undo") != "1"
    with transaction() as writing:
        events.call_off(writing, writing.get_one(Event, event_id), myself(writing), off=off)
    said = _("Called off. Its page says so.") if off else _("It takes place after all.")
    return on_to(f"/staff/events/{event_id}", said)


@bp.post("/<int:event_id>/code")
@staff_only
def code(event_id: int) -> Response | tuple[str, int]:
    """Make a new code, or let nobody enter one."""
    event = _find(event_id)
    if request.form.get("close") == "1":
        return _deed(event, lambda writing, it, me: event_codes.close(writing, it, me), _("Closed."))
    until = _moment(request.form.get("until", ""), event.zone)
    return _deed(
        event, lambda writing, it, me: event_codes.renew(writing, it, me, until), _("Here it is: tell it there.")
    )


@bp.post("/<int:event_id>/attendances")
@staff_only
def add(event_id: int) -> Response | tuple[str, int]:
    """Note that one member was there."""
    event, whom = _find(event_id), _person(request.form.get("member", ""))
    if whom is None:
        no = Invalid(member=_("Nobody here is called so, or has confirmed that address."))
        return again("events/manage.html", no, **_about(event))
    with transaction() as writing:
        it, me = writing.get_one(Event, event.id), myself(writing)
        new = attendance.record_all(writing, it, [writing.get_one(Member, whom.id)], "team", me)
    said = _("Noted: %(name)s was there.") if new else _("Noted already: %(name)s was there.")
    return on_to(f"/staff/events/{event.id}", said % {"name": whom.name})


@bp.post("/<int:event_id>/list")
@staff_only
def look_through(event_id: int) -> str | tuple[str, int]:
    """What a list of those who were there would do."""
    event = _find(event_id)
    try:
        found = read()
    except Invalid as no:
        return again("events/manage.html", no, **_about(event))
    known = attendance.sort(db.session(), event, found.members)
    others = (
        (_("Noted already"), known.there),
        (_("Taken back before: note them one by one, if they were there"), known.taken_back),
        (_("Not of the group it is for"), known.outside),
    )
    return preview(
        _("Who was at %(event)s", event=event.title), found, known.new, others, tab="/staff/events",
        action=f"/staff/events/{event.id}/list/application", back=f"/staff/events/{event.id}", button=_("Note them"),
    )  # fmt: skip


@bp.post("/<int:event_id>/list/application")
@staff_only
def apply(event_id: int) -> Response | tuple[str, int]:
    """Note those of a list that was looked through."""
    event = _find(event_id)
    try:
        wanted = attendance.sort(db.session(), event, looked_through()).new
    except Invalid as no:
        return again("events/manage.html", no, **_about(event))
    new: list[Member] = []
    for some in a_few_at_a_time(wanted):
        with transaction() as writing:
            members = of_session(writing, some)
            new += attendance.record_all(writing, writing.get_one(Event, event.id), members, "list", myself(writing))
    said = (
        ngettext("Noted %(num)s member.", "Noted %(num)s members.", len(new)) if new else _("All were noted already.")
    )
    return on_to(f"/staff/events/{event.id}", said)


@bp.post("/<int:event_id>/attendances/<username>/withdrawal")
@staff_only
def withdraw(event_id: int, username: str) -> Response | tuple[str, int]:
    """Take back that somebody was there."""
    event, reason = _find(event_id), request.form.get("reason", "")
    whom = _person(username) or abort(404)
    try:
        with transaction() as writing:
            it, me = writing.get_one(Event, event.id), myself(writing)
            attendance.withdraw(writing, it, writing.get_one(Member, whom.id), me, reason)
    except Invalid as no:
        return again("events/manage.html", no, **_about(event, of=whom.username))
    return on_to(f"/staff/events/{event.id}", _("Taken back, with its points. Badges stay: see their award for more."))


@bp.post("/<int:event_id>/guests")
@staff_only
def invite(event_id: int) -> Response | tuple[str, int]:
    """Add members to the group that it is for."""
    event = _find(event_id)
    try:
        found = rosters.match(db.session(), rosters.pasted(request.form.get("guests", "")))
        if found.unmatched:
            raise Invalid(who=_("Nobody here is: %(names)s. Take them out.", names=", ".join(found.unmatched)))
    except Invalid as no:
        return again("events/manage.html", {"guests": str(no)}, **_about(event))
    with transaction() as writing:
        members = [writing.get_one(Member, it.id) for it in found.members]
        number = event_groups.invite(writing, writing.get_one(Event, event.id), members, myself(writing))
    return on_to(f"/staff/events/{event.id}", ngettext("Added %(num)s member.", "Added %(num)s members.", number))


@bp.post("/<int:event_id>/guests/<username>/removal")
@staff_only
def uninvite(event_id: int, username: str) -> Response | tuple[str, int]:
    """Take somebody out of the group."""
    event = _find(event_id)
    whom = _person(username) or abort(404)
    return _deed(
        event,
        lambda writing, it, me: event_groups.uninvite(writing, it, writing.get_one(Member, whom.id), me),
        _("Taken out of the group."),
    )


def _deed(event: Event, deed: Deed, said: str) -> Response | tuple[str, int]:
    try:
        with transaction() as writing:
            deed(writing, writing.get_one(Event, event.id), myself(writing))
    except Invalid as no:
        return again("events/manage.html", no, **_about(event))
    return on_to(f"/staff/events/{event.id}", said)


def _find(event_id: int) -> Event:
    return db.session.get(Event, event_id) or abort(404)


def _person(name: str) -> Member | None:
    return next(iter(rosters.match(db.session(), [(name.strip(),)]).members), None)


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in (*TEXTS, "gives_points")}


def _as_typed(event: Event) -> dict[str, str]:
    badge = db.session.get(Badge, event.badge_id) if event.badge_id else None
    local = {name: f"{moment.astimezone(ZoneInfo(event.zone)):%Y-%m-%dT%H:%M}"
             for name, moment in (("begins", event.begins_at), ("ends", event.ends_at))}  # fmt: skip
    kept = {name: getattr(event, name) or "" for name in TEXTS if name not in ("begins", "ends", "badge")}
    return kept | local | {"badge": badge.slug if badge else "", "gives_points": "1" if event.gives_points else ""}


def _plan() -> Plan:
    typed = _typed()
    zone = typed["zone"] if typed["zone"] in introductions.zones() else "UTC"
    begins_at, ends_at = (_moment(typed.pop(name), zone) for name in ("begins", "ends"))
    gives_points = typed.pop("gives_points") == "1"
    return Plan(begins_at=begins_at, ends_at=ends_at, gives_points=gives_points, **typed)


def _moment(text: str, zone: str) -> datetime | None:
    """A moment as a field for day and time sends it, by the clock of a zone; None where it is none."""
    text = text.strip()
    if not LOCAL.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=ZoneInfo(zone)) if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def _choices(event: Event | None = None) -> dict[str, Any]:
    """What can be chosen in the form, and whether what it gives is settled."""
    badges = list(events.badges_to_give(db.session()))
    own = db.session.get(Badge, event.badge_id) if event and event.badge_id else None
    return {
        "badges": badges + ([own] if own and own not in badges else []), "zones": introductions.zones(),
        "audiences": AUDIENCES, "ladder": guide.ladder(db.session()),
        "is_settled": event is not None and events.is_attended(db.session(), event),
    }  # fmt: skip


def _about(event: Event, of: str = "") -> dict[str, Any]:
    """What the page of an event shows; `of` is whose taking back has the problem."""
    page = page_number()
    listed, more = attendance.page(db.session(), event, page)
    if page > 1 and not listed:
        abort(404)
    until = request.form.get("until") or f"{event.ends_at.astimezone(ZoneInfo(event.zone)):%Y-%m-%dT%H:%M}"
    return {
        "event": event, "when": when, "moment": now(), "listed": listed, "more": more, "page": page, "of": of,
        "group": event_groups.for_whom(db.session(), event) if event.audience != "everybody" else "",
        "guests": event_groups.guests(db.session(), event) if event.audience == "guests" else [],
        "number_there": attendance.count(db.session(), event), "spaced": event_codes.with_spaces,
        "badge_given": db.session.get(Badge, event.badge_id) if event.badge_id else None,
        "typed": {name: request.form.get(name, "") for name in ("member", "who", "guests", "reason")} | {"until": until},
    }  # fmt: skip
