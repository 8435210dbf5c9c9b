"""Nominations: a member whose rank allows it asks for a badge for another, who hears of it only once it is approved."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge, find
from app.domain.base import now
from app.domain.people import blocks
from app.domain.people.members import IN_SIGHT, Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.rewards import guide, unlocks
from app.domain.rewards.unlocks import Lock
from app.domain.ways import requests
from app.domain.ways.requests import BadgeRequest
from app.domain.ways.requests.asking import NOMINATED
from app.domain.words import _

UNLOCK = "nominating"


def lock(session: Session, member: Member) -> Lock | None:
    """What keeps a member from nominating others: the rank that is missing, or nothing."""
    return unlocks.lock(guide.ladder(session), member, UNLOCK)


def nominate(
    session: Session, nominator: Member, username: str, slug: str, reason: str, *, named: bool = True, token: str = "",
    at: datetime | None = None,
) -> tuple[BadgeRequest, bool]:  # fmt: skip
    """Ask the team to give another member a badge; the request, and whether that was just now.

    `named`: the nominee may know who it was. Raises Refused, Conflict, or Invalid for `member`, `badge` and `note`.
    """
    moment = at or now()
    unlocks.require(session, nominator, UNLOCK)
    nominee, badge = _find(session, username, slug)
    if nominee.id == nominator.id:
        raise Invalid(
            member=_("You cannot nominate yourself. Badges that can be requested have a button on their page.")
        )
    # Whoever nominates the same member waits here; in one order, for two may nominate each other.
    for it in sorted((nominator, nominee), key=lambda person: person.id):
        session.refresh(it, with_for_update={"key_share": True})
    _refuse(session, nominator, nominee, badge, moment)
    try:
        request, is_new = requests.send(session, nominee, badge, reason, by=nominator, token=token, at=moment)
    except Conflict as no:
        raise Invalid(member=str(no)) from None
    if is_new:
        request.names_asker = named
    return request, is_new


def badges(session: Session) -> Sequence[Badge]:
    """The badges that members can be nominated for."""
    found = select(Badge).where(Badge.state == "published", Badge.version_id.is_not(None))
    rows = session.scalars(found.order_by(Badge.position, Badge.id))
    return [it for it in rows if is_for(it.ways)]


def is_for(ways: Sequence[str]) -> bool:
    """Whether a badge that is obtained in these ways is one to nominate others for."""
    return not NOMINATED.isdisjoint(ways)


def _find(session: Session, username: str, slug: str) -> tuple[Member, Badge]:
    key = username.strip().removeprefix("@").lower()
    nominee = session.scalars(select(Member).where(Member.username_key == key, IN_SIGHT, Member.deleted_at.is_(None)))
    found, wanted = nominee.first(), find(session, slug)
    if found is None:
        raise Invalid(member=_("Nobody here has that username."))
    if wanted is None:
        raise Invalid(badge=_("Choose a badge."))
    return found, wanted


def _refuse(session: Session, nominator: Member, nominee: Member, badge: Badge, moment: datetime) -> None:
    """Refuse in the same words, whatever it is: who blocked whom, and what was taken back, stays with them."""
    away = nominee.suspended_until is not None and nominee.suspended_until > moment
    taken_back = select(Award.id).where(
        Award.badge_id == badge.id, Award.member_id == nominee.id, Award.revoked_at.is_not(None)
    )
    if away or blocks.is_blocked(session, nominee, nominator) or session.scalars(taken_back).first():
        raise Refused(_("%(name)s cannot be nominated for this at the moment.", name=nominee.name))
