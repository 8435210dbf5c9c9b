"""Sendings: a form that was sent twice, by a double click or after a lost answer, makes one post."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, now
from app.domain.forum.threads import Post
from app.domain.people.members import Member

KEY = re.compile(r"[A-Za-z0-9_-]{16,40}")
KEPT_FOR = timedelta(days=30)


class Sending(Base):
    """A form that a member sent, known by a random key in it, and the post it made."""

    __tablename__ = "sendings"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))  # None only until the deed is done
    made_at: Mapped[datetime] = mapped_column(default=now)


def once(session: Session, member: Member, key: str, deed: Callable[[], Post]) -> tuple[Post, bool]:
    """Do a deed once for a key; the post it made, and whether that was just now.

    Who sends the same key meanwhile waits here for the first to end. Without a key it is simply done.
    """
    if not KEY.fullmatch(key):
        return deed(), True
    if not rows.add_once(session, Sending, member_id=member.id, key=key, made_at=now()):
        made = select(Post).join(Sending, Sending.post_id == Post.id)
        return session.scalars(made.where(Sending.member_id == member.id, Sending.key == key)).one(), False

    post = deed()

    mine = Sending.member_id == member.id
    session.execute(update(Sending).where(mine, Sending.key == key).values(post_id=post.id))
    return post, True


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Delete some keys of forms that nobody has open any more; how many."""
    return rows.delete_some(session, Sending, Sending.made_at < (at or now()) - KEPT_FOR)


def was_sent(session: Session, member: Member, key: str) -> bool:
    """Whether the form with that key has made its post."""
    made = select(Sending.post_id).where(Sending.member_id == member.id, Sending.key == key[:40])
    return session.execute(made).first() is not None
