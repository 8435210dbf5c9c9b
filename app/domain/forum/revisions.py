"""Revisions: what a post said before each of its edits, and what each edit changed, word by word."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from app.domain.forum import tags
from app.domain.forum.listing import author_columns, with_author
from app.domain.forum.threads import Edit, Post

PER_PAGE = 10
MOST_WORDS = 2_000  # to compare; their number counts squared
AROUND = 200  # characters of what stayed the same, on either side of a change

edits = Edit.__table__


class Piece(NamedTuple):
    """A stretch of text: the same as before, added or removed, or a gap where more is the same."""

    what: str  # same, added, removed, gap
    text: str


class Revision(NamedTuple):
    """One edit: by whom and when, and what it did to a part (title, body or tags)."""

    edit: Row
    pieces: Sequence[Piece]


def of(session: Session, post: Post, page: int) -> tuple[list[Revision], bool]:
    """A page of a post's edits, the latest first, and whether there are more."""
    rows = session.execute(
        select(edits.c.id, edits.c.part, edits.c.before, edits.c.created_at, *author_columns())
        .select_from(with_author(edits, edits.c.member_id))
        .where(edits.c.post_id == post.id)
        .order_by(edits.c.id.desc())
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    ).all()
    found = []
    for row in rows[:PER_PAGE]:
        found.append(Revision(row, changes(row.before, _after(session, post, row))))
    return found, len(rows) > PER_PAGE


def changes(before: str, after: str) -> list[Piece]:
    """What became of a text, with long stretches that stayed left out."""
    old, new = _words(before), _words(after)
    if len(old) + len(new) > MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > MOST_WORDS:
        return [Piece("removed", before), Piece("added", after)]
    return list(_shortened(_pieces(old, new)))


def _after(session: Session, post: Post, edit: Row) -> str:
    """What the part said after an edit: what it said before the next one, or what it says now."""
    following = (
        select(Edit.before)
        .where(Edit.post_id == post.id, Edit.part == edit.part, Edit.id > edit.id)
        .order_by(Edit.id)
        .limit(1)
    )
    text = session.scalar(following)
    return _now(session, post, edit.part) if text is None else text


def _now(session: Session, post: Post, part: str) -> str:
    if part == "body":
        return post.body
    return post.thread.title if part == "title" else " ".join(tags.of(session, post.thread))


def count(session: Session, post_id: int) -> int:
    """How often a post was edited."""
    return session.scalar(select(func.count()).where(Edit.post_id == post_id)) or 0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            yield Piece("same", "".join(old[i:j]))
            continue
        if i < j:
            yield Piece("removed", "".join(old[i:j]))
        if k < m:
            yield Piece("added", "".join(new[k:m]))


def _shortened(pieces: Iterator[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        if piece.what == "same" and len(piece.text) > 2 * AROUND:
            yield Piece("same", piece.text[:AROUND])
            yield Piece("gap", "")
            yield Piece("same", piece.text[-AROUND:])
        else:
            yield piece
