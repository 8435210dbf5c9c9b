"""Books points: what each deed is worth, less what the day's allowances hold back.

There is one booking routine, in booking order, for live deeds and for a whole history, so that the
ledger does not depend on how it came about. Balances, weeks and ranks are sums of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from app.domain import facts
from app.domain.base import chunks, insert_into
from app.domain.facts import Deed, Where
from app.domain.members import Member
from app.domain.points import PointEntry, PointRule, WeekScore


@dataclass(frozen=True)
class Rule:
    """A point rule, ready to be asked."""

    slug: str
    kind: str
    amount: int
    where: Where
    since: int | None
    until: int | None
    cap: str | None
    per_day: int | None
    per_pair: int | None

    def fits(self, deed: Deed) -> bool:
        return (
            (self.since is None or deed.day >= self.since)
            and (self.until is None or deed.day <= self.until)
            and facts.holds(self.where, deed)
        )

    @property
    def allowance(self) -> str:
        """The name under which the day's points of this rule are added up."""
        return self.cap or self.slug


def rules(session: Session) -> list[Rule]:
    """The point rules of the site, in their order."""
    rows = session.scalars(select(PointRule).order_by(PointRule.position, PointRule.id))
    return [
        Rule(
            it.slug,
            it.kind,
            it.amount,
            tuple(sorted((k, tuple(v) if isinstance(v, list) else v) for k, v in (it.where or {}).items())),
            it.since,
            it.until,
            it.cap,
            it.per_day,
            it.per_pair,
        )
        for it in rows
    ]


@dataclass
class Book:
    """A batch being booked: what was used of each allowance, and the entries so far."""

    rules: Sequence[Rule]
    entries: list[dict[str, Any]] = field(default_factory=list)
    _used: dict[tuple, int] = field(default_factory=lambda: defaultdict(int))
    _booked: dict[int, list[tuple[Rule | None, str, int]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._by_kind: dict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self._by_kind[rule.kind].append(rule)
        self._by_slug = {rule.slug: rule for rule in self.rules}

    def open(self, session: Session, deeds: Sequence[Deed]) -> None:
        """Read what earlier batches used of the allowances, and what this one takes back."""
        self._read_taken_back(session, [deed.reverses for deed in deeds if deed.reverses])
        self._read_used(
            session,
            {
                (deed.member, deed.day)
                for deed in deeds
                if any(rule.per_day or rule.per_pair for rule in self._by_kind.get(deed.kind, ()))
            },
        )

    def _read_taken_back(self, session: Session, activities: Sequence[int]) -> None:
        for some in chunks(activities):
            rows = session.execute(
                select(PointEntry.activity_id, PointEntry.rule, PointEntry.amount).where(
                    PointEntry.activity_id.in_(some), PointEntry.amount != 0
                )
            )
            for activity, slug, amount in rows:
                self._booked[activity].append((self._by_slug.get(slug), slug, amount))

    def _read_used(self, session: Session, days: set[tuple[int, int]]) -> None:
        for some in chunks(sorted(days)):
            rows = session.execute(
                select(
                    PointEntry.member_id,
                    PointEntry.local_day,
                    PointEntry.rule,
                    PointEntry.actor_id,
                    func.sum(PointEntry.amount),
                )
                .where(tuple_(PointEntry.member_id, PointEntry.local_day).in_(some))
                .group_by(PointEntry.member_id, PointEntry.local_day, PointEntry.rule, PointEntry.actor_id)
            )
            for member, day, slug, actor, amount in rows:
                if rule := self._by_slug.get(slug):
                    self._use(rule, member, day, actor, int(amount))

    def _use(self, rule: Rule, member: int, day: int, actor: int | None, amount: int) -> None:
        if rule.per_day:
            self._used[rule.allowance, member, day] += amount
        if rule.per_pair:
            self._used[rule.allowance, member, day, actor] += amount

    def book(self, deed: Deed) -> int:
        """Book one deed; returns by how many points the balance moves."""
        if deed.reverses:
            return self._take_back(deed)
        moved = 0
        for rule in self._by_kind.get(deed.kind, ()):
            if rule.fits(deed):
                moved += self._credit(rule, deed)
        return moved

    def _credit(self, rule: Rule, deed: Deed) -> int:
        amount, held = rule.amount * deed.amount, None
        if rule.per_pair is not None and amount > 0:
            left = max(0, rule.per_pair - self._used[rule.allowance, deed.member, deed.day, deed.actor])
            amount, held = (left, "pair") if amount > left else (amount, held)
        if rule.per_day is not None and amount > 0:
            left = max(0, rule.per_day - self._used[rule.allowance, deed.member, deed.day])
            amount, held = (left, "day") if amount > left else (amount, held)
        self._use(rule, deed.member, deed.day, deed.actor, amount)
        self._booked[deed.id].append((rule, rule.slug, amount))
        self._enter(deed, rule.slug, amount, held)
        return amount

    def _take_back(self, deed: Deed) -> int:
        moved = 0
        for rule, slug, amount in self._booked.get(deed.reverses or 0, ()):
            if amount:
                if rule:
                    self._use(rule, deed.member, deed.day, deed.actor, -amount)
                self._enter(deed, slug, -amount, None)
                moved -= amount
        return moved

    def _enter(self, deed: Deed, slug: str, amount: int, held: str | None) -> None:
        self.entries.append(
            {
                "member_id": deed.member,
                "activity_id": deed.id,
                "rule": slug,
                "amount": amount,
                "seq": deed.seq,
                "happened_at": deed.at,
                "local_day": deed.day,
                "actor_id": deed.actor,
                "post_id": deed.post,
                "held": held,
                "reverses_id": None,
                "reverses": deed.reverses,
            }
        )

    def close(self, session: Session) -> None:
        """Write the entries, the balances and the weeks."""
        fresh = [_columns(it) for it in self.entries if not it["reverses"]]
        opposite = [it for it in self.entries if it["reverses"]]
        if fresh:
            session.connection().execute(insert_into(session, PointEntry), fresh)
        if opposite:
            taken_back = _entry_ids(session, {it["reverses"] for it in opposite})
            session.connection().execute(
                insert_into(session, PointEntry),
                [_columns(it) | {"reverses_id": taken_back[it["reverses"], it["rule"]]} for it in opposite],
            )
        add_to_weeks(session, self.entries)


def _columns(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "reverses"}


def _entry_ids(session: Session, activities: Iterable[int]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    for some in chunks(sorted(activities)):
        rows = session.execute(
            select(PointEntry.activity_id, PointEntry.rule, PointEntry.id).where(PointEntry.activity_id.in_(some))
        )
        found |= {(activity, rule): entry for activity, rule, entry in rows}
    return found


def week_of(day: int) -> int:
    """The week a day falls in, Monday to Sunday; 1970-01-01 was a Thursday of week 0."""
    return (day + 3) // 7


def add_to_weeks(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    """Add booked entries to the scores of their weeks."""
    sums: dict[tuple[int, int], list[int]] = {}
    for entry in entries:
        if entry["amount"]:
            score = sums.setdefault((week_of(entry["local_day"]), entry["member_id"]), [0, 0])
            score[0] += entry["amount"]
            score[1] = entry["seq"]
    if not sums:
        return
    new = insert_into(session, WeekScore)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["week", "member_id"],
            set_={"points": WeekScore.points + new.excluded.points, "seq": new.excluded.seq},
        ),
        [
            {"week": week, "member_id": member, "points": points, "seq": seq}
            for (week, member), (points, seq) in sums.items()
        ],
    )


def save_balances(session: Session, balances: dict[int, int], ranks: dict[int, int]) -> dict[int, int]:
    """Set members' balances and raise their ranks; returns the ranks of those who climbed."""
    if not balances:
        return {}
    session.connection().execute(
        update(Member).where(Member.id == bindparam("member")).values(points=bindparam("balance")),
        [{"member": member, "balance": balance} for member, balance in balances.items()],
    )
    stood = dict(session.execute(select(Member.id, Member.rank).where(Member.id.in_(balances))).all())
    climbed = {member: rank for member, rank in ranks.items() if rank > stood[member]}
    for member, rank in climbed.items():
        session.execute(
            update(Member).where(Member.id == member).values(rank=rank).execution_options(synchronize_session=False)
        )
    return climbed
