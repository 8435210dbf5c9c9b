"""Sessions and transactions on both engines, and the bell after a commit.

Reading happens in AUTOCOMMIT (`db.session`), writing in `with transaction() as session:`. On SQLite
every transaction begins IMMEDIATE: a deferred one that reads and then writes fails as "locked"
whatever the time-out, as soon as two writers meet.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask_sqlalchemy.session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

import app.domain  # noqa: F401  every table is known before the metadata is used
from app import bell
from app.domain.base import Base
from app.domain.mail.deliveries import Delivery
from app.domain.notices.announcements import Announcement
from app.domain.record.activities import Activity

BUSY_SECONDS = 10
BELLS = {Activity: "awards", Announcement: "announcements", Delivery: "mail"}


class ReadingSession(flask_sqlalchemy.session.Session):
    """A session in which each statement sees the latest commit and no transaction stays open."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        engine = super().get_bind(*args, **kwargs)
        # The same object each time: for another one the session would check out another connection.
        if engine not in self.info:
            self.info[engine] = engine.execution_options(isolation_level="AUTOCOMMIT")
        return self.info[engine]


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": ReadingSession})


def prepare(engine: Engine) -> Engine:
    """Give an engine the house rules; on PostgreSQL there are none to give."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16000")  # 16 MB: the totals in use stay in memory
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def transaction(engine: Engine | None = None) -> Iterator[Session]:
    """One deed: everything in the block is committed together, or nothing.

    What it noted is made known to the worker after the commit; that can fail without harm.
    """
    with Session(engine or db.engine, expire_on_commit=False) as session:
        wanted: set[str] = set()
        event.listen(session, "before_flush", lambda it, *_: wanted.update(_bells_for(it)))
        with session.begin():
            yield session
    wanted |= session.info.get("bells", set())
    if wanted:
        bell.ring(*sorted(wanted))


def _bells_for(session: Session) -> set[str]:
    return {BELLS[type(row)] for row in session.new if type(row) in BELLS}


@contextmanager
def snapshot(engine: Engine | None = None) -> Iterator[Session]:
    """A session to read much with, row by row. It keeps nobody from writing.

    PostgreSQL streams rows only within a transaction; on SQLite one would be a writer's.
    """
    engine = engine or db.engine
    isolation = "AUTOCOMMIT" if engine.dialect.name == "sqlite" else "REPEATABLE READ"
    with Session(engine.execution_options(isolation_level=isolation)) as session:
        yield session
