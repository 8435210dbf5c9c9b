"""One post: changing it, what it said before, removing it and bringing it back, accepting it, steering its thread."""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.forum import drafts, reading, revisions, tags
from app.domain.forum.threads import OPENING_KINDS, Post, Thread
from app.domain.moderation import steering
from app.domain.problems import Conflict, Invalid, Problem
from app.domain.record import audit_log
from app.domain.words import _
from app.domain.writing import acceptance, brakes, edits, posts, removals
from app.web import audience, composer
from app.web.answers import by_htmx, on_to
from app.web.audience import everybody, member, members_only, staff_only, viewer
from app.web.bodies import takes_pictures
from app.web.composer import Form
from app.web.forum import fragments
from app.web.paging import page_number

bp = Blueprint("posts", __name__)

OF_OPENING = ("title", "tags")


@bp.get("/p/<int:post_id>/edit")
@members_only
def edit_form(post_id: int) -> ResponseReturnValue:
    """The form to change a post with, and its draft if there is one."""
    post = _editable(post_id)
    opens = post.kind in OPENING_KINDS
    typed = {"title": post.thread.title, "tags": ", ".join(tags.of(db.session(), post.thread))} if opens else {}
    form = composer.blank(f"e-{post_id}", f"/p/{post_id}/edit", "edit", typed=typed)
    form.body = form.body or post.body
    return render_template("posts/edit.html", form=form, **_edit_given(post))


@bp.post("/p/<int:post_id>/edit")
@members_only
@takes_pictures
def edit(post_id: int) -> ResponseReturnValue:
    """Change a post, unless somebody else did meanwhile."""
    post = _editable(post_id)
    opens = post.kind in OPENING_KINDS
    form = composer.sent(f"e-{post_id}", f"/p/{post_id}/edit", "edit", OF_OPENING if opens else ())
    if composer.detour(form):
        return composer.page(form, "posts/edit.html", **_edit_given(post, request.form.get("seen", "")))
    try:
        with transaction() as writing:
            _change(writing, writing.get_one(Post, post_id), form)
    except Problem as no:
        db.session().expire_all()
        seen = "" if isinstance(no, Conflict) else request.form.get("seen", "")
        return composer.refused(form, "posts/edit.html", no, theirs=isinstance(no, Conflict), **_edit_given(post, seen))
    return on_to(composer.post_path(post_id))


@bp.get("/p/<int:post_id>/history")
@everybody
def history(post_id: int) -> str:
    """What a post said before each of its edits."""
    post, page = _visible(post_id), page_number()
    found, more = revisions.of(db.session(), post, page)
    if page > 1 and not found:
        abort(404)
    return render_template("posts/history.html", post=post, revisions=found, page=page, more=more)


@bp.get("/p/<int:post_id>/actions")
@everybody
def actions(post_id: int) -> str:
    """Everything one may do with a post, as a page."""
    return render_template("posts/actions.html", **_actions(post_id))


@bp.get("/-/posts/<int:post_id>/actions")
@everybody
def actions_menu(post_id: int) -> str:
    """The same for the menu of a post."""
    return render_template("posts/_actions.html", **_actions(post_id))


@bp.post("/p/<int:post_id>/deletion")
@members_only
def delete_or_restore(post_id: int) -> Response:
    """Remove a post, or bring it back."""
    looking, post = member(), db.session().get(Post, post_id) or abort(404)
    if post.deleted_at is not None and not removals.may_restore(post, looking):
        abort(404)
    if post.deleted_at is None and post.thread.deleted_at is not None:
        abort(404)
    gone = post.deleted_at is None
    with transaction() as writing:
        mine, me = writing.get_one(Post, post_id), audience.myself(writing)
        changed = removals.remove(writing, mine, me) if gone else removals.restore(writing, mine, me)
        if changed and me.is_staff and mine.author_id != me.id:
            audit_log.record(writing, me, "hide" if gone else "restore", post=mine)
    if not gone:
        return on_to(composer.post_path(post_id), _("It is back."))
    return on_to(f"/t/{post.thread_id}/{post.thread.slug}#removed", _("Removed. You can bring it back."))


@bp.post("/p/<int:post_id>/acceptance")
@members_only
def accept(post_id: int) -> ResponseReturnValue:
    """Accept an answer, or take that back."""
    before = _visible(post_id).thread.accepted_post_id
    with transaction() as writing:
        accepted = acceptance.toggle(writing, writing.get_one(Post, post_id), audience.myself(writing))
    if not by_htmx():
        return on_to(composer.post_path(post_id))
    db.session().expire_all()
    said = _("Accepted. Thank you for closing the loop.") if accepted else _("This is no longer the accepted answer.")
    articles = [(_article(it), it) for it in {post_id, before or post_id}]
    return render_template("posts/_accepted.html", articles=articles, said=said)


@bp.post("/t/<int:thread_id>/steering")
@staff_only
def steer(thread_id: int) -> Response:
    """Lock, unlock, pin, unpin, close or reopen a thread."""
    with transaction() as writing:
        thread = _thread(writing, thread_id)
        steering.steer(writing, thread, audience.myself(writing), request.form.get("deed", ""))
    return on_to(f"/t/{thread_id}/{thread.slug}", _("Done."))


@bp.post("/t/<int:thread_id>/category")
@staff_only
def move(thread_id: int) -> Response:
    """Move a thread into another category."""
    with transaction() as writing:
        thread, me = _thread(writing, thread_id), audience.myself(writing)
        open_to_me = posts.open_categories(writing, me)
        category = next((it for it in open_to_me if it.slug == request.form.get("category")), None)
        if category is None:
            raise Invalid(category=_("Choose a category; this one is gone."))
        steering.move(writing, thread, me, category)
    return on_to(f"/t/{thread_id}/{thread.slug}", _("The thread is in %(category)s now.", category=category.name))


def _thread(writing: Session, thread_id: int) -> Thread:
    thread = writing.get(Thread, thread_id)
    if thread is None or thread.deleted_at is not None:
        abort(404)
    return thread


def _change(writing: Session, post: Post, form: Form) -> None:
    me = audience.myself(writing)
    if me.id == post.author_id:
        brakes.before_edit(me, form.body, easy=composer.easy())
    text = request.form.get("seen", "")
    edits.edit(
        writing, post, me, body=form.body, title=form.typed.get("title"),
        tagged=tags.listed(form.typed["tags"]) if "tags" in request.form and form.typed else None,
        seen=int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None,
    )  # fmt: skip
    drafts.discard(writing, me, form.place)


def _visible(post_id: int) -> Post:
    """A post that everybody may see."""
    post = db.session().get(Post, post_id)
    if post is None or post.deleted_at is not None or post.thread.deleted_at is not None:
        abort(404)
    return post


def _editable(post_id: int) -> Post:
    """A post that one may see; whether one may change it is for its verb to say."""
    post = _visible(post_id)
    if why := edits.why_not(post, member()):
        abort(403, why)
    return post


def _edit_given(post: Post, seen: str = "") -> dict[str, object]:
    return {"post": post, "seen": seen or edits.latest(db.session(), post.id), "opens": post.kind in OPENING_KINDS}


def _actions(post_id: int) -> dict[str, object]:
    post, looking = _visible(post_id), viewer()
    mine = reading.mine(db.session(), post.thread_id, looking, [post_id]) if looking else reading.Mine()
    return {
        "post": post,
        "own": looking is not None and post.author_id == looking.id,
        "pressed": {kind for _id, kind in mine.reactions},
        "post_id": post_id,
        "bookmarked": post_id in mine.bookmarked,
        "may_edit": looking is not None and edits.why_not(post, looking) is None,
        "may_remove": looking is not None and removals.why_not(post, looking) is None,
    }


def _article(post_id: int) -> str:
    """A post as it stands in its thread, for who is looking."""
    post = _visible(post_id)
    thread = reading.head(db.session(), post.thread_id) or abort(404)
    row, comments = reading.one(db.session(), post_id) or abort(404)
    looking = member()
    mine = reading.mine(db.session(), post.thread_id, looking, [post_id])
    return fragments.Look(thread, {row.id: comments}, looking, mine, f"/t/{thread.id}/{thread.slug}?").articles([row])
