"""How far a member is from each badge, read from the evaluator's own totals.

Two statements, however many badges are asked about: one for the running sums, one for the days that
streaks and windows look at.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, bindparam, func, literal, literal_column, select, union_all
from sqlalchemy.orm import Session

from app.domain.badging import criteria, library
from app.domain.badging.criteria import Measure, Node, Progress
from app.domain.badging.criteria.progress import share
from app.domain.badging.library import Entry
from app.domain.badging.totals import Measure as MeasureRow
from app.domain.badging.totals import Total
from app.domain.base import day_number, now
from app.domain.people.members import Member

measures, totals, members = MeasureRow.__table__, Total.__table__, Member.__table__

# Of a measure with one sum for each post, what counts is the best post. The keys of numbers are JSON objects, those
# of their parts and of latches are not. An outer join, as SQLite keeps to its order: the other way round it would
# look through the totals of all members.
_SUMS = (
    select(measures.c.key, func.max(totals.c.value))
    .select_from(
        measures.outerjoin(
            totals, and_(totals.c.measure_id == measures.c.id, totals.c.member_id == bindparam("member_id"))
        )
    )
    .where(measures.c.key.like(literal_column("'{%}'")))
    .group_by(measures.c.key)
    .having(func.max(totals.c.value).is_not(None))
)
_ZONE = select(members.c.zone).where(members.c.id == bindparam("member_id"))


class Distance(NamedTuple):
    """How much of a badge's condition is done."""

    have: int
    need: int
    noun: str
    share: float

    @property
    def missing(self) -> int:
        return self.need - self.have


@dataclass
class Standpoint:
    """Where one member stands; what a criterion's progress is read from."""

    sums: Mapping[str, int]
    days: Mapping[str, Mapping[int, int]]
    today: int
    held: frozenset[str]

    def value(self, measure: Measure) -> int:
        return self.sums.get(measure.key, 0)

    def window(self, measure: Measure, days: int) -> int:
        """What counts for the last so many days."""
        counted = self.days.get(measure.key, {})
        return sum(step for day, step in counted.items() if self.today - days < day <= self.today)

    def run(self, measure: Measure) -> int:
        """The days in a row up to today; today may still come."""
        counted = self.days.get(measure.key, {})
        day = self.today if counted.get(self.today, 0) > 0 else self.today - 1
        length = 0
        while counted.get(day - length, 0) > 0:
            length += 1
        return length

    def holds(self, badge: str) -> bool:
        return badge in self.held


def of_member(
    session: Session, member_id: int, badges: Sequence[Entry], held: Mapping[int, object], zone: str = ""
) -> dict[int, Distance]:
    """The distance to each badge that a rule decides and the member does not hold, by badge."""
    wanted = {it.id: rule(it.criterion) for it in badges if library.has_rule(it) and it.id not in held}
    names = {it.slug: it.name for it in badges}
    slugs = frozenset(it.slug for it in badges if it.id in held)
    here = standpoint(session, member_id, wanted.values(), slugs, zone)
    return {badge_id: _distance(node.progress(here, names)) for badge_id, node in wanted.items()}


def conditions(
    session: Session, member_id: int | None, node: Node, names: Mapping[str, str], held: frozenset[str]
) -> list[Progress]:
    """Each condition of one rule, with what a member has of it (nothing for nobody)."""
    here = standpoint(session, member_id, [node], held) if member_id else Standpoint({}, {}, 0, held)
    return node.progress(here, names)


def standpoint(
    session: Session, member_id: int, nodes: Iterable[Node], held: frozenset[str], zone: str = ""
) -> Standpoint:
    """Where a member stands on everything these rules look at. Their zone is looked up unless it is given."""
    asked = {"member_id": member_id}
    today = day_number(now(), ZoneInfo(zone or session.execute(_ZONE, asked).scalar_one()))
    sums = {row[0]: row[1] for row in session.execute(_SUMS, asked).all()}
    return Standpoint(sums, _days(session, member_id, nodes, today), today, held)


@lru_cache(512)
def rule(criterion: str) -> Node:
    """The rule that some JSON describes; each is read once."""
    return criteria.parse(json.loads(criterion))


def _distance(steps: Sequence[Progress]) -> Distance:
    if len(steps) == 1:
        return Distance(steps[0].have, steps[0].need, steps[0].noun, share(steps))
    return Distance(sum(step.done for step in steps), len(steps), "conditions met", share(steps))


def _days(session: Session, member_id: int, nodes: Iterable[Node], today: int) -> dict[str, dict[int, int]]:
    """What each measure of a streak or a window counted on each of the days it looks back."""
    looking_back = frozenset((it.measure, it.days) for node in nodes for it in node.counts if it.days)
    if not looking_back:
        return {}
    query = _day_query(frozenset(measure for measure, _ in looking_back))
    since = today - max(days for _, days in looking_back)
    found: dict[str, dict[int, int]] = {}
    for key, day, step in session.execute(query, {"member_id": member_id, "since": since}):
        found.setdefault(key, {})[day] = int(step)
    return found


@lru_cache(64)
def _day_query(wanted: frozenset[Measure]) -> Select[Any]:
    parts = []
    for measure in sorted(wanted, key=lambda it: it.key):
        changes = measure.changes(one_member=True)
        parts.append(
            select(literal(measure.key).label("key"), changes.c.day, func.sum(changes.c.step).label("step"))
            .where(changes.c.day >= bindparam("since"))
            .group_by(changes.c.day)
        )
    return select(union_all(*parts).subquery())
