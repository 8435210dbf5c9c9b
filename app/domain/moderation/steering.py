"""Steering: what moderators do with a thread as a whole. They lock and unlock it, pin it, close it, move it."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.forum import threads
from app.domain.forum.threads import Category, Kind, Thread
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _

# What each deed writes the time of, and whether it sets or clears it.
DEEDS = {
    "lock": ("locked_at", True), "unlock": ("locked_at", False),
    "pin": ("pinned_at", True), "unpin": ("pinned_at", False),
    "close": ("closed_at", True), "reopen": ("closed_at", False),
}  # fmt: skip


def steer(session: Session, thread: Thread, by: Member, deed: str, *, at: datetime | None = None) -> bool:
    """Lock, unlock, pin, unpin, close or reopen a thread; whether that changed anything."""
    moment = at or now()
    if deed not in DEEDS:
        raise Invalid(deed=_("There is no such thing to do."))
    _hold(session, thread, by, moment)
    if deed in ("close", "reopen") and thread.kind != Kind.QUESTION:
        raise Refused(_("Only questions are closed; lock other threads."))
    column, on = DEEDS[deed]
    if (getattr(thread, column) is not None) == on:
        return False

    setattr(thread, column, moment if on else None)

    audit_log.record(session, by, deed, thread=thread, at=moment)
    return True


def move(session: Session, thread: Thread, by: Member, category: Category, *, at: datetime | None = None) -> bool:
    """Put a thread into another category; whether it was not there already."""
    moment = at or now()
    _hold(session, thread, by, moment)
    if thread.category_id == category.id:
        return False

    before, thread.category = thread.category.slug, category

    audit_log.record(
        session, by, "move", thread=thread, before={"category": before}, after={"category": category.slug}, at=moment
    )
    return True


def _hold(session: Session, thread: Thread, by: Member, moment: datetime) -> None:
    members.admit(by, moment)
    if not by.is_staff:
        raise Refused(_("Only moderators do this."))
    threads.hold(session, thread)
    if thread.deleted_at is not None:
        raise Refused(_("This thread was removed."))
