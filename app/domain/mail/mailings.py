"""Which notices become letters: at once, in the digest of a day or a week, or never.

Decided when a notice is written, by the choice of whoever it is for, and looked at again when the letter is sent.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, insert_into, now, ring_after_commit
from app.domain.mail import deliveries, preferences
from app.domain.mail.deliveries import Delivery
from app.domain.people.members import Member

IMMEDIATELY = "immediately"
WAITS = text("delivery_id IS NULL")


class DigestItem(Base):
    """A notice that a digest is to tell; from the moment one is written, that digest and no other."""

    __tablename__ = "digest_items"
    __table_args__ = (
        Index("ix_digest_items_waiting", "member_id", sqlite_where=WAITS, postgresql_where=WAITS),
        Index("ix_digest_items_delivery", "delivery_id"),
    )

    notification_id: Mapped[int] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(30))
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"))
    told_before: Mapped[bool] = mapped_column(default=False)  # perhaps: by a digest that may have left


class DigestDue(Base):
    """When somebody's next digest is to be looked at; there only while something waits for it."""

    __tablename__ = "digest_dues"
    __table_args__ = (
        CheckConstraint("period IN ('daily', 'weekly')", name="period"),
        Index("ix_digest_dues_due", "due_at"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(default=now)


class Waiting(NamedTuple):
    """A notice that waits for a digest."""

    id: int
    member_id: int
    kind: str


def owe(session: Session, new: Sequence[Any], *, at: datetime | None = None) -> None:
    """Owe what new notices lead to: rows of `id`, `member_id` and `kind`. Who has no address gets nothing."""
    reachable = select(Member.id).where(
        Member.id.in_({it.member_id for it in new}), Member.email_verified_at.is_not(None), Member.deleted_at.is_(None)
    )
    members = set(session.scalars(reachable)) if new else set()
    wanted: dict[str, list[Any]] = defaultdict(list)
    for kind in {it.kind for it in new}:
        of_kind = [it for it in new if it.kind == kind and it.member_id in members]
        often = preferences.frequencies(session, [it.member_id for it in of_kind], kind)
        for it in of_kind:
            wanted[often[it.member_id]].append(it)
    _send_at_once(session, wanted[IMMEDIATELY])
    for period in preferences.SUMMARIES:
        postpone(session, wanted[period], period, at=at)


def _send_at_once(session: Session, notices: Sequence[Any]) -> None:
    if notices:
        letters = [{"notification_id": it.id, "member_id": it.member_id, "kind": it.kind} for it in notices]
        session.execute(insert_into(session, Delivery).on_conflict_do_nothing(), letters)
        ring_after_commit(session, "mail")


def postpone(session: Session, notices: Sequence[Any], period: str, *, at: datetime | None = None) -> None:
    """Let notices wait for the next digest of their member."""
    if not notices:
        return
    items = [{"notification_id": it.id, "member_id": it.member_id, "kind": it.kind} for it in notices]
    session.execute(insert_into(session, DigestItem).on_conflict_do_nothing(), items)
    dues = [{"member_id": it, "period": period, "due_at": at or now()} for it in {it.member_id for it in notices}]
    session.execute(insert_into(session, DigestDue).on_conflict_do_nothing(), dues)


def leave_to_digest(session: Session, letter: Delivery, period: str) -> None:
    """Send no letter of its own about a notice, but let the next digest tell it. Raises Lost."""
    deliveries.dropped(session, letter, f"comes with the {period} digest")
    postpone(session, [Waiting(letter.notification_id or 0, letter.member_id or 0, letter.kind)], period)
