"""The table that is printed: a row a figure, beside its reference and its target."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEAD = ("what", "on", "value", "reference", "ratio", "target", "")


@dataclass(frozen=True)
class Row:
    """A figure. `met` is None where nothing was promised."""

    what: str
    on: str
    value: str
    reference: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "met", False: "NOT MET", None: ""}[self.met]
        return self.what, self.on, self.value, self.reference, self.ratio, self.target, verdict


def at_most(what: str, on: str, value: str, reference: str, ratio: float, target: float) -> Row:
    """A row whose ratio to its reference must not be above a target."""
    return Row(what, on, value, reference, f"{ratio:.2f} x", f"<= {target:g} x", ratio <= target)


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    lines = [HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([texts[0], "-" * len(texts[0]), *texts[1:]])


def say(text: str) -> None:
    """Tell what is being done, beside the table."""
    print(text, file=sys.stderr, flush=True)


def shown(seconds: float) -> str:
    """A duration in the unit that reads best."""
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


def share(values: Sequence[float], part: float) -> float:
    """The value that so large a part of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def is_full() -> bool:
    """Whether BENCH asks for the large sizes."""
    return os.environ.get("BENCH") == "full"


Part = Callable[..., list[Row]]
