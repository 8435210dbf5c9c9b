"""Search: threads, posts and members by the words in them, on both engines by an index the database keeps itself.

A query is cut into words of letters and digits before anything else; signs never reach the database, so no syntax of
its own can be smuggled in. On SQLite a word is found anywhere in a text (trigrams), on PostgreSQL at the beginning of
a word (full text with prefixes); a final "s" does not matter on either.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    String,
    and_,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.forum import contributions
from app.domain.forum.listing import categories, members, ranks, threads
from app.domain.forum.reading import posts, tags, thread_tags
from app.domain.forum.threads import OPENING_KINDS
from app.domain.people.members import IN_SIGHT

LONGEST = 200  # characters of a query that are looked at
MOST_WORDS = 8
LONGEST_WORD = 40
PER_PAGE = 20
PEOPLE_PER_PAGE = 30
STATEMENTS = 256  # that are kept ready
NEWEST = 5_000  # posts in which words of two letters are looked for on SQLite, whose index knows three and more

PERIODS = {"any": None, "week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}
STATES = ("any", "question", "discussion", "idea", "announcement", "answered", "waiting")


class Query(NamedTuple):
    """What is looked for: the words, and where they have to stand."""

    words: tuple[str, ...]
    opening: bool | None = None  # only first posts, only the others, or all
    category: str = ""
    author: str = ""
    tag: str = ""
    state: str = "any"
    period: str = "any"


def words_of(typed: str) -> tuple[str, ...]:
    """The words of what somebody typed, as they are looked for. A single letter counts only where it is all there is."""
    folded = unicodedata.normalize("NFKC", typed[:LONGEST]).lower()
    found = list(dict.fromkeys(_stem(it[:LONGEST_WORD]) for it in re.findall(r"[^\W_]+", folded)))
    return tuple([it for it in found if len(it) > 1] or found)[:MOST_WORDS]


def written(session: Session, query: Query, page: int = 1, *, at: datetime | None = None) -> tuple[Sequence[Row], bool]:
    """A page of the posts that have all the words, the best first, and whether another page follows."""
    if not query.words:
        return [], False
    length = PERIODS[query.period]
    given = {
        "category": query.category, "author": query.author.lower(), "tag": query.tag.lower(),
        "since": (at or now()) - length if length else None, "skip": (page - 1) * PER_PAGE, **_values(query.words),
    }  # fmt: skip
    narrowed = tuple(name for name in ("category", "author", "tag", "since") if given[name])
    found = session.execute(
        _written(_on_sqlite(session), _shape(query.words), query.opening, narrowed, query.state), given
    ).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def people(
    session: Session, words: Sequence[str], page: int = 1, count: int = PEOPLE_PER_PAGE
) -> tuple[Sequence[Row], bool]:
    """A page of the members whose names have all the words, those with most points first."""
    if not words:
        return [], False
    given = {"take": count + 1, "skip": (page - 1) * count, **_values(words)}
    found = session.execute(_people(_on_sqlite(session), _shape(words)), given).all()
    return found[:count], len(found) > count


def has(words: Sequence[str], *texts: str) -> bool:
    """Whether each of the words begins a word in one of the texts."""
    where = " ".join(texts).lower()
    if not words or not all(word in where for word in words):  # mostly so, and far cheaper to see
        return False
    return all(re.search(rf"(?<![^\W_]){re.escape(word)}", where) for word in words)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


# --- Where the words are --------------------------------------------------------------------------------------------
#
# A statement depends on how many words there are and how long each is, not on the words: it is built once.

Shape = tuple[bool, ...]  # for each word whether it has three letters and more, as the trigrams need


class _Found(NamedTuple):
    """What is joined, which of its rows have the words, and by what they are ordered, the smallest first."""

    source: FromClause
    fits: ColumnElement[bool]
    rank: ColumnElement[Any]


def _shape(words: Sequence[str]) -> Shape:
    return tuple(len(it) > 2 for it in words)


def _values(words: Sequence[str]) -> dict[str, str]:
    """The words in every form that a statement may want. They are letters and digits, so nothing is to be escaped."""
    given = {
        "match": " AND ".join(f'"{it}"' for it in words if len(it) > 2),
        "prefixes": " & ".join(f"'{it}':*" for it in words),
    }
    for nth, word in enumerate(words):
        given |= {f"glob{nth}": f"*[^a-z0-9]{word}*", f"part{nth}": f"%{word}%"}
        given |= {f"begin{nth}": f"{word}%", f"begins{nth}": f"% {word}%"}
    return given


def _sqlite_posts(shape: Shape) -> _Found:
    titled = posts.c.kind.in_(OPENING_KINDS)
    begins = [
        or_(_globs(posts.c.body, nth), and_(titled, _globs(threads.c.title, nth)))
        for nth, is_long in enumerate(shape)
        if not is_long
    ]
    if not any(shape):
        newest = posts.c.id > select(func.max(posts.c.id) - NEWEST).scalar_subquery()
        return _Found(posts, and_(newest, *begins), literal(0))
    index = table("search_posts", column("rowid"))
    source = index.join(posts, posts.c.id == index.c.rowid)
    return _Found(
        source, and_(text("search_posts MATCH :match"), *begins), literal_column("bm25(search_posts, 5.0, 1.0)")
    )


def _postgresql_posts() -> _Found:
    index = table("search_posts", column("post_id"), column("words"))
    query = func.to_tsquery("simple", bindparam("prefixes", type_=String))
    source = index.join(posts, posts.c.id == index.c.post_id)
    return _Found(source, index.c.words.op("@@")(query), -func.ts_rank(index.c.words, query))


def _sqlite_people(shape: Shape) -> ColumnElement[bool]:
    fits = [
        or_(_globs(members.c.name, nth), members.c.username_key.like(bindparam(f"begin{nth}")))
        for nth, is_long in enumerate(shape)
        if not is_long
    ]
    if any(shape):
        index = table("search_members", column("rowid"))
        fits.append(members.c.id.in_(select(index.c.rowid).where(text("search_members MATCH :match"))))
    return and_(*fits)


def _postgresql_people(shape: Shape) -> ColumnElement[bool]:
    named: ColumnElement[str] = literal_column("(members.name || ' ' || members.username)", members.c.name.type)
    return and_(
        *(
            named.ilike(bindparam(f"part{nth}"))  # in the words of the index
            if is_long
            else or_(
                (literal(" ") + members.c.name).ilike(bindparam(f"begins{nth}")),
                members.c.username_key.like(bindparam(f"begin{nth}")),
            )
            for nth, is_long in enumerate(shape)
        )
    )


def _globs(where: ColumnElement[str], nth: int) -> ColumnElement[bool]:
    return func.lower(literal(" ") + where).op("GLOB")(bindparam(f"glob{nth}", type_=String))


# --- What is shown of them ------------------------------------------------------------------------------------------


@lru_cache(STATEMENTS)
def _written(on_sqlite: bool, shape: Shape, opening: bool | None, narrowed: tuple[str, ...], state: str) -> Select[Any]:
    found = _sqlite_posts(shape) if on_sqlite else _postgresql_posts()
    # Only what is shown is looked up: the best are found before anything is joined to them.
    best = (
        select(posts.c.id, found.rank.label("rank"))
        .select_from(found.source.join(threads, threads.c.id == posts.c.thread_id))
        .where(found.fits, posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None), *_of_state(state))
        .where(*(_NARROWED[name] for name in narrowed))
        .order_by(found.rank, posts.c.id.desc())
        .limit(PER_PAGE + 1)
        .offset(bindparam("skip"))
    )
    if opening is not None:
        best = best.where(posts.c.kind.in_(OPENING_KINDS) if opening else posts.c.kind.not_in(OPENING_KINDS))
    chosen = best.subquery("best")
    source = contributions.joined(chosen.join(posts, posts.c.id == chosen.c.id))
    return select(*contributions.columns()).select_from(source).order_by(chosen.c.rank, posts.c.id.desc())


@lru_cache(STATEMENTS)
def _people(on_sqlite: bool, shape: Shape) -> Select[Any]:
    return (
        select(
            members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo, members.c.role,
            members.c.title, members.c.points, ranks.c.name.label("rank"), ranks.c.stars,
        )
        .select_from(members.outerjoin(ranks, ranks.c.position == members.c.rank))
        .where(_sqlite_people(shape) if on_sqlite else _postgresql_people(shape), members.c.deleted_at.is_(None))
        .where(IN_SIGHT)
        .order_by(members.c.points.desc(), members.c.id)
        .limit(bindparam("take"))
        .offset(bindparam("skip"))
    )  # fmt: skip


_bears = thread_tags.join(tags, tags.c.id == thread_tags.c.tag_id)
_NARROWED: dict[str, ColumnElement[bool]] = {
    "category": threads.c.category_id.in_(select(categories.c.id).where(categories.c.slug == bindparam("category"))),
    "author": posts.c.author_id.in_(
        select(members.c.id).where(members.c.username_key == bindparam("author"), members.c.deleted_at.is_(None))
    ),
    "tag": threads.c.id.in_(select(thread_tags.c.thread_id).select_from(_bears).where(tags.c.name == bindparam("tag"))),
    "since": posts.c.created_at >= bindparam("since"),
}


def _of_state(state: str) -> list[ColumnElement[bool]]:
    if state == "any":
        return []
    if state == "answered":
        return [threads.c.kind == "question", threads.c.accepted_post_id.is_not(None)]
    if state == "waiting":
        return [threads.c.kind == "question", threads.c.answers == 0]
    return [threads.c.kind == state]
