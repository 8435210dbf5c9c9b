"""Figures: how the programme fares, for the team. Counts of the last weeks, and nobody's name."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.forum.threads import Category, Thread
from app.domain.mail.deliveries import Delivery
from app.domain.ways.requests import BadgeRequest

DAYS = 28
CATEGORIES = 8
# From how long ago the requests of each group are, the latest first; the last group is all that is older.
AGES = (timedelta(), timedelta(days=1), timedelta(days=2), timedelta(days=7))
# What became of letters, as people ask: the states that are one answer.
OUTCOMES = {
    "sent": ("sent",),
    "on their way": ("queued", "sending", "handover"),
    "not needed": ("dropped",),
    "in doubt": ("uncertain",),
    "failed": ("bounced", "dead"),
}


class Day(NamedTuple):
    """The awards of one day, of those that still stand: made by a rule, and given by people."""

    on: date
    by_rule: int
    by_people: int


def awards_by_day(session: Session, zone: str, *, at: datetime | None = None) -> list[Day]:
    """How many badges were earned on each of the last days, where the site is; the latest day comes last."""
    here, moment = ZoneInfo(zone), at or now()
    today = moment.astimezone(here).date()
    days = [today - timedelta(days=DAYS - 1 - it) for it in range(DAYS)]
    midnights = [datetime.combine(it, time(), here) for it in (*days, today + timedelta(days=1))]
    counts: list[Any] = [
        func.count().filter(Award.earned_at >= begins, Award.earned_at < ends, by_rule)
        for begins, ends in pairwise(midnights)
        for by_rule in (Award.way == "automatic", Award.way != "automatic")
    ]
    # By badge, for that is how awards are in order: the history before is not looked at.
    lately = and_(Award.badge_id == Badge.id, Award.earned_at >= midnights[0], Award.revoked_at.is_(None))
    found = session.execute(select(*counts).select_from(Badge).join(Award, lately)).one()
    return [Day(day, found[2 * it], found[2 * it + 1]) for it, day in enumerate(days)]


def never_earned(session: Session) -> Sequence[Row]:
    """The badges that can be earned now and that nobody holds, in their order."""
    columns = (Badge.slug, Badge.name, Badge.family, Badge.tier, Badge.glyph)
    unheld = select(*columns).where(Badge.state == "published", Badge.holders == 0)
    return session.execute(unheld.order_by(Badge.position, Badge.id)).all()


def waiting_by_age(session: Session, *, at: datetime | None = None) -> list[int]:
    """How many requests wait for a moderator, by the groups of AGES."""
    moment = at or now()
    counts: list[Any] = [
        func.count().filter(BadgeRequest.sent_at <= moment - after, BadgeRequest.sent_at > moment - until)
        for after, until in zip(AGES, (*AGES[1:], timedelta(days=36500)), strict=True)
    ]
    return list(session.execute(select(*counts).where(BadgeRequest.state == "waiting")).one())


def letters_by_outcome(session: Session, *, at: datetime | None = None) -> dict[str, int]:
    """What became of the letters of the last days, by the names of OUTCOMES."""
    since = (at or now()) - timedelta(days=DAYS)
    lately = (
        select(Delivery.state, func.count().label("letters"))
        .where(Delivery.created_at >= since)
        .group_by(Delivery.state)
    )
    found = {it.state: it.letters for it in session.execute(lately)}
    return {name: sum(found.get(it, 0) for it in states) for name, states in OUTCOMES.items()}


def lively_categories(session: Session, *, at: datetime | None = None) -> Sequence[Row]:
    """The categories with most threads in which something was written in the last days, and how many began there."""
    since = (at or now()) - timedelta(days=DAYS)

    def threads(since_when: Any) -> Any:
        theirs = (Thread.category_id == Category.id, since_when >= since, Thread.deleted_at.is_(None))
        return select(func.count()).select_from(Thread).where(*theirs).correlate(Category).scalar_subquery()

    lively, begun = threads(Thread.active_at).label("lively"), threads(Thread.created_at).label("begun")
    rows = select(Category.slug, Category.name, lively, begun).order_by(lively.desc(), Category.position, Category.id)
    return [it for it in session.execute(rows.limit(CATEGORIES)) if it.lively]
