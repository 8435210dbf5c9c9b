"""Posts as they stand in a thread, drawn once and kept.

The key of what is kept is everything the drawing depends on, so nothing has to be thrown away. What a post
says is the same for all who look; what one may do with it is drawn apart from it, for each kind of viewer.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from flask import current_app
from flask_wtf.csrf import generate_csrf
from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy import Row

from app.domain.forum.reading import Mine, Written
from app.domain.people.members import Member

KEPT = 1024
LONGEST_KEPT = 20_000  # characters: a thousand long posts would fill the memory of the process
# Stands in what is kept for the token of whoever looks. Nobody can know it, and so write it into a post.
TOKEN = secrets.token_urlsafe(24)


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


class Look(NamedTuple):
    """A thread as somebody looks at it. `here` is the address of the page, ready for one more part of its query."""

    thread: Row
    comments: Mapping[int, Sequence[Row]]  # by the post they stand under
    viewer: Member | None
    mine: Mine
    here: str
    slots: Mapping[int, str] = {}  # by post: a form to comment with

    def articles(self, rows: Iterable[Written]) -> Markup:
        """Posts with their buttons and comments."""
        return self._with_token("".join(map(self._article, rows)))

    def inside(self, row: Written) -> Markup:
        """A post without the element around it."""
        return self._with_token(self._inside(row))

    def _with_token(self, drawn: str) -> Markup:
        return Markup(drawn if self.viewer is None else drawn.replace(TOKEN, generate_csrf()))  # noqa: S704  escaped

    def _article(self, row: Written) -> str:
        mark = " accepted" if row.id == self.thread.accepted_post_id else ""
        return f'<article class="post{mark}" id="post-{row.id}" data-post="{row.id}">{self._inside(row)}</article>'

    def _inside(self, row: Written) -> str:
        env, under = current_app.jinja_env, self.comments.get(row.id, ())
        drawn = (
            post(env, row, row.id == self.thread.accepted_post_id)
            + _kept_controls(env, controls_of(self.thread, row, self.viewer, self.mine))
            + comments_of(env, row.id, under, self.here)
        )
        if self.viewer is None:
            return drawn
        begun = "" if under else f'<ol class="comments" id="comments-{row.id}"></ol>'
        return f'{drawn}{begun}<div class="slot" id="slot-{row.id}">{self.slots.get(row.id, "")}</div>'


def post(env: Environment, row: Written, accepted: bool) -> str:
    """Who wrote a post and when, and its text."""
    draw = _kept_post if len(row.html) <= LONGEST_KEPT else _drawn_post
    return draw(env, row, accepted)


def comments_of(env: Environment, post_id: int, comments: Sequence[Row], here: str) -> str:
    """The comments under a post."""
    if not comments:
        return ""
    length = sum(len(it.html) for it in comments)
    draw = _kept_comments if length <= LONGEST_KEPT else _drawn_comments
    return draw(env, post_id, tuple(comments), here)


def controls_of(thread: Row, row: Written, viewer: Member | None, mine: Mine) -> Controls:
    """What a viewer may do with a post of a thread."""
    accepted = row.id == thread.accepted_post_id
    if viewer is None:
        return Controls(row.id, row.insightfuls, row.upvotes, (False, False), "nobody", False, False, accepted)
    own, staff, asked = row.author_id == viewer.id, viewer.is_staff, thread.author_id == viewer.id
    return Controls(
        row.id, row.insightfuls, row.upvotes,
        ((row.id, "insightful") in mine.reactions, (row.id, "upvote") in mine.reactions),
        "author" if own else "reader",
        own and (staff or thread.locked_at is None),  # moderators find it in the menu
        row.kind == "answer" and (staff or asked),
        accepted,
    )  # fmt: skip


def _drawn_post(env: Environment, row: Written, accepted: bool) -> str:
    return env.get_template("threads/_post.html").render(post=row, accepted=accepted)


def _drawn_comments(env: Environment, post_id: int, comments: tuple[Row, ...], here: str) -> str:
    return env.get_template("threads/_comments.html").render(post_id=post_id, comments=comments, here=here)


@lru_cache(4 * KEPT)
def _kept_controls(env: Environment, wanted: Controls) -> str:
    drawn = env.get_template("threads/_controls.html").render(it=wanted, token=TOKEN)
    return drawn.replace("\n", "")  # there are many of it on a page


_kept_post, _kept_comments = lru_cache(KEPT)(_drawn_post), lru_cache(KEPT)(_drawn_comments)
