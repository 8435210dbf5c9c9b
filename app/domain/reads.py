"""Reads: who has read which thread."""

from datetime import datetime

from sqlalchemy import ForeignKey, bindparam, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import activities, rows
from app.domain.base import Base, now
from app.domain.members import Member
from app.domain.threads import OPENING_KINDS, Post, Thread


class ThreadRead(Base):
    """A member has read a thread, first at that time."""

    __tablename__ = "thread_reads"

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


_OPENING = select(Post).where(Post.thread_id == bindparam("thread_id"), Post.kind.in_(OPENING_KINDS))
_ONE_MORE_VIEW = (
    update(Thread)
    .where(Thread.id == bindparam("thread_id"))
    .values(views=Thread.views + 1)
    .execution_options(synchronize_session=False)
)


def record(session: Session, thread: Thread, reader: Member, *, at: datetime | None = None) -> bool:
    """A member reads a thread that somebody else started; whether for the first time."""
    moment = at or now()
    if thread.author_id == reader.id or thread.deleted_at is not None:
        return False
    if not rows.add_once(session, ThreadRead, thread_id=thread.id, member_id=reader.id, created_at=moment):
        return False

    session.execute(_ONE_MORE_VIEW, {"thread_id": thread.id})

    post = session.scalars(_OPENING, {"thread_id": thread.id}).one()
    activities.note(session, "thread_read", reader, post=post, at=moment)
    if thread.author is not None:
        activities.note(session, "viewed", thread.author, by=reader, post=post, at=moment)
    return True
