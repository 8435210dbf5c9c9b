"""What every node of a criterion can do, and how far one is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlalchemy import Subquery

from app.domain.badging.criteria.measures import Measure

if TYPE_CHECKING:
    from app.domain.badging.criteria.counts import Count

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
    def counts(self) -> tuple[Count, ...]: ...
    def earned(self, one_member: bool = False) -> Subquery: ...
    def sentence(self, names: Names) -> str: ...
    def progress(self, reader: Reader, names: Names) -> list[Progress]: ...
    def measures(self) -> set[Measure]: ...
    def badges(self) -> set[str]: ...


def share(steps: Iterable[Progress]) -> float:
    """How much of a list of conditions is done, from 0 to 1."""
    parts = [step.have / step.need if step.need else 1.0 for step in steps]
    return sum(parts) / len(parts) if parts else 0.0


def key_of(name: str, *parts: object) -> str:
    """The canonical text of a node, by which what it found is remembered."""
    return json.dumps([name, *parts], separators=(",", ":"), default=str)
