"""Excerpts: the part of a text that shows why it was found, in pieces that are marked or not."""

import re
from collections.abc import Sequence
from functools import lru_cache

from app.domain import markup
from app.domain.folding import unaccented

LENGTH = 220
BEFORE = 70  # so much of the text stands before the first word that was found

Pieces = list[tuple[str, bool]]


def of_html(html: str, words: Sequence[str] = (), length: int = LENGTH) -> Pieces:
    """A part of a post round the first of the words, each piece with whether it is one of them."""
    text = " ".join(markup.plain(html).split())
    pattern = _pattern(tuple(words))
    found = (pattern.search(text) or pattern.search(unaccented(text))) if pattern else None
    start = _word_start(text, found.start() - BEFORE) if found and found.start() > BEFORE else 0
    end = start + length
    if end < len(text):
        end = text.rfind(" ", start + length // 2, end) if " " in text[start + length // 2 : end] else end
    part = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return marked(part, words)


def marked(text: str, words: Sequence[str]) -> Pieces:
    """A text cut into pieces, those that begin with one of the words up to the end of the word."""
    pattern = _pattern(tuple(words))
    if pattern is None:
        return [(text, False)]
    pieces, end = [], 0
    for found in pattern.finditer(unaccented(text)):
        pieces += [(text[end : found.start()], False), (text[found.start() : found.end()], True)]
        end = found.end()
    return [it for it in [*pieces, (text[end:], False)] if it[0]]


@lru_cache(64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})[^\W_]*", re.IGNORECASE) if words else None


def _word_start(text: str, position: int) -> int:
    space = text.find(" ", position)
    return space + 1 if 0 <= space < position + BEFORE else position
