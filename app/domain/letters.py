"""Letters about accounts: to whom each goes and what is in it, decided in the moment it is sent."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import accounts, limits, links
from app.domain.base import now
from app.domain.deliveries import Delivery
from app.domain.limits import Limit
from app.domain.links import Purpose
from app.domain.members import Member

# However many people ask for them: nobody's mailbox is filled by strangers.
AT_MOST = (Limit(3, timedelta(hours=1)), Limit(10, timedelta(days=1)))
ASKED_BY_ANYBODY = frozenset({"welcome", "new_address", "password_reset"})


class Letter(NamedTuple):
    """What a letter says: which one it is, to what address it goes, and what its templates ask for."""

    template: str
    to: str
    says: dict[str, Any]


class Unwanted(Exception):
    """The letter has nobody to go to any more, or they had enough; the text says why."""


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


def _member(session: Session, owed: Delivery) -> Member:
    member = session.get(Member, owed.member_id) if owed.member_id else None
    if member is None or member.deleted_at is not None:
        raise Unwanted("the account is gone")
    return member


def _confirmation(session: Session, owed: Delivery, moment: datetime) -> Letter:
    """Asks whether an address is theirs; where it belongs to somebody already, it is that somebody who is told."""
    member, address = _member(session, owed), owed.address or ""
    if address != member.unconfirmed_email:
        raise Unwanted("another address was given since, or this one is confirmed")
    owner = session.scalars(select(Member).where(Member.email == address, Member.id != member.id)).first()
    if owner is not None:
        return Letter("address_known", address, {"member": owner, "newcomer": member})
    if links.is_kept(session, address, besides=member, at=moment):
        raise Unwanted("somebody may still go back to this address")
    secret = links.make(session, member, Purpose.ADDRESS, email=address, at=moment)
    onward = str((owed.facts or {}).get("onward", "/"))
    path = f"/verify/{secret}" + (f"?next={quote(onward, safe='/')}" if onward != "/" else "")
    return Letter(owed.kind, address, {"member": member, "path": path})


def _password_reset(session: Session, owed: Delivery, moment: datetime) -> Letter:
    if owed.member_id is None:
        asked = str((owed.facts or {}).get("asked", ""))
        found = accounts.find(session, asked) or accounts.claimant(session, asked)
        if found is None:
            raise Unwanted("nobody is called that")
        owed.member_id, owed.facts = found.id, None
    member = _member(session, owed)
    address = member.email or member.claimed_email
    if address is None:
        raise Unwanted("the account has no address")
    secret = links.make(session, member, Purpose.PASSWORD, email=address, at=moment)
    return Letter(owed.kind, address, {"member": member, "path": f"/password-reset/{secret}"})


def _address_changed(session: Session, owed: Delivery, moment: datetime) -> Letter:
    member, address = _member(session, owed), owed.address or ""
    secret = links.make(session, member, Purpose.UNDO, email=address, at=moment)
    says = {"member": member, "path": f"/undo-address/{secret}", "when": _when(owed, member)}
    return Letter(owed.kind, address, says | (owed.facts or {}))


def _news(session: Session, owed: Delivery, _moment: datetime) -> Letter:
    """Tells what happened to an account, without a secret."""
    member = _member(session, owed)
    address = owed.address or member.email
    if address is None:
        raise Unwanted("the account has no address")
    return Letter(owed.kind, address, {"member": member, "when": _when(owed, member)} | (owed.facts or {}))


def _when(owed: Delivery, member: Member) -> str:
    """When it happened, in the member's own time."""
    there = owed.created_at.astimezone(ZoneInfo(member.zone))
    return f"{there.day} {there:%B %Y}, {there:%H:%M} {there:%Z}"


Writer = Callable[[Session, Delivery, datetime], Letter]
WRITERS: dict[str, Writer] = {
    "welcome": _confirmation,
    "new_address": _confirmation,
    "password_reset": _password_reset,
    "password_changed": _news,
    "address_changed": _address_changed,
    "second_factor_on": _news,
    "second_factor_off": _news,
    "test_mail": _news,
    "export_ready": _news,
}
