"""Bookmarks: posts that a member wants to find again. Nobody else sees them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, now
from app.domain.forum.threads import Post
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.words import _


class Bookmark(Base):
    """A member put a mark at a post."""

    __tablename__ = "bookmarks"
    __table_args__ = (Index("ix_bookmarks_member_latest", "member_id", "created_at"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


def toggle(session: Session, member: Member, post: Post, *, at: datetime | None = None) -> bool:
    """Put a mark at a post, or take it away; whether there is one now."""
    if post.deleted_at is not None or post.thread.deleted_at is not None:
        raise Refused(_("This post was removed."))
    if rows.add_once(session, Bookmark, member_id=member.id, post_id=post.id, created_at=at or now()):
        return True
    session.execute(delete(Bookmark).where(Bookmark.member_id == member.id, Bookmark.post_id == post.id))
    return False


def among(session: Session, member_id: int, post_ids: Iterable[int]) -> frozenset[int]:
    """Those of some posts that a member has marked."""
    some = select(Bookmark.post_id).where(Bookmark.member_id == member_id, Bookmark.post_id.in_(list(post_ids)))
    return frozenset(session.scalars(some))
