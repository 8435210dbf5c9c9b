"""Sudden deaths while deeds are written: worker, its children, writers and Redis are killed at random."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

import config
from app import create_app, schema
from app.db import db, transaction
from app.domain.awarding import evaluator
from app.domain.badging.badges import Award
from app.domain.record.activities import Activity
from app.supervisor import tied_to
from tests.engine import community
from tests.servers import ROOT, until

WRITERS = 2
QUIET_SECONDS = 60.0


@dataclass
class Outcome:
    """What one run saw."""

    deeds: int
    awards: int
    kills: dict[str, int] = field(default_factory=dict)
    quiet_after: float = 0.0  # seconds from the last deed until none waited


def run(folder: Path, database_url: str | None, *, deeds: int, kills: int, seed: int) -> Outcome:
    """Write deeds while processes die; AssertionError when anything is lost, doubled or wrong."""
    environ = {**os.environ, "INSTANCE_DIR": str(folder), "APP_ENV": "development"}
    environ.pop("REDIS_URL", None)
    if database_url:
        environ["DATABASE_URL"] = database_url
    app = create_app(config.read(environ))
    schema.upgrade(app)
    with app.app_context():
        with transaction() as session:
            community.furnish(session)
        with site(environ, deeds, seed) as cast:
            killed = cast.play(kills, deeds, Random(seed))
            calm_since = time.monotonic()
            until(nothing_waits, "every deed is evaluated", seconds=QUIET_SECONDS)
            quiet_after = time.monotonic() - calm_since
        with transaction() as session:
            late = session.scalars(select(Activity.kind).where(Activity.seq.is_(None), Activity.source.is_(None))).all()
            assert not late, f"not evaluated: {late}"
        evaluator.run(transaction)  # a look around may have noted a fact of its own in the last moment
        with transaction() as session:
            community.assert_sound(session)
            assert community.untold(session) == []
            outcome = Outcome(
                noted(),
                session.scalar(select(func.count()).select_from(Award)) or 0,
                dict(killed),
                round(quiet_after, 1),
            )
        db.engine.dispose()
    return outcome


def noted() -> int:
    """How many deeds stand in the database."""
    return db.session.scalar(select(func.count()).select_from(Activity)) or 0


def nothing_waits() -> bool:
    return not evaluator.waiting(db.session())


class Cast:
    """The processes of a site: a worker with its children, and writers."""

    worker_command: Sequence[str] = ("worker.py",)
    writer_module = "tests.faults.writer"
    writer_words: Sequence[str] = ()

    def __init__(self, environ: dict[str, str], deeds: int, seed: int) -> None:
        self.said = Path(environ["INSTANCE_DIR"]) / "writers.log"
        self.environ, self.deeds, self.seeds = environ, deeds, iter(range(seed * 1000, seed * 1000 + 999))
        self.worker = self._worker()
        self.writers = [self._writer() for _ in range(WRITERS)]

    def _start(self, *command: str, said: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environ, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=said, preexec_fn=tied_to(os.getpid()),
        )  # fmt: skip

    def _worker(self) -> subprocess.Popen[bytes]:
        return self._start(*self.worker_command)

    def _writer(self) -> subprocess.Popen[bytes]:
        with self.said.open("ab") as said:
            words = (str(next(self.seeds)), str(self.deeds), *self.writer_words)
            return self._start("-m", self.writer_module, *words, said=said.fileno())

    def play(self, kills: int, deeds: int, dice: Random) -> Counter[str]:
        """Kill somebody each time another part of the deeds is written; returns who died how often."""
        killed: Counter[str] = Counter()
        for turn in range(kills):
            until(lambda mark=deeds * (turn + 1) // (kills + 1): self._written(mark), "deeds are written", seconds=120)
            time.sleep(dice.random() * 0.3)
            name, kill = dice.choice(self._victims())
            if kill():
                killed[name] += 1
        until(lambda: self._written(deeds) and self._writers_rest(), "the last deed is written", seconds=120)
        return killed

    def _written(self, mark: int) -> bool:
        for i, writer in enumerate(self.writers):
            if writer.poll() not in (None, 0, -signal.SIGKILL):
                raise AssertionError(
                    f"a writer failed with status {writer.returncode}: {self.said.read_text()[-3000:]}"
                )
            if writer.poll() is not None and self.done() < self.deeds:
                self.writers[i] = self._writer()
        return self.done() >= mark

    def done(self) -> int:
        """How many deeds stand in the database."""
        return noted()

    def _writers_rest(self) -> bool:
        return all(writer.poll() is not None for writer in self.writers)

    def _victims(self) -> list[tuple[str, Callable[[], bool]]]:
        children = [(role(pid), lambda pid=pid: killed(pid)) for pid in children_of(self.worker.pid)]
        writers = [("writer", lambda it=it: it.poll() is None and killed(it.pid)) for it in self.writers]
        return [*children, *writers, ("worker", self._kill_worker)]

    def _kill_worker(self) -> bool:
        self.worker.kill()
        self.worker.wait()
        self.worker = self._worker()
        return True

    def end(self) -> None:
        """End every process of ours."""
        for process in (*self.writers, self.worker):
            process.send_signal(signal.SIGTERM)
        for process in (*self.writers, self.worker):
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


@contextmanager
def site(environ: dict[str, str], deeds: int, seed: int, kind: Callable[..., Any] = Cast) -> Iterator[Any]:
    """A site that is being written to."""
    cast = kind(environ, deeds, seed)
    try:
        yield cast
    finally:
        cast.end()


def children_of(pid: int) -> list[int]:
    """The children of a process of ours, as the kernel tells."""
    with suppress(FileNotFoundError):
        return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def role(pid: int) -> str:
    """What a child of the worker is."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return "redis" if "redis-server" in Path(f"/proc/{pid}/cmdline").read_text() else named(pid)
    return "gone"


def named(pid: int) -> str:
    """What the supervisor calls a child."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def killed(pid: int) -> bool:
    """Whether a process was still there to be killed."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
