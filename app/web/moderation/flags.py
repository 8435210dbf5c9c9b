"""What members see of moderation: flagging a post, what became of their flags, warnings to themselves."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Row
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.forum import reading
from app.domain.forum.threads import Post
from app.domain.moderation import flag_queue, flags, warnings_given
from app.domain.problems import Invalid
from app.domain.words import _
from app.domain.writing import brakes
from app.web.answers import again, on_to
from app.web.audience import member, members_only, myself
from app.web.composer import easy
from app.web.paging import page_number

bp = Blueprint("flags", __name__)


@bp.get("/p/<int:post_id>/flags")
@members_only
def show(post_id: int) -> str:
    """The form to flag a post with; or one's own flag, and what became of it."""
    post, given = _find(post_id), flags.by_member(db.session(), post_id, member().id)
    if given is None:
        flags.refuse(db.session(), post, member())
    return render_template("flags/show.html", post=_shown(post_id), given=given, reason="", words="", problems={})


@bp.post("/p/<int:post_id>/flags")
@members_only
def flag(post_id: int) -> Response | tuple[str, int]:
    """Flag a post."""
    _find(post_id)
    reason, words = request.form.get("reason", ""), request.form.get("words", "")
    try:
        with transaction() as writing:
            me = myself(writing)
            brakes.before_flag(writing, me, easy=easy())
            flags.flag(writing, writing.get_one(Post, post_id), me, reason, words)
    except Invalid as no:
        return again("flags/show.html", no, post=_shown(post_id), given=None, reason=reason, words=words)
    place = reading.place(db.session(), post_id)
    path = f"/t/{place.thread_id}/{place.slug}#post-{post_id}" if place else "/"
    return on_to(path, _("Thank you. A moderator will look at it; you find the answer under your flags."))


@bp.get("/flags")
@members_only
def mine() -> str:
    """One's own flags, each with what became of it."""
    page = page_number()
    given, more = flag_queue.of_member(db.session(), member().id, page)
    if page > 1 and not given:
        abort(404)
    return render_template("flags/mine.html", flags=given, more=more, page=page)


@bp.get("/warnings")
@members_only
def warnings() -> str:
    """What moderators told oneself."""
    me = member().id
    return render_template(
        "flags/warnings.html",
        warnings=warnings_given.of(db.session(), me),
        hidden=flag_queue.hidden_of(db.session(), me),
    )


@bp.post("/warnings")
@members_only
def read_warnings() -> Response:
    """Note that one has read them."""
    with transaction() as writing:
        warnings_given.read(writing, myself(writing))
    return on_to("/warnings", _("Thank you for reading."))


def _find(post_id: int) -> Post:
    """A post that everybody may read; one that was taken away is not to be found."""
    return (reading.place(db.session(), post_id) and db.session.get(Post, post_id)) or abort(404)


def _shown(post_id: int) -> Row:
    return flag_queue.post_of(db.session(), post_id)
