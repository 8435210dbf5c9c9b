"""Search: threads, posts and members by the words in them, on both engines by an index the database keeps itself.

A query is cut into words of letters and digits before anything else; signs never reach the database, so no syntax of
its own can be smuggled in. On SQLite a word is found anywhere in a text (trigrams), on PostgreSQL at the beginning of
a word (full text with prefixes); a final "s" does not matter on either.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Subquery,
    and_,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
)  # fmt: skip
from sqlalchemy.orm import Session

from app.domain import contributions
from app.domain.base import now
from app.domain.listing import categories, members, ranks, threads
from app.domain.members import IN_SIGHT
from app.domain.reading import posts, tags, thread_tags
from app.domain.threads import OPENING_KINDS

LONGEST = 200  # characters of a query that are looked at
MOST_WORDS = 8
LONGEST_WORD = 40
PER_PAGE = 20
PEOPLE_PER_PAGE = 30
NEWEST = 20_000  # posts in which words of two letters are looked for on SQLite, whose index knows three and more

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
    found = _sqlite_posts(query.words) if _on_sqlite(session) else _postgresql_posts(query.words)
    best = (
        select(posts.c.id, found.rank.label("rank"))
        .select_from(found.source.join(threads, threads.c.id == posts.c.thread_id))
        .where(found.fits, posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))
        .where(*_filters(query, at or now()))
        .order_by(found.rank, posts.c.id.desc())
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    )
    rows = session.execute(_shown(best.subquery("best"))).all()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def people(
    session: Session, words: Sequence[str], page: int = 1, count: int = PEOPLE_PER_PAGE
) -> tuple[Sequence[Row], bool]:
    """A page of the members whose names have all the words, those with most points first."""
    if not words:
        return [], False
    matches = _sqlite_people(words) if _on_sqlite(session) else _postgresql_people(words)
    statement = (
        select(
            members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo, members.c.role,
            members.c.title, members.c.points, ranks.c.name.label("rank"), ranks.c.stars,
        )
        .select_from(members.outerjoin(ranks, ranks.c.position == members.c.rank))
        .where(matches, members.c.deleted_at.is_(None))
        .where(IN_SIGHT)
        .order_by(members.c.points.desc(), members.c.id)
        .limit(count + 1)
        .offset((page - 1) * count)
    )  # fmt: skip
    rows = session.execute(statement).all()
    return rows[:count], len(rows) > count


def has(words: Sequence[str], *texts: str) -> bool:
    """Whether each of the words begins a word in one of the texts."""
    where = " ".join(texts).lower()
    return bool(words) and all(re.search(rf"(?<![^\W_]){re.escape(word)}", where) for word in words)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


# --- Where the words are --------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """What is joined, which of its rows have the words, and by what they are ordered, the smallest first."""

    source: FromClause
    fits: ColumnElement[bool]
    rank: ColumnElement[Any]


def _sqlite_posts(words: Sequence[str]) -> _Found:
    long, short = [it for it in words if len(it) > 2], [it for it in words if len(it) <= 2]
    titled = posts.c.kind.in_(OPENING_KINDS)
    begins = [or_(_begins(it, posts.c.body), and_(titled, _begins(it, threads.c.title))) for it in short]
    if not long:
        newest = posts.c.id > select(func.max(posts.c.id) - NEWEST).scalar_subquery()
        return _Found(posts, and_(newest, *begins), literal(0))
    index = table("search_posts", column("rowid"))
    fits = and_(text("search_posts MATCH :match").bindparams(match=_match(long)), *begins)
    return _Found(index.join(posts, posts.c.id == index.c.rowid), fits, literal_column("bm25(search_posts, 5.0, 1.0)"))


def _postgresql_posts(words: Sequence[str]) -> _Found:
    index = table("search_posts", column("post_id"), column("words"))
    query = func.to_tsquery("simple", " & ".join(f"'{it}':*" for it in words))
    source = index.join(posts, posts.c.id == index.c.post_id)
    return _Found(source, index.c.words.op("@@")(query), -func.ts_rank(index.c.words, query))


def _sqlite_people(words: Sequence[str]) -> ColumnElement[bool]:
    long, short = [it for it in words if len(it) > 2], [it for it in words if len(it) <= 2]
    fits = [or_(_begins(it, members.c.name), _is_begun(members.c.username_key, it)) for it in short]
    if long:
        index = table("search_members", column("rowid"))
        match = text("search_members MATCH :match").bindparams(match=_match(long))
        fits.append(members.c.id.in_(select(index.c.rowid).where(match)))
    return and_(*fits)


def _postgresql_people(words: Sequence[str]) -> ColumnElement[bool]:
    named: ColumnElement[str] = literal_column("(members.name || ' ' || members.username)", members.c.name.type)
    begins = func.lower(literal(" ") + members.c.name)
    return and_(
        *(
            named.icontains(it, autoescape=True)  # in the words of the index
            if len(it) > 2
            else or_(begins.contains(f" {it}", autoescape=True), _is_begun(members.c.username_key, it))
            for it in words
        )
    )


def _is_begun(key: ColumnElement[str], word: str) -> ColumnElement[bool]:
    return key.startswith(word, autoescape=True)


def _begins(word: str, where: ColumnElement[str]) -> ColumnElement[bool]:
    return func.lower(literal(" ") + where).op("GLOB")(f"*[^a-z0-9]{word}*")


def _match(words: Sequence[str]) -> str:
    return " AND ".join(f'"{it}"' for it in words)


# --- What is shown of them ------------------------------------------------------------------------------------------


def _shown(best: Subquery) -> Select[Any]:
    source = contributions.joined(best.join(posts, posts.c.id == best.c.id))
    return select(*contributions.columns()).select_from(source).order_by(best.c.rank, posts.c.id.desc())


def _filters(query: Query, moment: datetime) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if query.opening is not None:
        chosen.append(posts.c.kind.in_(OPENING_KINDS) == query.opening)
    if query.category:
        chosen.append(threads.c.category_id.in_(select(categories.c.id).where(categories.c.slug == query.category)))
    if query.author:
        named = (members.c.username_key == query.author.lower()) & members.c.deleted_at.is_(None)
        chosen.append(posts.c.author_id.in_(select(members.c.id).where(named)))
    if query.tag:
        bears = thread_tags.join(tags, tags.c.id == thread_tags.c.tag_id)
        tagged = select(thread_tags.c.thread_id).select_from(bears).where(tags.c.name == query.tag.lower())
        chosen.append(threads.c.id.in_(tagged))
    if length := PERIODS[query.period]:
        chosen.append(posts.c.created_at >= moment - length)
    return [*chosen, *_of_state(query.state)]


def _of_state(state: str) -> list[ColumnElement[bool]]:
    if state == "any":
        return []
    if state == "answered":
        return [threads.c.kind == "question", threads.c.accepted_post_id.is_not(None)]
    if state == "waiting":
        return [threads.c.kind == "question", threads.c.answers == 0]
    return [threads.c.kind == state]
