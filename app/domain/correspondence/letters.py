"""Letters: every kind there is, written in the moment it is sent."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.correspondence import digest_letters, notice_letters
from app.domain.mail.deliveries import Delivery
from app.domain.mail.stationery import Letter, Unwanted, Writer
from app.domain.membership import account_letters

READ_ONLY = notice_letters.WRITERS.keys() | digest_letters.WRITERS.keys()  # no links are made for them
WRITERS: dict[str, Writer] = {**account_letters.WRITERS, **notice_letters.WRITERS, **digest_letters.WRITERS}


def write(session: Session, owed: Delivery, *, at: datetime | None = None) -> Letter:
    """What an owed letter says now, with links made for it; raises Unwanted."""
    moment = at or now()
    if moment - owed.created_at > account_letters.STALE.get(owed.kind, timedelta.max):
        raise Unwanted("asked for so long ago that nobody waits for it")
    letter = WRITERS[owed.kind](session, owed, moment)
    first = owed.handovers == 0
    if owed.kind in account_letters.ASKED_BY_ANYBODY and first and account_letters.pause(session, letter.to, at=moment):
        raise Unwanted("too many letters to this address")
    return letter


def count(session: Session, owed: Delivery, letter: Letter, *, at: datetime | None = None) -> None:
    """Count a letter that leaves, if it is of those that anybody can ask for."""
    if owed.kind in account_letters.ASKED_BY_ANYBODY:
        account_letters.spend(session, letter.to, at=at)
