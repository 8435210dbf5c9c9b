"""Password links: sent or handed to somebody once, so that they can choose a password."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import accounts
from app.domain.base import Base, now
from app.domain.members import Member
from app.domain.problems import Conflict

LASTS = timedelta(hours=24)
GONE = "This link was used, replaced or is older than a day. Ask for a new one."


class PasswordLink(Base):
    """One link a member; a new one takes the place of the old. The secret itself is only in the link."""

    __tablename__ = "password_links"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), unique=True)
    expires_at: Mapped[datetime]


def make(session: Session, member: Member, *, at: datetime | None = None) -> str:
    """A new secret for a member's link; an earlier one works no longer."""
    secret = secrets.token_urlsafe(32)
    session.execute(delete(PasswordLink).where(PasswordLink.member_id == member.id))
    session.add(PasswordLink(secret_hash=_hash(secret), member_id=member.id, expires_at=(at or now()) + LASTS))
    return secret


def find(session: Session, secret: str, *, at: datetime | None = None) -> Member | None:
    """Whose link this is, while it works."""
    theirs = select(Member).join(PasswordLink, PasswordLink.member_id == Member.id)
    return session.scalars(
        theirs.where(
            PasswordLink.secret_hash == _hash(secret), PasswordLink.expires_at > (at or now()),
            Member.deleted_at.is_(None),
        )
    ).first()  # fmt: skip


def use(session: Session, secret: str, password: str, *, at: datetime | None = None) -> Member:
    """Set the password, use up the link, end all log-ins; raises Conflict where the link is gone."""
    member = find(session, secret, at=at)
    if member is None:
        raise Conflict(GONE)
    accounts.set_password(session, member, password)
    used = delete(PasswordLink).where(PasswordLink.secret_hash == _hash(secret)).returning(PasswordLink.member_id)
    if session.execute(used).first() is None:
        raise Conflict(GONE)
    return member


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
