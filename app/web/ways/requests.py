"""The window in which members request a badge: on the badge's page, and as a page of its own.

Nothing that was typed into it is ever lost: whatever goes wrong, it comes back with the answer.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy import Row, select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.badging import badges
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people import pictures
from app.domain.people.members import Member
from app.domain.people.pictures import Drawing, Use
from app.domain.problems import Invalid, Problem
from app.domain.ways import requests
from app.domain.ways.requests import PICTURES_MOST, Evidence
from app.domain.words import _
from app.logs import log, reference
from app.web import audience, problems, site
from app.web.answers import by_htmx, on_to
from app.web.audience import member, members_only, viewer
from app.web.bodies import takes_pictures
from app.web.looks import theme
from app.web.ways import failed_requests, request_form
from app.web.ways.request_form import Form

bp = Blueprint("requests", __name__)

SEND = "requests.send"
PAGE, WINDOW = "requests/new.html", "requests/_window.html"


class Asked(NamedTuple):
    """What a badge's page says about asking for it."""

    latest: Row | None
    later: bool  # it was declined, and the time to ask again has not come
    wait: str
    why_not: str

    @property
    def is_open(self) -> bool:
        return self.latest is not None and self.latest.state in requests.OPEN


def asked(badge: Row, ways: tuple[str, ...], looking: Member | None) -> Asked:
    """What whoever is looking last asked for a badge, how long answers take, and why it cannot be asked for."""
    why_not = requests.reason_not(badge.state, ways)
    latest = requests.latest_of(db.session(), looking.id, badge.id) if looking else None
    later = latest is not None and latest.state == "declined" and not requests.may_ask_again(latest, now())
    return Asked(latest, later, "" if why_not else usual_wait(), why_not)


@bp.before_request
def sign_in_first() -> Response | None:
    """Whoever is not signed in (any more) comes back to the same window, with what they typed."""
    slug = (request.view_args or {}).get("slug")
    if slug is None or viewer():
        return None
    path = f"/login?next={quote(_window(slug), safe='/')}"
    return Response("", 204, {"HX-Redirect": path}) if by_htmx() else redirect(path, 303)


@bp.get("/badges/<slug>/request")
@members_only
def new(slug: str) -> str | tuple[str, int]:
    """The window as a page of its own."""
    return _blank(_badge(slug), PAGE)


@bp.get("/-/badges/<slug>/request")
@members_only
def window(slug: str) -> str | tuple[str, int]:
    """The window alone, for the badge's page."""
    return _blank(_badge(slug), WINDOW)


@bp.post("/badges/<slug>/request")
@members_only
@partial(takes_pictures, most=PICTURES_MOST)
def send(slug: str) -> Response | tuple[str, int]:
    """Send a request. The same form sent twice is one request."""
    badge, form = _badge(slug), request_form.sent()
    try:
        evidence = _evidence(form)
        with transaction() as writing:
            me = audience.myself(writing)
            requests.send(
                writing, me, writing.get_one(Badge, badge.id), form.note, evidence=evidence, token=form.token
            )  # fmt: skip
            requests.forget(writing, form.kept)
    except Invalid as no:
        return _refused(badge, form, no.fields, 422)
    except Problem as no:
        return _refused(badge, form, {}, problems.code_of(no), str(no))
    wait = usual_wait()
    said = _("Request sent. We usually answer %(wait)s; you will hear from us either way.", wait=wait) if wait else ""
    return on_to(f"/badges/{slug}", said or _("Request sent. You will hear from us either way."))


@bp.errorhandler(CSRFError)
def expired(error: CSRFError) -> Response | tuple[str, int]:
    """A form that is too old to be taken: it comes back as it was typed, good for another try."""
    if request.endpoint != SEND:
        return problems.expired(error)
    slug = str((request.view_args or {})["slug"])
    said = _("This form was open for too long. Nothing was sent, and nothing was lost: send it again.")
    if viewer() is None:
        return _lost(slug, request_form.sent(), _("Once more, please"), said, 400)
    badge = badges.find(db.session(), slug)
    return _refused(badge, request_form.sent(), {}, 400, said) if badge else problems.expired(error)


@bp.errorhandler(Exception)
def broken(error: Exception) -> Response | tuple[str, int]:
    """What nobody meant to happen while a request was sent: the reference is in the log, the text on the page."""
    if isinstance(error, HTTPException | Problem) or request.endpoint != SEND:
        return _beside_the_form(problems.any_of(error))
    log.error("request not sent", badge=str((request.view_args or {})["slug"]), exc_info=error)
    failed_requests.note(str((request.view_args or {})["slug"]), error)
    code = 503 if isinstance(error, OperationalError) else 500
    heading = _("That did not go through")
    said = _("Nothing was sent, and nothing was lost. Try again in a minute; if it goes on, tell us the reference.")
    if by_htmx():  # the window is still open, with everything in it
        return _beside_the_form(problems.answer(code, heading, said))
    return _lost(str((request.view_args or {})["slug"]), request_form.sent(), heading, said, code)


def _beside_the_form(found: Response) -> Response:
    """Behind an open window nobody would see what is said at the top of the page."""
    if "HX-Retarget" in found.headers and request.endpoint == SEND:
        found.headers["HX-Retarget"] = "#request-problem"
    return found


def _lost(slug: str, form: Form, heading: str, said: str, code: int) -> tuple[str, int]:
    """The form as it was typed, on a page that asks nothing of the database."""
    page = current_app.jinja_env.get_template("requests/lost.html").render(
        slug=slug, form=form, heading=heading, said=said, code=code, reference=reference(), theme=theme(),
        site_name=site.last_known_name(),
    )  # fmt: skip
    return page, code


def _window(slug: str) -> str:
    """The address of the window of a badge; what was typed into it is kept."""
    path = f"/badges/{slug}/request"
    if request.method != "POST" or db.session.scalar(select(Badge.id).filter_by(slug=slug)) is None:
        return path
    with transaction() as writing:
        return f"{path}?kept={requests.keep(writing, slug, request.form.to_dict(flat=False))}"


def _badge(slug: str) -> Badge:
    return badges.find(db.session(), slug) or abort(404)


def _blank(badge: Badge, template: str) -> str | tuple[str, int]:
    """The window with an empty form, with what was kept, or with the reason why there is none."""
    key = request.args.get("kept", "")[:64]
    kept = requests.kept(db.session(), badge.slug, key) if key else None
    form = request_form.restored(key, kept) if kept else request_form.blank()
    try:
        requests.refuse(db.session(), member(), badge)
    except Problem as no:
        return _shown(template, badge, form, shut=str(no)), problems.code_of(no)
    return _shown(template, badge, form)


def _shown(template: str, badge: Badge, form: Form, **more: object) -> str:
    given = {"badge_row": badge, "form": form, "wait": usual_wait(), "problems": {}, "refused": "", "shut": "", **more}
    return render_template(template, **given, alone=template == PAGE, reference=reference())


def _refused(badge: Badge, form: Form, wrong: dict[str, str], code: int, said: str = "") -> tuple[str, int]:
    """The window once more, as it was typed, with what is in the way."""
    log.info("request refused", badge=badge.slug, fields=sorted(wrong), said=said)
    return _shown(WINDOW if by_htmx() else PAGE, badge, form, problems=wrong, refused=said), code


def _evidence(form: Form) -> Evidence:
    """What came with the note; raises Invalid for a picture that is none, and for an event without a day."""
    wrong: dict[str, str] = {}
    drawn: list[Drawing] = []
    chosen = [it for it in request.files.getlist("files") if it.filename]
    if len(chosen) > PICTURES_MOST:
        raise Invalid(files=_("At most %(most)s pictures fit. Choose the best ones.", most=PICTURES_MOST))
    for it in chosen:
        try:
            drawn.append(pictures.draw(it.read(), Use.REQUEST, field="files"))
        except Invalid as no:
            wrong |= no.fields
    events: list[tuple[str, date]] = []
    for title, typed in form.events:
        try:
            events.append((title, date.fromisoformat(typed)))
        except ValueError:
            example = "2026-10-03"
            wrong["events"] = (
                _("Write the day of “%(event)s”, as in %(example)s.", event=title, example=example)
                if title
                else _("Write the day of each event, as in %(example)s.", example=example)
            )
    if wrong:
        raise Invalid(**({} if form.note.strip() else {"note": request_form.missing_note()}), **wrong)
    return Evidence(form.links, events, drawn)


def usual_wait() -> str:
    """The usual wait in words, or nothing until there were a few decisions."""
    wait = requests.usual_wait(db.session())
    return requests.wait_in_words(wait) if wait else ""
