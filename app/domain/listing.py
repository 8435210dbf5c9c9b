"""Lists of threads as pages show them. Plain rows, read in one statement each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, bindparam, literal_column, select, text
from sqlalchemy.orm import Session

from app.domain.members import Member, Role
from app.domain.points import PointEntry, Rank, WeekScore
from app.domain.threads import Category, Thread

PER_PAGE = 30
SORTS = ("latest", "unanswered", "active")

members, ranks = Member.__table__, Rank.__table__
threads, categories = Thread.__table__, Category.__table__
entries, scores = PointEntry.__table__, WeekScore.__table__


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
    "latest": (threads.c.created_at.desc(), threads.c.id.desc()),
    "unanswered": (threads.c.created_at.desc(), threads.c.id.desc()),
    "active": (threads.c.active_at.desc(), threads.c.id.desc()),
}


def _threads(sort: str, in_category: bool) -> Select[Any]:
    source = with_author(threads.join(categories), threads.c.author_id)
    query = (
        select(
            threads.c.id, threads.c.slug, threads.c.title, threads.c.kind, threads.c.created_at, threads.c.active_at,
            threads.c.answers, threads.c.replies, threads.c.score, threads.c.views,
            threads.c.accepted_post_id, threads.c.pinned_at, threads.c.locked_at, threads.c.closed_at,
            categories.c.slug.label("category_slug"), categories.c.name.label("category"),
            *author_columns(),
        )
        .select_from(source)
        .where(threads.c.deleted_at.is_(None))
        .order_by(*_ORDERS[sort])
        .limit(literal_column(str(PER_PAGE + 1)))
        .offset(bindparam("skip"))
    )  # fmt: skip
    if sort == "unanswered":
        query = query.where(_UNANSWERED)
    return query.where(threads.c.category_id == bindparam("category_id")) if in_category else query


# Building a statement costs more than running it, so it is done once.
_THREADS = {(sort, within): _threads(sort, within) for sort in SORTS for within in (False, True)}

_LEADERS = (
    select(members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo, scores.c.points)
    .select_from(scores.join(members, members.c.id == scores.c.member_id))
    .where(scores.c.week == bindparam("week"), scores.c.points > 0)
    .where(members.c.role == Role.MEMBER, members.c.deleted_at.is_(None))
    .order_by(scores.c.points.desc(), scores.c.seq)
    .limit(bindparam("count"))
)

_CATEGORIES = select(categories.c.slug, categories.c.name, categories.c.about).order_by(
    categories.c.position, categories.c.id
)


def latest(session: Session, sort: str, page: int, category_id: int | None = None) -> tuple[Sequence[Row], bool]:
    """A page of threads, and whether another page follows; `sort` is one of SORTS."""
    given = {"skip": (page - 1) * PER_PAGE} | ({} if category_id is None else {"category_id": category_id})
    rows = session.execute(_THREADS[sort, category_id is not None], given).all()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def all_categories(session: Session) -> Sequence[Row]:
    """Every category in its order: slug, name, about."""
    return session.execute(_CATEGORIES).all()


def leaders(session: Session, week: int, count: int) -> Sequence[Row]:
    """The members with most points in a week; staff are not ranked here. Ties go to who was there first.

    Weeks are counted from the Monday before 1970-01-01 as 0.
    """
    return session.execute(_LEADERS, {"week": week, "count": count}).all()


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
