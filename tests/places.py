"""The site under test on one of its databases: made and migrated once, with nothing in it for each test."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from flask import Flask
from sqlalchemy import event

import config
from app import bell, cli, create_app, redis_server, schema
from app.db import db
from tests import servers


class Place:
    """A site with its database. Tests come in any order, so it stays until the last of them."""

    def __init__(self, url: str, folder: Path, redis_url: str) -> None:
        self._redis_url = redis_url
        self.site = create_app(config.read({"INSTANCE_DIR": str(folder), "DATABASE_URL": url, "REDIS_URL": redis_url}))
        self.site.testing = True
        cli.install(self.site)
        with self.site.app_context():
            self._engine = db.engine
        self._file = Path(self._engine.url.database or "") if self._engine.dialect.name == "sqlite" else None
        if self._file:
            event.listen(self._engine, "connect", _without_waiting_for_the_disk)
        schema.upgrade(self.site)
        self._engine.dispose()
        if self._file:
            shutil.copy(self._file, self._template)
        else:
            self._emptier = servers.Emptier(self._engine)

    @property
    def _template(self) -> Path:
        assert self._file
        return self._file.with_name(f"{self._file.name}.template")

    def empty(self) -> Flask:
        """The site with nothing in its database, its queues and its memory."""
        self.rest()
        if self._file:
            for leftover in ("-wal", "-shm"):
                self._file.with_name(f"{self._file.name}{leftover}").unlink(missing_ok=True)
            shutil.copy(self._template, self._file)
        else:
            self._emptier.empty()
        self.site.extensions["presence"].clear()
        self.site.extensions["site"].clear()
        with redis_server.connect(self._redis_url) as client:
            client.flushall()
        settings: config.Settings = self.site.config["SETTINGS"]
        bell.hang(self._redis_url, settings.secret_key)
        return self.site

    def rest(self) -> None:
        """Close what a test has left open.

        On PostgreSQL connections that were given back stay: a new one knows no table yet, and learns them in more time
        than most tests take.
        """
        if self._file or self._engine.pool.checkedout():  # type: ignore[attr-defined]  # an engine's usual pool counts
            self._engine.dispose()

    def close(self) -> None:
        """No test comes any more."""
        self._engine.dispose()
        if not self._file:
            self._emptier.close()


def _without_waiting_for_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    """As the tests' PostgreSQL runs: what is written outlives every process, which is all that any test asks."""
    connection.execute("PRAGMA synchronous = OFF")
