"""Roles: who gives them, and that there is always somebody who can."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.membership import accounts
from app.domain.moderation import suspensions
from app.domain.people.members import Member, Role
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _


def change(session: Session, member: Member, by: Member, role: str, reason: str, *, typed: str) -> None:
    """Give a member another role. Their username is typed again, so that nobody gets one by a slip.

    Their log-ins end. Raises Refused where it would leave the site without an administrator.
    """
    reason = suspensions.checked_reason(reason)
    if role not in tuple(Role):
        raise Invalid(role=_("Choose a role."))
    if typed.strip().lower() != member.username_key:
        raise Invalid(typed=_("Type %(username)s, to be sure that you mean them.", username=member.username))
    _hold_administrators(session)
    session.refresh(by)
    session.refresh(member)
    _refuse(session, member, by, role)

    before = member.role
    accounts.set_role(session, member, role)
    audit_log.record(
        session, by, "role", member=member, reason=reason, before={"role": before}, after={"role": str(member.role)}
    )


def _refuse(session: Session, member: Member, by: Member, role: str) -> None:
    if by.role != Role.ADMINISTRATOR:
        raise Refused(_("Only an administrator gives roles."))
    if member.role == role:
        raise Conflict(_("%(name)s has this role already.", name=member.name))
    if member.deleted_at is not None or member.email_verified_at is None:
        raise Refused(_("Whoever helps to run the site needs a confirmed e-mail address."))
    if member.role == Role.ADMINISTRATOR and administrators(session) == 1:
        raise Refused(_("This is the only administrator. Make somebody else one first."))


def administrators(session: Session) -> int:
    """How many can run the site."""
    wanted = select(func.count()).select_from(Member).where(Member.role == Role.ADMINISTRATOR)
    return session.scalar(wanted.where(Member.deleted_at.is_(None))) or 0


def _hold_administrators(session: Session) -> None:
    # Two who take the role from each other at the same moment must not both succeed.
    session.flush()
    held = select(Member.id).where(Member.role == Role.ADMINISTRATOR).order_by(Member.id)
    session.execute(held.with_for_update(key_share=True)).all()
