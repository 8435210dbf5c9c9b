"""The line to the database: taken up again where it was cut."""

import stat

import pytest
from sqlalchemy import text

import config
from app import create_app, schema
from app.db import db

END_ALL = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def lines(postgres, own_engine):
    """An engine with two lines, as a web process keeps them; and another to cut them with."""
    url = postgres.database("lines")
    engine, other = own_engine(url), own_engine(url)
    with engine.connect(), engine.connect():
        pass
    yield engine, other
    engine.dispose()
    other.dispose()


def who(engine):
    with engine.connect() as connection:
        return connection.scalar(text("SELECT pg_backend_pid()"))


def test_a_line_that_the_server_cut_is_taken_up_again_unnoticed(lines):
    engine, other = lines
    before = who(engine)
    with other.connect() as connection:
        connection.execute(END_ALL)
    assert who(engine) != before
    with engine.connect(), engine.connect() as second:  # the other one was cut as well
        assert second.scalar(text("SELECT 1")) == 1


def test_lines_that_hold_are_used_again(lines):
    engine, _other = lines
    before = {who(engine), who(engine)}
    assert {who(engine), who(engine)} == before


def test_nobody_else_on_the_machine_reads_the_database(tmp_path):
    folder = tmp_path / "instance"
    app = create_app(config.read({"INSTANCE_DIR": str(folder)}))
    schema.upgrade(app)
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        modes = {it.name: stat.S_IMODE(it.stat().st_mode) for it in folder.glob("contrail.db*")}
        db.engine.dispose()
    assert modes["contrail.db"] == 0o600
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
