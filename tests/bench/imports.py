"""Importing a dump: rows a second and memory, at two sizes so that memory is seen not to grow."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from app.imports.stackexchange import dump
from tests.bench.report import Row, say
from tests.bench.site import Site, Workshop
from tests.servers import ROOT

WANTED = 5000  # rows a second
GROWTH = 1.3
BODY = "<p>" + "The trim wheel turns more easily once the bearing is clean and dry. " * 6 + "</p>"


def run(shop: Workshop, engine_name: str, sizes: tuple[int, ...]) -> list[Row]:
    """Import dumps of several sizes into empty sites."""
    found: list[Row] = []
    memory: list[float] = []
    for size in sizes:
        say(f"{engine_name}: import of {size:,} rows")
        folder = shop.folder / f"dump{size}"
        rows = write(folder, size)
        bare = _bare(folder, shop.folder)
        site = shop.site(engine_name)
        took, cpu, peak = _imported(folder, site)
        memory.append(peak)
        found.append(Row(f"import, rows a second ({rows:,} rows)", engine_name, f"{rows / took:,.0f} ({rows / cpu:,.0f} a CPU s)",
                         f"{rows / bare:,.0f} read and put down", f"{took / bare:.1f} x", f">= {WANTED:,}", rows / took >= WANTED))  # fmt: skip
    growth = memory[-1] / memory[0]
    found.append(Row(f"import, peak memory ({sizes[-1]:,} rows, of {sizes[0]:,})", engine_name, f"{memory[-1]:.0f} MB",
                     f"{memory[0]:.0f} MB", f"{growth:.2f} x", f"<= {GROWTH} x", growth <= GROWTH))  # fmt: skip
    return found


def _imported(folder: Path, site: Site) -> tuple[float, float, float]:
    """Seconds, CPU seconds of the command and the database, and peak MB of the command."""
    command = [sys.executable, "-m", "flask", "import", "stackexchange", str(folder)]
    began, before = time.perf_counter(), site.cpu_of_database()
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **site.settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, "the import failed"
    return (
        time.perf_counter() - began,
        used.ru_utime + used.ru_stime + site.cpu_of_database() - before,
        used.ru_maxrss / 1024,
    )


def _bare(folder: Path, scratch: Path) -> float:
    """The least: each row read and put into one table. Seconds."""
    began = time.perf_counter()
    file = scratch / "bare.db"
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE bare (line INTEGER, id INTEGER, content TEXT)")
        for table, path in dump.files(folder).items():
            some = ((line, row["Id"], str(row)) for line, row in dump.rows(table, path))
            connection.executemany("INSERT INTO bare VALUES (?, ?, ?)", some)
    return time.perf_counter() - began


def write(folder: Path, size: int) -> int:
    """An invented community as a dump of about so many rows; returns how many it is."""
    folder.mkdir(exist_ok=True)
    users, questions = size // 10, size // 12
    tables = {"Users": _users(users), "Posts": _posts(questions, users), "Votes": _votes(questions, size // 2, users),
              "Comments": _comments(questions, users), "Tags": [{"Id": 1, "TagName": "trim", "Count": questions}]}  # fmt: skip
    return sum(_write(folder / f"{table}.xml", table, rows) for table, rows in tables.items())


def _write(path: Path, table: str, rows: Iterable[dict[str, object]]) -> int:
    written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(f'<?xml version="1.0" encoding="utf-8"?>\n<{table.lower()}>\n')
        for row in rows:
            written += 1
            file.write(f"  <row {' '.join(f'{name}={quoteattr(str(value))}' for name, value in row.items())} />\n")
        file.write(f"</{table.lower()}>\n")
    return written


def _at(number: int) -> str:
    return f"20{10 + number // 360 % 12:02}-{1 + number // 30 % 12:02}-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00.000"


def _users(count: int) -> Iterator[dict[str, object]]:
    for i in range(1, count + 1):
        yield {"Id": i, "Reputation": 1, "CreationDate": _at(0), "DisplayName": f"Person {i}", "LastAccessDate": _at(i)}


def _posts(questions: int, users: int) -> Iterator[dict[str, object]]:
    """Each question with one answer."""
    for i in range(1, questions + 1):
        asked = {"Id": 2 * i - 1, "PostTypeId": 1, "OwnerUserId": 1 + i % users, "CreationDate": _at(i), "Score": 3,
                 "ViewCount": i % 900, "Title": f"Question {i}", "Body": BODY, "Tags": "<trim>", "AcceptedAnswerId": 2 * i}  # fmt: skip
        yield asked
        yield {"Id": 2 * i, "PostTypeId": 2, "ParentId": 2 * i - 1, "OwnerUserId": 1 + (i * 7 + 1) % users,
               "CreationDate": _at(i + 1), "Score": 2, "Body": BODY}  # fmt: skip


def _votes(questions: int, count: int, users: int) -> Iterator[dict[str, object]]:
    for i in range(1, count + 1):
        yield {
            "Id": i,
            "PostId": 1 + i * 13 % (2 * questions),
            "VoteTypeId": 2,
            "CreationDate": _at(i)[:11] + "00:00:00.000",
        }


def _comments(questions: int, users: int) -> Iterator[dict[str, object]]:
    for i in range(1, questions + 1):
        yield {
            "Id": i,
            "PostId": 2 * i,
            "UserId": 1 + i * 3 % users,
            "CreationDate": _at(i + 2),
            "Text": "Indeed.",
            "Score": 0,
        }
