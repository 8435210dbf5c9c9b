"""What a member follows and what they marked, as their pages list it."""

from collections.abc import Sequence

from sqlalchemy import Row, and_, bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from app.domain.forum import contributions
from app.domain.forum.bookmarks import Bookmark
from app.domain.forum.follows import Follow
from app.domain.forum.listing import author_columns, categories, members, ranks, threads, with_author
from app.domain.forum.reads import by_others, posts, reads, unread_from

PER_PAGE = 30
MARKS_PER_PAGE = 20
PEOPLE_MOST = 500

follows, marks = Follow.__table__, Bookmark.__table__
_mine = follows.c.member_id == bindparam("member_id")

_new = (
    select(func.count())
    .select_from(posts)
    .where(
        posts.c.thread_id == threads.c.id, posts.c.id > unread_from(func.coalesce(reads.c.last_post_id, 0)), by_others
    )
    .scalar_subquery()
    .label("new")
)
_read = and_(reads.c.thread_id == threads.c.id, reads.c.member_id == bindparam("member_id"))
_THREADS = (
    select(
        threads.c.id, threads.c.slug, threads.c.title, threads.c.kind, threads.c.created_at, threads.c.active_at,
        threads.c.answers, threads.c.replies, threads.c.score, threads.c.accepted_post_id, threads.c.pinned_at,
        threads.c.closed_at, categories.c.slug.label("category_slug"), categories.c.name.label("category"),
        _new, *author_columns(),
    )
    .select_from(
        with_author(
            follows.join(threads, threads.c.id == follows.c.thread_id)
            .join(categories, categories.c.id == threads.c.category_id)
            .outerjoin(reads, _read),
            threads.c.author_id,
        )
    )
    .where(_mine, threads.c.deleted_at.is_(None))
    .order_by((_new.element > 0).desc(), threads.c.active_at.desc(), threads.c.id.desc())
    .limit(literal_column(str(PER_PAGE + 1)))
    .offset(bindparam("skip"))
)  # fmt: skip
_CATEGORIES = (
    select(categories.c.slug, categories.c.name, categories.c.about)
    .select_from(follows.join(categories, categories.c.id == follows.c.category_id))
    .where(_mine)
    .order_by(categories.c.position, categories.c.id)
)
_PEOPLE = (
    select(
        members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo, members.c.role,
        ranks.c.name.label("rank"), ranks.c.stars,
    )
    .select_from(
        follows.join(members, members.c.id == follows.c.followed_id)
        .outerjoin(ranks, ranks.c.position == members.c.rank)
    )
    .where(_mine, members.c.deleted_at.is_(None))
    .order_by(members.c.username_key)
    .limit(literal_column(str(PEOPLE_MOST)))
)  # fmt: skip
_MARKED = (
    select(*contributions.columns())
    .select_from(contributions.joined(marks.join(posts, posts.c.id == marks.c.post_id)))
    .where(marks.c.member_id == bindparam("member_id"), posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))
    .order_by(marks.c.created_at.desc(), marks.c.post_id.desc())
    .limit(literal_column(str(MARKS_PER_PAGE + 1)))
    .offset(bindparam("skip"))
)


def threads_of(session: Session, member_id: int, page: int) -> tuple[Sequence[Row], bool]:
    """A page of the threads a member follows, those with new posts first, and whether another page follows."""
    found = session.execute(_THREADS, {"member_id": member_id, "skip": (page - 1) * PER_PAGE}).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def categories_of(session: Session, member_id: int) -> Sequence[Row]:
    """The categories a member follows."""
    return session.execute(_CATEGORIES, {"member_id": member_id}).all()


def people_of(session: Session, member_id: int) -> Sequence[Row]:
    """The members a member follows, by name."""
    return session.execute(_PEOPLE, {"member_id": member_id}).all()


def marked_by(session: Session, member_id: int, page: int) -> tuple[Sequence[Row], bool]:
    """A page of the posts a member marked and that are still there, the newest mark first; whether another follows."""
    found = session.execute(_MARKED, {"member_id": member_id, "skip": (page - 1) * MARKS_PER_PAGE}).all()
    return found[:MARKS_PER_PAGE], len(found) > MARKS_PER_PAGE
