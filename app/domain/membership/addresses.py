"""Addresses: a member claims one, a letter goes there, and the link in it makes it theirs. The old one can go back."""

from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.mail import deliveries
from app.domain.membership import account_letters, accounts, links, second_factors, sessions
from app.domain.membership.links import Purpose
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused, duration
from app.domain.words import _

TAKEN_OVER_WITHIN = timedelta(days=1)  # how long before the address a thief may have changed the rest


def claim(session: Session, member: Member, email: str, *, at: datetime | None = None) -> None:
    """Ask to have an address, and owe the letter that asks whether it is theirs. Until then nothing changes."""
    email = accounts.checked_email(email)
    if email == member.email and member.email_verified_at is not None:
        raise Invalid(email=_("This is your address already."))
    if wait := account_letters.pause(session, email, at=at):
        raise Invalid(
            email=_(
                "Several letters went there. Look in the spam folder, or try again in %(wait)s.",
                wait=duration(wait),
            )
        )
    member.claimed_email = email
    deliveries.owe(session, _kind(member), member, address=email, at=at)


def ask_again(session: Session, member: Member, *, at: datetime | None = None) -> str:
    """Owe another letter to the address that waits to be confirmed; returns the address."""
    email = member.unconfirmed_email
    if email is None:
        raise Conflict(_("Your address is confirmed already."))
    if wait := account_letters.pause(session, email, at=at):
        raise Refused(
            _(
                "Several letters went to you. Look in the spam folder, or try again in %(wait)s.",
                wait=duration(wait),
            )
        )
    deliveries.owe(session, _kind(member), member, address=email, at=at)
    return email


def give_up(session: Session, member: Member) -> bool:
    """Stay with the old address; whether there was another to give up."""
    if member.claimed_email is None or member.email is None:
        return False
    member.claimed_email = None
    return True


def confirm(session: Session, secret: str, *, at: datetime | None = None) -> Member:
    """Make the address that a link was sent to its member's own; raises Conflict where that cannot be."""
    member, link = links.use(session, secret, Purpose.ADDRESS, at=at)
    own(session, member, link.email or "", at=at)
    return member


def own(session: Session, member: Member, email: str, *, at: datetime | None = None) -> None:
    """Make an address a member's own, now that they have shown that they read what is sent there.

    The old one is told, and can go back. Raises Conflict where somebody else has the address by now.
    """
    before = member.email if member.email_verified_at else None
    if links.is_kept(session, email, besides=member, at=at):
        raise Conflict(_no_longer_free())
    _move(session, member, email)
    accounts.verify_email(session, member, at=at)
    if before and before != email:
        deliveries.owe(session, "address_changed", member, address=before, facts={"to": masked(email)}, at=at)


def undo(session: Session, secret: str, *, at: datetime | None = None) -> tuple[Member, str]:
    """Give an account back to its old address: everybody is logged out, and the password is void.

    A second factor from the days of the change goes too: whoever took the account over would have set it up to stay.
    An older one stays, for the old mailbox alone must not be a way past it. Returns the member and the secret of a
    link to choose a new password.
    """
    member, link = links.use(session, secret, Purpose.UNDO, at=at)
    if second_factors.turn_off(session, member, since=link.created_at - TAKEN_OVER_WITHIN):
        deliveries.owe(session, "second_factor_off", member, address=link.email, at=at)
    _move(session, member, link.email or "")
    member.password_hash = None
    sessions.end_all(session, member)
    session.flush()
    return member, links.make(session, member, Purpose.PASSWORD, email=member.email, at=at)


def masked(email: str) -> str:
    """An address that its owner recognises and others cannot use."""
    name, _at, host = email.partition("@")
    return f"{name[0]}•••@{host}"


def _kind(member: Member) -> str:
    return "new_address" if member.email_verified_at else "welcome"


def _move(session: Session, member: Member, email: str) -> None:
    try:
        with session.begin_nested():
            member.email, member.claimed_email = email, None
    except IntegrityError:
        raise Conflict(_no_longer_free()) from None


def _no_longer_free() -> str:
    return _("This address belongs to another account by now.")
