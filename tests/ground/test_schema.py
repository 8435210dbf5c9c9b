"""The migrations lead exactly to the models, on both engines."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import String, create_engine, inspect, text
from sqlalchemy.exc import DataError, IntegrityError

from app import schema
from app.db import db
from app.domain.badging.totals import Total
from app.domain.base import now
from app.domain.forum import drafts
from tests.factories import make_member


def test_migrations_lead_exactly_to_the_models(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": schema.in_models}
        )
        assert compare_metadata(context, db.metadata) == []


def checks(engine):
    """Every CHECK by its table and name."""
    looking = inspect(engine)
    return {
        (table, check["name"]): check["sqltext"].replace('"', "")
        for table in db.metadata.tables
        for check in looking.get_check_constraints(table)
    }


@pytest.fixture
def fresh(request, engine):
    """A database made from the models alone."""
    url = "sqlite://" if engine.dialect.name == "sqlite" else request.getfixturevalue("postgres").database("models")
    made = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    db.metadata.create_all(made)
    yield made
    db.metadata.drop_all(made)
    made.dispose()


def test_migrations_lead_to_the_very_checks_of_the_models(engine, fresh):
    assert checks(engine) == checks(fresh)


def test_no_text_of_ours_can_be_longer_than_its_column_says(engine):
    """SQLite takes VARCHAR(80) for a remark."""
    texts = [it for table in db.metadata.sorted_tables for it in table.columns if isinstance(it.type, String)]
    assert all(it.type.length for it in texts), "a text without a bound"
    if engine.dialect.name == "sqlite":
        assert {(it.table.name, f"ck_{it.table.name}_{it.name}_length") for it in texts} <= checks(engine).keys()


@pytest.mark.parametrize(("table", "column"), [("members", "name"), ("drafts", "tags"), ("totals", "part")])
def test_a_text_that_is_too_long_is_refused_and_one_that_just_fits_is_taken(engine, session, table, column):
    ada = make_member(session, "ada")
    drafts.save(session, ada, "new", {"body": "So"})
    session.add(Total(measure_id=1, member_id=ada.id, part="", value=1, latest=now()))
    session.commit()
    most = db.metadata.tables[table].columns[column].type.length
    session.execute(text(f"UPDATE {table} SET {column} = :it"), {"it": "é" * most})
    with pytest.raises((IntegrityError, DataError)):
        session.execute(text(f"UPDATE {table} SET {column} = :it"), {"it": "é" * (most + 1)})


def test_bounding_texts_twice_changes_nothing_and_keeps_triggers(engine):
    everything = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    if engine.dialect.name != "sqlite":
        return
    with engine.begin() as connection:
        before = connection.exec_driver_sql(everything).all()
        schema.bound_texts(connection)
        assert connection.exec_driver_sql(everything).all() == before
        assert [it for it in before if it.type == "trigger"]
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_a_migrated_database_is_current_and_an_older_one_is_not(app, engine):
    assert schema.is_current(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert not schema.is_current(engine)
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": schema.newest()})
