"""Events as members see them: what is coming and was, one's own, and the code that says one was there."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people import introductions
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.ways import attendance, event_codes, event_groups, events
from app.domain.ways.events import Event
from app.domain.words import _
from app.web import composer
from app.web.answers import again, on_to
from app.web.audience import everybody, members_only, myself, viewer
from app.web.looks import on_date
from app.web.paging import choice, page_number

bp = Blueprint("events", __name__, url_prefix="/events")

SHOWN = ("coming", "past", "mine")


@bp.get("")
@everybody
def index() -> str:
    """The events that are coming, those that are over, or those one was at."""
    return render_template("events/index.html", problems={}, code="", **_listed())


@bp.post("")
@members_only
def enter_somewhere() -> Response | tuple[str, int]:
    """Enter the code of whichever event it is."""
    try:
        return _enter(None)
    except (Invalid, Refused) as no:
        return again("events/index.html", _told(no), code=request.form.get("code", ""), **_listed())


@bp.get("/<int:event_id>")
@everybody
def show(event_id: int) -> str:
    """One event: when, where, for whom, what it gives, and whether one was there."""
    return render_template("events/show.html", problems={}, code="", **_about(_find(event_id)))


@bp.post("/<int:event_id>")
@members_only
def enter(event_id: int) -> Response | tuple[str, int]:
    """Enter the code of this event."""
    event = _find(event_id)
    try:
        return _enter(event.id)
    except (Invalid, Refused) as no:
        return again("events/show.html", _told(no), code=request.form.get("code", ""), **_about(event))


def _enter(event_id: int | None) -> Response:
    """Note that one was there; raises Invalid where the code is of no event, which counts as a try."""
    code = request.form.get("code", "")
    with transaction() as writing:
        event = writing.get_one(Event, event_id) if event_id else None
        entered = event_codes.enter(writing, myself(writing), code, event, easy=composer.easy())
    if entered is None:
        raise Invalid(code=_("That is not the code. It has eight letters and digits, such as K7MQ 2XRA."))
    if entered.is_new:
        return on_to(f"/events/{entered.event.id}", _("Welcome: you were at %(event)s.", event=entered.event.title))
    return on_to(f"/events/{entered.event.id}", _("We know already: you were at %(event)s.", event=entered.event.title))


def _told(no: Invalid | Refused) -> Invalid:
    return no if isinstance(no, Invalid) else Invalid(code=str(no))


def _find(event_id: int) -> Event:
    return db.session.get(Event, event_id) or abort(404)


def _listed() -> dict[str, Any]:
    shown, page, me = choice("shown", SHOWN), page_number(), viewer()
    if shown == "mine":
        found, more = attendance.of(db.session(), me, page) if me else ([], False)
    else:
        found, more = (events.coming if shown == "coming" else events.past)(db.session(), page)
    if page > 1 and not found:
        abort(404)
    return {
        "shown": shown, "page": page, "more": more, "listed": found, "when": when, "moment": now(),
        "groups": {it.id: event_groups.for_whom(db.session(), it) for it in found if it.audience != "everybody"},
        "attended": attendance.attended(db.session(), me, found) if me else set(),
    }  # fmt: skip


def _about(event: Event) -> dict[str, Any]:
    me = viewer()
    is_for_viewer = event_groups.is_for(db.session(), event, me)
    return {
        "event": event, "moment": now(), "when": when, "here": me.zone if me else "UTC",
        "group": event_groups.for_whom(db.session(), event) if event.audience != "everybody" else "",
        "is_for_viewer": is_for_viewer,
        "place_leads": is_for_viewer and introductions.is_address(event.place),
        "mine": attendance.find(db.session(), event, me) if me else None,
        "badge_given": db.session.get(Badge, event.badge_id) if event.badge_id else None,
        "number_there": attendance.count(db.session(), event), "away": _elsewhere(event, me),
    }  # fmt: skip


def _elsewhere(event: Event, me: Member | None) -> bool:
    """Whether the clock of the viewer shows another hour than where the event is."""
    there, here = (event.begins_at.astimezone(ZoneInfo(zone)) for zone in (event.zone, me.zone if me else "UTC"))
    return there.utcoffset() != here.utcoffset()


def when(event: Event, zone: str = "") -> str:
    """The hours of an event by the clock of a place, its own unless told otherwise: 8 May 2026, 18:00 - 20:00."""
    begins, ends = (it.astimezone(ZoneInfo(zone or event.zone)) for it in (event.begins_at, event.ends_at))
    if begins.date() == ends.date():
        return f"{_clock(begins)} – {ends:%H:%M}"
    return f"{_clock(begins)} – {_clock(ends)}"


def _clock(moment: datetime) -> str:
    return f"{on_date(moment.date())}, {moment:%H:%M}"
