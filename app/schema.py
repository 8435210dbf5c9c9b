"""The tables as the migrations make them: bring them up to date, ask whether they are.

Alembic is loaded where it is used: no page needs it.
"""

from __future__ import annotations

import functools
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine

from app.db import db

MIGRATIONS = Path(__file__).parent / "migrations"


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
