"""Lists of threads as pages show them. Plain rows, read in one statement each."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Subquery,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.domain.forum.follows import Follow
from app.domain.forum.threads import Category, Tag, Thread, ThreadTag
from app.domain.people.members import Member
from app.domain.record.points import PointEntry, Rank

PER_PAGE = 30
PINNED, PINNED_MOST = 0, 10
SORTS = ("latest", "unanswered", "active", "following")

members, ranks = Member.__table__, Rank.__table__
threads, categories = Thread.__table__, Category.__table__
entries = PointEntry.__table__
tags, thread_tags, follows = Tag.__table__, ThreadTag.__table__, Follow.__table__


def author_columns() -> list[ColumnElement[Any]]:
    """What a page says of whoever wrote something; all None once the member has gone."""
    return [
        members.c.id.label("author_id"),
        members.c.username,
        members.c.name,
        members.c.photo,
        members.c.role,
        ranks.c.name.label("rank"),
        ranks.c.stars,
    ]


def with_author(source: FromClause, author_id: ColumnElement[Any]) -> FromClause:
    """Join the author, where there still is one, and the author's rank."""
    alive = and_(members.c.id == author_id, members.c.deleted_at.is_(None))
    return source.outerjoin(members, alive).outerjoin(ranks, ranks.c.position == members.c.rank)


# The literals are those of the indexes: a bound parameter would not let SQLite use them.
_UNANSWERED = text("threads.kind = 'question' AND threads.answers = 0")
_ORDERS = {
    "latest": threads.c.created_at,
    "unanswered": threads.c.created_at,
    "active": threads.c.active_at,
    "following": threads.c.active_at,
}
_tagged = (
    select(thread_tags.c.thread_id)
    .select_from(thread_tags.join(tags, tags.c.id == thread_tags.c.tag_id))
    .where(tags.c.name == bindparam("tag"))
)
_in_category = threads.c.category_id == bindparam("category_id")
_WITHIN = {
    "all": true(),
    "category": _in_category,
    "tag": threads.c.id.in_(_tagged),
    "category and tag": and_(_in_category, threads.c.id.in_(_tagged)),
    "followed": or_(
        *(
            column.in_(select(followed).where(follows.c.member_id == bindparam("member_id"), followed.is_not(None)))
            for column, followed in (
                (threads.c.id, follows.c.thread_id),
                (threads.c.category_id, follows.c.category_id),
                (threads.c.author_id, follows.c.followed_id),
            )
        )
    ),
}


def _chosen(sort: str, within: str, first: bool) -> Subquery:
    """The ids of a page of threads, in order of `level` and `at`; on a first page those that are pinned come first."""
    at = _ORDERS[sort]
    open_to_all = threads.c.deleted_at.is_(None) & _WITHIN[within]
    page = (
        select(threads.c.id, at.label("at"), literal_column(str(PINNED + 1)).label("level"))
        .where(open_to_all)
        .order_by(at.desc(), threads.c.id.desc())
        .limit(literal_column(str(PER_PAGE + 1)))
        .offset(bindparam("skip"))
    )
    if sort == "unanswered":
        return page.where(_UNANSWERED).subquery("chosen")
    if within not in ("all", "category"):
        return page.subquery("chosen")
    page = page.where(threads.c.pinned_at.is_(None))
    if not first:
        return page.subquery("chosen")
    pinned = (
        select(threads.c.id, threads.c.pinned_at.label("at"), literal_column(str(PINNED)).label("level"))
        .where(threads.c.pinned_at.is_not(None), open_to_all)
        .order_by(threads.c.pinned_at.desc(), threads.c.id.desc())
        .limit(literal_column(str(PINNED_MOST)))
    )
    return union_all(*(select(it.subquery(name)) for it, name in ((pinned, "pinned"), (page, "page")))).subquery(
        "chosen"
    )


def _threads(sort: str, within: str, first: bool) -> Select[Any]:
    # The rows are chosen before anything is joined to them: only what is shown is looked up.
    chosen = _chosen(sort, within, first)
    source = with_author(chosen.join(threads, threads.c.id == chosen.c.id).join(categories), threads.c.author_id)
    return (
        select(
            threads.c.id, threads.c.slug, threads.c.title, threads.c.kind, threads.c.created_at, threads.c.active_at,
            threads.c.answers, threads.c.replies, threads.c.score, threads.c.views,
            threads.c.accepted_post_id, threads.c.pinned_at, threads.c.locked_at, threads.c.closed_at,
            categories.c.slug.label("category_slug"), categories.c.name.label("category"),
            chosen.c.level, *author_columns(),
        )
        .select_from(source)
        .order_by(chosen.c.level, chosen.c.at.desc(), threads.c.id.desc())
    )  # fmt: skip


@cache
def _statement(sort: str, within: str, first: bool) -> Select[Any]:
    return _threads(sort, within, first)  # building a statement costs more than running it, so it is done once


_CATEGORIES = select(categories.c.slug, categories.c.name, categories.c.about).order_by(
    categories.c.position, categories.c.id
)


def latest(
    session: Session, sort: str, page: int, category_id: int | None = None, *, tag: str = "", follower_id: int = 0
) -> tuple[Sequence[Row], bool]:
    """A page of threads, and whether another page follows; `sort` is one of SORTS.

    Pinned threads come first and on the first page alone, beyond the number of the page. `following` lists what the
    member `follower_id` follows: threads, and all threads of categories and members.
    """
    within = " and ".join(name for name, given in (("category", category_id is not None), ("tag", tag)) if given)
    if sort == "following":
        within = "followed"
    given = {"category_id": category_id, "tag": tag.lower(), "member_id": follower_id, "skip": (page - 1) * PER_PAGE}
    rows = session.execute(_statement(sort, within or "all", page == 1), given).all()
    shown = PER_PAGE + sum(1 for it in rows if it.level == PINNED)
    return rows[:shown], len(rows) > shown


def all_categories(session: Session) -> Sequence[Row]:
    """Every category in its order: slug, name, about."""
    return session.execute(_CATEGORIES).all()


def standing(thread: Row) -> str:
    """The one word a list says of a thread: pinned, closed, answered, waiting, open, or its kind."""
    if thread.pinned_at:
        return "pinned"
    if thread.accepted_post_id:
        return "answered"
    if thread.closed_at:
        return "closed"
    if thread.kind != "question":
        return str(thread.kind)
    return "open" if thread.answers else "waiting"
