"""Explains a badge to a member: what is there, what is missing, what did not count and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, case, func, not_, select
from sqlalchemy.orm import Session

from app.domain import criteria, distance
from app.domain.activities import Activity
from app.domain.badges import Award, Badge, BadgeVersion
from app.domain.criteria import Count, Node, Progress
from app.domain.facts import FACTS
from app.domain.members import Member
from app.domain.points import PointEntry
from app.domain.threads import Post


@dataclass(frozen=True)
class Condition:
    """One condition of a rule, how far the member is, and what did not count."""

    progress: Progress
    left_out: Sequence[str]


@dataclass(frozen=True)
class Explanation:
    """Everything one member may be told about one badge."""

    how: str
    conditions: Sequence[Condition]
    awards: Sequence[Row]  # earned_at, way, reason, number (of the rule's version), seq, kind, post_id, undated


def explain(session: Session, member: Member, badge: Badge) -> Explanation:
    """How a member stands with a badge."""
    version = session.get_one(BadgeVersion, badge.version_id)
    made = _awards(session, member, badge)
    if not version.criterion:
        return Explanation(version.how, (), made)
    node = criteria.parse(version.criterion)
    names = {it.slug: it.name for it in session.execute(select(Badge.slug, Badge.name))}
    return Explanation(node.sentence(names), tuple(conditions(session, member, node, names)), made)


def conditions(session: Session, member: Member, node: Node, names: criteria.Names) -> Iterable[Condition]:
    """Each condition with the member's own number and what did not count for it."""
    held = frozenset(
        session.scalars(
            select(Badge.slug)
            .join(Award, Award.badge_id == Badge.id)
            .where(Award.member_id == member.id, Award.revoked_at.is_(None))
        )
    )
    here = distance.standpoint(session, member.id, [node], held)
    for part in _leaves(node):
        for progress in part.progress(here, names):
            yield Condition(progress, _left_out(session, member, part) if isinstance(part, Count) else ())


def _leaves(node: Node) -> Iterable[Node]:
    parts = getattr(node, "parts", ())
    if not parts or parts[0].subjects == "post":
        yield node
    else:
        for part in parts:
            yield from _leaves(part)


def _left_out(session: Session, member: Member, part: Count) -> list[str]:
    if part.measure.of_points:
        return _held_back(session, member)
    kinds = [kind for kind, _ in part.measure.weights]
    mine = (Activity.member_id == member.id, Activity.kind.in_(kinds), Activity.seq.is_not(None))
    missed = [func.sum(case((not_(FACTS[name].sql(value)), 1), else_=0)) for name, value in part.measure.where]
    row = session.execute(
        select(func.sum(case((Activity.amount < 0, 1), else_=0)), *missed)
        .select_from(Activity)
        .outerjoin(Post, Post.id == Activity.post_id)
        .where(*mine, Activity.amount != 0)
    ).one()
    texts = [f"{row[0]} withdrawn, or their post deleted"] if row[0] else []
    for (name, value), count in zip(part.measure.where, row[1:], strict=True):
        if count:
            texts.append(f"{count} not counted: {_wanted(name, value)}")
    waiting = session.scalar(
        select(func.count()).where(Activity.member_id == member.id, Activity.kind.in_(kinds), Activity.seq.is_(None))
    )
    return texts + ([f"{waiting} still waiting to be looked at"] if waiting else [])


def _wanted(name: str, value: object) -> str:
    if name == "post":
        nouns = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        return "only those of " + " and ".join(f"{noun}s" for noun in nouns) + " count"
    return "only those " + FACTS[name].phrase(value) + " count"


def _held_back(session: Session, member: Member) -> list[str]:
    rows = session.execute(
        select(PointEntry.held, func.count())
        .where(PointEntry.member_id == member.id, PointEntry.held.is_not(None))
        .group_by(PointEntry.held)
    )
    words = {"day": "the day's allowance was used up", "pair": "the allowance for one giver and day was used up"}
    return [f"{count} deeds counted less or not: {words[held]}" for held, count in rows if held]


def _awards(session: Session, member: Member, badge: Badge) -> Sequence[Row]:
    return session.execute(
        select(
            Award.earned_at,
            Award.way,
            Award.reason,
            Award.subject,
            Award.seq,
            BadgeVersion.number,
            Activity.kind,
            Activity.post_id,
            Activity.undated,
        )
        .join(BadgeVersion, BadgeVersion.id == Award.version_id)
        .outerjoin(Activity, Activity.seq == Award.seq)
        .where(Award.member_id == member.id, Award.badge_id == badge.id, Award.revoked_at.is_(None))
        .order_by(Award.earned_at, Award.id)
    ).all()
