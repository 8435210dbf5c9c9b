"""Writing: new threads, answers, replies and comments, and what their editor asks for while one types."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.db import db, transaction
from app.domain.finding import similar
from app.domain.forum import drafts, reading, tags
from app.domain.forum.threads import Post, Thread
from app.domain.people.members import Member
from app.domain.problems import Invalid, Problem
from app.domain.words import _
from app.domain.writing import brakes, mentions, posts, sendings
from app.web import audience, composer
from app.web.answers import by_htmx, on_to
from app.web.audience import member, members_only
from app.web.bodies import takes_pictures
from app.web.composer import Form
from app.web.forum import fragments
from app.web.paging import line

bp = Blueprint("writing", __name__)

OPENING = ("title", "category", "kind", "tags")


@bp.get("/t/new")
@members_only
def new_thread() -> str:
    """The form for a new thread, with the draft of one if there is any."""
    form = composer.blank("new", "/t/new", "new", typed=_opening_defaults())
    if not form.restored:
        form.typed["title"] = request.args.get("title", "")[: posts.TITLE_MOST]
    return _new_page(form)


@bp.post("/t/new")
@members_only
@takes_pictures
def start_thread() -> ResponseReturnValue:
    """Start a thread, and go to it."""
    form = composer.sent("new", "/t/new", "new", OPENING)
    form.typed["kind"] = form.typed["kind"] or "question"
    if composer.detour(form):
        return _new_page(form), 422 if form.problems else 200

    def start(writing: Session, me: Member) -> Post:
        brakes.before_post(writing, me, form.body, easy=composer.easy())
        typed = form.typed
        category = next((it for it in posts.open_categories(writing, me) if it.slug == typed["category"]), None)
        if category is None:
            raise Invalid(category=_("Choose a category."))
        thread = posts.start_thread(
            writing, me, category, kind=typed["kind"], title=typed["title"], body=form.body, tagged=tags.listed(typed["tags"])
        )  # fmt: skip
        return posts.opening(writing, thread)

    try:
        post, _new = _once(form, start)
    except Problem as no:
        return composer.refused(form, "posts/new.html", no, **_new_given())
    return on_to(f"/t/{post.thread_id}/{post.thread.slug}", _("Your thread is up. We tell you when somebody answers."))


@bp.post("/t/<int:thread_id>/replies")
@members_only
@takes_pictures
def reply(thread_id: int) -> ResponseReturnValue:
    """Answer a thread, reply to it, or comment on one of its posts."""
    thread = reading.head(db.session(), thread_id) or abort(404)
    form = _reply_form(thread)
    if composer.detour(form):
        return composer.page(form, composer.fragment_or("posts/compose.html"), thread=thread)

    def write(writing: Session, me: Member) -> Post:
        brakes.before_post(writing, me, form.body, easy=composer.easy())
        if form.parent is None:
            return posts.post_reply(writing, writing.get_one(Thread, thread_id), me, form.body)
        return posts.comment(writing, writing.get_one(Post, form.parent), me, form.body)

    try:
        post, new = _once(form, write)
    except Problem as no:
        return composer.refused(form, composer.fragment_or("posts/compose.html"), no, thread=thread)
    if not by_htmx():
        return on_to(composer.post_path(post.id))
    return _posted(thread_id, form, post, new)


@bp.get("/-/posts/<int:post_id>/comment")
@members_only
def comment_form(post_id: int) -> str:
    """The small form for a comment, which a thread puts under the post."""
    post = db.session().get(Post, post_id)
    thread = reading.head(db.session(), post.thread_id) if post else None
    if post is None or thread is None or post.deleted_at is not None:
        abort(404)
    return render_template("posts/_composer.html", form=comment(thread, post_id), thread=thread)


@bp.post("/-/preview")
@members_only
@takes_pictures
def preview() -> str:
    """What the text will look like."""
    drawn = mentions.preview(db.session(), member(), request.form.get("body", ""))
    return render_template("posts/_preview.html", preview=drawn)


@bp.post("/-/pictures")
@members_only
@takes_pictures
def upload_picture() -> Response:
    """Keep a picture that was chosen, pasted or dropped; answers with the Markdown that shows it, or why not."""
    chosen = request.files.get("picture")
    try:
        return Response(composer.upload(chosen.read() if chosen else b""), mimetype="text/plain")
    except Problem as no:
        return Response(str(no), 422 if isinstance(no, Invalid) else 403, mimetype="text/plain")


@bp.get("/-/mentions")
@members_only
def suggest_members() -> Response:
    """Members whose name begins with ?q=."""
    start = request.args.get("q", "")[:30]
    found = mentions.suggest(db.session(), start) if start else []
    return jsonify([{"username": it.username, "name": it.name} for it in found])


@bp.get("/-/similar")
@members_only
def similar_threads() -> str:
    """Threads that are about the same as ?title=, or nothing."""
    return render_template(
        "threads/_similar.html", found=similar.threads(db.session(), line("title", posts.TITLE_MOST))
    )


@bp.get("/-/posts/<int:post_id>/quote")
@members_only
def quote(post_id: int) -> Response:
    """A post, or the part of it in ?said=, as a quotation in Markdown."""
    return Response(quoted(post_id, request.args.get("said", "")[:5000]), mimetype="text/plain")


def quoted(post_id: int, said: str = "") -> str:
    """The quotation of a post; nothing where there is no such post."""
    post = db.session().get(Post, post_id)
    if post is None or post.deleted_at is not None or post.thread.deleted_at is not None:
        abort(404)
    return posts.quotation(post, said)


def answer_form(thread: Row, mine: reading.Mine) -> Form:
    """The form below a thread."""
    form = _form(thread, None)
    if mine.draft:
        form.body, form.restored = mine.draft, True
    return form


def comment(thread: Row, post_id: int) -> Form:
    """The form below a post, with what its draft holds."""
    form = _form(thread, post_id)
    if draft := drafts.find(db.session(), member(), form.place):
        composer.restore(form, draft)
    return form


def _form(thread: Row, parent: int | None) -> Form:
    kind = "comment" if parent else "answer" if thread.kind == "question" else "reply"
    place = f"c-{parent}" if parent else f"t-{thread.id}"
    return Form(place, f"/t/{thread.id}/replies", kind, parent=parent, lock=composer.picture_lock())


def _reply_form(thread: Row) -> Form:
    parent = _parent(thread)
    form = _form(thread, parent)
    return composer.sent(form.place, form.action, form.kind, parent=parent)


def _parent(thread: Row) -> int | None:
    """The post of this thread that a comment is for."""
    text = request.form.get("parent", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        abort(400, "There is no such post.")
    post = db.session().get(Post, int(text))
    if post is None or post.thread_id != thread.id:
        abort(404)
    return post.id


def _once(form: Form, deed: Callable[[Session, Member], Post]) -> tuple[Post, bool]:
    """Write a post unless this very form has made one already; its draft has done its service."""
    with transaction() as writing:
        me = audience.myself(writing)
        post, new = sendings.once(writing, me, form.sending, lambda: deed(writing, me))
        drafts.discard(writing, me, form.place)
        post.thread.slug  # noqa: B018  read while the session is open
        return post, new


def _posted(thread_id: int, form: Form, post: Post, new: bool) -> str:
    """The new post for htmx, and the form empty again."""
    thread = reading.head(db.session(), thread_id) or abort(404)
    if form.parent:
        found = reading.one(db.session(), post.parent_id or form.parent) or abort(404)
        drawn = next((it for it in found[1] if it.id == post.id), None)
        return render_template("posts/_commented.html", comment=drawn, on=post.parent_id, new=new, form=form)
    found = reading.one(db.session(), post.id) or abort(404)
    row, comments = found
    look = fragments.Look(thread, {row.id: comments}, member(), reading.Mine(), f"/t/{thread.id}/{thread.slug}?")
    article = look.articles([row])
    return render_template("posts/_replied.html", article=article, thread=thread, new=new, form=_form(thread, None))


def _new_page(form: Form) -> str:
    return render_template("posts/new.html", form=form, **_new_given())


def _new_given() -> dict[str, object]:
    """What the form for a new thread offers to who is looking."""
    return {"categories": posts.open_categories(db.session(), member()), "staff": member().is_staff}


def _opening_defaults() -> dict[str, str]:
    wanted = request.args.get("category", "")[:60]
    return {"title": "", "category": wanted, "kind": "question", "tags": ""}
