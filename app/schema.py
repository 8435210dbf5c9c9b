"""The tables as the migrations make them: bring them up to date, ask whether they are.

Alembic is loaded where it is used: no page needs it.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, Engine

from app.db import db

MIGRATIONS = Path(__file__).parent / "migrations"
VARCHAR = re.compile(r"VARCHAR\((\d+)\)")
OUR_TABLES = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'search%' AND name <> 'alembic_version'
"""


def install(app: Flask) -> None:
    """Give the app the `flask db` commands."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)


def in_models(_item: object, name: str | None, _kind: str, reflected: bool, _model: object) -> bool:
    """Whether migrations and models are compared for a thing: what is found by is the database's own affair.

    Full-text tables, their shadows and indexes of trigrams differ from one engine to the other, and no model has them.
    """
    return not (reflected and name is not None and name.startswith("search_"))


def upgrade(app: Flask) -> None:
    """Bring the database to the newest version; safe when several hosts do it at once."""
    from flask_migrate import upgrade as run_migrations

    if "migrate" not in app.extensions:
        install(app)
    with app.app_context():
        run_migrations()


def bound_texts(connection: Connection) -> None:
    """Give each VARCHAR(80) of SQLite its CHECK, as the models have them, after the migrations made or widened tables.

    The table's own text is changed, as SQLite's manual says how ("ALTER TABLE", 7): to make `posts` anew would copy every
    post, and lose the triggers by which it is found.
    """
    if connection.dialect.name != "sqlite":
        return
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table, statement in connection.exec_driver_sql(OUR_TABLES).all():
        missing = [it for it in _length_checks(connection, table) if it.split()[1] not in statement]
        if missing:
            body, bracket, rest = statement.rpartition(")")
            bounded = f"{body}, {', '.join(missing)}{bracket}{rest}"
            connection.exec_driver_sql(
                "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (bounded, table)
            )
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")  # others read the tables anew
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _length_checks(connection: Connection, table: str) -> list[str]:
    columns = connection.exec_driver_sql("SELECT name, type FROM pragma_table_info(?)", (table,)).all()
    bounds = [(name, found[1]) for name, kind in columns if (found := VARCHAR.fullmatch(kind))]
    return [f"CONSTRAINT ck_{table}_{name}_length CHECK (length({name}) <= {most})" for name, most in bounds]


@functools.cache
def newest() -> str | None:
    """The version that the code expects."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    options = Config()
    options.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(options).get_current_head()


def is_current(engine: Engine) -> bool:
    """Whether the database has the version that the code expects."""
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest()
