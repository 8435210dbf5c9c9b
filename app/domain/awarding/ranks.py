"""Ranks: told once when they are reached, by points or by the hand of staff; never a way to rights of staff."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.moderation import suspensions
from app.domain.notices import notifications
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.record.points import PointEntry, Rank
from app.domain.words import _


def tell(session: Session, raised: Mapping[int, int]) -> None:
    """Tell members of the ranks they reached; of each rank a member is told once."""
    names = dict(session.execute(select(Rank.position, Rank.name)).all()) if raised else {}
    notifications.tell(
        session,
        [
            {"member_id": member, "kind": "rank", "key": f"rank:{rank}", "facts": {"rank": names.get(rank, "")}}
            for member, rank in raised.items()
        ],
    )


def earned(session: Session, member: Member) -> int:
    """The position of the rank that a member's highest balance ever reached."""
    highest = session.scalar(select(func.max(PointEntry.balance)).where(PointEntry.member_id == member.id)) or 0
    return session.scalar(select(func.max(Rank.position)).where(Rank.points <= max(highest, 0))) or 0


def give(session: Session, member: Member, by: Member, slug: str, reason: str, *, at: datetime | None = None) -> None:
    """Give a member a rank by hand. What they reached by points is theirs: nobody can go below it."""
    reason = suspensions.checked_reason(reason)
    rank = session.scalars(select(Rank).where(Rank.slug == slug)).one_or_none()
    if rank is None:
        raise Invalid(rank=_("Choose a rank."))
    if not by.is_staff or by.id == member.id:
        raise Refused(_("Somebody else of the team decides on your rank."))
    session.refresh(member, with_for_update={"key_share": True})  # points may raise it at the same moment
    if member.deleted_at is not None:
        raise Refused(_("This account was deleted."))
    if member.rank == rank.position:
        raise Conflict(_("%(name)s has this rank already.", name=member.name))
    if rank.position < earned(session, member):
        raise Invalid(rank=_("%(name)s reached a higher rank by points. What was reached is kept.", name=member.name))

    before, member.rank = member.rank, rank.position
    audit_log.record(
        session, by, "rank", member=member, subject=rank.name, reason=reason, at=at,
        before={"rank": before}, after={"rank": rank.position},
    )  # fmt: skip
    key = f"rank:{rank.position}" if rank.position > before else f"rank:{rank.position}:below:{before}"
    facts = {"rank": rank.name, "reason": reason}
    notifications.tell(session, [{"member_id": member.id, "kind": "rank", "key": key, "facts": facts}])
