"""Planned badges: members who wait for one follow it, and are told once when it can be earned."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.badging.badges import Badge
from app.domain.base import Base, now
from app.domain.notices import notifications
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.words import _


class BadgeFollow(Base):
    """A member waits for a planned badge; gone once they were told."""

    __tablename__ = "badge_follows"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


def toggle(session: Session, member: Member, badge: Badge, *, at: datetime | None = None) -> bool:
    """Follow a planned badge, or stop; whether the member follows it now. Raises Refused for any other badge."""
    if badge.state != "planned":
        raise Refused(_("Only badges that are planned can be followed: this one is not, or not any more."))
    if rows.add_once(session, BadgeFollow, member_id=member.id, badge_id=badge.id, created_at=at or now()):
        return True
    session.execute(delete(BadgeFollow).where(BadgeFollow.member_id == member.id, BadgeFollow.badge_id == badge.id))
    return False


def follows(session: Session, member_id: int, badge_id: int) -> bool:
    """Whether a member waits for a badge."""
    return session.get(BadgeFollow, (member_id, badge_id)) is not None


def tell(session: Session, badge: Badge) -> int:
    """Tell those who follow a badge that it can be earned now; how many they were."""
    waiting = select(BadgeFollow.member_id).where(BadgeFollow.badge_id == badge.id).order_by(BadgeFollow.member_id)
    notices = [
        {
            "member_id": member_id, "kind": "badge_open", "key": f"badge-open:{badge.id}",
            "facts": {"badge": badge.name, "slug": badge.slug},
        }
        for member_id in session.scalars(waiting).all()
    ]  # fmt: skip
    notifications.tell(session, notices)
    session.execute(delete(BadgeFollow).where(BadgeFollow.badge_id == badge.id))
    return len(notices)
