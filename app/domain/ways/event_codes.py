"""The codes of events: read out where everybody is together, entered by whoever was there, good for a while."""

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.base import now
from app.domain.limits import Limit
from app.domain.people.members import Member, admit
from app.domain.problems import Invalid, duration
from app.domain.record import audit_log
from app.domain.ways import attendance
from app.domain.ways.events import LONGEST, Event
from app.domain.words import _

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is taken for another
LENGTH = 8
TRIES = Limit(20, timedelta(hours=1))
EASY_TRIES = Limit(150, timedelta(minutes=1))  # while somebody develops


class Entered(NamedTuple):
    """The event whose code was entered, and whether that was news."""

    event: Event
    is_new: bool


def renew(session: Session, event: Event, by: Member, until: datetime | None, *, at: datetime | None = None) -> str:
    """Give an event a new code, good until a moment; the one it had is good no more."""
    moment = at or now()
    if until is None:
        raise Invalid(until=_("Write a day and a time, as 2026-11-22 18:30."))
    if until <= max(moment, event.opens_at):
        raise Invalid(until=_("Choose a moment that is still to come, and after the event begins."))
    if until > max(moment, event.ends_at) + LONGEST:
        raise Invalid(until=_("Choose a moment within a month of the event, so that the code does not wander."))
    event.code, event.code_until = "".join(secrets.choice(LETTERS) for _n in range(LENGTH)), until
    session.flush()
    audit_log.record(session, by, "event", subject=event.title, after={"event": event.id, "code": "opened"}, at=at)
    return event.code


def close(session: Session, event: Event, by: Member, *, at: datetime | None = None) -> None:
    """Let nobody enter the code of an event any more."""
    event.code = event.code_until = None
    audit_log.record(session, by, "event", subject=event.title, after={"event": event.id, "code": "closed"}, at=at)


def is_same(typed: str, code: str) -> bool:
    """Whether a code is the one, however it was typed; takes as long where it is not."""
    plain = unicodedata.normalize("NFKC", typed[:100]).upper()
    return secrets.compare_digest("".join(it for it in plain if it in LETTERS).encode(), code.encode())


def with_spaces(code: str) -> str:
    """A code as it is read out: in two halves."""
    return f"{code[: LENGTH // 2]} {code[LENGTH // 2 :]}"


def enter(
    session: Session, member: Member, typed: str, event: Event | None = None, *, easy: bool = False,
    at: datetime | None = None,
) -> Entered | None:  # fmt: skip
    """Note that a member was where a code was told; None where no event has it, which is counted, so let it stand.

    Without an event it is looked for. Raises Invalid for `code`, or Refused where the event is not for them.
    """
    moment, tries = at or now(), EASY_TRIES if easy else TRIES
    admit(member, moment)
    key = limits.key("event-code", str(member.id))
    if wait := limits.take(session, key, tries, at=moment):
        raise Invalid(code=_("These were many codes. Try again in %(wait)s, or ask the team.", wait=duration(wait)))
    found = _with_code(session, typed, event)
    if found is None:
        return None
    _refuse_the_hour(found, moment)
    is_new = attendance.record(session, found, member, "code", at=moment)
    if is_new:  # never for one that is entered again, or it would be a way to go on guessing
        limits.forgive(session, key)
    return Entered(found, is_new)


def _with_code(session: Session, typed: str, event: Event | None) -> Event | None:
    """The event with that code. Each is compared, so that the time it takes tells nothing."""
    known = [event] if event else session.scalars(select(Event).where(Event.code.is_not(None))).all()
    same = [it for it in known if is_same(typed, it.code or "")]
    return same[0] if same else None


def _refuse_the_hour(event: Event, moment: datetime) -> None:
    if event.opens_at > moment:
        raise Invalid(code=_("%(event)s has not begun. Enter the code once you are there.", event=event.title))
    if event.code_until is not None and event.code_until < moment:
        raise Invalid(code=_(
            "The time for the code of %(event)s is over. Write to the team: they can add you.", event=event.title
        ))  # fmt: skip
