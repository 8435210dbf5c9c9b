"""Matches: the posts and members that have some words, by indexes that the database keeps itself.

A word of three letters and more is found by its beginning, a shorter one as it is; where all are short, by their
beginnings in titles and names. Of the posts that have all words those are looked at that have them in their title, or
one after the other, and the newest: however many there are, a search ranks no more than CANDIDATES of each. Both
engines find the same.

Scripts without spaces between words are found anywhere in a text: on SQLite by trigrams, or, for words of one or two
signs, among the NEWEST posts; on PostgreSQL by signs that follow each other.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)

from app.domain.folding import SYLLABLES, UNSPACED
from app.domain.forum.listing import members, threads
from app.domain.forum.reading import posts

CANDIDATES = 100
NEWEST = 5_000
WHOLE = 2  # letters of a word that has to be there as it is

_PIECES = re.compile(rf"{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern}).)+")


class Shape(NamedTuple):
    """What a statement depends on: how many words there are, and of which sorts. It is built once for each."""

    number: int
    spaced: bool  # whether there are words with spaces around them
    inside: bool  # whether there are others, of three signs and more
    signs: int  # how many others there are with one or two
    brief: bool  # whether all are short

    @property
    def places(self) -> list[str]:
        """Where words are looked for."""
        if self.inside or self.signs:
            return ["text"]
        return ["title", *(["beginnings"] if self.brief else []), *(["phrase"] if self.number > 1 else []), "text"]


class Match(NamedTuple):
    """Posts that have the words: where (title, beginnings, phrase or text), what is joined, which of its rows.

    The newest come first by `order`.
    """

    where: str
    source: FromClause
    fits: ColumnElement[bool]
    order: ColumnElement[Any]


def shape(words: Sequence[str]) -> Shape:
    """The shape of some words."""
    unspaced = [it for it in words if UNSPACED.search(it)]
    short = sum(len(it) <= WHOLE for it in unspaced)
    return Shape(len(words), len(unspaced) < len(words), short < len(unspaced), short, all(map(_is_short, words)))


def values(words: Sequence[str]) -> dict[str, str]:
    """The words in every form that a statement may want. They are letters and digits, so nothing is to be escaped."""
    spaced = [it for it in words if not UNSPACED.search(it)]
    others = [it for it in words if UNSPACED.search(it)]
    whole = " AND ".join(f'"{it}"' if _is_short(it) else f'"{it}"*' for it in spaced)
    lexemes = [_lexemes(it, begins=not _is_short(it)) for it in words]
    begun = [f'"{it}"*' for it in words]
    given = {
        "sqlite_text": whole, "sqlite_title": f"{{title}} : ({whole})",
        "sqlite_phrase": f'"{" ".join(words)}"*', "sqlite_beginnings": f"{{title}} : ({' AND '.join(begun)})",
        "inside": " AND ".join(f'"{it}"' for it in others if len(it) > WHOLE),
        "postgresql_text": " & ".join(lexemes), "postgresql_title": " & ".join(lexemes),
        "postgresql_phrase": " <-> ".join(lexemes),
        "postgresql_beginnings": " & ".join(_lexemes(it, begins=True) for it in words),
        "names": " AND ".join(begun), "trigrams": " AND ".join(f'"{it}"' for it in words if len(it) > WHOLE),
    }  # fmt: skip
    for nth, word in enumerate(words):
        given |= {f"part{nth}": f"%{word}%", f"begin{nth}": f"{word}%", f"begins{nth}": f"% {word}%"}
    given |= {f"sign{nth}": it for nth, it in enumerate(it for it in others if len(it) <= WHOLE)}
    return given


def posts_on_sqlite(wanted: Shape) -> list[Match]:
    """The posts with all words."""
    index, inside = table("search_words", column("rowid")), table("search_posts", column("rowid"))
    has_others = [_has_sign(nth) for nth in range(wanted.signs)]
    if wanted.inside:
        has_others.append(posts.c.id.in_(select(inside.c.rowid).where(text("search_posts MATCH :inside"))))
    if not wanted.spaced:
        newest = posts.c.id > select(func.max(posts.c.id) - NEWEST).scalar_subquery()
        return [Match("text", posts, and_(*has_others, *([] if wanted.inside else [newest])), posts.c.id)]
    source = index.join(posts, posts.c.id == index.c.rowid)
    return [
        Match(where, source, and_(text(f"search_words MATCH :sqlite_{where}"), *has_others), index.c.rowid)
        for where in wanted.places
    ]


def posts_on_postgresql(wanted: Shape) -> list[Match]:
    """The same."""
    found = []
    for where in wanted.places:
        name = "search_headings" if where in ("title", "beginnings") else "search_posts"
        index = table(name, column("post_id"), column("words"))
        query = func.to_tsquery("simple", bindparam(f"postgresql_{where}", type_=String))
        source = index.join(posts, posts.c.id == index.c.post_id)
        found.append(Match(where, source, index.c.words.op("@@")(query), index.c.post_id))
    return found


def in_title(nth: int) -> ColumnElement[bool]:
    """Whether the title of a post's thread has a word."""
    return threads.c.title.ilike(bindparam(f"part{nth}"))


def names_on_sqlite(are_long: Sequence[bool]) -> ColumnElement[bool]:
    """Members in whose names the words are: anywhere, or where one of them is short at the beginnings of names."""
    name, match = ("search_members", "trigrams") if all(are_long) else ("search_names", "names")
    index = table(name, column("rowid"))
    return members.c.id.in_(select(index.c.rowid).where(text(f"{name} MATCH :{match}")))


def names_on_postgresql(are_long: Sequence[bool]) -> ColumnElement[bool]:
    """The same."""
    # In the very words of the index, or it would not be used.
    named: ColumnElement[str] = literal_column("(members.name || ' ' || members.username)", members.c.name.type)
    return and_(
        *(
            named.ilike(bindparam(f"part{nth}"))
            if is_long
            else or_(named.ilike(bindparam(f"begin{nth}")), named.ilike(bindparam(f"begins{nth}")))
            for nth, is_long in enumerate(are_long)
        )
    )


def _is_short(word: str) -> bool:
    """Whether a word has to be there as it is. Two signs of Korean are as much as four letters."""
    return len(word) <= WHOLE and not SYLLABLES.search(word)


def _has_sign(nth: int) -> ColumnElement[bool]:
    where = threads.c.title + " " + posts.c.body
    return func.instr(where, bindparam(f"sign{nth}", type_=String)) > 0


def _lexemes(word: str, *, begins: bool) -> str:
    """A word as PostgreSQL keeps it: signs of a script without spaces one by one, each after the one before."""
    found = " <-> ".join(f"'{it}'" for it in _PIECES.findall(word))
    return f"({found}{':*' if begins else ''})"
