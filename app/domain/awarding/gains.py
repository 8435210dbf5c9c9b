"""Gains: what a retroactive run brought, by badge, and the one notice each member gets of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, String, and_, case, cast, func, literal, select
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge
from app.domain.base import insert_into, ring_after_commit
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member

REACHABLE = and_(Member.email_verified_at.is_not(None), Member.deleted_at.is_(None))


@dataclass(frozen=True)
class Gain:
    """What a run brings for one badge."""

    slug: str
    name: str
    members: int
    letters: int  # members among them whom a letter could reach
    awards: int
    earliest: datetime | None
    latest: datetime | None


def of(session: Session, fresh: ColumnElement[bool]) -> list[Gain]:
    """The gains of those awards, in the order of the badges."""
    return [Gain(*row) for row in session.execute(_gains(fresh))]


def _gains(fresh: ColumnElement[bool]) -> Select:
    won = (
        select(
            Award.badge_id,
            Award.member_id,
            func.count().label("awards"),
            func.min(Award.earned_at).label("earliest"),
            func.max(Award.earned_at).label("latest"),
        )
        .where(fresh)
        .group_by(Award.badge_id, Award.member_id)
        .subquery()
    )
    return (
        select(
            Badge.slug,
            Badge.name,
            func.count(),
            func.count(case((REACHABLE, 1))),
            cast(func.sum(won.c.awards), Integer),
            func.min(won.c.earliest),
            func.max(won.c.latest),
        )
        .join(won, won.c.badge_id == Badge.id)
        .join(Member, Member.id == won.c.member_id)
        .group_by(Badge.id, Badge.slug, Badge.name)
        .order_by(Badge.position, Badge.id)
    )


def tell(session: Session, before: int, fresh: ColumnElement[bool]) -> None:
    """One notice each, and the letters owed for them: written by the database, however many there are."""
    last_notice = session.scalar(select(func.max(Notification.id))) or 0
    told = (
        select(Notification.id)
        .where(
            Notification.member_id == Award.member_id, Notification.key == literal("award:") + cast(Award.id, String)
        )
        .exists()
    )
    told_now = (
        select(Award.member_id, func.count().label("badges"), func.max(Award.id).label("last"))
        .where(fresh, ~told)
        .group_by(Award.member_id)
        .subquery()
    )
    own = literal("award:") + cast(told_now.c.last, String)
    notices = select(
        told_now.c.member_id,
        literal("badge_earned"),
        told_now.c.last,
        case((told_now.c.badges == 1, own), else_=f"retroactive:{before}"),
        _json(session)("badges", told_now.c.badges),
    ).order_by(told_now.c.member_id)
    new = insert_into(session, Notification).from_select(["member_id", "kind", "award_id", "key", "facts"], notices)
    session.execute(new.on_conflict_do_nothing())
    letters = (
        select(Notification.id, Notification.member_id, Notification.kind)
        .join(Award, Award.id == Notification.award_id)
        .join(Member, Member.id == Notification.member_id)
        .where(Notification.id > last_notice, fresh, REACHABLE)
        .order_by(Notification.id)
    )
    owed = insert_into(session, Delivery).from_select(["notification_id", "member_id", "kind"], letters)
    session.execute(owed.on_conflict_do_nothing())
    ring_after_commit(session, "mail")


def _json(session: Session) -> Callable[..., ColumnElement]:
    """Makes a small JSON object; each engine calls it by another name."""
    return {"sqlite": func.json_object, "postgresql": func.json_build_object}[session.get_bind().dialect.name]
