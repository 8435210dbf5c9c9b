"""Gifts: badges that the team gives by hand, with a reason that the member reads."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.awarding import awards
from app.domain.badging.badges import Award, Badge
from app.domain.base import chunks, now
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.record import audit_log
from app.domain.words import _

REASON_MOST = 500
NOON, EARLIEST = time(12), date(1990, 1, 1)


class Sorted(NamedTuple):
    """The people of a list as they are to a badge: to be given it, with it already, once taken from, and oneself."""

    new: list[Member]
    had: list[Member]
    revoked: list[Member]
    oneself: list[Member]


def sort(session: Session, badge: Badge, members: Sequence[Member], by: Member) -> Sorted:
    """What giving a badge to a list would do, without doing it."""
    holders: dict[int, datetime | None] = {}
    for some in chunks([it.id for it in members]):
        held = select(Award.member_id, Award.revoked_at).where(Award.badge_id == badge.id, Award.member_id.in_(some))
        for row in session.execute(held):  # one award that stands is enough
            holders[row.member_id] = row.revoked_at and holders.get(row.member_id, row.revoked_at)
    found = Sorted([], [], [], [])
    for member in members:
        if member.id == by.id:
            found.oneself.append(member)
        elif member.id in holders:
            (found.had if holders[member.id] is None else found.revoked).append(member)
        else:
            found.new.append(member)
    return found


def give(
    session: Session, badge: Badge, members: Sequence[Member], by: Member, reason: str, *, earned_on: date | None = None,
    at: datetime | None = None,
) -> Sorted:  # fmt: skip
    """Give a badge to whoever of a list can have it, and tell them; who that was, and who not.

    A badge that is no longer awarded needs the day on which it was earned. Raises Invalid or Refused.
    """
    moment = at or now()
    reason = checked(badge, by, reason, earned_on, moment)
    # Held before its awards are written: who gives it at the same moment waits here, and not in the middle.
    session.execute(select(Badge.id).where(Badge.id == badge.id).with_for_update())
    found = sort(session, badge, sorted(members, key=lambda it: it.id), by)
    earned_at = datetime.combine(earned_on, NOON, ZoneInfo(by.zone)) if earned_on else moment
    awards.give(session, badge, found.new, by=by, way="staff", reason=reason, at=min(earned_at, moment))
    for member in found.new:
        audit_log.record(session, by, "award", member=member, subject=badge.name, reason=reason, at=moment)
    return found


def checked(badge: Badge, by: Member, reason: str, earned_on: date | None, moment: datetime) -> str:
    """The reason as it is kept; raises Invalid, or Refused where the badge cannot be given."""
    if badge.state == "planned" or badge.version_id is None:
        raise Refused(_("%(badge)s is planned: it cannot be given yet.", badge=badge.name))
    reason, problems = reason.replace("\x00", "").strip(), {}
    if not reason:
        problems["reason"] = _("Say what it is for: the member reads it.")
    elif len(reason) > REASON_MOST:
        problems["reason"] = _("Make it shorter: at most %(most)s characters.", most=REASON_MOST)
    today = moment.astimezone(ZoneInfo(by.zone)).date()
    if earned_on and not EARLIEST <= earned_on <= today:
        problems["earned_on"] = _("Choose a day that has been.")
    if badge.state == "legacy" and (earned_on is None or earned_on == today):
        problems["earned_on"] = _(
            "%(badge)s is no longer awarded. Give it only to somebody who was missed then: choose the day on which they"
            " had earned it.", badge=badge.name,
        )  # fmt: skip
    if problems:
        raise Invalid(**problems)
    return reason
