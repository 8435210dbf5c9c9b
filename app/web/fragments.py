"""Posts as they stand in a thread, drawn once and kept.

The key of what is kept is everything the drawing depends on, so nothing has to be thrown away.
"""

from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup
from sqlalchemy import Row

KEPT = 1024
LONGEST_KEPT = 20_000  # characters: a thousand long posts would fill the memory of the process


def post_body(post: Row, accepted: bool) -> Markup:
    """Who wrote a post and when, its text and its counts."""
    draw = _kept if len(post.html) <= LONGEST_KEPT else _drawn
    return draw(current_app.jinja_env, post, accepted)


def _drawn(env: Any, post: Row, accepted: bool) -> Markup:
    return Markup(env.get_template("threads/_post.html").render(post=post, accepted=accepted))  # noqa: S704  (a template escaped it)


_kept = lru_cache(KEPT)(_drawn)
