"""Reading a thread."""

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import db
from app.domain import reading
from app.web import fragments
from app.web.audience import everybody
from app.web.paging import page_number

bp = Blueprint("threads", __name__)


@bp.get("/t/<int:thread_id>")
@bp.get("/t/<int:thread_id>/<slug>")
@everybody
def show(thread_id: int, slug: str = "") -> str | Response:
    """A thread, a page of its posts at a time."""
    thread = reading.head(db.session(), thread_id) or abort(404)
    if slug != thread.slug:
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return redirect(f"/t/{thread_id}/{thread.slug}{query}", 301)
    page = page_number()
    found = reading.page(db.session(), thread, page, _unfolded())
    if page > found.pages:
        abort(404)
    return render_template("threads/show.html", thread=thread, found=found, page=page, draw_post=fragments.post)


@bp.get("/p/<int:post_id>")
@everybody
def post(post_id: int) -> Response:
    """The place of a post in its thread."""
    place = reading.place(db.session(), post_id) or abort(404)
    query = "&".join(f"{name}={value}" for name, value in place.query.items())
    return redirect(f"/t/{place.thread_id}/{place.slug}{'?' if query else ''}{query}#post-{post_id}", 302)


def _unfolded() -> int:
    text = request.args.get("comments", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else abort(400)
