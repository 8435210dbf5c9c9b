"""Which notices become letters: at once, in the digest of a day or a week, or never.

Decided when a notice is written, by the choice of whoever it is for, and looked at again when the letter is sent.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, chunks, insert_into, now, ring_after_commit
from app.domain.mail import deliveries, preferences
from app.domain.mail.deliveries import THREAD, Delivery

IMMEDIATELY = "immediately"
TOGETHER = ("answer", "reply", "mention")  # of these a busy thread brings many
APART = timedelta(minutes=10)  # the first of a thread comes at once, and what follows it so soon in one letter
WAITS = text("delivery_id IS NULL")


class DigestItem(Base):
    """A notice that a digest or a letter of several is to tell; from the moment one is written, that one and no other."""

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


Key = tuple[int, str]  # a member and a kind


class Waiting(NamedTuple):
    """A notice that waits for a digest."""

    id: int
    member_id: int
    kind: str


def owe(session: Session, new: Sequence[Any], *, thread_id: int | None = None, at: datetime | None = None) -> None:
    """Owe what new notices lead to: rows of `id`, `member_id` and `kind`, all about one thread where one is named.

    Who has no address gets nothing.
    """
    wanted: dict[str, list[Any]] = defaultdict(list)
    for kind in {it.kind for it in new}:
        of_kind = [it for it in new if it.kind == kind]
        often = preferences.wishes(session, [it.member_id for it in of_kind], kind)
        for it in of_kind:
            wanted[often.get(it.member_id, preferences.NEVER)].append(it)
    _send_at_once(session, wanted[IMMEDIATELY], thread_id, at or now())
    for period in preferences.SUMMARIES:
        postpone(session, wanted[period], period, at=at)


def _send_at_once(session: Session, notices: Sequence[Any], thread_id: int | None, moment: datetime) -> None:
    followed = [it for it in notices if it.kind in TOGETHER] if thread_id else []
    later = _gather(session, followed, thread_id, moment) if followed and thread_id else set()
    about = {it.id: thread_id for it in followed}
    letters = [
        {"notification_id": it.id, "member_id": it.member_id, "kind": it.kind, "thread_id": about.get(it.id)}
        for it in notices if it.id not in later
    ]  # fmt: skip
    if letters:
        rows.add_new(session, Delivery, letters)
        ring_after_commit(session, "mail")


def _gather(session: Session, notices: Sequence[Any], thread_id: int, moment: datetime) -> set[int]:
    """Let what follows a letter about the same thread too soon come in one letter, and say which notices that are."""
    latest, gathering = _letters_of(session, {it.member_id for it in notices}, thread_id, moment)
    later = [it for it in notices if (it.member_id, it.kind) in latest]
    due = {key: latest[key] + APART for it in later if (key := (it.member_id, it.kind)) not in gathering}
    gathering |= _begin(session, due, thread_id, moment)
    items = [
        {"notification_id": it.id, "member_id": it.member_id, "kind": it.kind,
         "delivery_id": gathering[it.member_id, it.kind]}
        for it in later
    ]  # fmt: skip
    rows.add_new(session, DigestItem, items)
    return {it.id for it in later}


def _letters_of(
    session: Session, members: set[int], thread_id: int, moment: datetime
) -> tuple[dict[Key, datetime], dict[Key, int]]:
    """When members were last told of a thread, if lately, and the letters of several that wait: they take more."""
    gathers = and_(Delivery.period == THREAD, Delivery.state == "queued")
    lately = and_(Delivery.created_at > moment - 2 * APART, Delivery.state != "dropped")
    columns = (
        Delivery.id,
        Delivery.member_id,
        Delivery.kind,
        Delivery.created_at,
        Delivery.due_at,
        gathers.label("waits"),
        Delivery.period,
    )
    latest: dict[Key, datetime] = {}
    waiting: dict[Key, int] = {}
    for some in chunks(list(members)):
        found = select(*columns).where(
            Delivery.thread_id == thread_id, Delivery.member_id.in_(some), or_(gathers, lately)
        )
        for it in session.execute(found.order_by(Delivery.id)):
            told_at = it.due_at if it.period else it.created_at
            if it.waits or told_at > moment - APART:
                latest[it.member_id, it.kind] = told_at
            if it.waits:
                waiting[it.member_id, it.kind] = it.id
    return latest, deliveries.still_queued(session, waiting)


def _begin(session: Session, due: Mapping[Key, datetime], thread_id: int, moment: datetime) -> dict[Key, int]:
    """One letter of several for each, as soon as it may leave."""
    blank = {"state": "queued", "attempts": 0, "handovers": 0, "reply": "", "subject": "", "created_at": moment}
    letters = [
        {"member_id": member_id, "kind": kind, "period": THREAD, "thread_id": thread_id, "due_at": due_at, **blank}
        for (member_id, kind), due_at in due.items()
    ]  # fmt: skip
    if not letters:
        return {}
    made = insert_into(session, Delivery).returning(Delivery.member_id, Delivery.kind, Delivery.id)
    return {(it.member_id, it.kind): it.id for it in session.execute(made, letters)}


def postpone(session: Session, notices: Sequence[Any], period: str, *, at: datetime | None = None) -> None:
    """Let notices wait for the next digest of their member."""
    if not notices:
        return
    items = [{"notification_id": it.id, "member_id": it.member_id, "kind": it.kind} for it in notices]
    rows.add_new(session, DigestItem, items)
    dues = [{"member_id": it, "period": period, "due_at": at or now()} for it in {it.member_id for it in notices}]
    rows.add_new(session, DigestDue, dues)


def leave_to_digest(session: Session, letter: Delivery, period: str) -> None:
    """Send no letter of its own about a notice, but let the next digest tell it. Raises Lost."""
    deliveries.dropped(session, letter, f"comes with the {period} digest")
    told = [Waiting(letter.notification_id, letter.member_id or 0, letter.kind)] if letter.notification_id else []
    postpone(session, told or let_go(session, DigestItem.delivery_id == letter.id), period)


def let_go(session: Session, which: ColumnElement[bool], **more: Any) -> Sequence[Any]:
    """Take notices out of the letters that were to tell them, and return them."""
    freed = update(DigestItem).where(which).values(delivery_id=None, **more)
    columns = (DigestItem.notification_id.label("id"), DigestItem.member_id, DigestItem.kind)
    return session.execute(freed.returning(*columns).execution_options(synchronize_session=False)).all()
