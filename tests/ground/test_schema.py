"""The migrations lead exactly to the models, on both engines."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app import schema
from app.db import db


def test_migrations_lead_exactly_to_the_models(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": schema.in_models}
        )
        assert compare_metadata(context, db.metadata) == []


def test_a_migrated_database_is_current_and_an_older_one_is_not(app, engine):
    assert schema.is_current(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert not schema.is_current(engine)
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": schema.newest()})
