"""The XML files of a dump, read a row at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from app.domain.problems import Problem

TABLES = ("Users", "Posts", "Votes", "Comments", "PostHistory", "Tags")
REQUIRED = ("Users", "Posts")
CHUNK_BYTES = 256 * 1024
GREATEST_ROW_BYTES = 16 * 1024 * 1024

Row = dict[str, str]


class DumpError(Problem):
    """A dump that cannot be read: says where, why, and what to do about it."""

    def __init__(self, place: Path, line: int | None, problem: str, remedy: str) -> None:
        where = f"{place}, line {line}" if line else str(place)
        super().__init__(f"{where}: {problem}. {remedy}")


def files(directory: Path) -> dict[str, Path]:
    """The tables a dump has, by name; raises DumpError if it is none."""
    if not directory.is_dir():
        raise DumpError(directory, None, "is not a folder", "Name the folder that holds Users.xml and Posts.xml.")
    by_name = {path.name.casefold(): path for path in directory.iterdir() if path.is_file()}
    found = {table: by_name[name] for table in TABLES if (name := f"{table}.xml".casefold()) in by_name}
    missing = [f"{table}.xml" for table in REQUIRED if table not in found]
    if missing:
        raise DumpError(
            directory, None, f"has no {' and no '.join(missing)}", "Unpack the whole dump into this folder."
        )
    return found


def rows(table: str, path: Path) -> Iterator[tuple[int, Row]]:
    """Each row with its line. Memory does not grow with the file.

    Raises DumpError for what is not XML, is cut short, holds another table, or defines entities:
    no dump does, and a few of them can fill any memory.
    """
    reader = _Reader(table, path)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield from reader.feed(chunk)
        yield from reader.feed(b"", last=True)


class _Reader:
    def __init__(self, table: str, path: Path) -> None:
        self._table, self._path = table, path
        self._found: list[tuple[int, Row]] = []
        self._is_root = True
        self._row_ended_at = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, chunk: bytes, last: bool = False) -> list[tuple[int, Row]]:
        self._found = []
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as no:
            raise self._no(no.lineno, *_explained(no)) from None
        if self._found:
            self._row_ended_at = self._parser.CurrentByteIndex
        elif self._parser.CurrentByteIndex + len(chunk) - self._row_ended_at > GREATEST_ROW_BYTES:
            raise self._no(self._parser.CurrentLineNumber, "a row is longer than 16 MB", "Get the dump again.")
        return self._found

    def _start(self, name: str, attributes: Row) -> None:
        if self._is_root:
            self._is_root = False
            if name.casefold() != self._table.casefold():
                remedy = f"Check that {self._path.name} is the file of that name in the dump."
                raise self._no(self._parser.CurrentLineNumber, f"holds <{name}>, not <{self._table.lower()}>", remedy)
        elif name == "row":
            self._found.append((self._parser.CurrentLineNumber, attributes))

    def _refuse(self, *_: object) -> None:
        remedy = "Dumps have none, and they can be used to fill the memory: get the dump from its publisher."
        raise self._no(self._parser.CurrentLineNumber, "defines a document type or entities", remedy)

    def _no(self, line: int, problem: str, remedy: str) -> DumpError:
        return DumpError(self._path, line, problem, remedy)


def _explained(no: expat.ExpatError) -> tuple[str, str]:
    codes = expat.errors.codes
    if no.code in (codes[expat.errors.XML_ERROR_NO_ELEMENTS], codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]):
        return "ends in the middle", "It was not copied completely: unpack or download it again."
    if no.code == codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION]:
        return "ends in the middle", "It was not copied completely: unpack or download it again."
    reason = expat.errors.messages.get(no.code, "cannot be read")
    return (
        f"is not well-formed XML ({reason}, column {no.offset + 1})",
        "Unpack or download it again; it is to be UTF-8.",
    )
