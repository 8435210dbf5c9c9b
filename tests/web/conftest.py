"""Who looks at the pages, and at what they leave in the database. Each file says who its `people` are."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from app.db import transaction
from app.web import site
from tests.factories import make_member
from tests.web.scenery import make_ranks, sign_in


@pytest.fixture
def browse(app, engine, people):
    """A browser of somebody."""
    return lambda name: sign_in(app.test_client(), engine, people[name])


@pytest.fixture
def boss(client, engine):
    """An administrator, who is signed in with `client`."""
    with transaction(engine) as session:
        make_ranks(session)
        boss = make_member(session, "boss", role="administrator")
    sign_in(client, engine, boss)
    return boss


@pytest.fixture
def look(engine):
    """What the database says, without keeping it waiting: the first column of each row."""

    def read(query):
        with transaction(engine) as session:
            return session.scalars(query).all()

    return read


@pytest.fixture
def statements(engine, monkeypatch):
    """What the database is asked, in order, without what is looked at every two seconds whatever is asked for."""
    asked: list[str] = []
    remembered = site.remembered

    def aside(name, read):
        before = len(asked)
        known = remembered(name, read)
        del asked[before:]
        return known

    def listen(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    monkeypatch.setattr(site, "remembered", aside)
    event.listen(engine, "before_cursor_execute", listen)
    yield asked
    event.remove(engine, "before_cursor_execute", listen)
