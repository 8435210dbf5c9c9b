"""What a history of deeds is worth, worked out the slow way.

No database, no totals, nothing shared with the engine: every sum is added up again at every
position, from rules as plain data. Where this and the engine differ, one of them is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

Data = Mapping[str, Any]

SUMS = {
    "score": {"upvote_received": 1, "downvote_received": -1},
    "reactions_received": {"upvote_received": 1, "insightful_received": 1},
    "reactions_given": {"upvote_given": 1, "insightful_given": 1},
    "threads_started": {"asked": 1, "started": 1},
    "votes_given": {"upvote_given": 1, "downvote_given": 1},
    "contributions": {"answered": 1, "replied": 1, "commented": 1},
}
OPENING = {"question", "discussion", "idea", "announcement"}
SPLITS = {
    "post": "post", "thread": "thread", "member": "actor", "day": "day", "category": "category", "object": "object",
}  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """A booked deed, with the facts of its post as they were when it was noted."""

    id: int
    seq: int
    kind: str
    member: int
    actor: int | None
    at: datetime
    day: int
    amount: int = 1
    post: int | None = None
    thread: int | None = None
    category: str | None = None
    object: str | None = None
    reverses: int | None = None
    post_kind: str | None = None
    post_author: int | None = None
    by_other: bool | None = None
    nth: int | None = None
    again: bool | None = None
    waited: int | None = None


class Entry(NamedTuple):
    """A line of the ledger."""

    member: int
    deed: int
    rule: str
    amount: int
    seq: int
    held: str | None


class Mark(NamedTuple):
    """Where something first held."""

    seq: int
    at: datetime


class Step(NamedTuple):
    """A move of a number: of a member's, or of one of their posts'."""

    seq: int
    step: int
    at: datetime
    day: int


Earned = dict[int, dict[int, Mark]]  # member: subject: where


@dataclass
class Verdict:
    """All that a history leads to."""

    entries: list[Entry]
    balances: dict[int, int]
    ranks: dict[int, int]
    weeks: dict[tuple[int, int], int]
    awards: dict[tuple[str, int, int], Mark] = field(default_factory=dict)  # slug, member, subject


def judge(
    deeds: Sequence[Deed], badges: Mapping[str, Data], points: Sequence[Data], ranks: Sequence[tuple[int, int]] = (),
) -> Verdict:  # fmt: skip
    """Judge a history: `badges` are rules by slug, `ranks` are (points, position)."""
    entries = _ledger(deeds, points)
    balances: dict[int, int] = defaultdict(int)
    weeks: dict[tuple[int, int], int] = defaultdict(int)
    reached: dict[int, int] = defaultdict(int)
    at = {deed.id: deed for deed in deeds}
    for deed in deeds:
        for entry in (it for it in entries if it.deed == deed.id):
            balances[entry.member] += entry.amount
            weeks[(int(at[entry.deed].at.timestamp()) // 86_400 + 3) // 7, entry.member] += entry.amount
        place = max([0, *(position for least, position in ranks if balances[deed.member] >= least)])
        reached[deed.member] = max(reached[deed.member], place)
    verdict = Verdict(entries, dict(balances), dict(reached), dict(weeks))
    verdict.awards = _Court(deeds, entries, badges).awards()
    return verdict


# --- points ------------------------------------------------------------------------------------


def _ledger(deeds: Sequence[Deed], rules: Sequence[Data]) -> list[Entry]:
    by_slug = {rule["slug"]: rule for rule in rules}
    deed_of = {deed.id: deed for deed in deeds}
    entries: list[Entry] = []

    def used(rule: Data, limit: str, deed: Deed) -> int:
        name = rule.get("cap") or rule["slug"]
        total = 0
        for entry in entries:
            other, there = by_slug[entry.rule], deed_of[entry.deed]
            same = (other.get("cap") or other["slug"]) == name and other.get(limit) is not None
            here = there.member == deed.member and there.day == deed.day
            if same and here and (limit == "per_day" or there.actor == deed.actor):
                total += entry.amount
        return total

    for deed in deeds:
        if deed.reverses is not None:
            entries += [
                Entry(deed.member, deed.id, it.rule, -it.amount, deed.seq, None)
                for it in list(entries) if it.deed == deed.reverses and it.amount
            ]  # fmt: skip
            continue
        for rule in rules:
            if rule["kind"] != deed.kind or not _is_in_force(rule, deed) or not _fits(rule.get("where", {}), deed):
                continue
            amount, held = rule["amount"] * deed.amount, None
            for limit, name in (("per_pair", "pair"), ("per_day", "day")):
                if rule.get(limit) is not None and amount > 0:
                    left = max(0, rule[limit] - used(rule, limit, deed))
                    if amount > left:
                        amount, held = left, name
            entries.append(Entry(deed.member, deed.id, rule["slug"], amount, deed.seq, held))
    return entries


def _is_in_force(rule: Data, deed: Deed) -> bool:
    return rule.get("since", deed.day) <= deed.day <= rule.get("until", deed.day)


# --- facts -------------------------------------------------------------------------------------


def _fits(where: Data, deed: Deed) -> bool:
    return all(_holds(name, value, deed) for name, value in where.items())


def _holds(name: str, value: Any, deed: Deed) -> bool:
    if name == "post":
        wanted = {value} if isinstance(value, str) else set(value)
        if "opening" in wanted:
            wanted |= OPENING
        return deed.post_kind in wanted
    if name == "own":
        return deed.post is not None and (deed.post_author == deed.member) == value
    if name == "by_self":
        return (deed.actor == deed.member) == value
    if name == "waited":
        return deed.waited is not None and deed.waited >= value
    return bool(getattr(deed, name) == value)


# --- badges ------------------------------------------------------------------------------------


class _Court:
    def __init__(self, deeds: Sequence[Deed], entries: Sequence[Entry], badges: Mapping[str, Data]) -> None:
        self.deeds, self.badges = deeds, badges
        by_id = {deed.id: deed for deed in deeds}
        gained: dict[int, int] = defaultdict(int)
        for entry in entries:
            gained[entry.deed] += entry.amount
        # The ledger moves a balance once at a position, by all that the deed there was worth.
        self.gains = [(by_id[deed], amount) for deed, amount in gained.items() if amount]
        self.found: dict[str, Earned] = {}

    def awards(self) -> dict[tuple[str, int, int], Mark]:
        return {
            (slug, member, subject): mark
            for slug in self.badges
            for member, subjects in self._badge(slug).items()
            for subject, mark in subjects.items()
        }

    def _badge(self, slug: str) -> Earned:
        if slug not in self.found:
            earned = self.earned(self.badges[slug]) if slug in self.badges else {}
            for deed in self.deeds:
                if deed.kind == "badge_granted" and deed.object == slug and deed.amount > 0:
                    earned.setdefault(deed.member, {}).setdefault(0, Mark(deed.seq, deed.at))
            self.found[slug] = earned
        return self.found[slug]

    def earned(self, node: Data) -> Earned:
        if "count" in node:
            found = self._window(node, node["days"]) if "days" in node else self._count(node)
            return _first(found) if node.get("first") else found
        if "streak" in node:
            days = {"count": node["streak"], "per": "day", "n": node["n"], "where": node.get("where", {})}
            return self._window(days, node["n"])
        if "together" in node:
            found = self._together(node)
            return _first(found) if node.get("first") else found
        if "all" in node:
            return self._all([self.earned(part) for part in node["all"]])
        if "any" in node:
            return self._any([self.earned(part) for part in node["any"]])
        if "has" in node:
            return _first(self._badge(node["has"]))
        return self._yearly(node["yearly"])

    def _rows(self, node: Data) -> Iterable[tuple[Deed, int]]:
        count = node["count"]
        if count == "points":
            return self.gains
        weights = (
            SUMS.get(count, {count: 1}) if isinstance(count, str)
            else dict.fromkeys(count, 1) if isinstance(count, list) else count
        )  # fmt: skip
        where = node.get("where", {})
        return [(it, it.amount * weights[it.kind]) for it in self.deeds if it.kind in weights and _fits(where, it)]

    def _steps(self, node: Data, each: bool) -> dict[tuple[int, int], list[Step]]:
        """The moves of each number the node speaks of, by member and subject."""
        mine: dict[tuple[int, int], list[tuple[Deed, int]]] = defaultdict(list)
        for deed, step in self._rows(node):
            if each and deed.post is None:
                continue
            mine[deed.member, (deed.post or 0) if each else 0].append((deed, step))
        per, reaches = node.get("per"), node.get("reaches", 1)
        if not per:
            return {key: [Step(d.seq, step, d.at, d.day) for d, step in rows] for key, rows in mine.items()}
        return {key: list(_part_steps(rows, SPLITS[per], reaches)) for key, rows in mine.items()}

    def _count(self, node: Data) -> Earned:
        found: Earned = {}
        for (member, subject), steps in self._steps(node, "each" in node).items():
            for here in steps:
                so_far = [it for it in steps if it.seq <= here.seq]
                if sum(it.step for it in so_far) >= node.get("n", 1):
                    found.setdefault(member, {})[subject] = Mark(here.seq, max(it.at for it in so_far))
                    break
        return found

    def _window(self, node: Data, days: int) -> Earned:
        found: Earned = {}
        for (member, _), steps in self._steps(node, each=False).items():
            for here in (it for it in steps if it.step > 0):
                lately = [it for it in steps if it.seq <= here.seq and here.day - days < it.day <= here.day]
                if sum(it.step for it in lately) >= node.get("n", 1):
                    found[member] = {0: Mark(here.seq, here.at)}
                    break
        return found

    def _together(self, node: Data) -> Earned:
        parts = [(part, self._steps(part, "each" in node)) for part in node["together"]]
        found: Earned = {}
        for member, subject in {key for _, steps in parts for key in steps}:
            moves = [(part, steps.get((member, subject), [])) for part, steps in parts]
            for seq in sorted({step.seq for _, steps in moves for step in steps}):
                if all(_stands(part, sum(it.step for it in steps if it.seq <= seq)) for part, steps in moves):
                    at = max(it.at for _, steps in moves for it in steps if it.seq <= seq)
                    found.setdefault(member, {})[subject] = Mark(seq, at)
                    break
        return found

    def _all(self, parts: Sequence[Earned]) -> Earned:
        found: Earned = {}
        for member in set(parts[0]).intersection(*parts[1:]):
            marks = [part[member][0] for part in parts]
            found[member] = {0: Mark(max(it.seq for it in marks), max(it.at for it in marks))}
        return found

    def _any(self, parts: Sequence[Earned]) -> Earned:
        return {
            member: {0: min(part[member][0] for part in parts if member in part)}
            for member in set().union(*parts)
        }  # fmt: skip

    def _yearly(self, points: int) -> Earned:
        found: Earned = {}
        last = max((deed.amount for deed in self.deeds), default=0) * len(self.deeds)
        for k in range(1, last + 1):
            years = self._count({"count": "anniversary", "n": k})
            if not years:
                break
            for member, subjects in self._all([years, self._count({"count": "points", "n": k * points})]).items():
                found.setdefault(member, {})[k] = subjects[0]
        return found


def _part_steps(rows: Sequence[tuple[Deed, int]], split: str, reaches: int) -> Iterable[Step]:
    """+1 where a part's own sum rises to `reaches`, -1 where it falls below."""
    for deed, step in rows:
        part = getattr(deed, split)
        if part is None:
            continue
        so_far = [(it, amount) for it, amount in rows if it.seq <= deed.seq and getattr(it, split) == part]
        after = sum(amount for _, amount in so_far)
        risen = (after >= reaches) - (after - step >= reaches)
        if risen:
            yield Step(deed.seq, risen, max(it.at for it, _ in so_far), deed.day)


def _stands(part: Data, value: int) -> bool:
    return bool(value <= part["most"] if "most" in part else value >= part.get("n", 1))


def _first(earned: Earned) -> Earned:
    return {member: {0: min(subjects.values())} for member, subjects in earned.items() if subjects}
