"""The tables as the migrations make them: bring them up to date, ask whether they are."""

from __future__ import annotations

import functools
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate
from flask_migrate import upgrade as run_migrations
from sqlalchemy import Engine

from app.db import db

MIGRATIONS = Path(__file__).parent / "migrations"


def install(app: Flask) -> None:
    """Give the app the `flask db` commands."""
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)


def upgrade(app: Flask) -> None:
    """Bring the database to the newest version; safe when several hosts do it at once."""
    with app.app_context():
        run_migrations()


@functools.cache
def newest() -> str | None:
    """The version that the code expects."""
    options = Config()
    options.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(options).get_current_head()


def is_current(engine: Engine) -> bool:
    """Whether the database has the version that the code expects."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest()
