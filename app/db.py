"""Sessions and transactions on both engines, and the bell after a commit.

Reading happens in AUTOCOMMIT (`db.session`), writing in `with transaction() as session:`. On SQLite
every transaction begins IMMEDIATE: a deferred one that reads and then writes fails as "locked"
whatever the time-out, as soon as two writers meet.
"""

import select
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import flask_sqlalchemy.session
import psycopg
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session

import app.domain  # noqa: F401  every table is known before the metadata is used
from app import bell
from app.domain.base import Base
from app.domain.mail.deliveries import Delivery
from app.domain.notices.announcements import Announcement
from app.domain.record.activities import Activity

BUSY_SECONDS = 10
READING = "contrail_reading"
BELLS = {Activity: "awards", Announcement: "announcements", Delivery: "mail"}


class ReadingSession(flask_sqlalchemy.session.Session):
    """A session in which each statement sees the latest commit and no transaction stays open."""

    def get_bind(self, *_args: Any, **_kwargs: Any) -> Engine | Connection:
        # The same object each time: for another one the session would check out another connection.
        engine: Engine = current_app.extensions[READING]
        return engine


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": ReadingSession})


def install(app: Flask) -> None:
    """Give an app its database."""
    db.init_app(app)
    with app.app_context():
        app.extensions[READING] = _reading(prepare(db.engine))


def prepare(engine: Engine) -> Engine:
    """Give an engine the house rules."""
    if engine.dialect.name == "sqlite":
        _keep_from_others(engine.url.database)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "checkout", _look_at_the_line)
    return engine


def _keep_from_others(path: str | None) -> None:
    """Make a new file that only this account can read; what SQLite puts beside it is kept alike."""
    if path and not Path(path).exists():
        with suppress(OSError):  # whoever connects is told what is wrong with the place
            Path(path).touch(mode=0o600)


def _reading(engine: Engine) -> Engine:
    """The same engine for those who only read: without transactions."""
    if engine.dialect.name == "sqlite":  # where the driver begins none, there is nothing to switch off and on
        return engine.execution_options(**{READING: True})
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16000")  # 16 MB: the totals in use stay in memory
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(READING) and options.get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _look_at_the_line(connection: psycopg.Connection, _record: object, _borrowed: object) -> None:
    """Take no connection that a database ended meanwhile, as when it was started anew.

    A server says so before it hangs up, so there is something to read where nothing was asked: a look at that
    costs a hundredth of a question. Whatever else it may be, the answer to a question tells.
    """
    line = select.poll()
    try:
        line.register(connection.fileno(), select.POLLIN)
        if not line.poll(0):
            return
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as no:
        raise DisconnectionError("the database ended this connection") from no


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
    on_sqlite = engine.dialect.name == "sqlite"
    with Session(
        _reading(engine) if on_sqlite else engine.execution_options(isolation_level="REPEATABLE READ")
    ) as session:
        yield session
