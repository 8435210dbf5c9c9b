"""Follows: members keep an eye on threads, categories and other members."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, now
from app.domain.forum.threads import Category, Thread
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.words import _


class Follow(Base):
    """A member follows exactly one thing: a thread, a category or another member."""

    __tablename__ = "follows"
    __table_args__ = (
        # Several rows without a thread do not collide: NULL equals nothing, on both engines.
        UniqueConstraint("member_id", "thread_id"),
        UniqueConstraint("member_id", "category_id"),
        UniqueConstraint("member_id", "followed_id"),
        CheckConstraint(
            "CASE WHEN thread_id IS NULL THEN 0 ELSE 1 END + CASE WHEN category_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN followed_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_thing",
        ),
        CheckConstraint("followed_id <> member_id", name="not_oneself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    followed_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


Followed = Thread | Category | Member


def follow(session: Session, member: Member, what: Followed, *, at: datetime | None = None) -> bool:
    """Begin to follow something; whether that is new."""
    if isinstance(what, Member) and what.id == member.id:
        raise Refused(_("You cannot follow yourself."))
    return rows.add_once(
        session, Follow, member_id=member.id, created_at=at or now(),
        **{"thread_id": None, "category_id": None, "followed_id": None, _column(what): what.id},
    )  # fmt: skip


def unfollow(session: Session, member: Member, what: Followed) -> bool:
    """Follow something no longer; whether one did."""
    this = delete(Follow).where(Follow.member_id == member.id, getattr(Follow, _column(what)) == what.id)
    return session.execute(this.returning(Follow.id)).first() is not None


def toggle(session: Session, member: Member, what: Followed) -> bool:
    """Follow what one did not, and the other way round; whether one follows it now."""
    return follow(session, member, what) or not unfollow(session, member, what)


def follows(session: Session, member_id: int, *, thread: int = 0, category: int = 0, person: int = 0) -> bool:
    """Whether a member follows a thing, named by its id."""
    this = or_(Follow.thread_id == thread, Follow.category_id == category, Follow.followed_id == person)
    return session.scalars(select(Follow.id).where(Follow.member_id == member_id, this)).first() is not None


def _column(what: Followed) -> str:
    return {Thread: "thread_id", Category: "category_id", Member: "followed_id"}[type(what)]
