"""Books points: what each deed is worth, less what the day's allowances hold back.

There is one booking routine, in booking order, for live deeds and for a whole history, so that the
ledger does not depend on how it came about. Balances, scores and ranks are sums of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.orm import Session

from app.domain.badging import facts
from app.domain.badging.facts import Deed, Where
from app.domain.base import chunks, insert_into
from app.domain.people.members import Member
from app.domain.record import scores
from app.domain.record.points import PointEntry, PointRule
from app.domain.site import site_settings


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
        self._enter(deed, rule.slug, amount, held, rule.amount * deed.amount - amount)
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

    def _enter(self, deed: Deed, slug: str, amount: int, held: str | None, held_back: int = 0) -> None:
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
                "held_back": held_back,
                "reverses_id": None,
                "reverses": deed.reverses,
                "kind": deed.kind,
                "category": deed.category,
            }
        )

    def close(self, session: Session, balances: Mapping[int, int]) -> None:
        """Write the entries, with what `balances` become by them, and add them to the scores."""
        if not self.entries:
            return
        zone = site_settings.read(session).zone
        left = self._balances(session, balances)
        for entry in reversed(self.entries):
            entry["balance"] = left[entry["member_id"]]
            left[entry["member_id"]] -= entry["amount"]
            entry["week"] = scores.week_at(entry["happened_at"], zone)
            entry["month"] = scores.month_at(entry["happened_at"], zone)
        self._write(session)
        scores.add(session, self.entries)

    def _balances(self, session: Session, moved: Mapping[int, int]) -> dict[int, int]:
        """The balances after this batch: of those it moved, and of those whose deeds it held back."""
        found = dict(moved)
        for some in chunks(sorted({it["member_id"] for it in self.entries} - moved.keys())):
            found |= dict(session.execute(select(Member.id, Member.points).where(Member.id.in_(some))).all())
        return found

    def _write(self, session: Session) -> None:
        opposite = [it for it in self.entries if it["reverses"]]
        if fresh := [_columns(it) for it in self.entries if not it["reverses"]]:
            session.connection().execute(insert_into(session, PointEntry), fresh)
        if not opposite:
            return
        taken_back = _taken_back(session, {it["reverses"] for it in opposite})
        for entry in opposite:  # in the week and month of what it takes back, wherever the site's zone was then
            entry |= taken_back[entry["reverses"], entry["rule"]]
        session.connection().execute(insert_into(session, PointEntry), [_columns(it) for it in opposite])


def _columns(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("reverses", "kind", "category")}


def _taken_back(session: Session, activities: Iterable[int]) -> dict[tuple[int, str], dict[str, int]]:
    found: dict[tuple[int, str], dict[str, int]] = {}
    for some in chunks(sorted(activities)):
        rows = session.execute(
            select(PointEntry.activity_id, PointEntry.rule, PointEntry.id, PointEntry.week, PointEntry.month).where(
                PointEntry.activity_id.in_(some)
            )
        )
        found |= {
            (activity, rule): {"reverses_id": entry, "week": week, "month": month}
            for activity, rule, entry, week, month in rows
        }
    return found


def move_balances(session: Session, moved: Mapping[int, int]) -> dict[int, int]:
    """Move members' balances by so many points; returns those that moved. Ranks are looked at by the caller."""
    balances: dict[int, int] = {}
    for some in chunks([member for member, points in moved.items() if points]):
        rows = session.execute(select(Member.id, Member.points).where(Member.id.in_(some)))
        balances |= {member: points + moved[member] for member, points in rows}
    save_balances(session, balances, {})
    return balances


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
