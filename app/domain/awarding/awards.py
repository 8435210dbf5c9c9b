"""Awards: given by rule or by people, each once, none taken back by the machine."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, NoReturn

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.badging.badges import Award, Badge
from app.domain.badging.gate import Reached
from app.domain.base import now
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import activities, audit_log
from app.domain.words import _

REASON_MOST = 500
TOLD = {"revoke": "badge_revoked", "give-back": "badge_given_back"}  # the kinds of notice


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
    wanted: list[dict[str, Any]] = [
        {
            "badge_id": it.badge,
            "version_id": it.version,
            "member_id": it.member,
            "subject": it.subject,
            "seq": it.seq,
            "earned_at": it.at,
        }
        for it in sorted(first.values(), key=lambda it: (it.seq, it.badge, it.subject))
    ]
    fresh = [Fresh._make(it) for it in rows.add_new(session, Award, wanted, *columns)]
    count_holders(session, {it.badge for it in fresh})
    return fresh


def grant(
    session: Session, badge: Badge, member: Member, *, by: Member | None = None, way: str = "staff", reason: str = "",
    at: datetime | None = None,
) -> Award:  # fmt: skip
    """Give a badge by hand, request, invitation or event. Raises Refused if the member has it, or had it taken back."""
    made = give(session, badge, [member], by=by, way=way, reason=reason, at=at)
    return session.get_one(Award, made[member.id] if made else refuse(session, badge, member))


def give(
    session: Session, badge: Badge, members: Sequence[Member], *, by: Member | None = None, way: str = "staff",
    reason: str = "", at: datetime | None = None,
) -> dict[int, int]:  # fmt: skip
    """Give a badge to many at once, and tell them; the award of each who neither has it nor had it taken back."""
    if badge.version_id is None:
        raise Refused(_("This badge has not been published yet."))
    award: dict[str, Any] = {
        "badge_id": badge.id, "version_id": badge.version_id, "subject": 0, "way": way, "by_id": by.id if by else None,
        "reason": reason, "earned_at": at or now(),
    }  # fmt: skip
    one_each = [award | {"member_id": it.id} for it in members]
    made = {it.member_id: it.id for it in rows.add_new(session, Award, one_each, Award.id, Award.member_id)}
    given = [it for it in members if it.id in made]
    for member in given:
        activities.note(session, "badge_granted", member, by=by, at=award["earned_at"], object=badge.slug)
    count_holders(session, {badge.id} if given else set())
    notifications.tell(
        session,
        [notifications.of_award(made[it.id], it.id, award["by_id"], reason) for it in given if it.deleted_at is None],
    )
    return made


def refuse(session: Session, badge: Badge, member: Member) -> NoReturn:
    """Raise Refused with what to say of a badge that could not be given."""
    standing = select(Award.id).where(Award.badge_id == badge.id, Award.member_id == member.id)
    if session.scalar(standing.where(Award.revoked_at.is_(None)).limit(1)):
        raise Refused(_("%(member)s already has %(badge)s.", member=member.name, badge=badge.name))
    place = f"/awards/{session.scalar(standing.limit(1))}"
    words = _("%(badge)s was taken back from %(member)s. It can be given back at %(place)s.",
              badge=badge.name, member=member.name, place=place)  # fmt: skip
    raise Refused(words)


def place(session: Session, slug: str, member_id: int, seq: int) -> None:
    """Give an award made by people its place in booking order, where its deed was booked."""
    badge = select(Badge.id).where(Badge.slug == slug).scalar_subquery()
    session.execute(
        update(Award).where(Award.badge_id == badge, Award.member_id == member_id, Award.seq.is_(None)).values(seq=seq)
    )


_badges = Badge.__table__
_COUNTED = (
    select(_badges.c.id)
    .where(_badges.c.id.in_(bindparam("badges", expanding=True)))
    .order_by(_badges.c.id)
    .with_for_update(key_share=True)
)
HOLDERS = (
    select(func.count(Award.member_id.distinct()))
    .where(Award.badge_id == _badges.c.id, Award.revoked_at.is_(None))
    .correlate(_badges)
    .scalar_subquery()
)
_RECOUNT = (
    update(_badges)  # type: ignore[arg-type]
    .where(_badges.c.id.in_(bindparam("badges", expanding=True)))
    .values(holders=HOLDERS)
)


def count_holders(session: Session, badges: set[int]) -> None:
    """Bring the number of holders of some badges up to date.

    Two who give a badge at the same moment do not see each other's award: the second counts when the first is done.
    """
    if badges:
        if session.get_bind().dialect.name != "sqlite":  # whose writers come one after the other
            session.execute(_COUNTED, {"badges": list(badges)})
        session.execute(_RECOUNT, {"badges": list(badges)})


def revoke(session: Session, award: Award, by: Member, reason: str, *, at: datetime | None = None) -> None:
    """Take back an award that was given in error. It stays in the history with the reason, and its holder is told."""
    reason, moment = _worded(reason), at or now()
    _hold(session, award, by)
    if award.revoked_at is not None:
        raise Conflict(_("Somebody else has taken this award back already."))
    award.revoked_at, award.revoked_by_id, award.revoked_because = moment, by.id, reason
    activities.withdraw(session, _gift(session, award))
    _note(session, award, by, "revoke", reason, moment)
    session.execute(  # what was told of it is no news any more
        update(Notification)
        .where(Notification.key == f"award:{award.id}", Notification.read_at.is_(None))
        .values(read_at=moment)
    )


def give_back(session: Session, award: Award, by: Member, reason: str, *, at: datetime | None = None) -> None:
    """Put right that an award was taken back: it is as it was, with its old date, and its holder is told."""
    reason, moment = _worded(reason), at or now()
    _hold(session, award, by)
    if award.revoked_at is None:
        raise Conflict(_("Somebody else has given this award back already."))
    award.revoked_at, award.revoked_by_id, award.revoked_because = None, None, ""
    if award.way != "automatic":
        activities.note(session, "badge_granted", award.member, by=by, at=award.earned_at, object=award.badge.slug)
    _note(session, award, by, "give-back", reason, moment)


def _worded(reason: str) -> str:
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise Invalid(reason=_("Write why, in a sentence: the member reads it."))
    if len(reason) > REASON_MOST:
        raise Invalid(reason=_("Make it shorter: at most %(most)s characters.", most=REASON_MOST))
    return reason


def _hold(session: Session, award: Award, by: Member) -> None:
    """Let only one correct an award at a time, and nobody their own."""
    session.refresh(award, with_for_update=True)
    if award.member_id == by.id:
        raise Refused(_("This is your own award: ask somebody else of the team."))


def _gift(session: Session, award: Award) -> list[activities.Activity]:
    """The deed by which people gave an award; none where a rule did."""
    if award.way == "automatic":
        return []
    return activities.standing(
        session, kind="badge_granted", member_id=award.member_id, object=award.badge.slug, happened_at=award.earned_at
    )


def _note(session: Session, award: Award, by: Member, deed: str, reason: str, moment: datetime) -> None:
    """What both corrections lead to: the count of holders, a line in the log, a notice."""
    session.flush()
    count_holders(session, {award.badge_id})
    entry = audit_log.record(session, by, deed, member=award.member, subject=award.badge.name, reason=reason, at=moment)
    session.flush()
    notice = {
        "member_id": award.member_id, "kind": TOLD[deed], "key": f"{deed}:{entry.id}", "award_id": award.id,
        "actor_id": by.id, "facts": {"badge": award.badge.name, "slug": award.badge.slug, "reason": reason},
    }  # fmt: skip
    notifications.tell(session, [notice])
