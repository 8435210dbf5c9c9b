"""Suspensions: a member is asked to stay away for a while. It begins and ends at once."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.forum.threads import Post
from app.domain.membership import sessions
from app.domain.people.members import Member, Role
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _

REASON_MOST = 2000
DAYS = (1, 3, 7, 14, 30, 90, 365)


class Suspension(Base):
    """Kept after it is over. `Member.suspended_until` is what holds."""

    __tablename__ = "suspensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    reason: Mapped[str] = mapped_column(String(REASON_MOST))
    begun_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))


def suspend(
    session: Session, member: Member, by: Member, days: int, reason: str, *, post: Post | None = None,
    at: datetime | None = None,
) -> Suspension:  # fmt: skip
    """Suspend a member from now on; they are logged out everywhere. A longer suspension stays as it is."""
    reason, moment = checked_reason(reason), at or now()
    if days not in DAYS:
        raise Invalid(days=_("Choose how long."))
    refuse(by, member)
    session.flush()  # or what was not written yet would be forgotten
    session.refresh(member, with_for_update={"key_share": True})
    until = moment + timedelta(days=days)
    if member.suspended_until is not None and member.suspended_until >= until:
        raise Conflict(_("This member is suspended for longer already."))

    before = member.suspended_until
    given = Suspension(member_id=member.id, by_id=by.id, reason=reason, begun_at=moment, until=until)
    given.post_id = post.id if post else None
    session.add(given)
    member.suspended_until = until
    sessions.end_all(session, member)
    audit_log.record(
        session, by, "suspend", member=member, post=post, reason=reason, at=moment,
        before={"until": before.isoformat() if before else None}, after={"until": until.isoformat()},
    )  # fmt: skip
    return given


def lift(session: Session, member: Member, by: Member, reason: str, *, at: datetime | None = None) -> None:
    """End a suspension before its time."""
    reason, moment = checked_reason(reason), at or now()
    refuse(by, member)
    session.flush()  # or what was not written yet would be forgotten
    session.refresh(member, with_for_update={"key_share": True})
    if member.suspended_until is None or member.suspended_until <= moment:
        raise Conflict(_("This member is not suspended any more."))
    open_ones = select(Suspension).where(Suspension.member_id == member.id, Suspension.lifted_at.is_(None))
    for given in session.scalars(open_ones.where(Suspension.until > moment)):
        given.lifted_at, given.lifted_by_id = moment, by.id
    before, member.suspended_until = member.suspended_until, None
    audit_log.record(
        session, by, "lift", member=member, reason=reason, at=moment,
        before={"until": before.isoformat()}, after={"until": None},
    )  # fmt: skip


def farewell(session: Session, member: Member) -> str:
    """What a suspended member reads where they log in: until when, and why."""
    if member.suspended_until is None:
        return ""
    until = member.suspended_until.strftime("%d %B %Y").lstrip("0")
    latest = select(Suspension.reason).where(Suspension.member_id == member.id, Suspension.lifted_at.is_(None))
    reason = session.scalar(latest.order_by(Suspension.until.desc()).limit(1))
    if not reason:
        return _("Your account is paused until %(until)s. You are welcome back then.", until=until)
    return _(
        "Your account is paused until %(until)s. You are welcome back then. The moderators wrote: “%(reason)s”",
        until=until, reason=reason,
    )  # fmt: skip


def refuse(by: Member, member: Member) -> None:
    """Raise Refused where somebody may not warn or suspend a member."""
    if by.id == member.id:
        raise Refused(_("Nobody decides about themselves. Ask another moderator."))
    if member.role == Role.ADMINISTRATOR:
        raise Refused(_("An administrator needs another role first."))
    if member.is_staff and by.role != Role.ADMINISTRATOR:
        raise Refused(_("Only an administrator decides about moderators."))


def checked_reason(reason: str) -> str:
    """The reason without space around it; raises Invalid where there is none or too much of it."""
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Invalid(reason=_("Say why: people deserve a reason, and the log keeps it."))
    if len(reason) > REASON_MOST:
        raise Invalid(reason=_("Make it shorter: at most %(most)s characters.", most=REASON_MOST))
    return reason
