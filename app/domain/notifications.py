"""Notifications on the site, and the letters owed because of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import mailings
from app.domain.badges import Award
from app.domain.base import Base, chunks, insert_into, now


class Notification(Base):
    """Something a member is told once; `key` says what, so that it cannot be told twice."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("member_id", "key"),
        Index("ix_notifications_member_latest", "member_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(30))
    key: Mapped[str] = mapped_column(String(80))
    award_id: Mapped[int | None] = mapped_column(ForeignKey("awards.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    facts: Mapped[dict[str, Any] | None]  # small things to word it with, such as how many badges
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]


def tell_of_awards(session: Session, awards: Sequence[int]) -> int:
    """Tell members of their new awards, one notice each; returns how many were new."""
    if not awards:
        return 0
    rows = session.execute(select(Award.id, Award.member_id).where(Award.id.in_(awards)).order_by(Award.id)).all()
    return tell(
        session,
        [
            {"member_id": it.member_id, "kind": "badge_earned", "key": f"award:{it.id}", "award_id": it.id}
            for it in rows
        ],
    )


def tell(session: Session, notices: Sequence[dict[str, Any]]) -> int:
    """Write notices, and the letters owed for those that were new; returns how many were.

    Whether a letter leaves is decided when it is sent: by the member's choice at that moment.
    """
    return sum(_tell(session, some) for some in chunks(notices))


def _tell(session: Session, notices: Sequence[dict[str, Any]]) -> int:
    blank: dict[str, Any] = {"award_id": None, "post_id": None, "actor_id": None, "facts": None}
    new = session.execute(
        insert_into(session, Notification)
        .on_conflict_do_nothing()
        .returning(Notification.id, Notification.member_id, Notification.kind),
        [blank | notice for notice in notices],
    ).all()
    mailings.owe(session, new)
    return len(new)
