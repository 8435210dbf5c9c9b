"""The gate: fed one booked deed after the other, it says which rules that deed completes.

It knows each running sum before and after the deed, so an ordinary deed costs a few additions and
no statement, however long the member's history and however large the site.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.domain.badging.criteria import All, Any, Count, Has, Measure, Node, Together, Yearly
from app.domain.badging.facts import Deed
from app.domain.badging.listeners import Emit, Joint, Listener, Move, Window, hold, keys_of, part_of, split_of
from app.domain.badging.sums import Sums
from app.domain.badging.totals import Key
from app.domain.record import kinds


class Rule(NamedTuple):
    """A badge's rule as the gate and the backfill use it."""

    badge: int
    slug: str
    version: int
    node: Node


class Reached(NamedTuple):
    """A rule that a deed completed."""

    badge: int
    version: int
    member: int
    subject: int
    seq: int
    at: datetime


class Gate:
    """All published rules, wired to the deeds they listen to."""

    def __init__(self, rules: Sequence[Rule], identify: Callable[[str], int]) -> None:
        self._identify = identify
        self._listeners: dict[str, Listener] = {}
        self._by_kind: dict[str, list[tuple[Listener, int]]] = defaultdict(list)
        self._has: dict[str, list[Emit]] = defaultdict(list)
        self.reached: list[Reached] = []
        self.latches: dict[str, Node] = {}  # what each latch's key remembers, to build it from history
        self.yearly: dict[str, Yearly] = {}
        self.sums: Sums
        self.balance = self._listen(Yearly.ledger)  # balances are a measure like any other
        for rule in rules:
            self._wire(rule.node, self._award(rule))
        for listener in self._listeners.values():
            listener.seal()

    @property
    def measures(self) -> list[Measure]:
        """Every measure that is kept."""
        return [listener.measure for listener in self._listeners.values()]

    # --- wiring ----------------------------------------------------------------------------

    def _award(self, rule: Rule) -> Emit:
        def emit(member: int, subject: int, seq: int, at: datetime) -> None:
            self.reached.append(Reached(rule.badge, rule.version, member, subject, seq, at))
            self.held(rule.slug, member, seq, at)

        return emit

    def _listen(self, measure: Measure) -> Listener:
        listener = self._listeners.get(measure.key)
        if listener is None:
            parts = self._identify(measure.parts_key) if measure.per else None
            listener = Listener(measure, self._identify(measure.key), parts)
            self._listeners[measure.key] = listener
            for kind, weight in measure.weights:
                self._by_kind[kind].append((listener, weight))
        return listener

    def _wire(self, node: Node, emit: Emit) -> None:
        match node:
            case Count(days=None):
                self._listen(node.measure).steps.append((node.n, emit, node.first))
            case Count():
                self._wire_window(node, emit)
            case Together():
                listeners = [self._listen(part.measure) for part in node.parts]
                together = Joint(node, listeners, emit)
                for listener in {id(it): it for it in listeners}.values():
                    listener.watchers.append(together)
            case All():
                self._wire_all(node, emit)
            case Any():
                for part in node.parts:
                    self._wire(part, emit)
            case Has():
                self._has[node.badge].append(emit)
            case Yearly():
                self._wire_yearly(node, emit)

    def _latch(self, node: Node) -> int:
        key = latch_key(node)
        self.latches[key] = node
        return self._identify(key)

    def _wire_window(self, node: Count, emit: Emit) -> None:
        listener = self._listen(node.measure)
        if not node.measure.per and listener.days_id is None:
            listener.days_id = self._listen(node.measure.by_day).parts_id
        listener.windows.append(Window(node, listener, self._latch(node), emit))

    def _wire_all(self, node: All, emit: Emit) -> None:
        latches = [self._latch(part) for part in node.parts]

        def listen(latch: int) -> Emit:
            def held(member: int, subject: int, seq: int, at: datetime) -> None:
                if not self.sums.latch((latch, member, ""), seq, at):
                    return
                dates = [self.sums.latest((it, member, "")) for it in latches]
                if all(dates):
                    emit(member, 0, seq, max(date for date in dates if date))

            return held

        for part, latch in zip(node.parts, latches, strict=True):
            self._wire(part, listen(latch))

    def _wire_yearly(self, node: Yearly, emit: Emit) -> None:
        years, points = (self._identify(key) for key in yearly_keys(node))
        self.yearly[node.key] = node

        def met(latch: int, other: int, k: int, deed: Deed, at: datetime) -> None:
            if self.sums.latch((latch, deed.member, str(k)), deed.seq, at):
                date = self.sums.latest((other, deed.member, str(k)))
                if date:
                    emit(deed.member, k, deed.seq, max(at, date))

        def aged(before: int, after: int, deed: Deed, at: datetime) -> None:
            for k in range(before + 1, after + 1):
                met(years, points, k, deed, at)

        def earned(before: int, after: int, deed: Deed, at: datetime) -> None:
            for k in range(max(before, 0) // node.points + 1, max(after, 0) // node.points + 1):
                met(points, years, k, deed, at)

        self._listen(node.years).movers.append(aged)
        self._listen(node.ledger).movers.append(earned)

    # --- evaluating ------------------------------------------------------------------------

    def open(self, sums: Sums, deeds: Sequence[Deed]) -> None:
        """Begin a batch: find what each deed moves, and read where that stands."""
        self.sums, self.reached = sums, []
        self._moves = {deed.id: self._moved_by(deed, deed.kind) for deed in deeds}
        self._points = {deed.id: self._moved_by(deed, kinds.POINTS) for deed in deeds}
        sums.load(key for moves in (self._moves, self._points) for it in moves.values() for key in keys_of(it))
        sums.load(key for deed in deeds for key in self._window_keys(deed))

    def _moved_by(self, deed: Deed, kind: str) -> list["Move"]:
        return [
            Move(listener, weight, deed, part_of(listener, deed), split_of(listener, deed))
            for listener, weight in self._by_kind.get(kind, ())
            if listener.measure.counts(deed)
        ]

    def _window_keys(self, deed: Deed) -> Iterable[Key]:
        for move in self._moves[deed.id]:
            windows = move.listener.windows
            waiting = [it for it in windows if not self.sums.value((it.latch, deed.member, ""))]
            if waiting:
                longest = max(it.node.days or 0 for it in waiting)
                table = move.listener.days_table
                yield from ((table, deed.member, str(deed.day - back)) for back in range(longest))

    def feed(self, deed: Deed, points: int) -> None:
        """One deed, and by how much it moved the balance."""
        changed: dict[Key, int] = {}  # values before this deed
        touched: list[tuple[Move, int, int]] = []
        for move in self._moves[deed.id]:
            self._move(move, move.weight * deed.amount, changed, touched)
        if points:
            for move in self._points[deed.id]:
                self._move(move, points, changed, touched)
        for move, before, after in touched:
            self._fire(move, before, after)
        self._fire_together(deed, changed, [move.listener for move, *_ in touched])

    def _move(self, move: "Move", step: int, changed: dict[Key, int], touched: list) -> None:
        listener, deed = move.listener, move.deed
        at = deed.at
        if listener.parts_id is not None:
            key = (listener.parts_id, deed.member, move.split)
            before, after = self._shift(key, step, at, changed)
            at = self.sums.latest(key) or at
            reaches = listener.measure.reaches
            step = int(after >= reaches) - int(before >= reaches)
        if step:
            before, after = self._shift((listener.id, deed.member, move.part), step, at, changed)
            touched.append((move, before, after))

    def _shift(self, key: Key, step: int, at: datetime, changed: dict[Key, int]) -> tuple[int, int]:
        """Move a sum, unless another measure that shares it did; the values before and after the deed."""
        if key in changed:
            return changed[key], self.sums.value(key)
        before, after = self.sums.move(key, step, at)
        changed[key] = before
        return before, after

    def _fire(self, move: "Move", before: int, after: int) -> None:
        listener, deed = move.listener, move.deed
        if not (listener.steps or listener.windows or listener.movers):
            return
        subject = listener.measure.subject(deed)
        at = self.sums.latest((listener.id, deed.member, move.part)) or deed.at
        if after > before:
            for _, emit, first in listener.crossed(before, after):
                emit(deed.member, 0 if first else subject, deed.seq, at)
            for window in listener.windows:
                self._look(window, deed)
        for mover in listener.movers:
            mover(before, after, deed, at)

    def _look(self, window: Window, deed: Deed) -> None:
        latch = (window.latch, deed.member, "")
        if self.sums.value(latch) not in (0, deed.seq):  # another badge may ask for the very same window
            return
        days = [str(deed.day - back) for back in range(window.node.days or 0)]
        listener = window.listener
        if listener.days_id is not None:
            found = sum(self.sums.value((listener.days_id, deed.member, day)) for day in days)
            at = deed.at
        else:
            table, reaches = listener.parts_id or 0, listener.measure.reaches
            found = sum(self.sums.value((table, deed.member, day)) >= reaches for day in days)
            at = self.sums.latest((table, deed.member, str(deed.day))) or deed.at
        if found >= window.node.n:
            self.sums.latch(latch, deed.seq, at)
            window.emit(deed.member, 0, deed.seq, at)

    def _fire_together(self, deed: Deed, changed: dict[Key, int], listeners: list[Listener]) -> None:
        asked: set[int] = set()
        for together in (it for listener in listeners for it in listener.watchers):
            if id(together) in asked:
                continue
            asked.add(id(together))
            keys = [(it.id, deed.member, part_of(it, deed)) for it in together.listeners]
            now = [self.sums.value(key) for key in keys]
            then = [changed.get(key, value) for key, value in zip(keys, now, strict=True)]
            if hold(together.node, now) and not hold(together.node, then):
                at = max(date for key in keys if (date := self.sums.latest(key)))
                subject = together.listeners[0].measure.subject(deed)
                together.emit(deed.member, 0 if together.node.first else subject, deed.seq, at)

    def held(self, slug: str, member: int, seq: int, at: datetime) -> None:
        """A badge came into a member's hands, by rule or by people."""
        for emit in self._has[slug]:
            emit(member, 0, seq, at)


def latch_key(node: Node) -> str:
    """The key under which it is remembered where a node first held."""
    return "latch:" + node.key


def yearly_keys(node: Yearly) -> tuple[str, str]:
    """The keys of the two latches of a yearly rule: the years, and the points for so many years."""
    return f"latch:years:{node.key}", f"latch:points:{node.key}"
