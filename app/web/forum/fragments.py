"""Posts as they stand in a thread, drawn once and kept.

The key of what is kept is everything the drawing depends on, so nothing has to be thrown away. What a post
says is the same for all who look; what one may do with it is drawn apart from it, for each kind of viewer.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import current_app
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy import Row

from app.domain.forum.reading import Mine
from app.domain.people.members import Member

KEPT = 1024
LONGEST_KEPT = 20_000  # characters: a thousand long posts would fill the memory of the process
EMPTY = Markup()
TOKEN = "the-token-of-whoever-looks"  # noqa: S105  stands for it in what is kept


class Controls(NamedTuple):
    """What one may do with a post: everything the row of buttons below it depends on."""

    id: int
    insightful: int
    upvote: int
    pressed: tuple[bool, bool]  # insightful, upvote
    viewer: str  # nobody, author or reader
    may_edit: bool
    may_accept: bool
    accepted: bool


def article(
    thread: Row,
    row: Row,
    comments: Sequence[Row],
    *,
    viewer: Member | None,
    mine: Mine,
    here: str,
    slot: Markup = EMPTY,
) -> Markup:
    """A post of a thread with its buttons and comments; `slot` holds a form to comment with."""
    accepted = row.id == thread.accepted_post_id
    return Markup(  # noqa: S704  of parts that are escaped
        f'<article class="post{" accepted" if accepted else ""}" id="post-{row.id}" data-post="{row.id}">'
        f"{inside(thread, row, comments, viewer=viewer, mine=mine, here=here, slot=slot)}</article>"
    )


def inside(
    thread: Row,
    row: Row,
    comments: Sequence[Row],
    *,
    viewer: Member | None,
    mine: Mine,
    here: str,
    slot: Markup = EMPTY,
) -> Markup:
    """The same without the element around it."""
    parts = [
        post(row, row.id == thread.accepted_post_id),
        controls(controls_of(thread, row, viewer, mine)),
        comments_of(row.id, comments, here),
    ]
    if viewer is None:
        return Markup().join(parts)
    if not comments:
        parts[2] = Markup('<ol class="comments" id="comments-{}"></ol>').format(row.id)
    return Markup().join([*parts, Markup('<div class="slot" id="slot-{}">{}</div>').format(row.id, slot)])


def post(row: Row, accepted: bool) -> Markup:
    """Who wrote a post and when, and its text."""
    draw = _kept_post if len(row.html) <= LONGEST_KEPT else _drawn_post
    return draw(current_app.jinja_env, row, accepted)


def comments_of(post_id: int, comments: Sequence[Row], here: str) -> Markup:
    """The comments under a post. `here` is the address of the page, ready for one more part of its query."""
    if not comments:
        return EMPTY
    length = sum(len(it.html) for it in comments)
    draw = _kept_comments if length <= LONGEST_KEPT else _drawn_comments
    return draw(current_app.jinja_env, post_id, tuple(comments), here)


def controls(wanted: Controls) -> Markup:
    """The row of buttons below a post."""
    drawn = _kept_controls(current_app.jinja_env, wanted)
    return drawn if wanted.viewer == "nobody" else Markup(drawn.replace(TOKEN, generate_csrf()))  # noqa: S704  as above


def controls_of(thread: Row, row: Row, viewer: Member | None, mine: Mine) -> Controls:
    """What a viewer may do with a post of a thread."""
    own = viewer is not None and row.author_id == viewer.id
    staff = viewer is not None and viewer.is_staff
    asked = viewer is not None and thread.author_id == viewer.id
    return Controls(
        row.id, row.insightfuls, row.upvotes,
        ((row.id, "insightful") in mine.reactions, (row.id, "upvote") in mine.reactions),
        "nobody" if viewer is None else "author" if own else "reader",
        own and (staff or thread.locked_at is None),  # moderators find it in the menu
        row.kind == "answer" and (staff or asked),
        row.id == thread.accepted_post_id,
    )  # fmt: skip


def _drawn_post(env: Environment, row: Row, accepted: bool) -> Markup:
    return Markup(env.get_template("threads/_post.html").render(post=row, accepted=accepted))  # noqa: S704  it is escaped


def _drawn_comments(env: Environment, post_id: int, comments: tuple[Row, ...], here: str) -> Markup:
    template = env.get_template("threads/_comments.html")
    return Markup(template.render(post_id=post_id, comments=comments, here=here))  # noqa: S704  it is escaped


@lru_cache(4 * KEPT)
def _kept_controls(env: Environment, wanted: Controls) -> Markup:
    drawn = env.get_template("threads/_controls.html").render(it=wanted, token=TOKEN)
    return Markup(drawn.replace("\n", ""))  # noqa: S704  it is escaped; there are many of it on a page


_kept_post, _kept_comments = lru_cache(KEPT)(_drawn_post), lru_cache(KEPT)(_drawn_comments)
