"""The mailbox: which letters a member was sent lately, and what each was about."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.mail import preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.preferences import KINDS
from app.domain.people.members import Member
from app.domain.words import _

SHOWN = timedelta(days=30)
PER_PAGE = 30

# What always comes, because an account would not be safe without it, and what was asked for on the spot.
SAFETY = {
    "welcome": "Confirm your address",
    "new_address": "Confirm your new address",
    "address_changed": "Your address was changed",
    "password_reset": "Choose a new password",
    "password_changed": "Your password was changed",
    "second_factor_on": "Your second factor was turned on",
    "second_factor_off": "Your second factor was turned off",
}
ASKED_FOR = {"export_ready": "Your data is ready", "test_mail": "Test of the mail server"}
SUMMARIES = {"digest_daily": "Your daily summary", "digest_weekly": "Your weekly summary"}
STATES = {
    "queued": "On its way",
    "sending": "On its way",
    "handover": "On its way",
    "sent": "Sent",
    "uncertain": "Probably sent",
    "bounced": "Came back: there is no such address",
    "dead": "Could not be sent",
}


def subject(kind: str) -> str:
    """What letters of a kind are about, in a few words."""
    return _({**SAFETY, **ASKED_FOR, **SUMMARIES}.get(kind) or KINDS[preferences.row_of(kind)].label)


def state(letter: Delivery) -> str:
    """How it went with a letter, in words."""
    return _(STATES[letter.state])


def of(
    session: Session, member: Member, page: int = 1, *, at: datetime | None = None
) -> tuple[Sequence[Delivery], bool]:
    """A page of the letters a member was sent lately, the newest first, and whether there are more.

    What was not sent because nobody wanted it any more is no letter.
    """
    theirs = select(Delivery).where(Delivery.member_id == member.id, Delivery.created_at >= (at or now()) - SHOWN)
    theirs = theirs.where(Delivery.state.in_(STATES)).order_by(Delivery.id.desc())
    found = session.scalars(theirs.offset((page - 1) * PER_PAGE).limit(PER_PAGE + 1)).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def for_export(member_id: int) -> Select:
    """The letters that are remembered of those a member was sent."""
    sent = select(Delivery.kind, Delivery.subject, Delivery.state, Delivery.created_at, Delivery.sent_at)
    return sent.where(Delivery.member_id == member_id, Delivery.state.in_(STATES)).order_by(Delivery.id)
