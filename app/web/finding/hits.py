"""Posts apart from their thread, ready to be drawn: what a list of them says, without their whole text.

They are drawn once and remembered, see app/web/looks.py; their texts would fill the memory.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row

from app.domain import excerpts
from app.domain.forum.threads import OPENING_KINDS

Pieces = tuple[tuple[str, bool], ...]


class Hit(NamedTuple):
    """A post that was found, liked or marked; title and excerpt in pieces, each with whether it is one of the words."""

    id: int
    path: str
    kind: str
    is_accepted: bool
    created_at: datetime
    upvotes: int
    insightfuls: int
    category_slug: str
    category: str
    author_id: int | None
    username: str | None
    name: str | None
    photo: str | None
    thread: str
    title: Pieces
    excerpt: Pieces


def of(rows: Iterable[Row], words: Sequence[str] = ()) -> list[Hit]:
    """Rows of contributions as they are drawn, with the words marked."""
    return [_of(it, words) for it in rows]


def _of(it: Row, words: Sequence[str]) -> Hit:
    return Hit(
        it.id, f"/t/{it.thread_id}/{it.slug}" if it.kind in OPENING_KINDS else f"/p/{it.id}", it.kind,
        bool(it.is_accepted), it.created_at, it.upvotes, it.insightfuls, it.category_slug, it.category,
        it.author_id, it.username, it.name, it.photo, it.title,
        tuple(excerpts.marked(it.title, words)), tuple(excerpts.of_html(it.html, words)),
    )  # fmt: skip
