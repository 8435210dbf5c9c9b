"""What a member asked for: the list, and what was said about each request."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Invalid
from app.domain.ways import requests
from app.domain.ways.requests import BadgeRequest
from app.domain.words import _
from app.web import audience
from app.web.answers import on_to
from app.web.audience import member, members_only
from app.web.forum.pictures import LOCKED
from app.web.paging import page_number
from app.web.ways.requests import usual_wait

bp = Blueprint("my_requests", __name__)


@bp.get("/requests")
@members_only
def index() -> str:
    """What one asked for, and what became of it."""
    page = page_number()
    mine, more = requests.mine(db.session(), member(), page)
    if page > 1 and not mine:
        abort(404)
    return render_template("requests/index.html", mine=mine, more=more, page=page, wait=usual_wait())


@bp.get("/requests/<int:request_id>")
@members_only
def show(request_id: int) -> str:
    """One request: what was said about it, and what one can do."""
    return _page(_mine(request_id))


@bp.post("/requests/<int:request_id>/answer")
@members_only
def answer(request_id: int) -> Response | tuple[str, int]:
    """Answer the question of a moderator."""
    wanted, words = _mine(request_id), request.form.get("answer", "")
    try:
        with transaction() as writing:
            mine = writing.get_one(BadgeRequest, wanted.id)
            requests.answer(writing, mine, audience.myself(writing), words, version=_version(wanted))
    except Invalid as no:
        return _page(wanted, no.fields, words), 422
    return on_to(f"/requests/{request_id}", _("Your answer is with the moderators."))


@bp.post("/requests/<int:request_id>/withdrawal")
@members_only
def withdraw(request_id: int) -> Response:
    """Take a request back."""
    wanted = _mine(request_id)
    with transaction() as writing:
        mine = writing.get_one(BadgeRequest, wanted.id)
        requests.withdraw(writing, mine, audience.myself(writing), version=_version(wanted))
    return on_to(f"/requests/{request_id}", _("Withdrawn. You can ask again whenever you like."))


@bp.get("/requests/<int:request_id>/pictures/<proof>.webp")
@members_only
def picture(request_id: int, proof: str) -> Response:
    """A picture that one sent with a request."""
    found = requests.picture(db.session(), _mine(request_id).id, proof) or abort(404)
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": LOCKED, "Content-Disposition": "inline"}
    return Response(found, content_type="image/webp", headers=headers)


def _mine(request_id: int) -> BadgeRequest:
    return requests.find(db.session(), request_id, by=member()) or abort(404)


def _version(wanted: BadgeRequest) -> int:
    """The step that the form was made for; an old form is told what happened since."""
    typed = request.form.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else wanted.version


def _page(wanted: BadgeRequest, wrong: dict[str, str] | None = None, words: str = "") -> str:
    return render_template(
        "requests/show.html", wanted=wanted, entries=requests.entries(db.session(), wanted),
        proof=requests.evidence(db.session(), wanted), wait=usual_wait(), problems=wrong or {}, words=words,
    )  # fmt: skip
