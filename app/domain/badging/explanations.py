"""Explains a badge to a member: what is there, what is missing, what did not count and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, not_, select
from sqlalchemy.orm import Session, aliased

from app.domain.badging import criteria, distance, facts, library
from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.badging.criteria import Count, Has, Node, Progress
from app.domain.badging.criteria.measures import SPLITS
from app.domain.badging.facts import FACTS
from app.domain.forum.threads import Post, Thread
from app.domain.people.members import Member
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry
from app.domain.words import _

POSTS_SHOWN = 3
ONCE = {
    "thread": "each thread counts once",
    "post": "each post counts once",
    "day": "each day counts once",
    "member": "each member counts once",
    "category": "each category counts once",
    "object": "each of them counts once",
}
HELD = {"day": "the day’s allowance was used up", "pair": "the allowance for one giver and day was used up"}


class LeftOut(NamedTuple):
    """Deeds that did not count and why: posts that one may still look at, or lines of the statement of points."""

    text: str
    posts: Sequence[Row] = ()  # id, title: the latest few
    in_statement: bool = False


@dataclass(frozen=True)
class Condition:
    """One condition of a rule: how far the member is, what did not count, and what it is about."""

    progress: Progress
    left_out: Sequence[LeftOut]
    kinds: Sequence[str]  # of the deeds that count
    badge: str = ""  # the slug, where another badge has to be held
    one_of: bool = False  # one of several ways, of which one is enough


class Explained(NamedTuple):
    """Each condition of a rule as it is to one member, and whether nothing is missing."""

    conditions: Sequence[Condition]
    is_complete: bool


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
    return Explanation(node.sentence(names), rule(session, member, node, names).conditions, made)


def rule(session: Session, member: Member, node: Node, names: criteria.Names) -> Explained:
    """Each condition of a rule with the member's own number and what did not count for it."""
    held = library.held_slugs(session, member.id) if node.badges() else frozenset[str]()
    here = distance.standpoint(session, member.id, [node], held)
    found = []
    for part, one_of in _leaves(node, False):
        kinds = [kind for measure in part.measures() for kind, _weight in measure.weights]
        badge = part.badge if isinstance(part, Has) else ""
        for progress in part.progress(here, names):
            left_out = _left_out(session, member, part) if isinstance(part, Count) else ()
            found.append(Condition(progress, left_out, kinds, badge, one_of))
    return Explained(found, all(step.done for step in node.progress(here, names)))


def _leaves(node: Node, one_of: bool) -> Iterable[tuple[Node, bool]]:
    parts = getattr(node, "parts", ())
    if not parts or parts[0].subjects == "post":
        yield node, one_of
    else:
        for part in parts:
            yield from _leaves(part, one_of or isinstance(node, criteria.Any))


def _left_out(session: Session, member: Member, part: Count) -> list[LeftOut]:
    if part.measure.of_points:
        return _held_back(session, member)
    measure, booked, opposite = part.measure, Activity.seq.is_not(None), aliased(Activity)
    withdrawn = select(opposite.id).where(opposite.reverses_id == Activity.id).exists()
    deed, kinds = and_(Activity.amount > 0, ~withdrawn), [kind for kind, _weight in measure.weights]
    mine = and_(Activity.member_id == member.id, Activity.kind.in_(kinds))
    missed = [not_(FACTS[name].sql(value)) for name, value in measure.where]
    fits = and_(booked, deed, facts.sql(measure.where))
    split = getattr(Activity, SPLITS[measure.per]) if measure.per and measure.reaches == 1 else None
    waiting, taken_back, fitting, parts, *others = session.execute(
        select(
            _number(Activity.seq.is_(None)),
            _number(and_(booked, Activity.amount < 0)),
            _number(fits),
            func.count(case((fits, Activity.id if split is None else split)).distinct()),
            *(_number(and_(booked, deed, fact)) for fact in missed),
        )
        .select_from(Activity)
        .outerjoin(Post, Post.id == Activity.post_id)
        .where(mine)
    ).one()
    found = []
    if taken_back:
        found.append(LeftOut(_("%(number)s withdrawn, or their post deleted", number=taken_back)))
    for (name, value), fact, number in zip(measure.where, missed, others, strict=True):
        if number:
            text = _("%(number)s not counted: %(why)s", number=number, why=_wanted(name, value))
            found.append(LeftOut(text, _some_posts(session, and_(mine, booked, deed, fact))))
    if split is not None and fitting > parts:
        found.append(
            LeftOut(_("%(number)s more not counted: %(why)s", number=fitting - parts, why=_(ONCE[measure.per or ""])))
        )
    if waiting:
        found.append(LeftOut(_("%(number)s still waiting to be looked at", number=waiting)))
    return found


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _some_posts(session: Session, of: ColumnElement[bool]) -> Sequence[Row]:
    """The latest posts of some deeds that anybody may read."""
    return session.execute(
        select(Post.id, Thread.title)
        .join(Activity, Activity.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(of, Post.deleted_at.is_(None), Thread.deleted_at.is_(None))
        .group_by(Post.id, Thread.title)
        .order_by(func.max(Activity.id).desc())
        .limit(POSTS_SHOWN)
    ).all()


def _wanted(name: str, value: object) -> str:
    if name == "post":
        nouns = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
        return _("only those of %(nouns)s count", nouns=" and ".join(f"{noun}s" for noun in nouns))
    return _("only those %(phrase)s count", phrase=FACTS[name].phrase(value))


def _held_back(session: Session, member: Member) -> list[LeftOut]:
    rows = session.execute(
        select(PointEntry.held, func.count())
        .where(PointEntry.member_id == member.id, PointEntry.held.is_not(None))
        .group_by(PointEntry.held)
        .order_by(PointEntry.held)
    )
    return [
        LeftOut(_("%(number)s deeds counted less or not: %(why)s", number=count, why=_(HELD[held])), in_statement=True)
        for held, count in rows
        if held
    ]


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
