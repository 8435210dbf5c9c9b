"""Points: a ledger booked from activities. Entries are added, never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.base import Base


class PointRule(Base):
    """What one kind of deed is worth.

    `cap` names the daily allowance it shares with other rules; `per_day` is that allowance in
    points, `per_pair` the points one actor can give one member in a day. Both NULL: no limit.
    """

    __tablename__ = "point_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(30))
    amount: Mapped[int]
    says: Mapped[str] = mapped_column(String(120))
    where: Mapped[dict[str, Any] | None]
    since: Mapped[int | None]  # local days, both included
    until: Mapped[int | None]
    cap: Mapped[str | None] = mapped_column(String(60))
    per_day: Mapped[int | None]
    per_pair: Mapped[int | None]


class Rank(Base):
    """A step of the ladder, reached at so many points and never lost."""

    __tablename__ = "ranks"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(unique=True)  # 0 is where everybody starts
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    points: Mapped[int]
    stars: Mapped[int]
    about: Mapped[str] = mapped_column(String(300), default="")
    unlocks: Mapped[list[str]]


class PointEntry(Base):
    """One line of a member's statement.

    `held` says which allowance kept some of it back, and `held_back` how many points; an entry of 0
    did not count at all. A withdrawal is an entry with the opposite amount that names the entry it
    takes back, and counts for the same week and month. `balance` is the member's after this entry.
    """

    __tablename__ = "point_entries"
    __table_args__ = (
        UniqueConstraint("activity_id", "rule"),
        Index(
            "uq_point_entries_reverses",
            "reverses_id",
            unique=True,
            sqlite_where=text("reverses_id IS NOT NULL"),
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        Index("ix_point_entries_member", "member_id", "seq"),
        Index(
            "ix_point_entries_held",
            "week",
            "member_id",
            sqlite_where=text("held IS NOT NULL"),
            postgresql_where=text("held IS NOT NULL"),
        ),
        Index("ix_point_entries_day", "member_id", "local_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    rule: Mapped[str] = mapped_column(String(60))
    amount: Mapped[int] = mapped_column(Integer)
    seq: Mapped[int]
    happened_at: Mapped[datetime]
    local_day: Mapped[int]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("point_entries.id"))
    held: Mapped[str | None] = mapped_column(String(20))  # 'day' or 'pair': which allowance was used up
    held_back: Mapped[int] = mapped_column(default=0)
    balance: Mapped[int] = mapped_column(default=0)
    week: Mapped[int] = mapped_column(default=0)  # of the site's own calendar, see app/domain/record/scores.py
    month: Mapped[int] = mapped_column(default=0)
