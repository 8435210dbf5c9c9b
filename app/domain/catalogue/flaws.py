"""What can be wrong with a catalogue's file."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.catalogue.places import Path
from app.domain.problems import Problem


@dataclass(frozen=True)
class Flaw:
    """One thing to put right: the place in the data, whose it is, what is wrong, what to do."""

    path: Path
    whose: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.whose}: {_sentence(self.problem)} {_sentence(self.remedy)}".lstrip(": ").rstrip()


class InvalidCatalogue(Problem):
    """A file that cannot be loaded; `lines` are all its problems, in the order of the file."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def meant(given: str, known: Iterable[str], none: str = "") -> str:
    """What somebody who wrote something unknown probably meant, else what there is."""
    names = list(known)
    close = difflib.get_close_matches(given, names, n=1)
    return f"Did you mean {close[0]!r}?" if close else none or "Known: " + ", ".join(names)


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".?!" else text + "."
