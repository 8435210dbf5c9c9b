"""Listeners: what waits for a measure to move, and which sums a deed moves for it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from app.domain.badging.criteria import Count, Measure, Together
from app.domain.badging.facts import Deed
from app.domain.badging.totals import Key

Emit = Callable[[int, int, int, datetime], None]  # member, subject, seq, at


@dataclass
class Listener:
    """A measure with all that waits for it."""

    measure: Measure
    id: int
    parts_id: int | None = None
    days_id: int | None = None  # the parts of the same deeds split by day, which windows add up
    steps: list[tuple[int, Emit, bool]] = field(default_factory=list)  # n, emit, first
    windows: list["Window"] = field(default_factory=list)
    watchers: list["Joint"] = field(default_factory=list)
    movers: list[Callable[[int, int, Deed, datetime], None]] = field(default_factory=list)  # before, after

    def seal(self) -> None:
        self.steps.sort(key=lambda step: step[0])
        self._ns = [step[0] for step in self.steps]

    @property
    def days_table(self) -> int:
        """The totals that windows look at: those of single days."""
        return self.days_id if self.days_id is not None else self.parts_id or 0

    def crossed(self, before: int, after: int) -> Sequence[tuple[int, Emit, bool]]:
        """The thresholds that lie above one value and not above the other."""
        return self.steps[bisect_right(self._ns, before) : bisect_right(self._ns, after)]


class Move(NamedTuple):
    """A deed that moves a measure, and which of its sums."""

    listener: Listener
    weight: int
    deed: Deed
    part: str
    split: str


@dataclass
class Window:
    """A count within some days, looked at from each upward step until it holds."""

    node: Count
    listener: Listener
    latch: int
    emit: Emit


@dataclass
class Joint:
    """Parts that must hold at once: fires when the last of them comes to hold."""

    node: Together
    listeners: list[Listener]
    emit: Emit


def keys_of(moves: Iterable[Move]) -> Iterable[Key]:
    """All totals that some moves touch or ask for."""
    for listener, _, deed, part, split in moves:
        yield listener.id, deed.member, part
        if listener.parts_id is not None:
            yield listener.parts_id, deed.member, split
        for window in listener.windows:
            yield window.latch, deed.member, ""
        for together in listener.watchers:
            yield from ((it.id, deed.member, part_of(it, deed)) for it in together.listeners)


def part_of(listener: Listener, deed: Deed) -> str:
    """Which of a listener's sums a deed moves: its post's, or the only one."""
    return str(deed.post) if listener.measure.each else ""


def split_of(listener: Listener, deed: Deed) -> str:
    """Which of the sums below it a deed moves, where the measure is split."""
    part = listener.measure.part(deed) or ""
    return f"{deed.post}/{part}" if listener.measure.each else part


def hold(node: Together, values: Sequence[int]) -> bool:
    """Whether all parts hold, their numbers being these."""
    return all(
        value >= part.n if part.most is None else value <= part.most
        for part, value in zip(node.parts, values, strict=True)
    )
