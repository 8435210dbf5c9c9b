"""Letters: every kind there is, written in the moment it is sent."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.domain import account_letters, digest_letters, limits, notice_letters
from app.domain.base import now
from app.domain.deliveries import Delivery
from app.domain.limits import Limit
from app.domain.stationery import Letter, Unwanted, Writer

# However many people ask for them: nobody's mailbox is filled by strangers.
AT_MOST = (Limit(3, timedelta(hours=1)), Limit(10, timedelta(days=1)))
ASKED_BY_ANYBODY = frozenset({"welcome", "new_address", "password_reset"})

READ_ONLY = notice_letters.WRITERS.keys() | digest_letters.WRITERS.keys()  # no links are made for them
WRITERS: dict[str, Writer] = {**account_letters.WRITERS, **notice_letters.WRITERS, **digest_letters.WRITERS}


def write(session: Session, owed: Delivery, *, at: datetime | None = None) -> Letter:
    """What an owed letter says now, with links made for it; raises Unwanted."""
    moment = at or now()
    letter = WRITERS[owed.kind](session, owed, moment)
    first = owed.handovers == 0
    if owed.kind in ASKED_BY_ANYBODY and first and pause(session, letter.to, at=moment):
        raise Unwanted("too many letters to this address")
    return letter


def count(session: Session, owed: Delivery, letter: Letter, *, at: datetime | None = None) -> None:
    """Count a letter that leaves, if it is of those that anybody can ask for."""
    if owed.kind in ASKED_BY_ANYBODY:
        for limit in AT_MOST:
            limits.spend(session, _key(letter.to, limit), limit, at=at)


def pause(session: Session, email: str, *, at: datetime | None = None) -> timedelta | None:
    """How long until another letter may go to an address, or None."""
    waits = (limits.wait(session, _key(email, limit), limit, at=at) for limit in AT_MOST)
    return max((wait for wait in waits if wait), default=None)


def _key(email: str, limit: Limit) -> str:
    return limits.key("letters", str(limit.within), email)
