"""The staging file: a dump's tables in a private SQLite file, checked and put into order.

It is made under another name and renamed when it is whole, so a file that is there is complete.
What the import asks of it (which answer came first, who first used a tag) is computed here once, in
SQL, so that memory stays the same whatever the size of the dump.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.imports.stackexchange import dump, usernames
from app.imports.stackexchange.dump import DumpError

BATCH = 2_000
GREATEST_NUMBER = 2**62  # a database's own integers end not far behind
ORDER = (Path(__file__).parent / "order.sql").read_text(encoding="utf-8")

Advance = Callable[[int], None]


class Unusable(ValueError):
    """A value that is not what its attribute must hold; says what it is."""


def _number(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise Unusable(f"{value[:40]!r} is not a whole number") from None
    if abs(number) > GREATEST_NUMBER:
        raise Unusable(f"{value[:40]!r} is too large a number")
    return number


def _moment(value: str) -> str:
    """UTC to the millisecond, as text that sorts by time and that SQLite's date functions know."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Unusable(f"{value[:40]!r} is not a time like 2015-01-27T20:09:32.720") from None
    if len(value) == 23 and moment.tzinfo is None:  # how dumps write it: only the T is in the way
        return f"{value[:10]} {value[11:]}"
    if moment.tzinfo:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ", "milliseconds")


def _text(value: str) -> str:
    return value.replace("\0", "")


# Each table's columns: ours, the dump's, how it is read. The first is the key; `*` must be there.
COLUMNS: dict[str, tuple[tuple[str, str, Callable[[str], Any]], ...]] = {
    "Users": (
        ("id", "Id*", _number), ("name", "DisplayName", _text), ("base", "DisplayName", usernames.base),
        ("created", "CreationDate*", _moment), ("seen", "LastAccessDate", _moment), ("about", "AboutMe", _text),
        ("location", "Location", _text), ("website", "WebsiteUrl", _text), ("upvotes", "UpVotes", _number),
        ("downvotes", "DownVotes", _number), ("reputation", "Reputation", _number),
    ),
    "Posts": (
        ("id", "Id*", _number), ("type", "PostTypeId*", _number), ("parent", "ParentId", _number),
        ("owner", "OwnerUserId", _number), ("accepted", "AcceptedAnswerId", _number), ("score", "Score", _number),
        ("views", "ViewCount", _number), ("created", "CreationDate*", _moment), ("active", "LastActivityDate", _moment),
        ("edited", "LastEditDate", _moment), ("closed", "ClosedDate", _moment), ("tags", "Tags", _text),
        ("title", "Title", _text), ("body", "Body", _text),
    ),
    "Votes": (
        ("id", "Id*", _number), ("post", "PostId*", _number), ("type", "VoteTypeId*", _number),
        ("user", "UserId", _number), ("day", "CreationDate*", _moment), ("amount", "BountyAmount", _number),
    ),
    "Comments": (
        ("id", "Id*", _number), ("post", "PostId*", _number), ("user", "UserId", _number), ("score", "Score", _number),
        ("created", "CreationDate*", _moment), ("text", "Text", _text),
    ),
    "PostHistory": (
        ("id", "Id*", _number), ("post", "PostId*", _number), ("type", "PostHistoryTypeId*", _number),
        ("revision", "RevisionGUID", _text), ("user", "UserId", _number), ("created", "CreationDate*", _moment),
        ("text", "Text", _text),
    ),
    "Tags": (
        ("id", "Id*", _number), ("name", "TagName*", _text), ("excerpt", "ExcerptPostId", _number),
        ("wiki", "WikiPostId", _number),
    ),
}  # fmt: skip


def bytes_in(files: dict[str, Path]) -> int:
    """How much there is to read, for showing how far it has come."""
    return sum(path.stat().st_size for path in files.values())


def build(files: dict[str, Path], target: Path, advance: Advance) -> None:
    """Read a dump's files into the staging file `target`; raises DumpError and leaves nothing behind.

    `advance` is told how many rows were read.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;")
            for table in dump.TABLES:
                _create(database, table)
                if table in files:
                    _fill(database, table, files[table], advance)
            database.executescript(ORDER)
        _settle(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _settle(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _create(database: sqlite3.Connection, table: str) -> None:
    # Without its type a column is not compared by index with one that has it.
    columns = ", ".join(f'"{name}" {"INTEGER" if read is _number else "TEXT"}' for name, _, read in COLUMNS[table][1:])
    database.execute(f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY, {columns})')


def _fill(database: sqlite3.Connection, table: str, path: Path, advance: Advance) -> None:
    marks = ", ".join("?" * len(COLUMNS[table]))
    insert = f'INSERT OR IGNORE INTO "{table}" VALUES ({marks})'  # noqa: S608  names from the table above
    database.execute("BEGIN")
    for values in batches(_values(table, path), BATCH):
        database.executemany(insert, values)
        advance(len(values))
    database.execute("COMMIT")


def batches(rows: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Rows in lists of at most that size."""
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _values(table: str, path: Path) -> Iterator[tuple[Any, ...]]:
    columns = [(attribute.rstrip("*"), read) for _, attribute, read in COLUMNS[table]]
    needed = {attribute.rstrip("*") for _, attribute, _ in COLUMNS[table] if attribute.endswith("*")}
    for line, row in dump.rows(table, path):
        if not needed <= row.keys():
            lacking = ", ".join(sorted(needed - row.keys()))
            raise _damaged(path, line, f"a row has no {lacking}")
        try:
            yield tuple([read(row[attribute]) if attribute in row else None for attribute, read in columns])
        except Unusable as no:
            raise _damaged(path, line, f"the row with Id {row['Id'][:20]!r}: {no}") from None


def _damaged(path: Path, line: int, problem: str) -> DumpError:
    return DumpError(path, line, problem, "The file is damaged: download it again.")
