"""Awards: given by rule or by people, each once, none taken back by the machine."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.domain import activities, notifications
from app.domain.badges import Award, Badge
from app.domain.base import insert_into, now
from app.domain.gate import Reached
from app.domain.members import Member
from app.domain.problems import Refused
from app.domain.words import _


class Fresh(NamedTuple):
    """An award that was really made just now."""

    id: int
    badge: int
    member: int
    subject: int
    seq: int | None


def make(session: Session, reached: Iterable[Reached]) -> list[Fresh]:
    """Make awards for completed rules; those that are held already are left alone."""
    first: dict[tuple[int, int, int], Reached] = {}
    for it in reached:
        key = (it.badge, it.member, it.subject)
        if key not in first or (it.seq, it.at) < (first[key].seq, first[key].at):
            first[key] = it
    if not first:
        return []
    columns = (Award.id, Award.badge_id, Award.member_id, Award.subject, Award.seq)
    rows = session.execute(
        insert_into(session, Award).on_conflict_do_nothing().returning(*columns),
        [
            {
                "badge_id": it.badge,
                "version_id": it.version,
                "member_id": it.member,
                "subject": it.subject,
                "seq": it.seq,
                "earned_at": it.at,
            }
            for it in sorted(first.values(), key=lambda it: (it.seq, it.badge, it.subject))
        ],
    )
    fresh = [Fresh(*row) for row in rows]
    count_holders(session, {it.badge for it in fresh})
    return fresh


def grant(
    session: Session,
    badge: Badge,
    member: Member,
    *,
    by: Member | None = None,
    way: str = "staff",
    reason: str = "",
    at: datetime | None = None,
) -> Award:
    """Give a badge by hand, request, invitation or event. Raises Refused if the member has it."""
    if badge.version_id is None:
        raise Refused(_("This badge has not been published yet."))
    earned_at = at or now()
    made = session.execute(
        insert_into(session, Award)
        .values(
            badge_id=badge.id,
            version_id=badge.version_id,
            member_id=member.id,
            subject=0,
            way=way,
            by_id=by.id if by else None,
            reason=reason,
            earned_at=earned_at,
        )
        .on_conflict_do_nothing()
        .returning(Award.id)
    ).scalar()
    if made is None:
        raise Refused(_("%(member)s already has %(badge)s.", member=member.name, badge=badge.name))

    activities.note(session, "badge_granted", member, by=by, at=earned_at, object=badge.slug)
    count_holders(session, {badge.id})
    notifications.tell_of_awards(session, [made])
    return session.get_one(Award, made)


def place(session: Session, slug: str, member_id: int, seq: int) -> None:
    """Give an award made by people its place in booking order, where its deed was booked."""
    badge = select(Badge.id).where(Badge.slug == slug).scalar_subquery()
    session.execute(
        update(Award).where(Award.badge_id == badge, Award.member_id == member_id, Award.seq.is_(None)).values(seq=seq)
    )


def count_holders(session: Session, badges: set[int]) -> None:
    """Bring the number of holders of some badges up to date."""
    if badges:
        held = (
            select(func.count(Award.member_id.distinct()))
            .where(Award.badge_id == Badge.id, Award.revoked_at.is_(None))
            .scalar_subquery()
        )
        session.execute(
            update(Badge).where(Badge.id.in_(badges)).values(holders=held).execution_options(synchronize_session=False)
        )


def latest(session: Session, member_id: int, limit: int = 2) -> Sequence[Award]:
    """A member's latest awards: by the day earned, then by number, newest first."""
    return session.scalars(
        select(Award)
        .where(Award.member_id == member_id, Award.revoked_at.is_(None))
        .order_by(Award.earned_at.desc(), Award.id.desc())
        .limit(limit)
    ).all()
