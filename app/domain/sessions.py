"""Sessions: who is logged in where. Ending one is deleting its row, and works at once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.members import Member

IDLE = timedelta(days=30)
LONGEST = timedelta(days=180)
LONGEST_FOR_STAFF = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=5)


class LogIn(Base):
    """One log-in on one device. The secret itself is only in that device's cookie."""

    __tablename__ = "log_ins"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    device: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now, index=True)


def start(session: Session, member: Member, *, device: str = "", at: datetime | None = None) -> str:
    """Log a member in on a device; returns the secret for its cookie."""
    moment, secret = at or now(), secrets.token_urlsafe(32)
    session.execute(delete(LogIn).where(LogIn.member_id == member.id, _outlived(moment, member)))
    session.add(
        LogIn(secret_hash=_hash(secret), member_id=member.id, device=device[:200], created_at=moment, seen_at=moment)
    )
    return secret


def find(session: Session, secret: str, *, at: datetime | None = None) -> tuple[Member, LogIn] | None:
    """Who is logged in by this secret, unless it has ended or the member may no longer take part."""
    moment = at or now()
    log_in = select(Member, LogIn).join(LogIn, LogIn.member_id == Member.id).where(LogIn.secret_hash == _hash(secret))
    found = session.execute(log_in).first()
    if found is None:
        return None
    member, row = found
    stale = row.seen_at <= moment - IDLE or row.created_at <= moment - longest(member)
    return None if stale or not may_log_in(member, moment) else (member, row)


def may_log_in(member: Member, moment: datetime) -> bool:
    """Whether the account is neither deleted nor suspended at that time."""
    suspended = member.suspended_until is not None and member.suspended_until > moment
    return member.deleted_at is None and not suspended


def longest(member: Member) -> timedelta:
    """How long a log-in can last, however busy it is kept."""
    return LONGEST_FOR_STAFF if member.is_staff else LONGEST


def end(session: Session, secret: str) -> bool:
    """Log out; whether anybody was logged in by this secret."""
    gone = session.execute(delete(LogIn).where(LogIn.secret_hash == _hash(secret)).returning(LogIn.secret_hash))
    return gone.first() is not None


def end_all(session: Session, member: Member) -> None:
    """Log a member out everywhere."""
    session.execute(delete(LogIn).where(LogIn.member_id == member.id))


def forget_outlived(session: Session, *, at: datetime | None = None) -> int:
    """Delete log-ins that nobody can use any more; how many."""
    moment = at or now()
    outlived = (LogIn.seen_at <= moment - IDLE) | (LogIn.created_at <= moment - LONGEST)
    return len(session.execute(delete(LogIn).where(outlived).returning(LogIn.secret_hash)).all())


def _outlived(moment: datetime, member: Member) -> ColumnElement[bool]:
    return (LogIn.seen_at <= moment - IDLE) | (LogIn.created_at <= moment - longest(member))


def _hash(secret: str) -> str:
    # A secret of 256 random bits needs no salt and no slowness.
    return hashlib.sha256(secret.encode()).hexdigest()
