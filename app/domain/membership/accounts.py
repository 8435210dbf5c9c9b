"""Accounts: making them, their passwords, and who may log in with them."""

import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.mail import deliveries
from app.domain.membership import blocked_names, easy_passwords, sessions
from app.domain.people import likeness
from app.domain.people.members import Member, Role
from app.domain.problems import Conflict, Invalid
from app.domain.record import activities
from app.domain.words import _

USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{1,29}")
# What mail servers really accept without quoting: nothing in it can break out of a header.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
PASSWORD_LEAST, PASSWORD_MOST = 8, 128
OFFICIAL = frozenset(
    "abuse admin administrator moderator official postmaster root security staff support sysadmin system webmaster".split()  # noqa: SIM905
)
_OFFICIAL_OUTLINES = frozenset(likeness.outline(it) for it in OFFICIAL)

# OWASP's figures for a server that many can reach; the library's own take 64 MiB and half a second.
HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
AT_ONCE = threading.BoundedSemaphore(4)  # a flood of log-ins must not take all memory
NOBODYS = HASHER.hash("what an unknown name is compared with, so that it takes as long")

Hashed = NewType("Hashed", str)  # what is kept of a password


class Newcomer(NamedTuple):
    """What somebody joins with, looked through and ready to be kept."""

    username: str
    email: str
    password: Hashed


def create(
    session: Session, username: str, email: str, *, name: str = "", role: str = Role.MEMBER,
    password: Hashed | None = None, zone: str = "UTC", at: datetime | None = None,
) -> Member:  # fmt: skip
    """Make an account for somebody whose address is known to be theirs; raises Conflict where one has that name."""
    username, email = checked_username(username), checked_email(email)
    member = _new(username, name=name, email=email, role=Role(role), password_hash=password, zone=zone, at=at)
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError:
        raise Conflict(_("There is an account with that username or e-mail address already.")) from None
    return member


def newcomer(session: Session, username: str, email: str, password: str, *, at: datetime | None = None) -> Newcomer:
    """Look through what a newcomer typed, and hash the password: before the transaction that makes the account.

    Raises Invalid with all that needs another look.
    """
    found = _checked_together(
        username=lambda: _free_username(session, username, at or now()),
        email=lambda: checked_email(email),
        password=lambda: hashed_password(password, username, email),
    )
    return Newcomer(found["username"], found["email"], Hashed(found["password"]))


def register(session: Session, newcomer: Newcomer, *, onward: str = "/", at: datetime | None = None) -> Member:
    """Make an account for a newcomer, and owe the letter that asks whether the address is theirs and leads onward.

    Until they say so they only claim it. Others may claim the same, or own it: that is told in the letter, to
    whoever reads it, and to nobody else. Raises Invalid where somebody took the name meanwhile.
    """
    moment = at or now()
    username = _free_username(session, newcomer.username, moment)
    member = _new(username, claimed_email=newcomer.email, password_hash=newcomer.password, at=moment)
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError:
        raise Invalid(username=_taken()) from None
    deliveries.owe(session, "welcome", member, address=member.claimed_email, facts={"onward": onward}, at=moment)
    return member


def verify_email(session: Session, member: Member, *, at: datetime | None = None) -> bool:
    """Note that a member's address is really theirs; whether that was news."""
    if member.email_verified_at is not None:
        return False
    member.email_verified_at = at or now()
    activities.note(session, "email_verified", member, at=member.email_verified_at)
    return True


def set_password(session: Session, member: Member, password: Hashed) -> None:
    """Give a member a password. Whoever is logged in as them anywhere no longer is."""
    member.password_hash = password
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


def claimant(session: Session, email: str) -> Member | None:
    """Who said last that this address is theirs, and has not confirmed it."""
    claims = select(Member).where(Member.claimed_email == email.strip().lower(), Member.deleted_at.is_(None))
    return session.scalars(claims.order_by(Member.id.desc()).limit(1)).first()


def recognise(session: Session, name_or_email: str, password: str) -> Member | None:
    """Who logs in with that name and password.

    A newcomer may log in with an address they only claim. So for an address two passwords are compared, the owner's
    and the claimant's: neither the answer nor the time it takes tells whether anybody owns it.
    """
    asked = [find(session, name_or_email)]
    if "@" in name_or_email:
        asked.append(claimant(session, name_or_email))
    fitting = [it for it in asked if matches(it, password)]
    return fitting[0] if fitting else None


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


def checked_username(username: str) -> str:
    """A username as it is kept; raises Invalid where it has other characters."""
    username = username.strip()
    if not USERNAME.fullmatch(username):
        raise Invalid(username=_("Use 2 to 30 letters, digits, hyphens, underscores or dots."))
    return username


def checked_email(email: str) -> str:
    """An e-mail address as it is kept; raises Invalid where it is none."""
    email = email.strip().lower()
    if len(email) > 254 or not EMAIL.fullmatch(email) or ".." in email or ".@" in email or email.startswith("."):
        raise Invalid(email=_("This is not an e-mail address. It looks like ada@members.example."))
    return email


def checked_password(password: str, username: str, email: str) -> str:
    """The password unchanged; raises Invalid where it could be guessed at once."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise Invalid(
            password=_(
                "Use %(least)s to %(most)s characters; 15 or more are better.", least=PASSWORD_LEAST, most=PASSWORD_MOST
            )
        )
    if easy_passwords.is_easy(password, (username, email, email.partition("@")[0])):
        raise Invalid(password=_("Choose one that is harder to guess. Three or four words in a row do well."))
    return password


def hashed_password(password: str, username: str, email: str) -> Hashed:
    """What is kept of a password; raises Invalid where it could be guessed at once.

    It takes a moment on purpose: never in a transaction, where all other writers would wait for it.
    """
    checked_password(password, username, email)
    with AT_ONCE:
        return Hashed(HASHER.hash(password))


def hashed_for(member: Member, password: str) -> Hashed:
    """The same, for a member's own password."""
    return hashed_password(password, member.username, member.email or member.claimed_email or "")


def _new(username: str, *, name: str = "", at: datetime | None, **more: object) -> Member:
    return Member(
        username=username, username_key=username.lower(), name=name.strip() or username, joined_at=at or now(), **more
    )


def _free_username(session: Session, username: str, moment: datetime) -> str:
    username = checked_username(username)
    if likeness.outline(username) in _OFFICIAL_OUTLINES:
        raise Invalid(username=_("This name is for those who run the site. Choose another."))
    taken = session.scalar(select(Member.id).where(Member.username_key == username.lower()))
    if (
        taken is not None
        or blocked_names.is_blocked(session, username, at=moment)
        or likeness.is_like_staff(session, username)
    ):
        raise Invalid(username=_taken())
    return username


def _taken() -> str:
    return _("This name is taken. Choose another.")


def _checked_together(**checks: Callable[[], str]) -> dict[str, str]:
    """The result of every check by field; raises Invalid with all that they object to."""
    found: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field, check in checks.items():
        try:
            found[field] = check()
        except Invalid as no:
            problems |= no.fields
    if problems:
        raise Invalid(**problems)
    return found
