"""After much was written at once PostgreSQL knows of it, and plans for it."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.db import transaction
from app.domain import statistics
from app.domain.awarding import backfill
from app.domain.mail import digests
from app.domain.notices import announcements
from app.imports import stackexchange
from tests.domain.test_announcements import MEMBERS, announce
from tests.factories import make_answer, make_member
from tests.imports.conftest import SOURCE, Silent
from tests.imports.dumps import Dump
from tests.web.scenery import make_badge


@pytest.fixture
def many(monkeypatch, engine):
    """So few rows are many. Only PostgreSQL keeps such numbers."""
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite plans without")
    monkeypatch.setattr(statistics, "MANY", 2)


def opened(engine):
    return lambda: transaction(engine)


def known(engine, table):
    """How many rows PostgreSQL believes a table to have; none before it was ever counted."""
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT reltuples FROM pg_class WHERE oid = '{table}'::regclass"))


def test_after_an_announcement_and_its_digests(engine, many):
    with transaction(engine) as session:
        announce(session)
    assert known(engine, "notifications") <= 0
    announcements.tell(opened(engine))
    assert known(engine, "notifications") == known(engine, "digest_items") == MEMBERS
    with transaction(engine) as session:
        session.execute(text("UPDATE digest_dues SET due_at = now() - interval '9 days'"))
    digests.write_due(opened(engine))
    assert known(engine, "deliveries") == MEMBERS


def test_after_a_retroactive_run(engine, many):
    with transaction(engine) as session:
        make_badge(session, "first", {"count": "answered", "n": 1})
        for _ in range(3):
            make_answer(session, make_member(session))
    backfill.run(opened(engine))
    assert known(engine, "awards") == 3


def test_a_retroactive_run_knows_what_it_booked_before_it_awards(engine, many):
    """Else every deed still counts as waiting, and each threshold looks at each deed once for each other."""
    with transaction(engine) as session:
        make_badge(session, "first", {"count": "answered", "n": 1})
        make_answer(session, make_member(session))
        session.execute(text("ANALYZE activities"))
    assert share_that_waits(engine) == 1
    shares = []
    backfill.run(opened(engine), tell=lambda stage, *_: shares.append((stage, share_that_waits(engine))))
    assert ("Awarding", 0) in shares
    assert ("Awarding", 1) not in shares


def share_that_waits(engine):
    with engine.connect() as connection:
        return connection.scalar(
            text("SELECT null_frac FROM pg_stats WHERE tablename = 'activities' AND attname = 'seq'")
        )


def test_after_an_import(engine, many, tmp_path):
    dump = Dump()
    for nth in range(1, 4):
        dump.user(nth, f"Member {nth}")
    stackexchange.run(engine, dump.write(tmp_path / SOURCE, ()), SOURCE, tmp_path / "work", Silent())
    assert known(engine, "members") == 3


def test_not_after_a_few(engine, many, monkeypatch):
    monkeypatch.setattr(statistics, "MANY", 5000)
    with transaction(engine) as session:
        announce(session)
    announcements.tell(opened(engine))
    assert known(engine, "notifications") <= 0
