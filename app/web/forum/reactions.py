"""Reactions: given and taken back in place, and who gave them."""

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from app.db import db, transaction
from app.domain.forum.threads import REACTIONS, Post
from app.domain.writing import brakes, reactions
from app.web import audience, composer
from app.web.answers import by_htmx, on_to
from app.web.audience import everybody, members_only

bp = Blueprint("reactions", __name__)


@bp.post("/p/<int:post_id>/reactions/<kind>")
@members_only
def toggle(post_id: int, kind: str) -> ResponseReturnValue:
    """Give a reaction, or take it back."""
    if kind not in REACTIONS:
        abort(404)
    with transaction() as writing:
        me = audience.myself(writing)
        post = writing.get(Post, post_id)
        if post is None or post.deleted_at is not None or post.thread.deleted_at is not None:
            abort(404)
        brakes.before_reaction(writing, me, easy=composer.easy())
        pressed = reactions.toggle(writing, post, me, kind)
    if not by_htmx():
        return on_to(composer.post_path(post_id))
    count = post.insightfuls if kind == "insightful" else post.upvotes
    return render_template(
        "posts/_reaction.html", post_id=post_id, kind=kind, count=count, pressed=pressed, token=generate_csrf()
    )


@bp.get("/p/<int:post_id>/reactions")
@everybody
def given(post_id: int) -> str:
    """Who reacted to a post."""
    post = db.session().get(Post, post_id)
    if post is None or post.deleted_at is not None or post.thread.deleted_at is not None:
        abort(404)
    return render_template("posts/reactions.html", post=post, given=reactions.given(db.session(), post_id))
