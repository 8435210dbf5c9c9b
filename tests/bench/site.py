"""The sites that are measured: empty ones on both databases, and the CPU time they and their databases take."""

from __future__ import annotations

import gc
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

import config
from app import create_app, schema
from app.db import db, transaction
from app.domain import catalogue
from tests import servers

TICKS = os.sysconf("SC_CLK_TCK")
ENGINES = ("SQLite", "PostgreSQL")


@dataclass
class Site:
    """A site with the flight catalogue, on one of the databases."""

    engine_name: str
    app: Flask
    engine: Engine
    settings: dict[str, str]
    database_process: int | None

    @property
    def on_sqlite(self) -> bool:
        return self.engine_name == "SQLite"

    def open(self) -> object:
        """A transaction as the evaluator wants it."""
        return transaction(self.engine)

    def cpu(self) -> float:
        """CPU seconds so far of this process and of the database's."""
        return time.process_time() + self.cpu_of_database()

    def cpu_of_database(self) -> float:
        """CPU seconds so far of the database's own processes, where it has any."""
        return cpu_of_tree(self.database_process) if self.database_process else 0.0


class Workshop:
    """A temporary folder and a PostgreSQL, in which sites are made."""

    def __init__(self, folder: Path, cluster: servers.Postgres) -> None:
        self.folder, self.cluster, self._made = folder, cluster, 0

    def site(self, engine_name: str, **more: str) -> Site:
        """A new site: migrated, with the flight catalogue, without members."""
        self._made += 1
        folder = self.folder / f"site{self._made}"
        settings = {"INSTANCE_DIR": str(folder), "SECRET_KEY": "invented-for-measuring-" * 2, **more}
        if engine_name == "PostgreSQL":
            settings["DATABASE_URL"] = self.cluster.database(f"site{self._made}")
        app = create_app(config.read(settings))
        schema.upgrade(app)
        with app.app_context():
            engine = db.engine
            with transaction(engine) as session:
                catalogue.load(session, catalogue.shipped("flight"))
        gc.freeze()  # as wsgi.py does for a web server
        process = None if engine_name == "SQLite" else self.cluster.process.pid
        return Site(engine_name, app, engine, settings, process)


@contextmanager
def workshop() -> Iterator[Workshop]:
    """Gone afterwards, with all that was made in it."""
    with tempfile.TemporaryDirectory(prefix="contrail-bench-") as folder, servers.postgres() as cluster:
        yield Workshop(Path(folder), cluster)


def cpu_of_tree(process: int) -> float:
    """CPU seconds of a process, its living children and those that ended."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return _cpu(process, ended_children=True) + sum(cpu_of_tree(int(child)) for child in children)


def _cpu(process: int, *, ended_children: bool) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / TICKS


def memory_of(process: int) -> float:
    """What a process holds for itself and its share of what it shares, in MB."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
