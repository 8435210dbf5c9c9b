"""Best Of: what the community liked most, lately or ever.

A post is worth its reactions (Insightful and Upvote alike), halved for every half-life that has passed since it was
written:

    value = reactions * 2 ** (-age / half-life)

This is exponential decay as in Cormode, Shkapenyuk, Srivastava and Xu, "Forward Decay: A Practical Time Decay Model
for Streaming Systems" (ICDE 2009): all values shrink by the same factor as time goes by, so the order changes only
when somebody reacts or writes. The half-life is half the period, so that what is as old as the period counts a
quarter; for all time it is two years.

It scales without a table of its own. Of the posts that have reactions and are still there, `ix_posts_liked` knows the
latest and `search_posts_liked` those with most: a week or a month is a short stretch of the one, the best of all time
are the beginning of the other. The CANDIDATES with most reactions are ranked, whatever there is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam, literal_column, select, text
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.forum import contributions
from app.domain.forum.listing import threads
from app.domain.forum.reading import posts
from app.domain.forum.threads import OPENING_KINDS

PERIODS = {"week": timedelta(days=7), "month": timedelta(days=30), "all": None}
KINDS = ("any", "threads", "posts")
HALF_LIFE_OF_ALL = timedelta(days=730)
PER_PAGE = 20
CANDIDATES = 200

_reactions = posts.c.upvotes + posts.c.insightfuls


def _candidates(period: str, kind: str) -> Select[Any]:
    # In the very words of the indexes, or they would not be used.
    if PERIODS[period]:
        liked, order = text("posts.upvotes + posts.insightfuls > 0"), _reactions
        within = [posts.c.created_at >= bindparam("since")]
    else:
        liked, order, within = text("posts.search_liked > 0"), literal_column("posts.search_liked", Integer), []
    query = (
        select(posts.c.id, posts.c.created_at, order.label("reactions"))
        .select_from(posts.join(threads, threads.c.id == posts.c.thread_id))
        .where(liked, text("posts.kind <> 'comment'"), posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))
        .where(*within)
        .order_by(order.desc(), posts.c.id.desc())
        .limit(literal_column(str(CANDIDATES)))
    )
    if kind == "any":
        return query
    opens = posts.c.kind.in_(OPENING_KINDS)
    return query.where(opens if kind == "threads" else ~opens)


_CANDIDATES = {(period, kind): _candidates(period, kind) for period in PERIODS for kind in KINDS}

_SHOWN = (
    select(*contributions.columns())
    .select_from(contributions.joined(posts))
    .where(posts.c.id.in_(bindparam("chosen", expanding=True)))
)


def of(
    session: Session, period: str, kind: str = "any", page: int = 1, *, at: datetime | None = None
) -> tuple[Sequence[Row], bool]:
    """A page of the best posts of a period, and whether another page follows."""
    moment, length = at or now(), PERIODS[period]
    half_life = length / 2 if length else HALF_LIFE_OF_ALL
    given = {"since": moment - length} if length else {}
    found = session.execute(_CANDIDATES[period, kind], given).all()
    ranked = sorted(found, key=lambda it: -value(it.reactions, moment - it.created_at, half_life))
    chosen = [it.id for it in ranked[(page - 1) * PER_PAGE : page * PER_PAGE]]
    rows = {row.id: row for row in session.execute(_SHOWN, {"chosen": chosen})} if chosen else {}
    return [rows[it] for it in chosen if it in rows], len(ranked) > page * PER_PAGE


def value(reactions: int, age: timedelta, half_life: timedelta) -> float:
    """What a post is worth at an age."""
    return float(reactions * 2 ** -(max(age, timedelta()) / half_life))
