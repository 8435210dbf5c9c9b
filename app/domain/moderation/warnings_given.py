"""Warnings: a member is told what was not right, and sees it on every page until they have read it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Row, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.forum.threads import Post, Thread
from app.domain.moderation import suspensions
from app.domain.people.members import Member
from app.domain.record import audit_log


class GivenWarning(Base):
    """A moderator's words to a member, mostly about a post."""

    __tablename__ = "given_warnings"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    reason: Mapped[str] = mapped_column(String(suspensions.REASON_MOST))
    given_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]


def warn(
    session: Session, member: Member, by: Member, reason: str, *, post: Post | None = None, at: datetime | None = None
) -> GivenWarning:
    """Warn a member."""
    reason, moment = suspensions.checked_reason(reason), at or now()
    suspensions.refuse(by, member)
    given = GivenWarning(member_id=member.id, by_id=by.id, reason=reason, given_at=moment)
    given.post_id = post.id if post else None
    session.add(given)
    member.warned_at = moment
    audit_log.record(session, by, "warn", member=member, post=post, reason=reason, at=moment)
    return given


def read(session: Session, member: Member, *, at: datetime | None = None) -> None:
    """Note that a member has read every warning there is."""
    unread = (GivenWarning.member_id == member.id, GivenWarning.read_at.is_(None))
    session.execute(update(GivenWarning).where(*unread).values(read_at=at or now()))
    member.warned_at = None


def of(session: Session, member_id: int) -> Sequence[Row]:
    """A member's warnings, the latest first, with the post where there was one."""
    warnings = (
        select(GivenWarning.id, GivenWarning.reason, GivenWarning.given_at, GivenWarning.read_at, GivenWarning.post_id,
               Thread.title, Post.body, Post.deleted_at)
        .outerjoin(Post, Post.id == GivenWarning.post_id)
        .outerjoin(Thread, Thread.id == Post.thread_id)
        .where(GivenWarning.member_id == member_id)
        .order_by(GivenWarning.id.desc())
        .limit(50)
    )  # fmt: skip
    return session.execute(warnings).all()
