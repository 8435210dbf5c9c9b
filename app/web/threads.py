"""Reading threads: the lists and the thread itself."""

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy import Row, select
from werkzeug.wrappers import Response

from app.db import db
from app.domain import listing, reading
from app.domain.base import day_number, now
from app.domain.ledger import week_of
from app.domain.threads import Category
from app.web import fragments
from app.web.audience import everybody, viewer
from app.web.paging import choice, page_number
from app.web.standing import climb, nearest

bp = Blueprint("threads", __name__)

LEADERS_SHOWN = 5


@bp.get("/")
@everybody
def home() -> str:
    """The latest threads of every category."""
    return _list(None)


@bp.get("/c/<slug>")
@everybody
def category(slug: str) -> str:
    """The threads of one category."""
    found = db.session.execute(select(Category.id, Category.slug, Category.name, Category.about).filter_by(slug=slug))
    return _list(found.one_or_none() or abort(404))


def _list(category: Row | None) -> str:
    sort, page = choice("sort", listing.SORTS), page_number()
    threads, more = listing.latest(db.session(), sort, page, category.id if category else None)
    if page > 1 and not threads:
        abort(404)
    looking = viewer()
    return render_template(
        "threads/list.html",
        threads=threads, more=more, page=page, sort=sort, category=category,
        categories=listing.all_categories(db.session()),
        leaders=listing.leaders(db.session(), week_of(day_number(now())), LEADERS_SHOWN),
        climb=climb(looking) if looking else None,
        nearest=nearest(looking) if looking else [],
    )  # fmt: skip


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
