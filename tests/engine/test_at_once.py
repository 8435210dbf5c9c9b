"""Many at once, late comers and sudden deaths: everything still happens once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from sqlalchemy import Engine, create_engine, func, select, update

from app.db import prepare, transaction
from app.domain.awarding import backfill, evaluator
from app.domain.badging.badges import Award
from app.domain.badging.totals import Lease
from app.domain.base import now
from app.domain.mail import leases
from app.domain.notices.notifications import Notification
from app.domain.record.activities import Activity
from tests.engine import community
from tests.engine.community import assert_sound, untold, write_all

FULL = bool(os.environ.get("FULL"))


@pytest.fixture
def open_transaction(engine: Engine):
    with transaction(engine) as session:
        community.furnish(session)
    return partial(transaction, engine)


def test_eight_evaluators_at_once_book_each_deed_once(open_transaction):
    with open_transaction() as session:
        write_all(session, 500)

    def work() -> int:
        done = 0
        while something_waits():
            done += evaluator.run(open_transaction, batch=25)
            time.sleep(0.02)
        return done

    def something_waits() -> bool:
        with open_transaction() as session:
            return evaluator.waiting(session)

    with ThreadPoolExecutor(8) as pool:
        done = [it.result() for it in [pool.submit(work) for _ in range(8)]]
    with open_transaction() as session:
        assert_sound(session)
        assert sum(done) == session.scalar(select(func.count()).select_from(Activity))
        assert untold(session) == []


def test_a_stolen_lease_changes_nothing(open_transaction):
    with open_transaction() as session:
        write_all(session, 60)
    with open_transaction() as session:
        token = leases.take(session, evaluator.LEASE, 60)
    assert token
    assert evaluator.step(open_transaction, token, 10) == 10
    with open_transaction() as session:  # it sleeps past its lease
        session.execute(update(Lease).values(until=now()))
    evaluator.run(open_transaction, batch=7)
    with open_transaction() as session:
        write_all(session, 20, seed=2)
    with pytest.raises(leases.Lost):
        evaluator.step(open_transaction, token, 10)
    evaluator.run(open_transaction, batch=7)
    with open_transaction() as session:
        assert_sound(session)


def test_a_lease_that_runs_out_within_a_batch_is_not_given_away(engine, open_transaction, monkeypatch):
    """The batch has the row locked; whoever asks is sent away at once, or waits on SQLite until it is over."""
    with open_transaction() as session:
        write_all(session, 40)
    monkeypatch.setattr(evaluator, "LEASE_SECONDS", 0)
    real, asked, others = evaluator.evaluate, threading.Event(), []

    def slowly(*given):
        if not asked.is_set():
            asked.set()
            others.append(ThreadPoolExecutor(1).submit(lambda: evaluator.run(open_transaction, batch=7)))
            time.sleep(0.5)
        real(*given)

    monkeypatch.setattr(evaluator, "evaluate", slowly)
    evaluator.run(open_transaction, batch=7)
    others[0].result(30)
    evaluator.run(open_transaction)
    with open_transaction() as session:
        assert_sound(session)


def test_retroactive_runs_beside_busy_evaluators_agree_with_them(open_transaction):
    over = threading.Event()

    def evaluate() -> None:
        while not over.is_set():
            backfill.resume(open_transaction)
            evaluator.run(open_transaction, batch=20)
            time.sleep(0.01)

    def deeds() -> None:
        dice = Random(5)
        for _ in range(150):
            with open_transaction() as session:
                community.write(session, dice)

    with ThreadPoolExecutor(3) as pool:
        evaluators = [pool.submit(evaluate) for _ in range(2)]
        writer = pool.submit(deeds)
        for _ in range(3):
            backfill.run(open_transaction)
        writer.result()
        over.set()
        for it in evaluators:
            it.result()
    backfill.resume(open_transaction)
    evaluator.run(open_transaction)
    with open_transaction() as session:
        assert_sound(session)


def run_backfill(url: str) -> None:
    """What a process of its own does: a retroactive run in many small steps."""
    backfill.BATCH = 100
    backfill.run(partial(transaction, prepare(create_engine(url))))


@pytest.mark.slow
def test_a_retroactive_run_killed_anywhere_is_finished_with_one_notice_a_member(engine, open_transaction):
    with open_transaction() as session:
        write_all(session, 500)
    engine.dispose()  # no connection of ours is to be shared with a child
    url, dice, killed = engine.url.render_as_string(hide_password=False), Random(7), 0
    for _ in range(30 if FULL else 4):
        process = multiprocessing.get_context("fork").Process(target=run_backfill, args=(url,))
        process.start()
        time.sleep(dice.uniform(0.02, 0.6))
        process.kill()
        process.join(10)
        killed += process.exitcode == -signal.SIGKILL
        with open_transaction() as session:  # as if the lease's time was over
            session.execute(update(Lease).where(Lease.name == evaluator.LEASE).values(until=now()))
        engine.dispose()
    backfill.resume(open_transaction)
    evaluator.run(open_transaction)
    assert killed
    with open_transaction() as session:
        assert_sound(session)
        told = session.execute(
            select(Notification.member_id, func.count())
            .where(Notification.kind == "badge_earned")
            .group_by(Notification.member_id)
        ).all()
        assert {times for _, times in told} == {1}
        assert {it for it, _ in told} == set(session.scalars(select(Award.member_id)))
