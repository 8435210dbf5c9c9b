"""Notifications on the site, and the letters owed because of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.base import Base, now


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


class Delivery(Base):
    """A letter owed to a member: written with its cause, sent by the mail worker."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'handover', 'sent', 'bounced', 'uncertain', 'dead',"
            " 'dropped')",
            name="state",
        ),
        Index("ix_deliveries_due", "due_at", sqlite_where=text("state = 'queued'"),
              postgresql_where=text("state = 'queued'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int] = mapped_column(ForeignKey("notifications.id"), unique=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    state: Mapped[str] = mapped_column(String(20), default="queued")
    due_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(String(500), default="")  # what the mail server said
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]
