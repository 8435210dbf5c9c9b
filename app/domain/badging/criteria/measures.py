"""Measures: running sums over booked deeds, for a member or for each of their posts.

All order is booking order (`seq`), never date: a withdrawal counts where it was booked.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    SQLColumnExpression,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from app.domain.badging import facts
from app.domain.badging.criteria.moments import first_of, running
from app.domain.badging.facts import Deed, Where
from app.domain.forum.threads import Post
from app.domain.record import kinds
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry

# What a sum can be split by, and what of a deed that is.
SPLITS = {
    "post": "post_id",
    "thread": "thread_id",
    "member": "actor_id",
    "day": "local_day",
    "category": "category_id",
    "object": "object",
}
_DEED_FIELDS = {
    "post": "post",
    "thread": "thread",
    "member": "actor",
    "day": "day",
    "category": "category",
    "object": "object",
}
MEMBER: BindParameter[int] = bindparam("member_id")


@dataclass(frozen=True)
class Measure:
    """A weighted count of deeds for which some facts hold.

    `each`: every post has a sum of its own. `per` and `reaches`: the deeds are split by something,
    and what is counted is how many of those parts stand at `reaches` or more.
    """

    weights: tuple[tuple[str, int], ...]
    where: Where = ()
    each: bool = False
    per: str | None = None
    reaches: int = 1

    @cached_property
    def key(self) -> str:
        """The canonical text by which totals remember this measure."""
        parts = {
            "count": dict(self.weights),
            "where": dict(self.where),
            "each": self.each,
            "per": self.per and [self.per, self.reaches],
        }
        return json.dumps({k: v for k, v in parts.items() if v}, sort_keys=True, separators=(",", ":"))

    @cached_property
    def parts_key(self) -> str:
        """The key of the sums below: those of the single days, members or posts.

        Measures that ask for the same sums share them, whatever they must reach.
        """
        if self.per == "post" and not self.of_points:
            return replace(self, each=True, per=None, reaches=1).key
        return replace(self, reaches=1).key + "/parts"

    @property
    def by_day(self) -> "Measure":
        """The same deeds, split by day."""
        return replace(self, per="day")

    @property
    def of_points(self) -> bool:
        return self.weights == ((kinds.POINTS, 1),)

    def subject(self, deed: Deed) -> int:
        return (deed.post or 0) if self.each else 0

    def part(self, deed: Deed) -> str | None:
        """Which part of the split a deed belongs to; None when it belongs to none."""
        value = getattr(deed, _DEED_FIELDS[self.per]) if self.per else None
        return None if value is None else str(value)

    def counts(self, deed: Deed) -> bool:
        """Whether a deed of one of the kinds moves this measure."""
        if self.each and deed.post is None:
            return False
        if self.per and getattr(deed, _DEED_FIELDS[self.per]) is None:
            return False
        return facts.holds(self.where, deed)

    # --- the same in SQL -------------------------------------------------------------------

    def deeds(self, one_member: bool = False) -> Subquery:
        """The booked deeds that move it: member_id, subject, part, seq, step, at, day."""
        source = PointEntry if self.of_points else Activity
        subject = source.post_id if self.each else literal(0)
        part = getattr(source, SPLITS[self.per]) if self.per else literal(0)
        rows = select(
            source.member_id,
            subject.label("subject"),
            part.label("part"),
            source.seq,
            self._step().label("step"),
            source.happened_at.label("at"),
            source.local_day.label("day"),
        )
        if self._joins:
            rows = rows.join(Post, Post.id == Activity.post_id)
        rows = rows.where(*self._conditions(one_member))
        return (self._one_a_deed(rows) if self.of_points and self.per else rows).subquery()

    def _one_a_deed(self, entries: Select) -> Select:
        """Entries of one deed as a single step: together they lift a day over its mark once."""
        source = PointEntry
        return entries.with_only_columns(
            *(func.sum(it).label("step") if it.name == "step" else it for it in entries.selected_columns)
        ).group_by(source.member_id, source.seq, source.happened_at, source.local_day, source.actor_id, source.post_id
        ).having(func.sum(source.amount) != 0)  # fmt: skip

    @property
    def _joins(self) -> bool:
        return facts.needs_post(self.where)

    def _step(self) -> SQLColumnExpression[int]:
        if self.of_points:
            return PointEntry.amount
        if {weight for _, weight in self.weights} == {1}:
            return Activity.amount
        return Activity.amount * case(*((Activity.kind == kind, weight) for kind, weight in self.weights), else_=0)

    def _conditions(self, one_member: bool) -> list[ColumnElement[bool]]:
        source = PointEntry if self.of_points else Activity
        wanted: list[ColumnElement[bool]] = []
        if self.of_points:
            wanted.append(PointEntry.amount != 0)
        else:
            names = [kind for kind, _ in self.weights]
            wanted.append(Activity.kind == names[0] if len(names) == 1 else Activity.kind.in_(names))
            wanted += [Activity.seq.is_not(None), facts.sql(self.where)]
        if self.each:
            wanted.append(source.post_id.is_not(None))
        if self.per:
            wanted.append(getattr(source, SPLITS[self.per]).is_not(None))
        if one_member:
            wanted.append(source.member_id == MEMBER)
        return wanted

    def changes(self, one_member: bool = False, least: int = 1) -> Subquery:
        """What moves the number itself: the deeds, or the steps of their parts over `reaches`.

        Whoever has too few upward deeds to reach `least` is left out before any sum is made.
        """
        deeds = self.deeds(one_member)
        if least * self.reaches > 1:
            deeds = _able(deeds, least * self.reaches)
        if not self.per:
            return deeds
        run = self._crossing(deeds)
        return (
            select(
                run.c.member_id,
                run.c.subject,
                run.c.part,
                run.c.seq,
                run.c.crossing.label("step"),
                run.c.latest.label("at"),
                run.c.day,
            )
            .where(run.c.crossing != 0)
            .subquery()
        )

    def _crossing(self, deeds: Subquery) -> Subquery:
        """The deeds of a split with what each does to the number: 1 or -1 where its part comes to `reaches` or leaves."""
        run = running(deeds, deeds.c.member_id, deeds.c.subject, deeds.c.part)
        before = run.c.run - run.c.step
        crossing = case(
            (and_(before < self.reaches, run.c.run >= self.reaches), 1),
            (and_(before >= self.reaches, run.c.run < self.reaches), -1),
            else_=0,
        )
        return select(run, crossing.label("crossing")).subquery()

    def reached(self, thresholds: Sequence[int], one_member: bool = False) -> Subquery:
        """Where each threshold was first reached: member_id, subject, n, seq, at.

        One scan serves all thresholds but 1, for which the first deed tells where deeds only add.
        """
        if not (self._adds and 1 in thresholds):
            return self._running_up_to(thresholds, one_member)
        others = [n for n in thresholds if n > 1]
        first = self._first(one_member)
        if not others:
            return first.subquery()
        return first.union_all(select(self._running_up_to(others, one_member))).subquery()

    @property
    def _adds(self) -> bool:
        """Whether a first deed always lifts it to 1: nothing lowers it but what takes an earlier deed back."""
        return self.reaches == 1 and not self.of_points and all(weight == 1 for _, weight in self.weights)

    def _first(self, one_member: bool) -> Select:
        deeds = self.deeds(one_member)
        first = (
            select(deeds.c.member_id, deeds.c.subject, func.min(deeds.c.seq).label("seq"))
            .group_by(deeds.c.member_id, deeds.c.subject)
            .subquery()
        )
        return select(
            first.c.member_id, first.c.subject, literal(1).label("n"), first.c.seq, Activity.happened_at.label("at")
        ).join_from(first, Activity, Activity.seq == first.c.seq)

    def _running_up_to(self, thresholds: Sequence[int], one_member: bool) -> Subquery:
        changes = self.changes(one_member, 1 if one_member else min(thresholds))
        run = running(changes, changes.c.member_id, changes.c.subject)
        wanted = _numbers(thresholds)
        return (
            select(
                run.c.member_id,
                run.c.subject,
                wanted.c.n,
                func.min(run.c.seq).label("seq"),
                func.min(run.c.latest).label("at"),
            )
            .join_from(run, wanted, run.c.run >= wanted.c.n)
            .group_by(run.c.member_id, run.c.subject, wanted.c.n)
            .subquery()
        )

    def within(self, n: int, days: int, one_member: bool = False) -> Subquery:
        """Where so many were first counted within so many local days: member_id, subject, seq, at.

        At each upward step: what is booked by then and counts for the days up to the step's own.
        Where steps are single, never withdrawn and in the order of their days, the n-th step back
        tells; other members are counted step by step.
        """
        changes = self.changes(one_member, 1 if one_member else n)

        def back(steps: int) -> ColumnElement[int]:
            return func.lag(changes.c.day, steps).over(partition_by=changes.c.member_id, order_by=changes.c.seq)

        steps = select(changes, back(1).label("before"), back(n - 1).label("first")).cte()
        odd = select(steps.c.member_id).distinct().where(or_(steps.c.step != 1, steps.c.before > steps.c.day)).cte()
        even = select(steps.c.member_id, steps.c.seq, steps.c.at).where(
            steps.c.first > steps.c.day - days, steps.c.member_id.not_in(select(odd.c.member_id))
        )
        here, there = steps.alias(), steps.alias()
        counted = (
            select(here.c.member_id, here.c.seq, here.c.at)
            .join_from(
                here,
                there,
                and_(
                    there.c.member_id == here.c.member_id,
                    there.c.seq <= here.c.seq,
                    there.c.day <= here.c.day,
                    there.c.day > here.c.day - days,
                ),
            )
            .where(here.c.step > 0, here.c.member_id.in_(select(odd.c.member_id)))
            .group_by(here.c.member_id, here.c.seq, here.c.at)
            .having(func.sum(there.c.step) >= n)
        )
        return first_of(even.union_all(counted).subquery())

    def totals(self) -> Select:
        """The number each member (and post) stands at: member_id, part, value, latest."""
        changes = self.changes()
        return select(
            changes.c.member_id,
            self._whole(changes).label("part"),
            func.sum(changes.c.step).label("value"),
            func.max(changes.c.at).label("latest"),
        ).group_by(changes.c.member_id, changes.c.subject)

    def split_totals(self) -> tuple[Select, Select]:
        """The same for a number made of parts, and for the parts themselves, from one look at the deeds."""
        run = self._crossing(self.deeds())
        parts = (
            select(
                run.c.member_id,
                run.c.subject,
                run.c.part,
                func.sum(run.c.step).label("value"),
                func.max(run.c.at).label("latest"),
                func.sum(run.c.crossing).label("counted"),
                func.max(case((run.c.crossing != 0, run.c.latest))).label("moved"),
            )
            .group_by(run.c.member_id, run.c.subject, run.c.part)
            .cte()
        )
        whole = (
            select(
                parts.c.member_id,
                self._whole(parts).label("part"),
                func.sum(parts.c.counted).label("value"),
                func.max(parts.c.moved).label("latest"),
            )
            .where(parts.c.moved.is_not(None))
            .group_by(parts.c.member_id, parts.c.subject)
        )
        return whole, select(parts.c.member_id, self._part(parts).label("part"), parts.c.value, parts.c.latest)

    def _whole(self, rows: FromClause) -> ColumnElement[str]:
        return cast(rows.c.subject, String) if self.each else literal("")

    def _part(self, rows: FromClause) -> ColumnElement[str]:
        part = cast(rows.c.part, String)
        return cast(rows.c.subject, String) + literal("/") + part if self.each else part


def _able(deeds: Subquery, least: int) -> Subquery:
    """The deeds of members, or of their posts, whose upward deeds add up to so many."""
    able = (
        select(deeds.c.member_id, deeds.c.subject)
        .group_by(deeds.c.member_id, deeds.c.subject)
        .having(func.sum(case((deeds.c.step > 0, deeds.c.step), else_=0)) >= least)
        .subquery()
    )
    again = deeds.alias()
    return (
        select(again)
        .join(able, and_(able.c.member_id == again.c.member_id, able.c.subject == again.c.subject))
        .subquery()
    )


def _numbers(values: Sequence[int]) -> Subquery:
    first, *others = (select(literal(value).label("n")) for value in sorted(values))
    return (first.union_all(*others) if others else first).subquery()
