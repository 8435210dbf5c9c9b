"""A thread as it is read: its head, a page of posts, the comments under them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, case, func, literal, literal_column, select, text, union_all
from sqlalchemy.orm import Session

from app.domain.base import Among
from app.domain.forum import reads
from app.domain.forum.bookmarks import Bookmark
from app.domain.forum.drafts import Draft
from app.domain.forum.follows import Follow
from app.domain.forum.listing import author_columns, categories, threads, with_author
from app.domain.forum.threads import OPENING_KINDS, Post, Reaction, Tag, ThreadTag
from app.domain.people.members import Member

PER_PAGE = 20
COMMENTS_SHOWN = 15  # under one post, until the reader asks for all

posts, tags, thread_tags = Post.__table__, Tag.__table__, ThreadTag.__table__
reactions, drafts = Reaction.__table__, Draft.__table__
marks, follows = Bookmark.__table__, Follow.__table__
OPENING = text("posts.kind IN ('question', 'discussion', 'idea', 'announcement')")


class Written(NamedTuple):
    """A post that is no comment as a page shows it, with its author; much is remembered by it."""

    id: int
    kind: str
    html: str
    created_at: datetime
    edited_at: datetime | None
    upvotes: int
    insightfuls: int
    author_id: int | None
    username: str | None
    name: str | None
    photo: str | None
    role: str | None
    rank: str | None
    stars: int | None


class Page(NamedTuple):
    """What a page of a thread shows. `opening` is None from the second page on; comments go by post."""

    opening: Written | None
    posts: Sequence[Written]
    comments: dict[int, list[Row]]
    pages: int


def _posts() -> Select[Any]:
    return (
        select(
            posts.c.id, posts.c.kind, posts.c.html, posts.c.created_at, posts.c.edited_at,
            posts.c.upvotes, posts.c.insightfuls, *author_columns(),
        )
        .select_from(with_author(posts, posts.c.author_id))
        .where(posts.c.deleted_at.is_(None))
    )  # fmt: skip


_HEAD = (
    select(
        threads,
        categories.c.slug.label("category_slug"),
        categories.c.name.label("category"),
        select(func.aggregate_strings(tags.c.name, " "))
        .select_from(tags.join(thread_tags, thread_tags.c.tag_id == tags.c.id))
        .where(thread_tags.c.thread_id == threads.c.id)
        .scalar_subquery()
        .label("tags"),
        select(func.count())
        .select_from(posts)
        .where(posts.c.thread_id == threads.c.id, posts.c.parent_id.is_(None), posts.c.deleted_at.is_(None))
        .scalar_subquery()
        .label("length"),
    )
    .select_from(threads.join(categories))
    .where(threads.c.id == bindparam("thread_id"), threads.c.deleted_at.is_(None))
)

# Page 1 holds the opening post and the first 20 of the others: the accepted answer, then by votes, then by age.
_FIRST = case((OPENING, 0), (posts.c.id == bindparam("accepted_id"), 1), else_=2)
_BY_MERIT = (_FIRST, case((posts.c.kind == "answer", -posts.c.upvotes), else_=0), posts.c.id)
_ANSWERS = (
    _posts()
    .where(posts.c.thread_id == bindparam("thread_id"), posts.c.parent_id.is_(None))
    .order_by(*_BY_MERIT)
    .limit(bindparam("take"))
    .offset(bindparam("skip"))
)
_ONE = _posts().where(posts.c.id == bindparam("post_id"), posts.c.parent_id.is_(None))

_ORDER = (
    select(posts.c.id)
    .where(posts.c.thread_id == bindparam("thread_id"), posts.c.deleted_at.is_(None), posts.c.parent_id.is_(None))
    .order_by(*_BY_MERIT)
)
_PLACE = (
    select(posts.c.parent_id, posts.c.thread_id, threads.c.slug, threads.c.accepted_post_id)
    .select_from(posts.join(threads, threads.c.id == posts.c.thread_id))
    .where(posts.c.id == bindparam("post_id"), posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))
)

_numbered = (
    select(
        posts.c.id, posts.c.parent_id, posts.c.html, posts.c.created_at, posts.c.edited_at, posts.c.upvotes,
        posts.c.insightfuls,
        posts.c.author_id.label("wrote"),
        func.row_number().over(partition_by=posts.c.parent_id, order_by=posts.c.id).label("nth"),
        func.count().over(partition_by=posts.c.parent_id).label("siblings"),
    )
    .where(Among(posts.c.parent_id, "parents"), posts.c.deleted_at.is_(None))
    .subquery("numbered")
)  # fmt: skip
_COMMENTS = (
    select(_numbered, *author_columns())
    .select_from(with_author(_numbered, _numbered.c.wrote))
    .where((_numbered.c.nth <= literal_column(str(COMMENTS_SHOWN))) | (_numbered.c.parent_id == bindparam("unfolded")))
    .order_by(_numbered.c.parent_id, _numbered.c.id)
)


def head(session: Session, thread_id: int) -> Row | None:
    """What stands above a thread: title, category, tags, counts; `length` counts all posts but comments."""
    return session.execute(_HEAD, {"thread_id": thread_id}).one_or_none()


def page(session: Session, thread: Row, number: int, unfolded: int = 0) -> Page:
    """A page of a thread, counted from 1; all comments are shown under the post `unfolded`."""
    pages = max(1, -(-(thread.length - 1) // PER_PAGE))
    found = [Written._make(row) for row in session.execute(_ANSWERS, _window(thread, number)).all()]
    opening = found[0] if found and found[0].kind in OPENING_KINDS else None
    shown = [row.id for row in found]
    replies = session.execute(_COMMENTS, {"parents": shown, "unfolded": unfolded}).all() if shown else []
    comments: dict[int, list[Row]] = {}
    for row in replies:
        comments.setdefault(row.parent_id, []).append(row)
    return Page(opening, found[1:] if opening else found, comments, pages)


def _window(thread: Row, number: int) -> dict[str, int]:
    first = number == 1
    return {
        "thread_id": thread.id,
        "accepted_id": thread.accepted_post_id or 0,
        "take": PER_PAGE + 1 if first else PER_PAGE,
        "skip": 0 if first else (number - 1) * PER_PAGE + 1,
    }


def one(session: Session, post_id: int) -> tuple[Written, list[Row]] | None:
    """A post that is no comment as a page shows it, with all its comments."""
    found = session.execute(_ONE, {"post_id": post_id}).one_or_none()
    if found is None:
        return None
    return Written._make(found), list(session.execute(_COMMENTS, {"parents": [post_id], "unfolded": post_id}))


class Mine(NamedTuple):
    """What a member has to do with a page of a thread."""

    reactions: frozenset[tuple[int, str]] = frozenset()  # (post, kind) of those given
    removed: Sequence[Row] = ()  # posts of this thread that the member may bring back: id, word (its text)
    draft: str = ""  # of a reply
    bookmarked: frozenset[int] = frozenset()
    follows: bool = False
    first_new: int | None = None  # the oldest post by somebody else that the member has not read


def _mine(staff: bool) -> Select[Any]:
    # One statement for six small questions: a page asks no more of them than it has to.
    given = select(
        literal("reaction").label("what"), reactions.c.post_id.label("id"), reactions.c.kind.label("word")
    ).where(reactions.c.member_id == bindparam("member_id"), Among(reactions.c.post_id, "shown"))
    removed = select(literal("removed"), posts.c.id, func.substr(posts.c.body, 1, 200)).where(
        posts.c.thread_id == bindparam("thread_id"), posts.c.deleted_at.is_not(None)
    )
    theirs = (posts.c.author_id == bindparam("member_id"), posts.c.deleted_by_id == bindparam("member_id"))
    draft = select(literal("draft"), literal(0), drafts.c.body).where(
        drafts.c.member_id == bindparam("member_id"), drafts.c.place == bindparam("place")
    )
    marked = select(literal("bookmark"), marks.c.post_id, literal("")).where(
        marks.c.member_id == bindparam("member_id"), Among(marks.c.post_id, "shown")
    )
    followed = select(literal("follow"), follows.c.thread_id, literal("")).where(
        follows.c.member_id == bindparam("member_id"), follows.c.thread_id == bindparam("thread_id")
    )
    new = select(literal("new"), reads.first_after_mark.label("id"), literal(""))
    return union_all(given, removed if staff else removed.where(*theirs), draft, marked, followed, new)  # type: ignore[return-value]


_MINE = {staff: _mine(staff) for staff in (False, True)}


def mine(session: Session, thread_id: int, member: Member, shown: Sequence[int]) -> Mine:
    """What a member reacted to or marked among the posts shown, may bring back in the thread, was writing, has not read."""
    given = {"member_id": member.id, "thread_id": thread_id, "shown": list(shown), "place": f"t-{thread_id}"}
    rows = session.execute(_MINE[member.is_staff], given).all()
    return Mine(
        frozenset((row.id, row.word) for row in rows if row.what == "reaction"),
        sorted(row for row in rows if row.what == "removed"),
        next((row.word for row in rows if row.what == "draft"), ""),
        frozenset(row.id for row in rows if row.what == "bookmark"),
        any(row.what == "follow" for row in rows),
        next(row.id for row in rows if row.what == "new"),
    )


class Place(NamedTuple):
    """Where a post is read: its thread, and what the query must say to see it."""

    thread_id: int
    slug: str
    query: dict[str, int]


def place(session: Session, post_id: int) -> Place | None:
    """Where a post stands, or None when it or its thread was taken away."""
    found = session.execute(_PLACE, {"post_id": post_id}).one_or_none()
    if found is None:
        return None
    top = found.parent_id or post_id
    order = list(session.scalars(_ORDER, {"thread_id": found.thread_id, "accepted_id": found.accepted_post_id or 0}))
    number = max(1, -(-order.index(top) // PER_PAGE)) if top in order else 1
    query = {"page": number} if number > 1 else {}
    return Place(found.thread_id, found.slug, query | ({"comments": top} if found.parent_id else {}))
