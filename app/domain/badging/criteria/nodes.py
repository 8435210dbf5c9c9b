"""The nodes that put counts together or look elsewhere: each finds who earned it, words itself, tells how far one is."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any as Anything

from sqlalchemy import CTE, ColumnElement, Select, Subquery, and_, func, literal, select
from sqlalchemy.sql.functions import FunctionElement

from app.domain.badging.badges import Award, Badge
from app.domain.badging.criteria.counts import Count
from app.domain.badging.criteria.measures import MEMBER, Measure
from app.domain.badging.criteria.moments import first_of, greatest, latest_of, running
from app.domain.badging.criteria.phrases import lower, upper
from app.domain.badging.criteria.progress import Names, Node, Progress, Reader, key_of, share
from app.domain.record import kinds
from app.domain.words import _


@dataclass(frozen=True)
class Together:
    """All parts hold at the same moment, for the same post or the member as a whole."""

    parts: tuple[Count, ...]
    first: bool = False
    says: str | None = None

    @property
    def subjects(self) -> str:
        return "post" if self.parts[0].measure.each and not self.first else "none"

    @property
    def counts(self) -> tuple[Count, ...]:
        return self.parts

    @cached_property
    def key(self) -> str:
        return key_of("together", self.first, *(part.key for part in self.parts))

    def earned(self, one_member: bool = False) -> Subquery:
        rows = self._rows(one_member)
        steps = [rows.c[f"step{i}"] for i in range(len(self.parts))]
        partition = (rows.c.member_id, rows.c.subject)

        def so_far(total: FunctionElement[Anything]) -> ColumnElement[Anything]:
            return total.over(partition_by=partition, order_by=rows.c.seq)

        run = select(
            rows.c.member_id,
            rows.c.subject,
            rows.c.seq,
            so_far(func.max(rows.c.at)).label("latest"),
            *(so_far(func.sum(step)).label(f"run{i}") for i, step in enumerate(steps)),
        ).subquery()
        holds = and_(*(_holds(part, run.c[f"run{i}"]) for i, part in enumerate(self.parts)))
        met = (
            select(run.c.member_id, run.c.subject, func.min(run.c.seq).label("seq"), func.min(run.c.latest).label("at"))
            .where(holds)
            .group_by(run.c.member_id, run.c.subject)
            .subquery()
        )
        return first_of(met) if self.first else met

    def _rows(self, one_member: bool) -> Subquery:
        """The changes of all parts in one list, each with the step of its own part."""

        def of(index: int, part: Count) -> Select:
            changes = part.measure.changes(one_member)
            steps = ((changes.c.step if i == index else literal(0)).label(f"step{i}") for i in range(len(self.parts)))
            return select(changes.c.member_id, changes.c.subject, changes.c.seq, changes.c.at, *steps)

        first, *others = (of(i, part) for i, part in enumerate(self.parts))
        return first.union_all(*others).subquery()

    def measures(self) -> set[Measure]:
        return {part.measure for part in self.parts}

    def badges(self) -> set[str]:
        return set()

    def sentence(self, names: Names) -> str:
        if self.says:
            return self.says
        first, *others = (part.sentence(names) for part in self.parts)
        joined = _(" and ").join([upper(first), *map(lower, others)])
        return joined + (_(", on the same post") if self.parts[0].measure.each else _(", at the same time"))

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        if self.parts[0].measure.each:  # the best posts of two sums need not be the same post
            return [Progress(self.sentence(names), 0, 1, "posts")]
        return [step for part in self.parts for step in _part_progress(part, reader, names)]


@dataclass(frozen=True)
class Several:
    """Rules put together: what they listen to is what their parts do."""

    parts: tuple[Node, ...]
    subjects = "none"

    @cached_property
    def counts(self) -> tuple[Count, ...]:
        return tuple(count for part in self.parts for count in part.counts)

    def measures(self) -> set[Measure]:
        return set().union(*(part.measures() for part in self.parts))

    def badges(self) -> set[str]:
        return set().union(*(part.badges() for part in self.parts))


@dataclass(frozen=True)
class All(Several):
    """Every part has held, each at its own time. `says` words a long list, such as a checklist, as a whole."""

    says: str | None = None

    @cached_property
    def key(self) -> str:
        return key_of("all", *(part.key for part in self.parts))

    def earned(self, one_member: bool = False) -> Subquery:
        return latest_of(_beside_each_other(self.parts, one_member))

    def sentence(self, names: Names) -> str:
        if self.says:
            return self.says
        return _listed(self.parts, names, Any, _(", and "), _("either %(rule)s"))

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        return [step for part in self.parts for step in part.progress(reader, names)]


@dataclass(frozen=True)
class Any(Several):
    """At least one part has held; the earliest counts."""

    @cached_property
    def key(self) -> str:
        return key_of("any", *(part.key for part in self.parts))

    def earned(self, one_member: bool = False) -> Subquery:
        first, *others = (
            select(it.c.member_id, it.c.seq, it.c.at) for it in _beside_each_other(self.parts, one_member)
        )
        return first_of(first.union_all(*others).subquery())

    def sentence(self, names: Names) -> str:
        return _listed(self.parts, names, All, _(", or "), _("both %(rule)s"))

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        """The part one is nearest to."""
        return max((part.progress(reader, names) for part in self.parts), key=share)


@dataclass(frozen=True)
class Has:
    """Another badge is held."""

    badge: str
    subjects = "none"
    counts = ()

    @cached_property
    def key(self) -> str:
        return key_of("has", self.badge)

    def earned(self, one_member: bool = False) -> Subquery:
        held = (
            select(Award.member_id, Award.seq, Award.earned_at.label("at"))
            .join(Badge, Badge.id == Award.badge_id)
            .where(Badge.slug == self.badge, Award.seq.is_not(None))
        )
        return first_of((held.where(Award.member_id == MEMBER) if one_member else held).subquery())

    def measures(self) -> set[Measure]:
        return set()

    def badges(self) -> set[str]:
        return {self.badge}

    def sentence(self, names: Names) -> str:
        return _("Hold the badge %(name)s", name=names.get(self.badge, self.badge))

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        return [Progress(self.sentence(names), int(reader.holds(self.badge)), 1, "badges")]


@dataclass(frozen=True)
class Yearly:
    """The k-th anniversary, and k times so many points once: the later of the two."""

    points: int
    subjects = "year"
    counts = ()

    years = Measure(weights=(("anniversary", 1),))
    ledger = Measure(weights=((kinds.POINTS, 1),))

    @cached_property
    def key(self) -> str:
        return key_of("yearly", self.points)

    def earned(self, one_member: bool = False) -> Subquery:
        changes = self.years.changes(one_member)
        run = running(changes, changes.c.member_id)
        years = select(run.c.member_id, run.c.seq, run.c.run.label("k"), run.c.latest.label("at")).subquery()
        points = running(p := self.ledger.changes(one_member), p.c.member_id)
        met = (
            select(
                years.c.member_id,
                years.c.k,
                years.c.seq,
                years.c.at,
                func.min(points.c.seq).label("points_seq"),
                func.min(points.c.latest).label("points_at"),
            )
            .join_from(
                years, points, and_(points.c.member_id == years.c.member_id, points.c.run >= years.c.k * self.points)
            )
            .where(years.c.k > 0)  # an anniversary taken back leaves none
            .group_by(years.c.member_id, years.c.k, years.c.seq, years.c.at)
            .subquery()
        )
        return select(
            met.c.member_id,
            met.c.k.label("subject"),
            greatest([met.c.seq, met.c.points_seq]).label("seq"),
            greatest([met.c.at, met.c.points_at]).label("at"),
        ).subquery()

    def measures(self) -> set[Measure]:
        return {self.years, self.ledger}

    def badges(self) -> set[str]:
        return set()

    def sentence(self, names: Names) -> str:
        return _("Be a member for a year, with %(points)s points for every year", points=f"{self.points:,}")

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        year = reader.value(self.years) + 1
        need = year * self.points
        return [Progress(self.sentence(names), min(reader.value(self.ledger), need), need, "points")]


def _beside_each_other(parts: Iterable[Node], one_member: bool) -> list[CTE]:
    """The parts' statements by name: one within the other, SQLite gives up after a few levels."""
    return [select(part.earned(one_member)).cte() for part in parts]


def _listed(parts: Iterable[Node], names: Names, other: type[Several], between: str, mixed: str) -> str:
    """The sentences of some parts as one. A list of the other sort within it says where it begins."""
    told = (
        mixed % {"rule": lower(part.sentence(names))}
        if isinstance(part, other) and not getattr(part, "says", None)
        else part.sentence(names)
        for part in parts
    )
    first, *others = told
    return between.join([upper(first), *map(lower, others)])


def _holds(part: Count, value: ColumnElement) -> ColumnElement[bool]:
    return value >= part.n if part.most is None else value <= part.most


def _part_progress(part: Count, reader: Reader, names: Names) -> list[Progress]:
    if part.most is None:
        return part.progress(reader, names)
    fits = reader.value(part.measure) <= part.most
    return [Progress(part.sentence(names), int(fits), 1, "")]
