"""Reading a thread."""

from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from sqlalchemy import Row
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db
from app.domain.forum import reading
from app.domain.forum.reading import Mine, Page
from app.domain.forum.threads import Thread
from app.domain.people.members import Member
from app.domain.writing import posts, removals
from app.web import presence
from app.web.audience import everybody, viewer
from app.web.composer import Form
from app.web.forum import fragments, writing
from app.web.paging import page_number

bp = Blueprint("threads", __name__)

WRITE_AT = {"comment": "slot-{}", "quote": "write"}  # where a link to write about a post leads


@bp.get("/t/<int:thread_id>")
@bp.get("/t/<int:thread_id>/<slug>")
@everybody
def show(thread_id: int, slug: str = "") -> str | Response | tuple[str, int]:
    """A thread, a page of its posts at a time."""
    looking = viewer()
    thread = reading.head(db.session(), thread_id)
    if thread is None:
        return _removed(db.session(), thread_id, looking)
    if slug != thread.slug:
        query = f"?{request.query_string.decode('ascii', 'ignore')}" if request.query_string else ""
        return redirect(f"/t/{thread_id}/{thread.slug}{query}", 301)
    page = page_number()
    found = reading.page(db.session(), thread, page, _number("comments"))
    if page > found.pages:
        abort(404)
    presence.show(thread_id, _shown(found))
    mine, here = _mine(thread, found, looking), f"/t/{thread_id}/{thread.slug}?page={page}&"
    look = fragments.Look(thread, found.comments, looking, mine, here, _slots(thread, looking))
    return render_template(
        "threads/show.html",
        thread=thread,
        found=found,
        page=page,
        look=look,
        mine=mine,
        **_forms(thread, looking, mine),
    )


@bp.get("/p/<int:post_id>")
@everybody
def post(post_id: int) -> Response:
    """The place of a post in its thread."""
    place = reading.place(db.session(), post_id) or abort(404)
    query, anchor = place.query, f"post-{post_id}"
    if (to := request.args.get("to")) in WRITE_AT:
        query, anchor = query | {to: post_id}, WRITE_AT[to].format(post_id)
    path = f"/t/{place.thread_id}/{place.slug}"
    return redirect(f"{path}{'?' if query else ''}{urlencode(query)}#{anchor}", 302)


def _shown(found: Page) -> list[int]:
    comments = [it.id for under in found.comments.values() for it in under]
    return [*(it.id for it in (found.opening, *found.posts) if it is not None), *comments]


def _mine(thread: Row, found: Page, looking: Member | None) -> Mine:
    if looking is None:
        return Mine()
    shown = [row.id for row in (found.opening, *found.posts) if row is not None]
    return reading.mine(db.session(), thread.id, looking, shown)


def _forms(thread: Row, looking: Member | None, mine: Mine) -> dict[str, object]:
    """The form below the thread for who may write there, or why they may not."""
    why_not = posts.why_not(thread, looking) if looking else None
    form: Form | None = writing.answer_form(thread, mine) if looking and not why_not else None
    if form and (quoted := _number("quote")):
        form.body = f"{form.body.rstrip()}\n\n{writing.quoted(quoted)}".lstrip()
    return {"form": form, "why_not": why_not, "categories": _categories(looking)}


def _categories(looking: Member | None) -> object:
    """Where a moderator may move the thread to."""
    return posts.open_categories(db.session(), looking) if looking and looking.is_staff else ()


def _slots(thread: Row, looking: Member | None) -> dict[int, str]:
    """The form for a comment under the post that the address names."""
    wanted = _number("comment")
    if not wanted or looking is None or posts.why_not(thread, looking, comment=True):
        return {}
    return {wanted: render_template("posts/_composer.html", form=writing.comment(thread, wanted), thread=thread)}


def _removed(session: Session, thread_id: int, looking: Member | None) -> tuple[str, int]:
    """A removed thread, for whoever may bring it back; to others it does not exist."""
    thread = session.get(Thread, thread_id)
    if thread is None or looking is None:
        abort(404)
    opening = posts.opening(session, thread)
    if not removals.may_restore(opening, looking):
        abort(404)
    return render_template("threads/removed.html", thread=thread, opening=opening), 410


def _number(name: str) -> int:
    """The number of a post in the query, 0 where there is none."""
    text = request.args.get(name, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else abort(400)
