"""The import from beginning to end, and how it goes on after it was interrupted."""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.domain import statistics
from app.domain.awarding.imported import ImportKey, ImportRun
from app.domain.base import now
from app.domain.problems import Conflict
from app.imports.stackexchange import deeds, dump, staging
from app.imports.stackexchange.site import STAGES, Home, Stage, category_of
from app.imports.stackexchange.staging import BATCH

BEHIND_ALL = -(2**60)  # a position before the first number that any row could have
ALL_STAGES = (*STAGES, deeds.STAGE)


class Progress(Protocol):
    """Is told which stage begins and of how many rows, then how many more were done."""

    def begin(self, stage: str, rows: int | None) -> None: ...
    def advance(self, rows: int) -> None: ...


@dataclass
class Outcome:
    """What an import brought: rows of the dump, and what they became by name."""

    source: str
    missing: list[str]
    since: datetime | None = None  # when it had been imported before, and nothing was done now
    rows: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)


def run(engine: Engine, directory: Path, source: str, workplace: Path, progress: Progress) -> Outcome:
    """Import the dump in a folder as `source`, or go on with it; one that was imported changes nothing.

    Raises DumpError for a dump that cannot be read: nothing of it is on the site then. Raises
    Conflict when another process is importing the same source.
    """
    began = time.monotonic()
    files = dump.files(directory)
    missing = [table for table in dump.TABLES if table not in files]
    with _alone(workplace / "imports", source) as folder:
        if since := _finished_at(engine, source):
            return Outcome(source, missing, since)
        staged_as = folder / f"{_file_name(source)}-{_fingerprint(files)}.sqlite"
        if not staged_as.exists():
            _discard(folder, source)
            progress.begin("Reading", None)
            staging.build(files, staged_as, progress.advance)
        with _opened(staged_as) as staged:
            counts = _write(engine, staged, source, missing, progress)
            rows = sum(_count(staged, f'"{table}"') for table in dump.TABLES)
        _discard(folder, source)
    return Outcome(source, missing, None, rows, time.monotonic() - began, counts)


@contextmanager
def _alone(folder: Path, source: str) -> Iterator[Path]:
    """Nobody else on this machine imports the source meanwhile; the lock ends with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{_file_name(source)}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(source) from None
        yield folder


def _busy(source: str) -> Conflict:
    return Conflict(f"{source} is being imported by another process. Wait for it to end.")


def _file_name(source: str) -> str:
    readable = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in source)
    return f"{readable}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"


def _fingerprint(files: dict[str, Path]) -> str:
    """Differs for any other dump: what is staged of one is no use for another."""
    facts = [(table, path.stat().st_size, path.stat().st_mtime_ns) for table, path in sorted(files.items())]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def _discard(folder: Path, source: str) -> None:
    for path in folder.glob(f"{_file_name(source)}-*"):
        path.unlink()


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        yield connection
    finally:
        connection.close()


def _count(staged: sqlite3.Connection, table: str) -> int:
    return int(staged.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  names of our own


def _finished_at(engine: Engine, source: str) -> datetime | None:
    with snapshot(engine) as session:
        return session.scalar(select(ImportRun.finished_at).where(ImportRun.source == source))


# --- Writing, stage by stage ----------------------------------------------------------------------


def _write(
    engine: Engine, staged: sqlite3.Connection, source: str, missing: list[str], progress: Progress
) -> dict[str, int]:
    current = _begin(engine, source, missing)
    for stage in ALL_STAGES[[it.name for it in ALL_STAGES].index(current.stage) :]:
        if stage is deeds.STAGE:
            _count_anew(engine)
            _put_in_order(engine, staged, current, progress)
        position = current.position if stage.name == current.stage else BEHIND_ALL
        position = _write_stage(engine, staged, source, stage, position, progress)
        _go_on(engine, source, stage, position)
    _count_anew(engine)
    with snapshot(engine) as session:
        keys = select(ImportKey.kind, func.count()).where(ImportKey.source == source).group_by(ImportKey.kind)
        counts = {kind: count for kind, count in session.execute(keys)}  # noqa: C416  rows are no pairs to mypy
    return counts | {"activity": _count(staged, "ordered")}


def _count_anew(engine: Engine) -> None:
    with transaction(engine) as session:
        statistics.count_anew(session)


def _begin(engine: Engine, source: str, missing: list[str]) -> ImportRun:
    with transaction(engine) as session:
        found = session.get(ImportRun, source)
        if found is None:
            found = ImportRun(source=source, stage=ALL_STAGES[0].name, position=BEHIND_ALL, missing=missing)
            session.add(found)
            category_of(session, source)
        return found


def _write_stage(
    engine: Engine, staged: sqlite3.Connection, source: str, stage: Stage, position: int, progress: Progress
) -> int:
    """Write the rows of a stage that come behind a position; returns the position reached."""
    rows = staged.execute(f"SELECT count(*) FROM ({stage.reads})", (position,)).fetchone()[0]  # noqa: S608
    progress.begin(stage.name.capitalize(), rows)
    reader = staged.execute(stage.reads, (position,))
    while batch := reader.fetchmany(BATCH):
        with transaction(engine) as session:
            stage.writes(Home(session, source), batch)
            position = _move(session, source, stage.name, position, stage.name, batch[-1]["id"])
        progress.advance(len(batch))
    return position


def _go_on(engine: Engine, source: str, stage: Stage, position: int) -> None:
    """Note that a stage is over: the next begins, or the run is finished."""
    following = ALL_STAGES[ALL_STAGES.index(stage) + 1 :]
    with transaction(engine) as session:
        if following:
            _move(session, source, stage.name, position, following[0].name, BEHIND_ALL)
        else:
            session.execute(update(ImportRun).where(ImportRun.source == source).values(finished_at=now()))


def _move(session: Session, source: str, stage: str, position: int, to_stage: str, to: int) -> int:
    moved = session.execute(
        update(ImportRun)
        .where(ImportRun.source == source, ImportRun.stage == stage, ImportRun.position == position)
        .values(stage=to_stage, position=to)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise _busy(source)
    return to


def _put_in_order(engine: Engine, staged: sqlite3.Connection, current: ImportRun, progress: Progress) -> None:
    """Find all deeds and facts, unless this very run did so before it was interrupted."""
    mark = current.started_at.isoformat()
    staged.execute("CREATE TABLE IF NOT EXISTS ordered_for (run)")
    if staged.execute("SELECT 1 FROM ordered_for WHERE run = ?", (mark,)).fetchone():
        return
    progress.begin("Finding what counts", None)
    with snapshot(engine) as session:
        deeds.order(staged, session, current.source, current.missing)
    staged.execute("INSERT INTO ordered_for VALUES (?)", (mark,))
    staged.commit()
