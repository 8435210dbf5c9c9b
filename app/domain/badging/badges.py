"""Badges, the versions of their rules, and the awards members hold forever."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.domain.base import Base, now
from app.domain.people.members import Member

WAYS = ("automatic", "request", "invitation", "checklist", "event", "external", "staff")
STATES = ("published", "planned", "legacy")


class Badge(Base):
    """Something to be earned: its looks, its words, and how one gets it."""

    __tablename__ = "badges"
    __table_args__ = (CheckConstraint("state IN ('published', 'planned', 'legacy')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    family: Mapped[str] = mapped_column(String(20))
    tier: Mapped[str] = mapped_column(String(20))
    glyph: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(500))
    state: Mapped[str] = mapped_column(String(20), default="published")
    ways: Mapped[list[str]]
    position: Mapped[int] = mapped_column(default=0)
    catalogue: Mapped[str] = mapped_column(String(60))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("badge_versions.id", use_alter=True))
    holders: Mapped[int] = mapped_column(default=0)  # members with an award, kept by awards.py
    created_at: Mapped[datetime] = mapped_column(default=now)

    version: Mapped["BadgeVersion | None"] = relationship(foreign_keys=version_id)


def find(session: Session, slug: str) -> Badge | None:
    """The badge of that slug."""
    return session.scalars(select(Badge).where(Badge.slug == slug)).one_or_none()


class BadgeVersion(Base):
    """What a badge asked for from a day on. Awards remember which version they were earned under.

    `how` is the sentence members read; `criterion` the rule as data, none where people decide.
    """

    __tablename__ = "badge_versions"
    __table_args__ = (UniqueConstraint("badge_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    number: Mapped[int]
    criterion: Mapped[dict[str, Any] | None]
    how: Mapped[str] = mapped_column(String(500))
    published_at: Mapped[datetime] = mapped_column(default=now)


class Award(Base):
    """A badge in a member's hands. The machine adds awards and never takes one away.

    `subject` is the post it was earned for, the year of a yearly badge, else 0. `seq` is the
    booked position at which it was earned; the activity there completed it.
    """

    __tablename__ = "awards"
    __table_args__ = (
        UniqueConstraint("badge_id", "member_id", "subject"),
        Index("ix_awards_member_latest", "member_id", "earned_at", "id"),
        Index("ix_awards_badge_latest", "badge_id", "earned_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("badge_versions.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    subject: Mapped[int] = mapped_column(default=0)
    seq: Mapped[int | None]
    earned_at: Mapped[datetime]
    awarded_at: Mapped[datetime] = mapped_column(default=now)
    way: Mapped[str] = mapped_column(String(20), default="automatic")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    revoked_because: Mapped[str] = mapped_column(String(500), default="")

    badge: Mapped[Badge] = relationship()
    version: Mapped[BadgeVersion] = relationship()
    member: Mapped[Member] = relationship(foreign_keys=member_id)
