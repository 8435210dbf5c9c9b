"""Accounts: making them, their passwords, and who may log in with them."""

import re
import threading
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain import activities, sessions
from app.domain.base import now
from app.domain.members import Member, Role
from app.domain.problems import Conflict, Invalid

USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{1,29}")
EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+")
PASSWORD_LEAST, PASSWORD_MOST = 8, 128

# OWASP's figures for a server that many can reach; the library's own take 64 MiB and half a second.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
AT_ONCE = threading.BoundedSemaphore(4)  # a flood of log-ins must not take all memory
NOBODYS = HASHER.hash("what an unknown name is compared with, so that it takes as long")


def create(
    session: Session, username: str, email: str, *, name: str = "", role: str = Role.MEMBER,
    password: str | None = None, zone: str = "UTC", at: datetime | None = None,
) -> Member:  # fmt: skip
    """Make an account whose e-mail address still needs confirming; raises Conflict where one has that name."""
    username, email = username.strip(), email.strip().lower()
    if not USERNAME.fullmatch(username):
        raise Invalid(username="Use 2 to 30 letters, digits, hyphens, underscores or dots.")
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise Invalid(email="This is not an e-mail address.")
    hashed = None if password is None else HASHER.hash(checked_password(password, username, email))

    member = Member(
        username=username, username_key=username.lower(), name=name.strip() or username, email=email, role=Role(role),
        password_hash=hashed, zone=zone, joined_at=at or now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError:
        raise Conflict("There is an account with that username or e-mail address already.") from None
    return member


def verify_email(session: Session, member: Member, *, at: datetime | None = None) -> bool:
    """Note that a member's address is really theirs; whether that was news."""
    if member.email_verified_at is not None:
        return False
    member.email_verified_at = at or now()
    activities.note(session, "email_verified", member, at=member.email_verified_at)
    return True


def set_password(session: Session, member: Member, password: str) -> None:
    """Give a member a password. Whoever is logged in as them anywhere no longer is."""
    member.password_hash = HASHER.hash(checked_password(password, member.username, member.email or ""))
    sessions.end_all(session, member)


def set_role(session: Session, member: Member, role: str) -> bool:
    """Give a member a role; their log-ins end, for each was made with the rights of its time."""
    if member.role == Role(role):
        return False
    member.role = Role(role)
    sessions.end_all(session, member)
    return True


def find(session: Session, name_or_email: str) -> Member | None:
    """The member with that username or e-mail address, however it is capitalised."""
    key = name_or_email.strip().lower()
    return session.scalars(select(Member).where(or_(Member.username_key == key, Member.email == key))).first()


def matches(member: Member | None, password: str) -> bool:
    """Whether this is the member's password; takes as long where there is no member or no password."""
    known = member.password_hash if member else None
    if len(password) > PASSWORD_MOST:
        password = password[:PASSWORD_MOST] + "…"  # longer than any password, and no work
    try:
        with AT_ONCE:
            return HASHER.verify(known or NOBODYS, password) and known is not None
    except (VerificationError, InvalidHashError):
        return False


def checked_password(password: str, username: str, email: str) -> str:
    """The password unchanged; raises Invalid where it could be guessed at once."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise Invalid(password=f"Use {PASSWORD_LEAST} to {PASSWORD_MOST} characters; 15 or more are better.")
    easy = {username.lower(), email, email.partition("@")[0], username.lower()[::-1]}
    if password.lower() in easy or len(set(password)) < 3:
        raise Invalid(password="Choose one that is harder to guess.")  # noqa: S106  a message
    return password
