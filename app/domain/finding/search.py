"""Search: threads, posts and members by the words in them, those that are most about them first.

A query is cut into words of letters and digits before anything else; signs never reach the database, so no syntax of
its own can be smuggled in. Where the words are found is told in matches.py.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from app.domain import folding
from app.domain.badging.library import Entry
from app.domain.base import now
from app.domain.finding import matches
from app.domain.finding.matches import CANDIDATES, Match, Shape
from app.domain.forum import contributions
from app.domain.forum.listing import categories, members, ranks, threads
from app.domain.forum.reading import OPENING, posts, tags, thread_tags
from app.domain.forum.threads import OPENING_KINDS
from app.domain.people.members import IN_SIGHT

LONGEST = 200  # characters of a query that are looked at
MOST_WORDS = 8
LONGEST_WORD = 40
PER_PAGE = 20
PEOPLE_PER_PAGE = 30
STATEMENTS = 256  # that are kept ready
FEW = 5  # where no more posts have all words, others are offered too
TELLING = 4  # letters of a word that says what a text is about; "how do I" does not
FEWER = (3, 2)  # how many of the longest words have to be there, where all telling ones find too little

# What makes one post come before another; reactions count as far as MOST_LIKED.
ALL_IN_TITLE, SOME_IN_TITLE, ADJACENT, OPENS, ACCEPTED, LIKED, MOST_LIKED, BEGUN = 80, 60, 30, 20, 20, 4, 10, -20

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
    found = list(dict.fromkeys(_stem(it[:LONGEST_WORD]) for it in folding.words(typed[:LONGEST])))
    telling = [it for it in found if len(it) > 1 or folding.UNSPACED.search(it)]
    return tuple(telling or found)[:MOST_WORDS]


def written(session: Session, query: Query, page: int = 1, *, at: datetime | None = None) -> tuple[Sequence[Row], bool]:
    """A page of the posts that have all the words, the best first, and whether another page follows."""
    if not query.words:
        return [], False
    length = PERIODS[query.period]
    given = {
        "category": query.category, "author": query.author.lower(), "tag": query.tag.lower(),
        "since": (at or now()) - length if length else None, "skip": (page - 1) * PER_PAGE, **matches.values(query.words),
    }  # fmt: skip
    narrowed = tuple(name for name in ("category", "author", "tag", "since") if given[name])
    found = session.execute(
        _written(_on_sqlite(session), matches.shape(query.words), query.opening, narrowed, query.state), given
    ).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def nearly(session: Session, query: Query, *, at: datetime | None = None) -> Sequence[Row]:
    """Posts that have the words that tell most: all the telling ones, or else the longest few."""
    telling = sorted((it for it in query.words if len(it) >= TELLING), key=len, reverse=True)
    found: dict[int, Row] = {}
    for count in dict.fromkeys((len(telling), *(it for it in FEWER if it < len(telling)))):
        if len(found) < FEW:
            rows, _more = written(session, query._replace(words=tuple(telling[:count])), at=at)
            found |= {it.id: it for it in rows if it.id not in found}
    return list(found.values())[:PER_PAGE]


def people(
    session: Session, words: Sequence[str], page: int = 1, count: int = PEOPLE_PER_PAGE
) -> tuple[Sequence[Row], bool]:
    """A page of the members whose names have all the words, those with most points first."""
    if not words:
        return [], False
    given = {"take": count + 1, "skip": (page - 1) * count, **matches.values(words)}
    are_long = tuple(len(it) > matches.WHOLE for it in words)
    found = session.execute(_people(_on_sqlite(session), are_long), given).all()
    return found[:count], len(found) > count


def badges(known: Iterable[Entry], words: Sequence[str]) -> list[Entry]:
    """Those of some badges that have all words in their name, in what they are for or how they are earned."""
    begins = [re.compile(rf"(?<![^\W_]){re.escape(word)}") for word in words]
    return [it for it in known if begins and all(word.search(_said(it.name, it.about, it.how)) for word in begins)]


@lru_cache(512)
def _said(*texts: str | None) -> str:
    return folding.fold(" ".join(it or "" for it in texts))


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


# --- What is shown of them ------------------------------------------------------------------------------------------


@lru_cache(STATEMENTS)
def _written(
    on_sqlite: bool, wanted: Shape, opening: bool | None, narrowed: tuple[str, ...], state: str
) -> Select[Any]:
    found = matches.posts_on_sqlite(wanted) if on_sqlite else matches.posts_on_postgresql(wanted)
    conditions = [posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None), *_of_state(state)]
    conditions += [_NARROWED[name] for name in narrowed]
    if opening is not None:
        conditions.append(posts.c.kind.in_(OPENING_KINDS) if opening else posts.c.kind.not_in(OPENING_KINDS))
    some = [_candidates(it, wanted.number, conditions).subquery() for it in found]
    candidates = union_all(*(select(it) for it in some)).subquery("candidates")
    worth = func.max(candidates.c.worth)
    # Only what is shown is looked up: the best are found before anything is joined to them.
    best = (
        select(candidates.c.id, worth.label("worth"))
        .group_by(candidates.c.id)
        .order_by(worth.desc(), candidates.c.id.desc())
        .limit(PER_PAGE + 1)
        .offset(bindparam("skip"))
        .subquery("best")
    )
    source = contributions.joined(best.join(posts, posts.c.id == best.c.id))
    return select(*contributions.columns()).select_from(source).order_by(best.c.worth.desc(), posts.c.id.desc())


def _candidates(found: Match, count: int, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The newest of the posts found, and what each is worth."""
    in_title = (_where(matches.in_title(nth), SOME_IN_TITLE // count) for nth in range(count))
    likes, most = posts.c.upvotes + posts.c.insightfuls, _points(MOST_LIKED)
    worth: ColumnElement[Any] = (
        _where(OPENING, OPENS)
        + _where(threads.c.accepted_post_id == posts.c.id, ACCEPTED)
        + _points(LIKED) * case((likes > most, most), else_=likes)
    )
    if found.where == "title":
        worth += _points(ALL_IN_TITLE)
    elif found.where == "beginnings":
        worth += _points(BEGUN)
    else:
        worth = sum(in_title, start=worth)
    if found.where == "phrase":
        worth += _points(ADJACENT)
    return (
        select(posts.c.id, worth.label("worth"))
        .select_from(found.source.join(threads, threads.c.id == posts.c.thread_id))
        .where(found.fits, *conditions)
        .order_by(found.order.desc())
        .limit(literal_column(str(CANDIDATES)))
    )


def _where(condition: Any, points: int) -> ColumnElement[int]:
    return case((condition, _points(points)), else_=_points(0))


def _points(number: int) -> ColumnElement[int]:
    return literal_column(str(number))  # of forty parameters each costs time in every search


@lru_cache(STATEMENTS)
def _people(on_sqlite: bool, are_long: tuple[bool, ...]) -> Select[Any]:
    return (
        select(
            members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo, members.c.role,
            members.c.title, members.c.points, ranks.c.name.label("rank"), ranks.c.stars,
        )
        .select_from(members.outerjoin(ranks, ranks.c.position == members.c.rank))
        .where((matches.names_on_sqlite if on_sqlite else matches.names_on_postgresql)(are_long))
        .where(members.c.deleted_at.is_(None), IN_SIGHT)
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
