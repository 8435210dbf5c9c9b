"""Reads: who has read which thread, up to which post, and since when everything is new to a member."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    Case,
    ColumnElement,
    ForeignKey,
    Row,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Among, Base, insert_into, now
from app.domain.forum.threads import OPENING_KINDS, Post, Thread
from app.domain.people.members import Member
from app.domain.record import activities

VISIT_ENDS = timedelta(minutes=30)  # who comes back later than that begins a new visit


class ThreadRead(Base):
    """A member has read a thread, first at that time, and all of its posts up to that number."""

    __tablename__ = "thread_reads"

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_post_id: Mapped[int] = mapped_column(default=0, server_default="0")


class Reader(Base):
    """Where a member stands in reading: the end of the visit before this one, and what they marked as read."""

    __tablename__ = "readers"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    visited_until: Mapped[datetime | None]
    all_read_at: Mapped[datetime | None]
    all_read_post_id: Mapped[int] = mapped_column(default=0)


class Marks(NamedTuple):
    """How some threads are to a member. `new` counts the new posts by others in each thread that was opened before;
    `unopened` are those that were started since the member reads here and never opened."""

    since: datetime | None
    new: dict[int, int]
    unopened: frozenset[int]


posts, reads, readers = Post.__table__, ThreadRead.__table__, Reader.__table__

_OPENING = select(Post).where(Post.thread_id == bindparam("thread_id"), Post.kind.in_(OPENING_KINDS))
_ONE_MORE_VIEW = (
    update(Thread)
    .where(Thread.id == bindparam("thread_id"))
    .values(views=Thread.views + 1)
    .execution_options(synchronize_session=False)
)

_floor = func.coalesce(
    select(readers.c.all_read_post_id).where(readers.c.member_id == bindparam("member_id")).scalar_subquery(), 0
)


def unread_from(last_post_id: ColumnElement[int]) -> Case[int]:
    """The post up to which a thread counts as read: by the mark it has, or by the one that all have."""
    return case((last_post_id > _floor, last_post_id), else_=_floor)


by_others = and_(
    posts.c.deleted_at.is_(None), or_(posts.c.author_id.is_(None), posts.c.author_id != bindparam("member_id"))
)
_NEW = (
    select(reads.c.thread_id, func.count(posts.c.id).label("new"))
    .select_from(
        reads.outerjoin(
            posts,
            and_(posts.c.thread_id == reads.c.thread_id, posts.c.id > unread_from(reads.c.last_post_id), by_others),
        )
    )
    .where(reads.c.member_id == bindparam("member_id"), Among(reads.c.thread_id, "thread_ids"))
    .group_by(reads.c.thread_id)
)
_zero: ColumnElement[int] = literal_column("0")
_STANDS = select(_zero.label("thread_id"), _zero.label("new"), readers.c.visited_until, readers.c.all_read_at).where(
    readers.c.member_id == bindparam("member_id")
)
_MARKS = union_all(_STANDS, _NEW.add_columns(null(), null()))
_mark = (
    select(reads.c.last_post_id)
    .where(reads.c.member_id == bindparam("member_id"), reads.c.thread_id == bindparam("thread_id"))
    .scalar_subquery()
)
_up_to = unread_from(func.coalesce(_mark, 0))
_UP_TO = select(_up_to)
# The oldest post by somebody else that a member has not read, in a thread.
first_after_mark = (
    select(func.min(posts.c.id))
    .where(posts.c.thread_id == bindparam("thread_id"), posts.c.id > _up_to, by_others)
    .scalar_subquery()
)
_FIRST_NEW = select(first_after_mark)
_NEW_IN_THREAD = (
    select(posts.c.id).where(posts.c.thread_id == bindparam("thread_id"), posts.c.id > bindparam("up_to"))
    .where(posts.c.deleted_at.is_(None)).order_by(posts.c.id)
)  # fmt: skip


def record(session: Session, thread: Thread, reader: Member, *, at: datetime | None = None) -> bool:
    """A member reads a thread that somebody else started; whether for the first time."""
    moment = at or now()
    if thread.author_id == reader.id or thread.deleted_at is not None:
        return False
    if not rows.add_once(
        session, ThreadRead, thread_id=thread.id, member_id=reader.id, created_at=moment, last_post_id=0
    ):
        return False

    session.execute(_ONE_MORE_VIEW, {"thread_id": thread.id})

    post = session.scalars(_OPENING, {"thread_id": thread.id}).one()
    activities.note(session, "thread_read", reader, post=post, at=moment)
    if thread.author is not None:
        activities.note(session, "viewed", thread.author, by=reader, post=post, at=moment)
    return True


def see(session: Session, thread_id: int, reader: Member, shown: Iterable[int], *, at: datetime | None = None) -> int:
    """A member has these posts of a thread before them; the post up to which they have now read it.

    Posts stand by merit, not by age: the mark stops before the oldest new post that is on another page.
    """
    given = {"member_id": reader.id, "thread_id": thread_id}
    before = up_to(session, reader.id, thread_id)
    new = list(session.scalars(_NEW_IN_THREAD, given | {"up_to": before}))
    missed = set(new).difference(shown)
    seen = [it for it in new if not missed or it < min(missed)]
    if not seen:
        return before
    mark = {"last_post_id": seen[-1]}
    session.execute(
        insert_into(session, ThreadRead)
        .values(**given, **mark, created_at=at or now())
        .on_conflict_do_update(index_elements=["thread_id", "member_id"], set_=mark)
    )
    return seen[-1]


def up_to(session: Session, member_id: int, thread_id: int) -> int:
    """The last post of a thread that a member has read, 0 where it was never opened."""
    return int(session.execute(_UP_TO, {"member_id": member_id, "thread_id": thread_id}).scalar_one())


def first_new(session: Session, member_id: int, thread_id: int) -> int | None:
    """The oldest post of a thread by somebody else that a member has not read; None when there is none."""
    return session.execute(_FIRST_NEW, {"member_id": member_id, "thread_id": thread_id}).scalar()


def marks(session: Session, member: Member, threads: Iterable[Row], *, at: datetime | None = None) -> Marks:
    """How threads of a list are to a member; each needs its id, created_at and author_id."""
    shown = list(threads)
    found = session.execute(_MARKS, {"member_id": member.id, "thread_ids": [it.id for it in shown]}).all()
    reader = next((row for row in found if not row.thread_id), None)
    new = {row.thread_id: row.new for row in found if row.thread_id}
    began = reader.all_read_at if reader and reader.all_read_at else member.joined_at
    unopened = {it.id for it in shown if it.id not in new and it.author_id != member.id and it.created_at > began}
    return Marks(_last_visit(member, reader, at or now()), new, frozenset(unopened))


def all_read(session: Session, member: Member, *, at: datetime | None = None) -> None:
    """Nothing that was written until now is new to a member any more."""
    latest = session.scalar(select(func.max(posts.c.id))) or 0
    _remember(session, member, all_read_at=at or now(), all_read_post_id=latest)


def begin_visit(session: Session, member: Member, moment: datetime) -> None:
    """A member is here; after a while away, what was written since then is new to them."""
    if member.seen_at is not None and moment - member.seen_at > VISIT_ENDS:
        _remember(session, member, visited_until=member.seen_at)


def _last_visit(member: Member, reader: Row | None, moment: datetime) -> datetime | None:
    # The first page of a visit is shown before the visit is written down.
    if member.seen_at is not None and moment - member.seen_at > VISIT_ENDS:
        return member.seen_at
    return reader.visited_until if reader else None


def _remember(session: Session, member: Member, **what: object) -> None:
    blank = {"visited_until": None, "all_read_at": None, "all_read_post_id": 0}
    session.execute(
        insert_into(session, Reader)
        .values(member_id=member.id, **{**blank, **what})
        .on_conflict_do_update(index_elements=["member_id"], set_=what)
    )
