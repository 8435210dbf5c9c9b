"""Feedback: what members and visitors tell the team, and what became of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, Row, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.badging.badges import Badge
from app.domain.base import Base, now
from app.domain.limits import Limit
from app.domain.membership.accounts import EMAIL
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.record import audit_log
from app.domain.words import _

BODY_MOST, NOTE_MOST, EMAIL_MOST = 5000, 2000, 254
PER_PAGE = 30
STATES = ("open", "done")
FROM_ONE_ADDRESS = Limit(5, timedelta(hours=1))
WHILE_DEVELOPING = Limit(150, timedelta(minutes=1))


class Feedback(Base):
    """One message to the team, perhaps about a badge. Whoever was not signed in may have left an address."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_done_at", "done_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    email: Mapped[str] = mapped_column(String(EMAIL_MOST), default="")
    badge_id: Mapped[int | None] = mapped_column(ForeignKey("badges.id"))
    body: Mapped[str] = mapped_column(String(BODY_MOST))
    created_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    note: Mapped[str] = mapped_column(String(NOTE_MOST), default="")  # for staff only


def send(
    session: Session, member: Member | None, body: str, *, email: str = "", badge_id: int | None = None,
    at: datetime | None = None,
) -> Feedback:  # fmt: skip
    """Tell the team something, perhaps about a badge."""
    body, email = body.replace("\x00", "").strip(), email.strip()
    problems = {}
    if not body:
        problems["body"] = _("Write something first.")
    elif len(body) > BODY_MOST:
        problems["body"] = _("Make it shorter: at most %(most)s characters.", most=BODY_MOST)
    if email and (len(email) > EMAIL_MOST or not EMAIL.fullmatch(email)):
        problems["email"] = _("This is not an e-mail address. Leave it empty if you need no answer.")
    if problems:
        raise Invalid(**problems)
    said = Feedback(
        member_id=member.id if member else None, email="" if member else email, body=body, badge_id=badge_id
    )
    said.created_at = at or now()
    session.add(said)
    session.flush()
    return said


def settle(
    session: Session, said: Feedback, by: Member, *, done: bool, note: str = "", at: datetime | None = None
) -> None:
    """Note what became of feedback; raises Conflict where somebody else was faster."""
    note, moment = note.replace("\x00", "").strip(), at or now()
    if len(note) > NOTE_MOST:
        raise Invalid(note=_("Make it shorter: at most %(most)s characters.", most=NOTE_MOST))
    session.flush()  # or what was not written yet would be forgotten
    session.refresh(said, with_for_update=True)
    if done == (said.done_at is not None):
        raise Conflict(_("Somebody else has done this already.") if done else _("Somebody else has opened this again."))
    said.done_at, said.done_by_id, said.note = moment if done else None, by.id if done else None, note
    audit_log.record(
        session, by, "feedback", subject=f"#{said.id}", reason=note, before={"done": not done}, after={"done": done},
        member=session.get(Member, said.member_id) if said.member_id else None, at=moment,
    )  # fmt: skip


def inbox(session: Session, state: str, page: int = 1) -> tuple[Sequence[Row], bool]:
    """What was told: open ones from the oldest, done ones from the latest; and whether there is more."""
    is_open = state == "open"
    order = (Feedback.id,) if is_open else (Feedback.done_at.desc(), Feedback.id.desc())
    rows = (
        select(Feedback, Member.username, Member.name, Badge.slug, Badge.name.label("badge"))
        .outerjoin(Member, (Member.id == Feedback.member_id) & Member.deleted_at.is_(None))
        .outerjoin(Badge, Badge.id == Feedback.badge_id)
        .where(Feedback.done_at.is_(None) if is_open else Feedback.done_at.is_not(None))
        .order_by(*order)
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    )
    found = session.execute(rows).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def waiting(session: Session) -> int:
    """How many nobody has dealt with."""
    return session.scalar(select(func.count()).select_from(Feedback).where(Feedback.done_at.is_(None))) or 0
