"""Sessions: who is logged in where. Ending one is deleting its row, and works at once."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, String, bindparam, delete, false, func, select
from sqlalchemy.orm import Load, Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, now
from app.domain.hashed import hashed
from app.domain.people.members import Member
from app.domain.words import _
from app.domain.writing.conversations import CORNER

IDLE = timedelta(days=30)
LONGEST = timedelta(days=180)
LONGEST_FOR_STAFF = timedelta(hours=12)
FOR_A_CODE = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=5)

# In this order: most browsers also claim to be those below them.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Mac OS", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


class LogIn(Base):
    """One log-in on one device. The secret itself is only in that device's cookie.

    Where a code is still asked for, the log-in waits for it until then, and nobody is logged in by it.
    """

    __tablename__ = "log_ins"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    device: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now, index=True)
    code_until: Mapped[datetime | None]

    @property
    def handle(self) -> str:
        """What a form calls it by: enough to tell it from the others, and no way in."""
        return self.secret_hash[:16]


def start(
    session: Session, member: Member, *, device: str = "", code_needed: bool = False, at: datetime | None = None
) -> str:
    """Log a member in on a device, or let the log-in wait for a code; returns the secret for its cookie."""
    moment, secret = at or now(), secrets.token_urlsafe(32)
    session.execute(delete(LogIn).where(LogIn.member_id == member.id, _outlived(moment, member)))
    session.add(
        LogIn(
            secret_hash=hashed(secret), member_id=member.id, device=device[:200], created_at=moment, seen_at=moment,
            code_until=moment + FOR_A_CODE if code_needed else None,
        )
    )  # fmt: skip
    return secret


def find(session: Session, secret: str, *, at: datetime | None = None) -> tuple[Member, LogIn] | None:
    """Who is logged in by this secret, unless it has ended or the member may no longer take part."""
    moment = at or now()
    found = _row(session, secret)
    if found is None:
        return None
    member, row = found
    stale = row.seen_at <= moment - IDLE or row.created_at <= moment - longest(member)
    return None if stale or row.code_until or not may_log_in(member, moment) else (member, row)


def awaiting_code(session: Session, secret: str, *, at: datetime | None = None) -> Member | None:
    """Who gave the right password with this secret and still owes the code."""
    moment = at or now()
    found = _row(session, secret)
    if found is None:
        return None
    member, row = found
    in_time = row.code_until is not None and row.code_until > moment
    return member if in_time and may_log_in(member, moment) else None


def may_log_in(member: Member, moment: datetime) -> bool:
    """Whether the account is neither deleted nor suspended at that time."""
    suspended = member.suspended_until is not None and member.suspended_until > moment
    return member.deleted_at is None and not suspended


def longest(member: Member) -> timedelta:
    """How long a log-in can last, however busy it is kept."""
    return LONGEST_FOR_STAFF if member.is_staff else LONGEST


def end(session: Session, secret: str) -> bool:
    """Log out; whether anybody was logged in by this secret."""
    gone = session.execute(delete(LogIn).where(LogIn.secret_hash == hashed(secret)).returning(LogIn.secret_hash))
    return gone.first() is not None


def end_all(session: Session, member: Member) -> None:
    """Log a member out everywhere."""
    session.execute(delete(LogIn).where(LogIn.member_id == member.id))


def end_others(session: Session, member: Member, kept: LogIn) -> int:
    """Log a member out everywhere but here; on how many devices they were."""
    others = delete(LogIn).where(LogIn.member_id == member.id, LogIn.secret_hash != kept.secret_hash)
    return len(session.execute(others.returning(LogIn.secret_hash)).all())


def end_one(session: Session, member: Member, handle: str) -> bool:
    """Log a member out on one device; whether they were logged in there."""
    row = next((it for it in devices(session, member) if it.handle == handle), None)
    if row is not None:
        session.execute(delete(LogIn).where(LogIn.secret_hash == row.secret_hash))
    return row is not None


def devices(session: Session, member: Member, *, at: datetime | None = None) -> Sequence[LogIn]:
    """Where a member is logged in, the device seen last first."""
    theirs = select(LogIn).where(LogIn.member_id == member.id, ~_outlived(at or now(), member))
    return session.scalars(
        theirs.where(LogIn.code_until.is_(None)).order_by(LogIn.seen_at.desc(), LogIn.secret_hash)
    ).all()


def device_in_words(user_agent: str) -> str:
    """What a browser says of itself, as a person would: Firefox on Windows."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), _("A browser"))
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return _("%(browser)s on %(system)s", browser=browser, system=system) if system else browser


def forget_outlived(session: Session, *, at: datetime | None = None) -> int:
    """Delete some of the log-ins that nobody can use any more; how many."""
    moment = at or now()
    outlived = (LogIn.seen_at <= moment - IDLE) | (LogIn.created_at <= moment - LONGEST) | (LogIn.code_until <= moment)
    return rows.delete_some(session, LogIn, outlived)


# Made once: every page asks it.
_LOG_IN = (
    select(Member, LogIn)
    .join(LogIn, LogIn.member_id == Member.id)
    .where(LogIn.secret_hash == bindparam("secret_hash"))
    .options(Load(Member).undefer_group(CORNER))
)


def _row(session: Session, secret: str) -> tuple[Member, LogIn] | None:
    found = session.execute(_LOG_IN, {"secret_hash": hashed(secret)}).first()
    return None if found is None else (found[0], found[1])


def _outlived(moment: datetime, member: Member) -> ColumnElement[bool]:
    too_old = (LogIn.seen_at <= moment - IDLE) | (LogIn.created_at <= moment - longest(member))
    return too_old | func.coalesce(LogIn.code_until <= moment, false())
