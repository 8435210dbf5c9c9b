"""Nominating another member for a badge. What became of it stands among one's requests."""

from __future__ import annotations

import secrets

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Invalid, Refused
from app.domain.ways import nominations
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import member, members_only, myself

bp = Blueprint("nominations", __name__, url_prefix="/nominations")

FIELDS = ("member", "badge", "note", "named", "token")


@bp.get("/new")
@members_only
def form() -> str:
    """The form, for a member or a badge that a link may name; closed to whom it is not open yet."""
    if lock := nominations.lock(db.session(), member()):
        raise Refused(lock.words)
    typed = {name: request.args.get(name, "")[:100] for name in FIELDS}
    typed |= {"named": "1", "token": secrets.token_urlsafe(16)}
    return render_template("nominations/new.html", typed=typed, problems={}, badges=nominations.badges(db.session()))


@bp.post("/new")
@members_only
def nominate() -> Response | tuple[str, int]:
    """Nominate somebody. The same form sent twice is one nomination."""
    typed = {name: request.form.get(name, "") for name in FIELDS}
    try:
        with transaction() as writing:
            nominations.nominate(
                writing, myself(writing), typed["member"], typed["badge"], typed["note"],
                named=typed["named"] == "1", token=typed["token"],
            )  # fmt: skip
    except Invalid as no:
        return again("nominations/new.html", no, typed=typed, badges=nominations.badges(db.session()))
    return on_to("/requests", _("Sent. They hear of it only if the team says yes."))
