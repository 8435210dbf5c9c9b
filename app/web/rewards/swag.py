"""Swag: what one may claim, and what staff send."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Row
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Invalid
from app.domain.rewards import swag
from app.domain.rewards.swag import Swag
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import member, members_only, myself, staff_only
from app.web.paging import choice, page_number

bp = Blueprint("swag", __name__)

ANY = ""


@bp.get("/swag")
@members_only
def index() -> str:
    """Every milestone as it is to oneself."""
    return render_template("swag/index.html", offers=swag.of(db.session(), member()))


@bp.get("/swag/<slug>")
@members_only
def show(slug: str) -> str:
    """One milestone, and the form to claim what comes with it."""
    offer = _find(slug)
    typed = {name: getattr(offer.Swag, name) if offer.Swag else "" for name in swag.FORM}
    return render_template("swag/claim.html", offer=offer, typed=typed, problems={})


@bp.post("/swag/<slug>")
@members_only
def claim(slug: str) -> Response | tuple[str, int]:
    """Say where to send it."""
    offer, typed = _find(slug), {name: request.form.get(name, "") for name in swag.FORM}
    try:
        with transaction() as writing:
            swag.claim(writing, slug, myself(writing), typed)
    except Invalid as no:
        return again("swag/claim.html", no, offer=offer, typed=typed)
    return on_to("/swag", _("Thank you. We send it soon, and then forget the address."))


@bp.get("/staff/swag")
@staff_only
def desk() -> str:
    """Who may get what, and where it shall go."""
    return _desk()


@bp.post("/staff/swag/export")
@staff_only
def export() -> Response:
    """The list as a file for a spreadsheet. It holds addresses, so the log keeps who took it."""
    state, milestone = _filters(request.form.get("state", ""), request.form.get("milestone", ""))
    text = io.StringIO()
    with transaction() as writing:
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows(swag.export(writing, myself(writing), state, milestone))
    headers = {"Content-Disposition": f'attachment; filename="swag-{state}.csv"'}
    return Response(text.getvalue(), 200, headers, mimetype="text/csv")


@bp.post("/staff/swag/<int:swag_id>/sent")
@staff_only
def send(swag_id: int) -> Response:
    """Note that it is on its way."""
    with transaction() as writing:
        swag.send(writing, writing.get(Swag, swag_id) or abort(404), myself(writing))
    return on_to("/staff/swag", _("Marked as sent. The address is forgotten, and the member is told."))


@bp.post("/staff/swag/<int:swag_id>/refusal")
@staff_only
def decline(swag_id: int) -> Response | tuple[str, int]:
    """Note that it will not be sent, and why."""
    reason = request.form.get("reason", "")
    try:
        with transaction() as writing:
            swag.decline(writing, writing.get(Swag, swag_id) or abort(404), myself(writing), reason)
    except Invalid as no:
        return _desk(no, swag_id, reason), 422
    return on_to("/staff/swag", _("Declined. The address is forgotten, and the member reads why."))


def _find(slug: str) -> Row:
    return next((it for it in swag.of(db.session(), member()) if it.Milestone.slug == slug), None) or abort(404)


def _filters(state: str, milestone: str) -> tuple[str, str]:
    known = [it.slug for it in swag.milestones(db.session())]
    if state not in swag.STATES or milestone not in (ANY, *known):
        abort(400, "That filter is not known.")
    return state, milestone


def _desk(no: Invalid | None = None, about: int | None = None, reason: str = "") -> str:
    """The desk; the form of one parcel may show its problem."""
    waiting = db.session.get(Swag, about) if about else None
    state = waiting.state if waiting else choice("state", swag.STATES)
    _state, milestone = _filters(state, request.args.get("milestone", ""))
    page = page_number()
    listed, more = swag.page(db.session(), state, milestone, page)
    if page > 1 and not listed:
        abort(404)
    return render_template(
        "swag/desk.html", listed=listed, more=more, page=page, state=state, milestone=milestone,
        counts=swag.counts(db.session()), milestones=swag.milestones(db.session()), about=about, reason=reason,
        problems=no.fields if no else {},
    )  # fmt: skip
