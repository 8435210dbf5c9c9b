"""Posts as they stand in a thread, drawn once and kept.

The key of what is kept is everything the drawing depends on, so nothing has to be thrown away.
"""

from collections.abc import Sequence
from functools import lru_cache

from flask import current_app
from jinja2 import Environment
from markupsafe import Markup
from sqlalchemy import Row

KEPT = 1024
LONGEST_KEPT = 20_000  # characters: a thousand long posts would fill the memory of the process


def post(row: Row, comments: Sequence[Row], accepted: bool, here: str) -> Markup:
    """Who wrote a post and when, its text, its counts, the comments under it.

    `here` is the address of the page, ready for one more part of its query.
    """
    length = len(row.html) + sum(len(it.html) for it in comments)
    draw = _kept if length <= LONGEST_KEPT else _drawn
    return draw(current_app.jinja_env, row, tuple(comments), accepted, here)


def _drawn(env: Environment, row: Row, comments: tuple[Row, ...], accepted: bool, here: str) -> Markup:
    template = env.get_template("threads/_post.html")
    return Markup(template.render(post=row, comments=comments, accepted=accepted, here=here))  # noqa: S704  it is escaped


_kept = lru_cache(KEPT)(_drawn)
