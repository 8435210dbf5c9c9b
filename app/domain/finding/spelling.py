"""Spelling: what somebody may have meant who looked for something that nobody wrote.

All words of posts and titles are known to the database. On SQLite they are a view of its index, in which words with the
same beginning are found; on PostgreSQL a table, in which those with the same trigrams are. Words of what was removed are
among them, so nothing is suggested but what finds something that may be seen.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, column, func, or_, select, table, union_all
from sqlalchemy.orm import Session

from app.domain import folding
from app.domain.finding import search

CLOSE_ENOUGH = 0.75  # by difflib: 1 is the same word; one letter too few in five is 0.89, two exchanged 0.8
OFTEN = 5  # posts with a word, beyond which more make no difference; one in fewer may be a slip of the pen itself
ONCE = 0.04  # how much closer a word is for each of these posts
SHORTEST = 4  # shorter words have too many neighbours
FURTHER = 2  # letters by which a word may be longer or shorter
MOST_DOUBTFUL = 3
TRIED = 2  # suggestions, whether they find anything
ALIKE = 30
LAST = "\U0010ffff"

Known = dict[str, int]  # words, with how often each was written


def suggestion(
    session: Session, typed: str, others: Sequence[str], finds: Callable[[tuple[str, ...]], bool]
) -> str | None:
    """The query with its doubtful words put right, or None where nothing better is known.

    The words come from posts, titles and `others`. `finds` has the last word on whether a search for them would find
    anything.
    """
    doubtful = [it for it in search.words_of(typed) if len(it) >= SHORTEST][:MOST_DOUBTFUL]
    known: Known = dict.fromkeys(folding.words(" ".join(others)), OFTEN)
    right: dict[str, list[str]] = {}
    for look in _LOOKS[session.get_bind().dialect.name]:
        if left := [it for it in doubtful if it not in right]:
            known |= {word: max(times, known.get(word, 0)) for word, times in look(session, left)}
            right |= {it: found for it in left if (found := _close(it, known))}
    for nth in range(TRIED):
        changed = {it: found[min(nth, len(found) - 1)] for it, found in right.items()}
        said = _said(typed[: search.LONGEST], changed)
        if any(it != found for it, found in changed.items()) and finds(search.words_of(said)):
            return said
    return None


def _said(typed: str, changed: dict[str, str]) -> str:
    """What was typed with other words in the place of some."""

    def instead(found: re.Match[str]) -> str:
        word = search.words_of(found[0])[0]
        return found[0] if changed.get(word, word) == word else changed[word]

    return re.sub(r"[^\W_]+", instead, typed)


def _close(word: str, known: Known) -> list[str]:
    """The known words that may have been meant, best first: the word itself among them if it begins any."""
    times = min(sum(times for it, times in known.items() if it.startswith(word)), OFTEN)
    if times == OFTEN:
        return [word]
    found = [(1 + ONCE * times, word)] if times else []
    matcher = difflib.SequenceMatcher(b=word)
    for it, often in known.items():
        if abs(len(it) - len(word)) <= FURTHER and not it.startswith(word):
            matcher.set_seq1(it)
            if matcher.quick_ratio() >= CLOSE_ENOUGH and matcher.ratio() >= CLOSE_ENOUGH:
                found.append((matcher.ratio() + ONCE * often, it))
    best = [it for _worth, it in sorted(found, reverse=True)[:TRIED]]
    return best[:1] if word in best[:1] else best


# --- What is known --------------------------------------------------------------------------------------------------

_words = table("search_vocabulary", column("word"), column("times"))  # PostgreSQL
_terms = table("search_vocabulary", column("term"), column("doc"))  # SQLite


def _begin_nearly(session: Session, words: Sequence[str]) -> Iterable[Row]:
    # Most mistakes leave the first two letters, or the first and the third, or exchange the first two.
    return _beginning(session, words, [both for it in words for both in (it[:2], it[0] + it[2], it[1] + it[0])])


def _begin_alike(session: Session, words: Sequence[str]) -> Iterable[Row]:
    return _beginning(session, words, [it[0] for it in words])


def _beginning(session: Session, words: Sequence[str], beginnings: Iterable[str]) -> Iterable[Row]:
    ranges = list(dict.fromkeys(beginnings))
    given = {f"{name}{nth}": it + end for nth, it in enumerate(ranges) for name, end in (("from", ""), ("to", LAST))}
    return session.execute(_between(len(ranges)), given | {"shortest": min(map(len, words)) - FURTHER})


def _share_trigrams(session: Session, words: Sequence[str]) -> Iterable[Row]:
    return session.execute(_alike(len(words)), {f"word{nth}": it for nth, it in enumerate(words)})


_LOOKS = {"sqlite": (_begin_nearly, _begin_alike), "postgresql": (_share_trigrams,)}


@cache
def _between(count: int) -> Select[Any]:
    ranges = (
        select(_terms.c.term, func.min(_terms.c.doc, OFTEN).label("times")).where(
            _terms.c.term >= bindparam(f"from{nth}"),
            _terms.c.term < bindparam(f"to{nth}"),
            func.length(_terms.c.term) >= bindparam("shortest"),
        )
        for nth in range(count)
    )
    return select(union_all(*ranges).subquery())


@cache
def _alike(count: int) -> Select[Any]:
    found = []
    for nth in range(count):
        word: BindParameter[str] = bindparam(f"word{nth}")
        begins = _words.c.word.like(word.concat("%"))
        near = select(_words).where(or_(begins, _words.c.word.op("%")(word)))
        found.append(near.order_by(begins.desc(), func.similarity(_words.c.word, word).desc()).limit(ALIKE).subquery())
    return select(union_all(*(select(it) for it in found)).subquery())
