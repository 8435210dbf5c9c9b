"""Announcements: news for every member, told after the post was written, some members at a time.

The deed writes the post and one row, however many members there are. Whoever tells works through their numbers and may
die at any moment: what a transaction told and how far it came are one.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import ForeignKey, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.domain import statistics
from app.domain.base import Base
from app.domain.forum.threads import Post
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestDue, DigestItem
from app.domain.notices import hearers
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member

AT_ONCE = 1000  # nobody else writes to SQLite meanwhile
STEPS = 10  # of a run: then letters have their turn, and the next sweep goes on


class Announcement(Base):
    """A post that members are still to be told of: those up to `reached` have been, those after `last` came later."""

    __tablename__ = "announcements"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    reached: Mapped[int] = mapped_column(default=0)
    last: Mapped[int]

    post: Mapped[Post] = relationship()


def owe(session: Session, post: Post) -> None:
    """Write down that everybody who is a member now is to be told of a post; the commit rings for the worker."""
    if not hearers.is_silent(session):
        session.add(Announcement(post=post, last=session.scalar(select(func.max(Member.id)))))


def any_owed(session: Session) -> bool:
    """Whether anybody is still to be told of anything; asks without writing."""
    return session.scalar(select(Announcement.post_id).limit(1)) is not None


def tell(open_transaction: Callable[[], AbstractContextManager[Session]]) -> int:
    """Tell some of what is owed; returns how many notices were new. What somebody else is telling is left to them."""
    told = 0
    for _ in range(STEPS):
        with open_transaction() as session:
            owed = session.scalars(
                select(Announcement).order_by(Announcement.post_id).limit(1).with_for_update(skip_locked=True)
            ).first()
            if owed is None:
                break
            told += _tell_some(session, owed)
    if told >= statistics.MANY:
        with open_transaction() as session:
            statistics.count_anew(session, Notification, Delivery, DigestItem, DigestDue)
    return told


def _tell_some(session: Session, owed: Announcement) -> int:
    post = owed.post
    if post.deleted_at is not None or post.thread.deleted_at is not None:
        session.delete(owed)
        return 0
    after, owed.reached = owed.reached, min(owed.reached + AT_ONCE, owed.last)
    if owed.reached == owed.last:
        session.delete(owed)
    return hearers.of_announcement(session, post, after, owed.reached)
