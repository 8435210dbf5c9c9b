"""An imported community, awarded at once and then lived through again by the worker: the same awards."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select, text

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import backfill
from app.domain.record.activities import Activity
from app.imports import stackexchange
from tests.engine.histories import Outcome, forget, read
from tests.imports.conftest import Silent
from tests.imports.dumps import Dump

DUMPS = os.environ.get("CONTRAIL_DUMPS")


def small_dump() -> Dump:
    """Seven members who ask, answer, vote, comment, accept and edit for some weeks."""
    dump = Dump()
    for number in range(1, 8):
        dump.user(number, f"Member {number}", AboutMe="I drink it.", WebsiteUrl="https://member.example")
    for number in range(1, 13):
        asker, question = 1 + number % 7, number * 10
        dump.question(question, asker, day=2 + number, AcceptedAnswerId=question + 1)
        for i in (1, 2):
            dump.answer(question + i, question, 1 + (number + i) % 7, day=3 + number + i)
            dump.votes(question + i, number, day=6 + number)
        dump.vote(question + 1, 1, day=7 + number)
        dump.votes(question, 13 - number, day=5 + number)
        dump.vote(question + 2, 3, day=8 + number)
        dump.comment(question, 1 + (number + 3) % 7, day=4 + number, score=6)
        dump.history(question, 5, 1 + (number + 4) % 7, day=9 + number, text="Better.")
    return dump


def live_again(engine: Engine, work: Callable[[], None], chunk: int) -> None:
    """Take all deeds away, and let them arrive anew in their order, the worker looking after each chunk."""
    with transaction(engine) as session:
        forget(session)
        session.execute(text("CREATE TABLE deeds_again AS SELECT * FROM activities"))
        session.execute(text("DELETE FROM activities"))
        ids = session.scalars(text("SELECT id FROM deeds_again ORDER BY id")).all()
    columns = ", ".join(f'"{it.name}"' for it in Activity.__table__.columns)
    for start in range(0, len(ids), chunk):
        some = ids[start : start + chunk]
        with transaction(engine) as session:
            session.execute(
                text(
                    f"INSERT INTO activities ({columns}) SELECT {columns} FROM deeds_again WHERE id BETWEEN :a AND :b"
                ),
                {"a": some[0], "b": some[-1]},
            )
        work()
    with transaction(engine) as session:
        session.execute(text("DROP TABLE deeds_again"))


def both(engine: Engine, work: Callable[[], None], folder: Path, at_work: Path, chunk: int) -> tuple[Outcome, Outcome]:
    """Import a dump; what a retroactive run makes of it, and what the worker does."""
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("stackexchange"))
    stackexchange.run(engine, folder, "teas.example", at_work, Silent())
    backfill.run(partial(transaction, engine))
    with transaction(engine) as session:
        at_once = read(session)
        assert session.scalar(select(func.count()).select_from(Activity).where(Activity.seq.is_(None))) == 0
    live_again(engine, work, chunk)
    with transaction(engine) as session:
        return at_once, read(session)


def assert_same(at_once: Outcome, live: Outcome) -> None:
    for name in ("awards", "entries", "balances", "ranks", "weeks", "totals"):
        assert getattr(at_once, name) == getattr(live, name), name


def test_a_small_dump_lived_through_again_earns_the_same(
    app: Flask, engine: Engine, work: Callable[[], None], tmp_path: Path
) -> None:
    folder = small_dump().write(tmp_path / "dump")
    at_once, live = both(engine, work, folder, tmp_path / "work", chunk=47)
    assert len(at_once.awards) > 40
    assert_same(at_once, live)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not DUMPS, reason="CONTRAIL_DUMPS names no folder of dumps")
def test_every_dump_lived_through_again_earns_the_same(
    app: Flask, engine: Engine, work: Callable[[], None], tmp_path: Path
) -> None:
    for folder in sorted(it for it in Path(str(DUMPS)).iterdir() if (it / "Posts.xml").exists()):
        at_once, live = both(engine, work, folder, tmp_path / "work", chunk=997)
        print(f"{folder.name}: {len(at_once.awards)} awards, {len(at_once.entries)} ledger entries")
        assert_same(at_once, live)
        break  # one community a database
