"""Spelling: what somebody may have meant who looked for something that nobody wrote."""

import difflib
import re
from collections.abc import Callable, Sequence

from sqlalchemy import Select, column, func, or_, select, table, text
from sqlalchemy.orm import Session

from app.domain.finding import search
from app.domain.forum.listing import threads
from app.domain.forum.reading import posts, tags

CLOSE_ENOUGH = 0.75  # by difflib: 1 is the same word; one letter too few in five is 0.89, two exchanged 0.8
TITLES, LATEST, TAGS = 50, 300, 2000
SHORTEST = 4  # shorter words have too many neighbours


def suggestion(
    session: Session, typed: str, others: Sequence[str], finds: Callable[[tuple[str, ...]], bool]
) -> str | None:
    """The query with its unknown words put right, or None where nothing better is known.

    The words come from what everybody may see: titles alike (by their trigrams), the latest posts, tags, and
    `others`. `finds` has the last word on whether a search for the words would find anything.
    """
    doubtful = [it for it in search.words_of(typed) if len(it) >= SHORTEST]
    if not doubtful:
        return None
    known = _vocabulary(session, doubtful, others)
    better = typed[: search.LONGEST]
    for word in doubtful:
        if not any(it.startswith(word) for it in known):
            for close in difflib.get_close_matches(word, _of_about(len(word), known), n=1, cutoff=CLOSE_ENOUGH):
                better = re.sub(rf"(?<![^\W_]){re.escape(word)}[^\W_]*", close, better, flags=re.IGNORECASE)
    words = search.words_of(better)
    return better if words != search.words_of(typed) and finds(words) else None


def _of_about(length: int, words: set[str]) -> list[str]:
    return sorted(it for it in words if abs(len(it) - length) <= 2)


def _vocabulary(session: Session, doubtful: Sequence[str], others: Sequence[str]) -> set[str]:
    texts = [*others]
    texts += session.scalars(_alike(session, doubtful).where(threads.c.deleted_at.is_(None)).limit(TITLES))
    texts += session.scalars(select(tags.c.name).order_by(tags.c.id.desc()).limit(TAGS))
    latest = (
        select(posts.c.body)
        .join(threads, threads.c.id == posts.c.thread_id)
        .where(posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))
        .order_by(posts.c.id.desc())
        .limit(LATEST)
    )
    texts += session.scalars(latest)
    return set(re.findall(r"[^\W_]{3,40}", " ".join(texts).lower()))


def _alike(session: Session, doubtful: Sequence[str]) -> Select[tuple[str]]:
    """Titles with trigrams in common with the words, those with most of them first."""
    trigrams = dict.fromkeys(it[at : at + 3] for it in doubtful for at in range(len(it) - 2))
    if session.get_bind().dialect.name == "sqlite":
        index = table("search_titles", column("rowid"))
        match = text("search_titles MATCH :match").bindparams(match=" OR ".join(f'"{it}"' for it in trigrams))
        source = index.join(threads, threads.c.id == index.c.rowid)
        return select(threads.c.title).select_from(source).where(match).order_by(text("bm25(search_titles)"))
    close = func.word_similarity(" ".join(doubtful), threads.c.title)
    alike = or_(*(threads.c.title.icontains(it, autoescape=True) for it in trigrams))
    return select(threads.c.title).where(alike).order_by(close.desc())
