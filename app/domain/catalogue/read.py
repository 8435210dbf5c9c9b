"""Reads a catalogue's file, or says everything that is wrong with it."""

import re
import tomllib
from pathlib import Path
from typing import Any

from app.domain.catalogue.check import flaws
from app.domain.catalogue.entries import Catalogue
from app.domain.catalogue.flaws import InvalidCatalogue
from app.domain.catalogue.places import Places

LARGEST = 250_000  # bytes of a file that are read
LONGEST_LINE = 400  # of a problem that is told
FOLDER = Path(__file__).parent.parent.parent / "catalogue"
SHIPPED = ("flight", "stackexchange")


def read(path: Path | str) -> Catalogue:
    """The catalogue in a file. Raises InvalidCatalogue, and OSError where the file cannot be read."""
    with Path(path).open("rb") as file:
        return parse(file.read(LARGEST + 1), str(path))


def shipped(name: str) -> Catalogue:
    """A catalogue that comes with the site, one of SHIPPED."""
    return read(FOLDER / f"{name}.toml")


def parse(text: bytes | str, file: str) -> Catalogue:
    """The catalogue in a text; `file` is what problems call it. Raises InvalidCatalogue."""
    text = _decoded(text, file).replace("\r\n", "\n")
    if len(text.encode()) > LARGEST:
        raise InvalidCatalogue([f"{file}:1: this is larger than {LARGEST:,} bytes. Shorten it, or leave lessons out."])
    data, places = _parsed(text, file), Places(text)
    found = sorted((places.line(flaw.path), _short(str(flaw))) for flaw in flaws(data))
    if found:
        raise InvalidCatalogue([f"{file}:{line}: {flaw}" for line, flaw in dict.fromkeys(found)])
    return Catalogue.from_data(data)


def _short(told: str) -> str:
    return told if len(told) <= LONGEST_LINE else told[: LONGEST_LINE - 1] + "…"


def _decoded(text: bytes | str, file: str) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as no:
        line = text.count(b"\n", 0, no.start) + 1
        raise InvalidCatalogue([f"{file}:{line}: this is not UTF-8 text. Save the file as UTF-8."]) from no


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError as no:
        raise InvalidCatalogue([f"{file}:1: tables or lists stand too deep in each other. Write it flatter."]) from no
    except tomllib.TOMLDecodeError as no:
        at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(no))
        line = at[1] if at and at[1] else text.rstrip("\n").count("\n") + 1
        column = f" at column {at[2]}" if at and at[2] else ""
        problem = re.sub(r" \(at .*\)$", "", str(no))
        problem = problem[:1].lower() + problem[1:]
        raise InvalidCatalogue(
            [f"{file}:{line}: this is not TOML{column}: {problem}. Correct it there, or in the line before."]
        ) from no
    except ValueError as no:  # an int of more digits than Python reads
        raise InvalidCatalogue([f"{file}:1: there is a number nobody can read. Write a shorter one."]) from no
