"""Leaving for good."""

from flask import Blueprint, render_template, request, session
from werkzeug.wrappers import Response

from app.db import transaction
from app.domain.leaving import departures
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import member, members_only, myself
from app.web.membership import reauthentication

bp = Blueprint("departures", __name__)


@bp.get("/settings/deletion")
@members_only
def show() -> str:
    """What stays, what goes, and the form to leave with."""
    return render_template("settings/deletion.html", me=member(), typed="", problems={})


@bp.post("/settings/deletion")
@members_only
def leave() -> tuple[str, int] | Response:
    """Delete one's account."""
    typed = request.form.get("typed", "")[:100]
    try:
        reauthentication.confirm("deletion_password")
        with transaction() as writing:
            departures.leave(writing, myself(writing), typed)
    except Invalid as no:
        return again("settings/deletion.html", no, me=member(), typed=typed)
    session.clear()
    return on_to("/", _("Your account is deleted. Thank you for having been here."))
