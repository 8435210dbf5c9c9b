"""Members: who takes part, and what everybody may know of them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, and_, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.base import Base, now
from app.domain.problems import Refused
from app.domain.words import _


class Role(StrEnum):
    """What a member may do beyond taking part; points never lead here."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


# Those few whom a list of leaders leaves out, or may leave out: staff, who asked for it, who is or was suspended.
APART = text("role <> 'member' OR unlisted_at IS NOT NULL OR deleted_at IS NOT NULL OR suspended_until IS NOT NULL")


class Member(Base):
    """Somebody who takes part. An imported member has neither e-mail nor password."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint("role IN ('member', 'moderator', 'administrator')", name="role"),
        CheckConstraint("username_key = lower(username_key)", name="username_key_folded"),
        CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),
        CheckConstraint("digest_day BETWEEN 0 AND 6", name="digest_day"),
        Index("ix_members_apart", "id", sqlite_where=APART, postgresql_where=APART),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(30))
    username_key: Mapped[str] = mapped_column(String(30), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    email_verified_at: Mapped[datetime | None]
    claimed_email: Mapped[str | None] = mapped_column(String(254), index=True)  # said to be theirs, not confirmed yet
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default=Role.MEMBER)
    joined_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime | None]
    title: Mapped[str] = mapped_column(String(120), default="")
    location: Mapped[str] = mapped_column(String(120), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    about: Mapped[str] = mapped_column(String(20_000), default="")
    about_html: Mapped[str] = mapped_column(String(60_000), default="")
    links: Mapped[str] = mapped_column(String(1600), default="")  # further addresses, one a line
    photo: Mapped[str | None] = mapped_column(String(32))  # the name of a small picture, for lists
    portrait: Mapped[str | None] = mapped_column(String(32))  # and of the same one, larger
    zone: Mapped[str] = mapped_column(String(60), default="UTC")
    points: Mapped[int] = mapped_column(default=0)
    rank: Mapped[int] = mapped_column(default=0)  # position of the highest rank ever reached
    imported_from: Mapped[str | None] = mapped_column(String(80))
    suspended_until: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]  # when the latest of the warnings they have not read was given
    deleted_at: Mapped[datetime | None]
    unlisted_at: Mapped[datetime | None]  # since when they are in no list of leaders, by their own choice
    quiet: Mapped[bool] = mapped_column(default=False)  # no notices on the site either
    mail_stopped_at: Mapped[datetime | None]  # since when they want no e-mail at all
    digest_hour: Mapped[int] = mapped_column(default=8)  # when summaries are written, in their zone
    digest_day: Mapped[int] = mapped_column(default=0)  # and the weekly one on which day; Monday is 0

    @property
    def is_staff(self) -> bool:
        return self.role != Role.MEMBER

    @property
    def is_reachable(self) -> bool:
        """Whether a letter to this member could arrive."""
        return self.email_verified_at is not None and self.deleted_at is None

    @property
    def unconfirmed_email(self) -> str | None:
        """The address that waits for the member to say that it is theirs."""
        return self.claimed_email or (None if self.email_verified_at else self.email)

    @property
    def may_take_part(self) -> bool:
        """Whether they confirmed an address, or never had one: imported members have none."""
        return self.email_verified_at is not None or self.unconfirmed_email is None


# Whether others may see somebody at all: who has not confirmed an address yet is nobody so far.
_columns = Member.__table__.c
IN_SIGHT = or_(
    _columns.email_verified_at.is_not(None), and_(_columns.email.is_(None), _columns.claimed_email.is_(None))
)


class Visit(Base):
    """A member was here on that day of theirs (days since 1970-01-01)."""

    __tablename__ = "visits"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)


def admit(member: Member, moment: datetime) -> None:
    """Raise Refused where a member cannot take part at that time."""
    if member.deleted_at is not None:
        raise Refused(_("This account was deleted."))
    if member.suspended_until is not None and member.suspended_until > moment:
        raise Refused(_("This account is paused until %(day)s.", day=f"{member.suspended_until:%d %B %Y}"))
    if not member.may_take_part:
        raise Refused(_("Confirm your e-mail address first: the letter we sent you has the link."))


def share_a_mailbox(one: str | None, other: str | None) -> bool:
    """Whether letters to two addresses arrive in the same place: what stands after a "+" only sorts them there."""
    return one is not None and other is not None and _mailbox(one) == _mailbox(other)


def _mailbox(address: str) -> tuple[str, str]:
    name, _at, host = address.lower().rpartition("@")
    return name.partition("+")[0], host
