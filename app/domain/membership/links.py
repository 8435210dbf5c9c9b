"""Links: a secret that was sent to somebody once, so that they can do one thing with their account.

The secret itself is only in the link. Looking at a link changes nothing: what it allows is done by a form
that is sent. A link for a password or an address works only while address and password are those it was
made for; so whoever sets a new password ends all links that somebody else may have asked for.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, now
from app.domain.hashed import hashed
from app.domain.people.members import Member
from app.domain.problems import Conflict
from app.domain.words import _


class Purpose(StrEnum):
    """What a link is for; it is of no use for anything else."""

    PASSWORD = "password"  # noqa: S105  a word
    ADDRESS = "address"
    UNDO = "undo"


LASTS = {
    Purpose.PASSWORD: timedelta(minutes=30),
    Purpose.ADDRESS: timedelta(hours=24),
    Purpose.UNDO: timedelta(hours=72),
}


class Link(Base):
    """One link. Several may work at once, for letters overtake each other; using one ends its like."""

    __tablename__ = "links"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254), index=True)  # the address it was sent to
    bound_to: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]


def gone() -> str:
    """What to say where a link does not work."""
    return _("It was used, replaced, or is too old. Ask for a new one.")


def make(
    session: Session, member: Member, purpose: Purpose, *, email: str | None = None,
    lasts: timedelta | None = None, at: datetime | None = None,
) -> str:  # fmt: skip
    """A new secret for a link of a member's, which was or will be sent to that address."""
    secret, moment = secrets.token_urlsafe(32), at or now()
    session.add(
        Link(
            secret_hash=hashed(secret), member_id=member.id, purpose=purpose, email=email,
            bound_to=_bound_to(member, purpose), created_at=moment, expires_at=moment + (lasts or LASTS[purpose]),
        )
    )  # fmt: skip
    return secret


def find(session: Session, secret: str, purpose: Purpose, *, at: datetime | None = None) -> tuple[Member, Link] | None:
    """Whose link this is, while it works."""
    theirs = select(Member, Link).join(Link, Link.member_id == Member.id)
    row = session.execute(
        theirs.where(
            Link.secret_hash == hashed(secret), Link.purpose == purpose, Link.expires_at > (at or now()),
            Member.deleted_at.is_(None),
        )
    ).first()  # fmt: skip
    return None if row is None or row.Link.bound_to != _bound_to(row.Member, purpose) else (row.Member, row.Link)


def use(session: Session, secret: str, purpose: Purpose, *, at: datetime | None = None) -> tuple[Member, Link]:
    """Use up a link and all its like; raises Conflict where it is gone."""
    found = find(session, secret, purpose, at=at)
    if found is None:
        raise Conflict(gone())
    member, link = found
    end = delete(Link).where(Link.member_id == member.id, Link.purpose == purpose)
    if purpose == Purpose.UNDO:  # an earlier one leads further back, to somebody who was here before
        end = end.where(Link.created_at >= link.created_at)
    ended = session.execute(end.returning(Link.secret_hash), execution_options={"synchronize_session": False})
    if link.secret_hash not in ended.scalars().all():
        raise Conflict(gone())  # somebody was faster
    return member, link


def is_kept(session: Session, email: str, *, besides: Member, at: datetime | None = None) -> bool:
    """Whether somebody else may still go back to that address."""
    back = select(Link.member_id).where(
        Link.purpose == Purpose.UNDO, Link.email == email, Link.expires_at > (at or now()), Link.member_id != besides.id
    )
    return session.scalar(back.limit(1)) is not None


def end_all(session: Session, member: Member) -> None:
    """End every link of a member's."""
    session.execute(delete(Link).where(Link.member_id == member.id))


def forget_expired(session: Session, *, at: datetime | None = None) -> int:
    """Delete some of the links that work no longer; how many."""
    return rows.delete_some(session, Link, Link.expires_at <= (at or now()))


def _bound_to(member: Member, purpose: Purpose) -> str:
    # Whoever takes over an account changes its address and its password: neither may end the way back.
    if purpose == Purpose.UNDO:
        return hashed("")
    claimed = member.claimed_email if purpose == Purpose.ADDRESS else ""
    return hashed(f"{member.email}\0{claimed}\0{member.password_hash}")
