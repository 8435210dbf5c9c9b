"""Yesterday's copy of the database is put back: what it calls owed was sent yesterday, so nothing leaves until staff say so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select

from app import jobs, mail, sweep
from app.cli.mail import mail as commands
from app.db import transaction
from app.domain.base import now
from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery
from tests.factories import make_member
from tests.faults.office import office
from tests.mail.scene import use

pytestmark = pytest.mark.faults
ROWS = Delivery.__table__


@pytest.fixture
def flask(app):
    """Runs a command of `flask mail`."""

    def run(*words):
        ended = app.test_cli_runner().invoke(commands, words)
        assert ended.exit_code == 0, ended.output
        return ended.output

    return run


def owe_at(engine, names, moment):
    with transaction(engine) as session:
        for name in names:
            deliveries.owe(session, "password_changed", make_member(session, name), at=moment)


def copy_of(engine):
    with engine.connect() as connection:
        return [dict(it) for it in connection.execute(select(ROWS)).mappings()]


def put_back(engine, copy):
    with transaction(engine) as session:
        session.execute(delete(ROWS))
        session.execute(insert(ROWS), copy)


def test_after_a_restore_nothing_is_sent_twice_and_what_is_new_is_sent(app, engine, flask, work, monkeypatch):
    yesterday = now() - timedelta(hours=20)
    with office() as (post, url):
        use(app, monkeypatch, url)
        owe_at(engine, ["ada", "ben"], yesterday)
        copy = copy_of(engine)
        work()
        assert len(post.taken) == 2

        flask("pause", "--why", "restored")
        put_back(engine, copy)
        owe_at(engine, ["cleo"], now())
        work()
        sweep.once(app, [jobs.send])
        with app.app_context():
            assert mail.send() == 0
        assert len(post.taken) == 2
        assert "restored" in flask("status")

        assert "2" in flask("discard", "10")
        flask("resume")
        work()
        assert sorted(it.to for it in post.taken) == [f"{it}@members.example" for it in ("ada", "ben", "cleo")]


def test_without_a_pause_yesterdays_letters_leave_again_under_their_old_names(app, engine, work, monkeypatch):
    with office() as (post, url):
        use(app, monkeypatch, url)
        owe_at(engine, ["ada"], now() - timedelta(hours=20))
        copy = copy_of(engine)
        work()
        put_back(engine, copy)
        work()
        assert [it.to for it in post.taken] == ["ada@members.example"] * 2
        assert len({it.name for it in post.taken}) == 1
