"""Telling the team something, and the team's inbox of it."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Row
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain import limits
from app.domain.badging import library
from app.domain.moderation import feedback
from app.domain.moderation.feedback import Feedback
from app.domain.problems import Invalid, TooSoon
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import everybody, members_only, myself, staff_only, viewer
from app.web.composer import easy
from app.web.networks import network
from app.web.paging import choice, page_number

bp = Blueprint("feedback", __name__)


@bp.get("/feedback")
@everybody
def show() -> str:
    """The form to tell the team something."""
    return render_template("feedback/show.html", body="", email="", problems={})


@bp.post("/feedback")
@everybody
def send() -> Response | tuple[str, int]:
    """Tell the team something."""
    body, email = request.form.get("body", ""), request.form.get("email", "")
    try:
        with transaction() as writing:
            feedback.send(writing, myself(writing) if viewer() else None, body, email=email)
            _slow(writing)
    except Invalid as no:
        page, status = again("feedback/show.html", no, body=body, email=email)
        return page, 429 if isinstance(no, TooSoon) else status
    return on_to("/feedback", _("Thank you. Somebody of the team reads it."))


@bp.get("/badges/<slug>/problem")
@members_only
def about_badge(slug: str) -> str:
    """The form to say that something is wrong with a badge."""
    return render_template("feedback/badge.html", badge=_badge(slug), body="", problems={})


@bp.post("/badges/<slug>/problem")
@members_only
def send_about_badge(slug: str) -> Response | tuple[str, int]:
    """Tell the team what is wrong with a badge."""
    badge, body = _badge(slug), request.form.get("body", "")
    try:
        with transaction() as writing:
            feedback.send(writing, myself(writing), body, badge_id=badge.id)
            _slow(writing)
    except Invalid as no:
        page, status = again("feedback/badge.html", no, badge=badge, body=body)
        return page, 429 if isinstance(no, TooSoon) else status
    return on_to(f"/badges/{badge.slug}", _("Thank you. Somebody of the team looks at it."))


@bp.get("/staff/feedback")
@staff_only
def inbox() -> str:
    """What was told, and what became of it."""
    return _inbox(choice("state", feedback.STATES), page_number(), {}, 0, "")


@bp.post("/staff/feedback/<int:feedback_id>")
@staff_only
def settle(feedback_id: int) -> Response | tuple[str, int]:
    """Note that it was dealt with, or open it again."""
    said = db.session.get(Feedback, feedback_id) or abort(404)
    done, note = request.form.get("done") == "1", request.form.get("note", "")
    try:
        with transaction() as writing:
            said = writing.get_one(Feedback, feedback_id)
            feedback.settle(writing, said, myself(writing), done=done, note=note)
    except Invalid as no:
        return _inbox("open" if done else "done", 1, no.fields, feedback_id, note), 422
    return on_to("/staff/feedback" if done else "/staff/feedback?state=done", _("Done.") if done else _("Open again."))


def _badge(slug: str) -> Row:
    return library.find(db.session(), slug) or abort(404)


def _inbox(state: str, page: int, problems: dict[str, str], about: int, note: str) -> str:
    found, more = feedback.inbox(db.session(), state, page)
    if page > 1 and not found:
        abort(404)
    return render_template(
        "feedback/inbox.html", found=found, more=more, page=page, state=state, waiting=feedback.waiting(db.session()),
        problems=problems, about=about, note=note,
    )  # fmt: skip


def _slow(writing: Session) -> None:
    """Count what one address tells; raises TooSoon where it is a flood."""
    limit = feedback.WHILE_DEVELOPING if easy() else feedback.FROM_ONE_ADDRESS
    if wait := limits.take(writing, limits.key("feedback", network()), limit):
        raise TooSoon(wait)
