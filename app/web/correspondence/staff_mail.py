"""Letters as administrators see them: how they fare, which did not leave, what each kind looks like."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, make_response, render_template, request
from werkzeug.wrappers import Response as Answer

from app import envelopes
from app.db import db, transaction
from app.domain.base import now
from app.domain.correspondence import letter_examples
from app.domain.mail import mail_queue
from app.domain.mail.deliveries import Delivery
from app.domain.problems import Invalid
from app.domain.words import _
from app.web import site
from app.web.answers import again, on_to
from app.web.audience import administrators_only, member, myself
from app.web.headers import POLICY

bp = Blueprint("staff_mail", __name__, url_prefix="/staff/mail")

PAGE = "staff/mail.html"
# What a letter brings along may be shown, and nothing else may happen in it.
OF_A_LETTER = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@bp.get("")
@administrators_only
def show() -> str:
    """How letters fare."""
    return render_template(PAGE, why="", problems={}, **_around())


@bp.post("/pause")
@administrators_only
def pause() -> Answer | tuple[str, int]:
    """Let no letter leave for a while."""
    why = request.form.get("why", "")
    try:
        with transaction() as writing:
            mail_queue.pause(writing, myself(writing), why)
    except Invalid as no:
        return again(PAGE, no, why=why, **_around())
    return on_to("/staff/mail", _("No letter leaves until you say so."))


@bp.post("/resumption")
@administrators_only
def resume() -> Answer:
    """Let letters leave again."""
    with transaction() as writing:
        mail_queue.resume(writing, myself(writing))
    return on_to("/staff/mail", _("Letters leave again, the oldest first."))


@bp.post("/letters/<int:delivery_id>/replay")
@administrators_only
def replay(delivery_id: int) -> Answer:
    """Try a letter that did not leave once more."""
    if db.session.get(Delivery, delivery_id) is None:
        abort(404)
    with transaction() as writing:
        mail_queue.replay(writing, delivery_id, myself(writing))
    return on_to("/staff/mail", _("It is tried again."))


@bp.get("/preview/<kind>")
@administrators_only
def preview(kind: str) -> Response:
    """What a kind of letter looks like, with invented facts."""
    page = render_template("staff/mail_preview.html", kind=kind, kinds=_kinds(), letter=_preview(kind))
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return answer


@bp.get("/preview/<kind>/html")
@administrators_only
def preview_html(kind: str) -> Response:
    """The letter itself, to stand in a frame."""
    answer = make_response(_preview(kind).html)
    answer.headers["Content-Security-Policy"] = OF_A_LETTER
    return answer


def _preview(kind: str) -> envelopes.Preview:
    if kind not in letter_examples.KINDS_OF_LETTERS:
        abort(404)
    letter = letter_examples.example(kind, member())
    owed = Delivery(id=0, kind=kind, member_id=0, created_at=now())
    return envelopes.preview(letter, owed, current_app.config["SETTINGS"], site.last_known_name())


def _kinds() -> list[tuple[str, str]]:
    return [(it, it.replace("_", " ").capitalize()) for it in letter_examples.KINDS_OF_LETTERS]


def _around() -> dict[str, object]:
    reading = db.session()
    return {
        "standing": mail_queue.standing(reading), "kinds": _kinds(),
        "dead": mail_queue.failed(reading, "dead"), "uncertain": mail_queue.failed(reading, "uncertain"),
    }  # fmt: skip
