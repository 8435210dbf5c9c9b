"""What members follow and mark: switches on other pages, and the lists of both."""

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.forum import bookmarks, followed, follows
from app.domain.forum.threads import Category, Post, Thread
from app.domain.people.members import Member
from app.domain.words import _
from app.web.answers import by_htmx, on_to
from app.web.audience import member, members_only, myself
from app.web.finding import hits
from app.web.paging import page_number

bp = Blueprint("following", __name__)


@bp.post("/t/<int:thread_id>/following")
@members_only
def follow_thread(thread_id: int) -> Response | str:
    """Follow a thread, or stop."""
    with transaction() as writing:
        thread = writing.get(Thread, thread_id)
        if thread is None or thread.deleted_at is not None:
            abort(404)
        on = follows.toggle(writing, myself(writing), thread)
    place = f"/t/{thread.id}/{thread.slug}"
    return _answer(place, _following(on), "threads/_follow.html", thread=thread, following=on)


@bp.post("/c/<slug>/following")
@members_only
def follow_category(slug: str) -> Response | str:
    """Follow a category, or stop."""
    with transaction() as writing:
        category = writing.scalars(select(Category).filter_by(slug=slug)).one_or_none() or abort(404)
        on = follows.toggle(writing, myself(writing), category)
    place = f"/c/{category.slug}"
    return _answer(place, _following(on), "threads/_follow_category.html", category=category, following=on)


@bp.post("/u/<username>/following")
@members_only
def follow_member(username: str) -> Response | str:
    """Follow a member, or stop."""
    with transaction() as writing:
        found = select(Member).filter_by(username_key=username.lower(), deleted_at=None)
        person = writing.scalars(found).one_or_none() or abort(404)
        on = follows.toggle(writing, myself(writing), person)
    return _answer(f"/u/{person.username}", _following(on), "members/_follow.html", person=person, following=on)


@bp.get("/following")
@members_only
def following() -> str:
    """What one follows: threads with new posts first, categories, members."""
    page, looking = page_number(), member()
    threads, more = followed.threads_of(db.session(), looking.id, page)
    if page > 1 and not threads:
        abort(404)
    return render_template(
        "following/index.html",
        threads=threads, more=more, page=page,
        categories=followed.categories_of(db.session(), looking.id),
        people=followed.people_of(db.session(), looking.id),
    )  # fmt: skip


@bp.post("/p/<int:post_id>/bookmark")
@members_only
def bookmark(post_id: int) -> Response | str:
    """Put a mark at a post, or take it away."""
    with transaction() as writing:
        post = writing.get(Post, post_id)
        if post is None or post.deleted_at is not None or post.thread.deleted_at is not None:
            abort(404)
        on = bookmarks.toggle(writing, myself(writing), post)
    said = _("Bookmark set.") if on else _("Bookmark removed.")
    return _answer(f"/p/{post_id}", said, "posts/_bookmark.html", listed="/bookmarks", post_id=post_id, bookmarked=on)


@bp.get("/bookmarks")
@members_only
def marked() -> str:
    """The posts that one wants to find again."""
    page = page_number()
    found, more = followed.marked_by(db.session(), member().id, page)
    if page > 1 and not found:
        abort(404)
    return render_template("following/bookmarks.html", hits=hits.of(found), more=more, page=page)


def _following(on: bool) -> str:
    return _("You follow this now.") if on else _("You no longer follow this.")


def _answer(place: str, said: str, fragment: str, *, listed: str = "/following", **given: object) -> Response | str:
    """The switch anew for htmx, else on to its page; or to the list it stood in, which is shown anew."""
    if request.form.get("from") == "list":
        return on_to(listed, said)
    return render_template(fragment, **given) if by_htmx() else on_to(place, said)
