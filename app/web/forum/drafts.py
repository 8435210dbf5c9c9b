"""Drafts: kept while one types, listed, continued, thrown away."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.base import now
from app.domain.forum import drafts
from app.domain.forum.drafts import Draft
from app.domain.forum.threads import Post, Thread
from app.domain.words import _
from app.domain.writing import sendings
from app.web import audience
from app.web.answers import on_to
from app.web.audience import everybody, member, members_only, viewer
from app.web.bodies import takes_pictures
from app.web.composer import Form

bp = Blueprint("drafts", __name__)


@bp.get("/drafts")
@members_only
def index() -> str:
    """What one is writing, and where each of it goes on."""
    found = drafts.every(db.session(), member())
    return render_template("drafts/index.html", drafts=[(it, *_whereabouts(it)) for it in found])


@bp.post("/-/drafts")
@everybody
@takes_pictures
def save() -> str:
    """Keep what is being typed; a form that was posted meanwhile has nothing to keep."""
    if viewer() is None:  # to be led to the log-in now would lose what is typed
        return _("Not saved: you are signed out. Sign in in another window; what you typed stays here.")
    place = request.form.get("place", "")
    form = Form(place, "", "draft")
    with transaction() as writing:
        me = audience.myself(writing)
        if not sendings.was_sent(writing, me, request.form.get("sending", "")):
            form.saved_at = now() if drafts.save(writing, me, place, request.form) else None
    return render_template("drafts/_saved.html", form=form)


@bp.post("/drafts/<place>/deletion")
@members_only
def discard(place: str) -> Response:
    """Throw a draft away."""
    with transaction() as writing:
        if not drafts.discard(writing, audience.myself(writing), place):
            abort(404)
    return on_to("/drafts", _("The draft is gone."))


def _whereabouts(draft: Draft) -> tuple[str, str]:
    """Where a draft goes on, and what it is part of; what it was for may be gone."""
    what, _dash, number = draft.place.partition("-")
    if what == "new":
        return "/t/new", draft.title
    if what == "t":
        thread = db.session().get(Thread, int(number))
        return (f"/t/{number}#write", thread.title) if thread and thread.deleted_at is None else ("", "")
    post = db.session().scalar(select(Post).where(Post.id == int(number), Post.deleted_at.is_(None)))
    if post is None or post.thread.deleted_at is not None:
        return "", ""
    path = f"/p/{number}/edit" if what == "e" else f"/t/{post.thread_id}?comment={number}#slot-{number}"
    return path, post.thread.title
