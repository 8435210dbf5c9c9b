"""Explains a badge to a member: what is there, what is missing, what did not count and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, not_, select, union_all
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
    where: Mapping[str, Any] = field(default_factory=dict)  # what has to hold of them
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
    leaves, found = list(_leaves(node, False)), []
    counted = [part for part, _one_of in leaves if isinstance(part, Count)]
    left_out = dict(zip(map(id, counted), _left_out(session, member, counted), strict=True))
    for part, one_of in leaves:
        kinds = [kind for measure in part.measures() for kind, _weight in measure.weights]
        badge = part.badge if isinstance(part, Has) else ""
        where = next((dict(measure.where) for measure in part.measures()), {})
        for progress in part.progress(here, names):
            found.append(Condition(progress, left_out.get(id(part), ()), kinds, badge, where, one_of))
    return Explained(found, all(step.done for step in node.progress(here, names)))


def _leaves(node: Node, one_of: bool) -> Iterable[tuple[Node, bool]]:
    parts = getattr(node, "parts", ())
    if not parts or parts[0].subjects == "post":
        yield node, one_of
    else:
        for part in parts:
            yield from _leaves(part, one_of or isinstance(node, criteria.Any))


def _left_out(session: Session, member: Member, parts: Sequence[Count]) -> list[list[LeftOut]]:
    """What did not count for each of some conditions, in as many statements for many as for one."""
    of_points = _held_back(session, member) if any(it.measure.of_points for it in parts) else []
    of_deeds = [it for it in parts if not it.measure.of_points]
    tallied = list(enumerate(zip(of_deeds, _tallies(session, member, of_deeds), strict=True)))
    unfit = {
        (place, name): _missed(member, part, name, value)
        for place, (part, tally) in tallied
        for name, value in part.measure.where
        if tally.unfit[name]
    }
    posts = _some_posts(session, unfit)
    words = iter([_in_words(part, tally, posts, place) for place, (part, tally) in tallied])
    return [of_points if it.measure.of_points else next(words) for it in parts]


class Tally(NamedTuple):
    """How many of a member's deeds wait, were withdrawn, count, how many parts those have, and how many miss a fact."""

    waiting: int
    withdrawn: int
    fitting: int
    parts: int
    unfit: Mapping[str, int]


def _tallies(session: Session, member: Member, parts: Sequence[Count]) -> list[Tally]:
    if not parts:
        return []
    widest = max(len(it.measure.where) for it in parts)
    rows = session.execute(union_all(*(_tally(member, it, place, widest) for place, it in enumerate(parts))))
    found = []
    for row in sorted(rows, key=lambda it: it[0]):
        names = [name for name, _value in parts[row[0]].measure.where]
        unfit = dict(zip(names, row[5:], strict=False))
        found.append(Tally(row[1], row[2], row[3], row[4], unfit))
    return found


def _tally(member: Member, part: Count, place: int, widest: int) -> Select[*tuple[Any, ...]]:
    measure, booked = part.measure, Activity.seq.is_not(None)
    fits = and_(booked, _standing(), facts.sql(measure.where))
    split = _split(part)
    missed = [_number(and_(booked, _standing(), not_(FACTS[name].sql(value)))) for name, value in measure.where]
    return (
        select(
            literal(place),
            _number(Activity.seq.is_(None)),
            _number(and_(booked, Activity.amount < 0)),
            _number(fits),
            func.count(case((fits, Activity.id if split is None else split)).distinct()),
            *missed,
            *[literal(0)] * (widest - len(missed)),
        )
        .select_from(Activity)
        .outerjoin(Post, Post.id == Activity.post_id)
        .where(_of(member, part))
    )


def _in_words(part: Count, tally: Tally, posts: Mapping[tuple[int, str], Sequence[Row]], place: int) -> list[LeftOut]:
    found = []
    if tally.withdrawn:
        found.append(LeftOut(_("%(number)s withdrawn, or their post deleted", number=tally.withdrawn)))
    for name, value in part.measure.where:
        if number := tally.unfit[name]:
            text = _("%(number)s not counted: %(why)s", number=number, why=_wanted(name, value))
            found.append(LeftOut(text, posts.get((place, name), ())))
    if _split(part) is not None and tally.fitting > tally.parts:
        once, more = _(ONCE[part.measure.per or ""]), tally.fitting - tally.parts
        found.append(LeftOut(_("%(number)s more not counted: %(why)s", number=more, why=once)))
    if tally.waiting:
        found.append(LeftOut(_("%(number)s still waiting to be looked at", number=tally.waiting)))
    return found


def _of(member: Member, part: Count) -> ColumnElement[bool]:
    kinds = [kind for kind, _weight in part.measure.weights]
    return and_(Activity.member_id == member.id, Activity.kind.in_(kinds))


def _standing() -> ColumnElement[bool]:
    opposite = aliased(Activity)
    return and_(Activity.amount > 0, ~select(opposite.id).where(opposite.reverses_id == Activity.id).exists())


def _missed(member: Member, part: Count, name: str, value: object) -> ColumnElement[bool]:
    return and_(_of(member, part), Activity.seq.is_not(None), _standing(), not_(FACTS[name].sql(value)))


def _split(part: Count) -> Any:
    """By what deeds are told apart where each counts once, or None."""
    measure = part.measure
    return getattr(Activity, SPLITS[measure.per]) if measure.per and measure.reaches == 1 else None


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _some_posts(
    session: Session, wanted: Mapping[tuple[int, str], ColumnElement[bool]]
) -> dict[tuple[int, str], list[Row]]:
    """The latest posts of some deeds that anybody may read, by what they are asked for."""
    found: dict[tuple[int, str], list[Row]] = {which: [] for which in wanted}
    if not wanted:
        return found
    latest, keys = func.max(Activity.id).label("latest"), list(wanted)
    parts = [
        select(literal(number).label("which"), Post.id, Thread.title, latest)
        .join(Activity, Activity.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(wanted[which], Post.deleted_at.is_(None), Thread.deleted_at.is_(None))
        .group_by(Post.id, Thread.title)
        .order_by(latest.desc())
        .limit(POSTS_SHOWN)
        .subquery()
        for number, which in enumerate(keys)
    ]
    for row in sorted(session.execute(union_all(*(select(it) for it in parts))), key=lambda it: -it.latest):
        found[keys[row.which]].append(row)
    return found


def _wanted(name: str, value: Any) -> str:
    if name == "post":
        return _("only those on %(posts)s count", posts=facts.posts(value))
    if name == "nth" and value == 1:
        return _("only being the first to answer counts")
    if name == "object":
        return _("only this one counts: %(name)s", name=value)
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
