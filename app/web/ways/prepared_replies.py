"""The page on which the team keeps its prepared replies."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Conflict, Invalid
from app.domain.ways import prepared_replies
from app.domain.ways.prepared_replies import PreparedReply
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import myself, staff_only
from app.web.paging import number

bp = Blueprint("prepared_replies", __name__, url_prefix="/staff/replies")

BLANK = {"name": "", "suits": "approve", "body": ""}


@bp.get("")
@staff_only
def index() -> str:
    """All of them, and the form for one more."""
    return render_template("replies/index.html", problems={}, **_page(BLANK))


@bp.post("")
@staff_only
def add() -> Response | tuple[str, int]:
    """Write a new one."""
    try:
        with transaction() as writing:
            prepared_replies.add(writing, myself(writing), **_typed())
    except Invalid as no:
        return again("replies/index.html", no, **_page(_typed()))
    return on_to("/staff/replies", _("Added. Moderators can choose it now."))


@bp.get("/<int:reply_id>")
@staff_only
def show(reply_id: int) -> str:
    """One of them, to be changed."""
    reply = _find(reply_id)
    typed = {name: getattr(reply, name) for name in BLANK}
    return render_template("replies/edit.html", problems={}, reply=reply, meanwhile=False, typed=typed)


@bp.post("/<int:reply_id>")
@staff_only
def change(reply_id: int) -> Response | tuple[str, int]:
    """Write one anew, unless somebody did meanwhile."""
    _find(reply_id)
    try:
        with transaction() as writing:
            reply = writing.get_one(PreparedReply, reply_id)
            prepared_replies.change(writing, reply, myself(writing), seen=_seen(), **_typed())
    except Invalid as no:
        return again("replies/edit.html", no, reply=_find(reply_id), meanwhile=False, typed=_typed())
    except Conflict as no:
        said = {"body": str(no)}
        return again("replies/edit.html", said, reply=_find(reply_id), meanwhile=True, typed=_typed())[0], 409
    return on_to("/staff/replies", _("Saved."))


@bp.post("/<int:reply_id>/removal")
@staff_only
def remove(reply_id: int) -> Response:
    """Throw one away."""
    _find(reply_id)
    with transaction() as writing:
        reply = writing.get_one(PreparedReply, reply_id)
        prepared_replies.remove(writing, reply, myself(writing), seen=_seen())
    return on_to("/staff/replies", _("Removed."))


def _find(reply_id: int) -> PreparedReply:
    return db.session.get(PreparedReply, reply_id) or abort(404)


def _seen() -> int:
    return number(request.form.get("version", ""), digits=8)


def _typed() -> dict[str, Any]:
    return {name: request.form.get(name, "") for name in BLANK}


def _page(typed: dict[str, str]) -> dict[str, object]:
    return {"replies": prepared_replies.every(db.session()), "typed": typed}
