"""Passwords: changed by whoever knows the old one, or chosen by a link from a letter."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.domain.mail import deliveries
from app.domain.membership import accounts, addresses, links
from app.domain.membership.accounts import Hashed
from app.domain.membership.links import Purpose
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.words import _

BY_HAND = timedelta(hours=24)  # a link printed by a command may have to be carried to somebody


def another(member: Member, password: str) -> Hashed:
    """The password a member wants instead of theirs, hashed before the transaction; raises Invalid where it will not do."""
    if accounts.matches(member, password):
        raise Invalid(password=_("This is your password already."))
    return accounts.hashed_for(member, password)


def change(session: Session, member: Member, password: Hashed, *, at: datetime | None = None) -> None:
    """Give a member the password they want; all their log-ins end, and a letter tells them."""
    accounts.set_password(session, member, password)
    deliveries.owe(session, "password_changed", member, at=at)


def ask_for_link(session: Session, name_or_email: str, *, at: datetime | None = None) -> None:
    """Owe a letter with a link to whoever that is. Only the worker looks whether it is anybody."""
    deliveries.owe(session, "password_reset", None, facts={"asked": name_or_email.strip()[:254]}, at=at)


def link_by_hand(session: Session, member: Member, *, at: datetime | None = None) -> str:
    """The secret of a link that somebody hands over themselves."""
    return links.make(session, member, Purpose.PASSWORD, email=member.email, lasts=BY_HAND, at=at)


def chosen(session: Session, secret: str, password: str, *, at: datetime | None = None) -> Hashed:
    """The password chosen by a link, hashed before the transaction; one that will not do does not use up the link.

    Raises Conflict where the link is gone, Invalid where the password will not do.
    """
    found = links.find(session, secret, Purpose.PASSWORD, at=at)
    if found is None:
        raise Conflict(links.gone())
    member, link = found
    return accounts.hashed_password(password, member.username, link.email or "")


def choose(session: Session, secret: str, password: Hashed, *, at: datetime | None = None) -> Member:
    """Set the password of a link's member; raises Conflict where the link is gone.

    Whoever had the link read what was sent to its address, which is thereby confirmed.
    """
    member, link = links.use(session, secret, Purpose.PASSWORD, at=at)
    had_one = member.password_hash is not None
    accounts.set_password(session, member, password)
    if link.email and link.email == member.unconfirmed_email:
        addresses.own(session, member, link.email, at=at)
    if had_one:
        deliveries.owe(session, "password_changed", member, at=at)
    return member
