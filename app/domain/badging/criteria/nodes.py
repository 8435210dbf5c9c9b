"""The nodes of a criterion: each finds who earned it, words itself and tells how far one is."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from gettext import NullTranslations
from typing import Any as Anything
from typing import NamedTuple, Protocol

from sqlalchemy import CTE, ColumnElement, Select, Subquery, and_, case, func, literal, select
from sqlalchemy.sql.functions import FunctionElement

from app.domain import words
from app.domain.badging import facts
from app.domain.badging.badges import Award, Badge
from app.domain.badging.criteria.measures import MEMBER, Measure, first_of, running
from app.domain.record import kinds
from app.domain.record.kinds import Kind
from app.domain.words import _, ngettext

Names = Mapping[str, str]  # the name of a badge by its slug


class Reader(Protocol):
    """Where a member stands: what progress is read from."""

    def value(self, measure: Measure) -> int: ...
    def window(self, measure: Measure, days: int) -> int: ...
    def run(self, measure: Measure) -> int: ...
    def holds(self, badge: str) -> bool: ...


class Progress(NamedTuple):
    """One condition: what to do, how much of it is there, how much it takes."""

    text: str
    have: int
    need: int
    noun: str

    @property
    def done(self) -> bool:
        return self.have >= self.need


class Node(Protocol):
    """What every node can do. `subjects` says what its awards are for: 'none', 'post' or 'year'; `counts` are the
    counts within it."""

    @property
    def subjects(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def counts(self) -> "tuple[Count, ...]": ...
    def earned(self, one_member: bool = False) -> Subquery: ...
    def sentence(self, names: Names) -> str: ...
    def progress(self, reader: Reader, names: Names) -> list[Progress]: ...
    def measures(self) -> set[Measure]: ...
    def badges(self) -> set[str]: ...


@dataclass(frozen=True)
class Count:
    """So many deeds: in all, of each post, in different parts, or within some days."""

    measure: Measure
    n: int = 1
    first: bool = False
    days: int | None = None
    in_a_row: bool = False
    most: int | None = None  # only as a part of Together: the number must not be above this
    says: str | None = None

    @property
    def subjects(self) -> str:
        return "post" if self.measure.each and not self.first else "none"

    @cached_property
    def counts(self) -> "tuple[Count, ...]":
        return (self,)

    @cached_property
    def key(self) -> str:
        return _key("count", self.measure.key, self.n, self.first, self.days, self.most)

    def earned(self, one_member: bool = False) -> Subquery:
        if self.days:
            return self.measure.within(self.n, self.days, one_member)
        reached = self.measure.reached([self.n], one_member)
        return first_of(reached) if self.first else reached

    def measures(self) -> set[Measure]:
        return {self.measure}

    def badges(self) -> set[str]:
        return set()

    @cached_property
    def kind(self) -> Kind:
        """The words for what is counted."""
        weights = dict(self.measure.weights)
        for candidate in (*kinds.KINDS.values(), *kinds.SUMS.values()):
            if (candidate.weights or {candidate.slug: 1}) == weights:
                return candidate
        return replace(kinds.KINDS[next(iter(weights))], noun="done", each="")

    def sentence(self, names: Names) -> str:
        language = words.spoken_now()
        if language not in self._said:  # pages ask for it of every badge, and it names no other
            self._said[language] = self._sentence()
        return self._said[language]

    @cached_property
    def _said(self) -> dict[NullTranslations, str]:
        return {}

    def _sentence(self) -> str:
        if self.says:
            return _singular(self.says.format(n=f"{self.n if self.most is None else self.most:,}")) + self._span()
        if self.in_a_row:
            begin = _("Visit") if self.kind.slug == "visited" else _("Have %(noun)s", noun=_(self.kind.noun))
            return " ".join([begin, *self._conditions(), _("%(days)s days in a row", days=self.n)])
        return " ".join([self._base(), *self._conditions()]) + self._span()

    def _base(self) -> str:
        kind, measure, n = self.kind, self.measure, self.n
        if self.most is not None:
            return self._at_most(self.most)
        if measure.each:
            return _singular(_(kind.each or kind.many).format(n=f"{n:,}", a_post=_a_post(measure)))
        if measure.per and measure.reaches > 1:
            base = _singular(_(kind.many).format(n=f"{measure.reaches:,}")) + _(self._split(_ONE))
            return base if n == 1 else f"{base}, {_(self._split(_MANY)).format(n=f'{n:,}')}"
        base = _(kind.one) if n == 1 else _(kind.many).format(n=f"{n:,}")
        return base if not measure.per or n == 1 else base + _(self._split(_DIFFERENT))

    def _at_most(self, most: int) -> str:
        noun = _(self.kind.noun)
        return (
            _("have at most %(most)s %(noun)s", most=f"{most:,}", noun=noun)
            if most
            else _("have no %(noun)s", noun=noun)
        )

    def _split(self, texts: Mapping[str, str]) -> str:
        """The words for a split. What is received comes from other members, what is given goes to them."""
        text, ending = texts[self.measure.per or ""], self.kind.slug.rpartition("_")[2]
        return text.replace("with", {"received": "from", "given": "to"}.get(ending, "with"))

    def _conditions(self) -> list[str]:
        where = dict(self.measure.where)
        post, received = where.get("post"), self.kind.slug.endswith("_received")
        left = [it for it in self.measure.where if not (post and received and it == ("own", True))]  # "your" says it
        texts = facts.phrases(tuple(left))
        if post and not self.measure.each:
            nouns = facts.posts(post)
            texts.insert(0, _("on your %(posts)s", posts=nouns) if received else f"({nouns})")
        return texts

    def _span(self) -> str:
        if not self.days or "days" in (self.says or ""):
            return ""
        told = ngettext(" within a day", " within %(num)s days", self.days)
        return f",{told}" if self.measure.per else told

    def progress(self, reader: Reader, names: Names) -> list[Progress]:
        if self.in_a_row:
            have = reader.run(self.measure)
        elif self.days:
            have = reader.window(self.measure, self.days)
        else:
            have = reader.value(self.measure)
        noun = _("days in a row") if self.in_a_row else _(self._noun())
        return [Progress(self.sentence(names), max(0, min(have, self.n)), self.n, noun)]

    def _noun(self) -> str:
        per, reaches = self.measure.per, self.measure.reaches
        if per == "object" and reaches == 1 and self.kind.things:
            return self.kind.things
        return _PARTS[per] if per else self.kind.noun


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
        return _key("together", self.first, *(part.key for part in self.parts))

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
        joined = _(" and ").join([_upper(first), *map(_lower, others)])
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
        return _key("all", *(part.key for part in self.parts))

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
        return _key("any", *(part.key for part in self.parts))

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
        return _key("has", self.badge)

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
        return _key("yearly", self.points)

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
            _greatest([met.c.seq, met.c.points_seq]).label("seq"),
            _greatest([met.c.at, met.c.points_at]).label("at"),
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


def share(steps: Iterable[Progress]) -> float:
    """How much of a list of conditions is done, from 0 to 1."""
    parts = [step.have / step.need if step.need else 1.0 for step in steps]
    return sum(parts) / len(parts) if parts else 0.0


_ONE = {
    "day": " in a day",
    "member": " with one member",
    "post": " on one post",
    "thread": " in one thread",
    "category": " in one category",
    "object": " at one of them",
}
_MANY = {
    "day": "on {n} days",
    "member": "with {n} members",
    "post": "on {n} posts",
    "thread": "in {n} threads",
    "category": "in {n} categories",
    "object": "at {n} of them",
}
_DIFFERENT = {
    "day": ", each on a different day",
    "member": ", each with a different member",
    "post": ", each on a different post",
    "thread": ", each in a different thread",
    "category": ", each in a different category",
    "object": ", each a different one",
}
_PARTS = {
    "day": "different days",
    "member": "different members",
    "post": "different posts",
    "thread": "different threads",
    "category": "categories",
    "object": "different ones",
}


def latest_of(parts: Sequence[CTE | Subquery]) -> Subquery:
    """Where the last of some parts came to hold, for whoever has them all for the same subject."""
    first, *others = parts
    joined = select(
        first.c.member_id,
        first.c.subject,
        _greatest([first.c.seq, *(it.c.seq for it in others)]).label("seq"),
        _greatest([first.c.at, *(it.c.at for it in others)]).label("at"),
    )
    for other in others:
        joined = joined.join(other, and_(other.c.member_id == first.c.member_id, other.c.subject == first.c.subject))
    return joined.subquery()


def _beside_each_other(parts: Iterable[Node], one_member: bool) -> list[CTE]:
    """The parts' statements by name: one within the other, SQLite gives up after a few levels."""
    return [select(part.earned(one_member)).cte() for part in parts]


def _a_post(measure: Measure) -> str:
    wanted = dict(measure.where).get("post")
    if not isinstance(wanted, str) or wanted == "opening":
        return _("a post")
    return _(f"an {wanted}" if wanted[0] in "aeiou" else f"a {wanted}")


def _singular(text: str) -> str:
    return re.sub(r"\b1 (\w+)s\b", r"1 \1", text)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(parts: Iterable[Node], names: Names, other: type[Several], between: str, mixed: str) -> str:
    """The sentences of some parts as one. A list of the other sort within it says where it begins."""
    told = (
        mixed % {"rule": _lower(part.sentence(names))}
        if isinstance(part, other) and not getattr(part, "says", None)
        else part.sentence(names)
        for part in parts
    )
    first, *others = told
    return between.join([_upper(first), *map(_lower, others)])


def _key(name: str, *parts: object) -> str:
    return json.dumps([name, *parts], separators=(",", ":"), default=str)


def _holds(part: Count, value: ColumnElement) -> ColumnElement[bool]:
    return value >= part.n if part.most is None else value <= part.most


def _part_progress(part: Count, reader: Reader, names: Names) -> list[Progress]:
    if part.most is None:
        return part.progress(reader, names)
    fits = reader.value(part.measure) <= part.most
    return [Progress(part.sentence(names), int(fits), 1, "")]


def _greatest(values: list[ColumnElement]) -> ColumnElement:
    """The greatest of several; neither engine's own function is the other's."""

    def later(a: ColumnElement, b: ColumnElement) -> ColumnElement:
        return case((a >= b, a), else_=b)

    pick: Callable[[ColumnElement, ColumnElement], ColumnElement] = later
    return reduce(pick, values)
