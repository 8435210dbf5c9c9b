"""Letters about accounts: to whom each goes and what is in it. Their kinds cannot be switched off."""

from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.limits import Limit
from app.domain.mail.deliveries import Delivery
from app.domain.mail.stationery import Letter, Unwanted, Writer
from app.domain.membership import accounts, links
from app.domain.membership.links import Purpose
from app.domain.people.members import Member

# However many people ask for them: nobody's mailbox is filled by strangers.
AT_MOST = (Limit(3, timedelta(hours=1)), Limit(10, timedelta(days=1)))
ASKED_BY_ANYBODY = frozenset({"welcome", "new_address", "password_reset"})
# Somebody waits before the screen for these. Those that tell of what happened come however late they are.
STALE = {"password_reset": timedelta(days=1), "test_mail": timedelta(days=1)}


def pause(session: Session, email: str, *, at: datetime | None = None) -> timedelta | None:
    """How long until another letter that anybody can ask for may go to an address, or None."""
    waits = (limits.wait(session, _key(email, limit), limit, at=at) for limit in AT_MOST)
    return max((wait for wait in waits if wait), default=None)


def spend(session: Session, email: str, *, at: datetime | None = None) -> None:
    """Count a letter that anybody can ask for."""
    for limit in AT_MOST:
        limits.spend(session, _key(email, limit), limit, at=at)


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
