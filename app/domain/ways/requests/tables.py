"""What is kept of a request: the wish itself, what was said about it, and the evidence that came with it."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain.badging.badges import Badge
from app.domain.base import Base, now
from app.domain.people.members import Member

OPEN, DECIDED = ("waiting", "asked"), ("approved", "declined")
CLOSED = (*DECIDED, "withdrawn")
STATES = (*OPEN, *CLOSED)
EVENT_STATES = ("waiting", "accepted", "refused", "parked")

NOTE_MOST, ANSWER_MOST, MESSAGE_MOST, REMARK_MOST = 4000, 4000, 2000, 2000
PRAISE_MOST = 500  # what is said with an approval becomes the award's reason
EVENT_TITLE_MOST, EVENT_REASON_MOST, LINK_MOST, TOKEN_MOST = 120, 500, 300, 40
EVENTS_MOST, LINKS_MOST, PICTURES_MOST = 20, 10, 4

CLAIM_LASTS = timedelta(minutes=15)
UNDO_WITHIN = timedelta(minutes=10)
ASK_AGAIN_AFTER = timedelta(days=30)

_OPEN_OWN = text("state IN ('waiting', 'asked') AND by_id = member_id")
_OPEN_FOR_ANOTHER = text("state IN ('waiting', 'asked') AND by_id <> member_id")


class BadgeRequest(Base):
    """A wish for a badge, kept after it was decided.

    `member_id` is who shall get the badge, `by_id` who asked: oneself, or a member who nominates. A nomination
    stands beside one's own request, because the nominee does not know of it. `version` counts the steps.
    """

    __tablename__ = "badge_requests"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'asked', 'approved', 'declined', 'withdrawn')", name="state"),
        CheckConstraint("(state IN ('waiting', 'withdrawn')) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by"),
        CheckConstraint("(claimed_by_id IS NULL) = (claimed_until IS NULL)", name="claimed"),
        UniqueConstraint("by_id", "token"),
        Index("uq_badge_requests_one_open", "badge_id", "member_id", unique=True,
              sqlite_where=_OPEN_OWN, postgresql_where=_OPEN_OWN),
        Index("uq_badge_requests_one_nomination", "badge_id", "member_id", unique=True,
              sqlite_where=_OPEN_FOR_ANOTHER, postgresql_where=_OPEN_FOR_ANOTHER),
        Index("ix_badge_requests_queue", "state", "sent_at", "id"),
        Index("ix_badge_requests_badge", "badge_id", "state", "sent_at", "id"),
        Index("ix_badge_requests_decided", "decided_at"),
        Index("ix_badge_requests_by", "by_id", "id"),
        Index("ix_badge_requests_member", "member_id", "badge_id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    note: Mapped[str] = mapped_column(String(NOTE_MOST))
    token: Mapped[str | None] = mapped_column(String(TOKEN_MOST))  # of the form, so that sending it twice is once
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    version: Mapped[int] = mapped_column(default=1)
    sent_at: Mapped[datetime] = mapped_column(default=now)
    moved_at: Mapped[datetime] = mapped_column(default=now)  # since when it is in this state
    decided_at: Mapped[datetime | None]  # when a moderator brought it to this state
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    message: Mapped[str] = mapped_column(String(MESSAGE_MOST), default="")  # that moderator's words
    may_ask_again_at: Mapped[datetime | None]  # after a refusal; none means that there is no second time
    names_asker: Mapped[bool] = mapped_column(default=True)  # to the nominee, once a nomination is approved
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    claimed_until: Mapped[datetime | None]

    badge: Mapped[Badge] = relationship()
    member: Mapped[Member] = relationship(foreign_keys=member_id)
    by: Mapped[Member] = relationship(foreign_keys=by_id)
    decided_by: Mapped[Member | None] = relationship(foreign_keys=decided_by_id)
    claimed_by: Mapped[Member | None] = relationship(foreign_keys=claimed_by_id)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_nomination(self) -> bool:
        return self.by_id != self.member_id

    def is_claimed(self, moment: datetime) -> bool:
        return self.claimed_until is not None and self.claimed_until > moment


class RequestEntry(Base):
    """One thing that was said or done, in the order it happened; some are for staff alone."""

    __tablename__ = "request_entries"
    __table_args__ = (
        CheckConstraint(
            "what IN ('sent', 'asked', 'answered', 'approved', 'declined', 'withdrawn', 'undone', 'remark')",
            name="what",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("badge_requests.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    what: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(ANSWER_MOST), default="")
    for_staff: Mapped[bool] = mapped_column(default=False)


class RequestEvent(Base):
    """An event that the asker says they took part in; each is decided for itself."""

    __tablename__ = "request_events"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'accepted', 'refused', 'parked')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("badge_requests.id"), index=True)
    title: Mapped[str] = mapped_column(String(EVENT_TITLE_MOST))
    on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    reason: Mapped[str] = mapped_column(String(EVENT_REASON_MOST), default="")


class RequestLink(Base):
    """An address given as evidence. Nothing is ever fetched from it."""

    __tablename__ = "request_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("badge_requests.id"), index=True)
    address: Mapped[str] = mapped_column(String(LINK_MOST))


class RequestPicture(Base):
    """A picture given as evidence, for the asker and staff alone."""

    __tablename__ = "request_pictures"

    picture_id: Mapped[int] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("badge_requests.id"), index=True)


class KeptRequest(Base):
    """What somebody typed who had to sign in first, for the window in which they did it; nothing of it was checked."""

    __tablename__ = "kept_requests"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    slug: Mapped[str] = mapped_column(String(60))  # of the badge
    typed: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime] = mapped_column(default=now, index=True)
