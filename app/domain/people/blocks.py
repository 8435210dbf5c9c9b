"""Blocks: a member wants no messages from another. The other is not told who did it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Row, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, now
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.words import _


class Block(Base):
    """`member_id` gets no messages from `blocked_id`."""

    __tablename__ = "blocks"
    __table_args__ = (CheckConstraint("member_id <> blocked_id", name="somebody_else"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    blocked_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(default=now)


def block(session: Session, member: Member, other: Member, *, at: datetime | None = None) -> bool:
    """Get no more messages from somebody; whether that was news. Moderators must be able to reach everybody."""
    if other.id == member.id:
        raise Refused(_("You cannot block yourself."))
    if other.is_staff:
        raise Refused(_("Moderators cannot be blocked. If something is wrong, tell us through the feedback form."))
    return rows.add_once(session, Block, member_id=member.id, blocked_id=other.id, since=at or now())


def unblock(session: Session, member: Member, other: Member) -> bool:
    """Let somebody write again; whether they were blocked."""
    theirs = delete(Block).where(Block.member_id == member.id, Block.blocked_id == other.id)
    return session.execute(theirs.returning(Block.blocked_id)).first() is not None


def is_blocked(session: Session, by: Member, other: Member) -> bool:
    """Whether `by` gets nothing from `other`. Somebody who joined the staff since is not held back."""
    return not other.is_staff and session.get(Block, (by.id, other.id)) is not None


def of(session: Session, member: Member) -> Sequence[Row]:
    """Whom a member has blocked, by name."""
    theirs = select(Member.id, Member.username, Member.name).join(Block, Block.blocked_id == Member.id)
    return session.execute(
        theirs.where(Block.member_id == member.id, Member.deleted_at.is_(None)).order_by(Member.username_key)
    ).all()
