"""Members as staff look them up: by name, role, or because they are suspended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session, aliased

from app.domain.moderation.suspensions import Suspension
from app.domain.people.members import Member, Role

PER_PAGE = 50
SHOWN = ("everybody", "staff", "suspended")


def page(
    session: Session, words: str, shown: str, moment: datetime, *, by_email: bool = False, number: int = 1
) -> tuple[Sequence[Row], bool]:
    """A page of members, the newest first, and whether there is more. Addresses are only found where one may know them."""
    members = (
        select(Member.id, Member.id.label("author_id"), Member.username, Member.name, Member.photo, Member.role,
               Member.joined_at, Member.points, Member.suspended_until, Member.email_verified_at)
        .where(Member.deleted_at.is_(None))
        .order_by(Member.id.desc())
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )  # fmt: skip
    if shown == "staff":
        members = members.where(Member.role != Role.MEMBER)
    elif shown == "suspended":
        members = members.where(Member.suspended_until > moment)
    if words := words.strip().lower()[:100]:
        fits = [Member.username_key.contains(words, autoescape=True), Member.name.icontains(words, autoescape=True)]
        members = members.where(or_(*fits, *([Member.email == words] if by_email else [])))
    found = session.execute(members).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def suspensions_of(session: Session, member_id: int) -> Sequence[Row]:
    """When a member was suspended, by whom, why and until when; the latest first."""
    by = aliased(Member)
    given = (
        select(Suspension.begun_at, Suspension.until, Suspension.lifted_at, Suspension.reason, by.name.label("by_name"))
        .join(by, by.id == Suspension.by_id)
        .where(Suspension.member_id == member_id)
        .order_by(Suspension.id.desc())
        .limit(50)
    )
    return session.execute(given).all()
