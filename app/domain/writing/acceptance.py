"""Acceptance: the one answer that solved a question, by who asked or by a moderator."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.forum import threads
from app.domain.forum.threads import Kind, Post, Thread
from app.domain.notices import hearers
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.record import activities, audit_log
from app.domain.words import _


def accept(session: Session, answer: Post, by: Member, *, at: datetime | None = None) -> bool:
    """Accept an answer in place of any other; whether that changed anything.

    It counts for the author where somebody else accepts, for the asker where the answer is not their own.
    """
    moment = at or now()
    thread = _hold(session, answer, by, moment)
    if answer.kind != Kind.ANSWER or answer.deleted_at is not None:
        raise Refused(_("Only an answer can be accepted."))
    if thread.accepted_post_id == answer.id:
        return False

    if thread.accepted_post_id is not None:
        _withdraw(session, thread.accepted_post_id)
    thread.accepted_post_id, thread.accepted_at = answer.id, moment

    if answer.author_id != by.id:
        if answer.author is not None:
            activities.note(session, "accepted", answer.author, by=by, post=answer, at=moment)
        if by.id == thread.author_id:
            activities.note(session, "accepting", by, post=answer, at=moment)
    hearers.of_acceptance(session, answer, by, moment)
    if by.id != thread.author_id:
        audit_log.record(session, by, "accept", post=answer, at=moment)
    return True


def toggle(session: Session, answer: Post, by: Member) -> bool:
    """Accept an answer, or take its acceptance back; whether it is accepted now."""
    _hold(session, answer, by, now())
    if answer.thread.accepted_post_id == answer.id:
        unaccept(session, answer, by)
        return False
    return accept(session, answer, by)


def unaccept(session: Session, answer: Post, by: Member) -> bool:
    """Take an acceptance back; whether there was one."""
    thread = _hold(session, answer, by, now())
    if thread.accepted_post_id != answer.id:
        return False

    thread.accepted_post_id = thread.accepted_at = None

    _withdraw(session, answer.id)
    if by.id != thread.author_id:
        audit_log.record(session, by, "unaccept", post=answer)
    return True


def _hold(session: Session, answer: Post, by: Member, moment: datetime) -> Thread:
    members.admit(by, moment)
    threads.hold_post(session, answer)
    thread = answer.thread
    if thread.deleted_at is not None:
        raise Refused(_("This thread was removed."))
    if by.id != thread.author_id and not by.is_staff:
        raise Refused(_("Only who asked, or a moderator, accepts an answer."))
    return thread


def _withdraw(session: Session, post_id: int) -> None:
    for kind in ("accepted", "accepting"):
        activities.withdraw(session, activities.standing(session, kind=kind, post_id=post_id))
