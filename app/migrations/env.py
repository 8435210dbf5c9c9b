"""Runs the migrations on the site's own engine, all of them in one transaction."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, text

from app.db import db
from app.domain.base import Instant
from app.schema import bound_texts, in_models

ONE_AT_A_TIME = 7_266_453  # any number of our own: the lock's name on PostgreSQL


def rendered(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Write our own types as what they are to the database: migrations outlive the classes."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Instant) else False


def configure(connection: Connection) -> None:
    """Compare with, and write for, the community's tables."""
    context.configure(
        connection=connection, target_metadata=db.metadata, compare_type=True, render_item=rendered,
        render_as_batch=True, transactional_ddl=True, include_object=in_models,
    )  # fmt: skip


with db.engine.connect() as connection:
    configure(connection)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.run_migrations()
        bound_texts(connection)
