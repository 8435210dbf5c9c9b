"""Plots: where the lines of a drawing go. The colours are the style sheet's."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from app.domain.rewards.climbs import Step

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 28  # room for the numbers and dates at the edges
LINES = 4
DATES = 4  # more would touch each other on a phone


class Label(NamedTuple):
    """A number or date at an edge, and how far along."""

    at: float
    value: object


class Plot(NamedTuple):
    """A line, the ground below it, what stands at the edges, and the numbers it is drawn from."""

    steps: Sequence[Step]
    line: str
    ground: str
    end: tuple[float, float]
    levels: Sequence[Label]
    dates: Sequence[Label]
    marks: Sequence[Label]


class Bar(NamedTuple):
    """A part of a column: how far along, from where down, and how high; parts stand on each other in order."""

    part: int
    x: float
    y: float
    height: float


class Columns(NamedTuple):
    """Columns of some parts each, one a day, and what stands at the edges."""

    bars: Sequence[Bar]
    width: float
    levels: Sequence[Label]
    dates: Sequence[Label]


def draw(steps: Sequence[Step], marks: Sequence[tuple[str, int]]) -> Plot:
    """The balances of some weeks as a line; `marks` are named levels, drawn where they are in sight."""
    low, high = min(0, *(it.balance for it in steps)), max(1, *(it.balance for it in steps))
    rise, ceiling = _levels(low, high)
    across = (WIDTH - LEFT - RIGHT) / (len(steps) - 1)

    def down(value: float) -> float:
        return _down(value, low, ceiling)

    points = [(round(LEFT + i * across, 1), down(it.balance)) for i, it in enumerate(steps)]
    line = "M" + " L".join(f"{x} {y}" for x, y in points)
    return Plot(
        steps,
        line,
        f"{line} L{points[-1][0]} {down(low)} L{points[0][0]} {down(low)} Z",
        points[-1],
        [Label(down(value), value) for value in range(low, ceiling + 1, rise)],
        [Label(points[i][0], steps[i].monday) for i in _dated(len(steps))],
        [Label(down(value), name) for name, value in marks if low < value <= ceiling],
    )


def columns(days: Sequence[date], counts: Sequence[Sequence[int]]) -> Columns:
    """A column for each day, of as many parts as there are counts of it."""
    rise, ceiling = _levels(0, max(1, *(sum(it) for it in counts)))
    across = (WIDTH - LEFT - RIGHT) / len(days)
    bars = []
    for i, parts in enumerate(counts):
        top = _down(0, 0, ceiling)
        for part, count in enumerate(parts):
            height = round(count / ceiling * (HEIGHT - TOP - BOTTOM), 1)
            top = round(top - height, 1)
            if count:
                bars.append(Bar(part, round(LEFT + (i + 0.15) * across, 1), top, height))
    return Columns(
        bars,
        round(across * 0.7, 1),
        [Label(_down(value, 0, ceiling), value) for value in range(0, ceiling + 1, rise)],
        [Label(round(LEFT + (i + 0.5) * across, 1), days[i]) for i in _dated(len(days))],
    )


def _dated(number: int) -> range:
    """Which of so many points along have their date below them."""
    return range(0, number, max(1, (number - 1) // (DATES - 1)))


def _levels(low: int, high: int) -> tuple[int, int]:
    """From one line across to the next, and where the highest is."""
    rise = _rounded((high - low) / LINES)
    return rise, low + rise * -(-(high - low) // rise)


def _down(value: float, low: int, ceiling: int) -> float:
    return round(HEIGHT - BOTTOM - (value - low) / (ceiling - low) * (HEIGHT - TOP - BOTTOM), 1)


def _rounded(step: float) -> int:
    """A step that reads well: 1, 2 or 5 and noughts."""
    size = 1
    while True:
        for digit in (1, 2, 5):
            if step <= digit * size:
                return digit * size
        size *= 10
