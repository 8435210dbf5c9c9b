"""Many at once, late comers and sudden deaths: everything still happens once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

import pytest
from sqlalchemy import Engine, func, select, update

from app.db import transaction
from app.domain import backfill, evaluator, leases
from app.domain.activities import Activity
from app.domain.badges import Award
from app.domain.base import now
from app.domain.notifications import Notification
from app.domain.totals import Lease
from tests.engine import community
from tests.engine.community import assert_sound, untold, write_all
from tests.servers import ROOT

EVALUATE = """
import sys
from functools import partial
from sqlalchemy import create_engine
from app.db import prepare, transaction
from app.domain import backfill, evaluator
engine = prepare(create_engine(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
{what}
"""


@pytest.fixture
def open_transaction(engine: Engine):
    with transaction(engine) as session:
        community.furnish(session)
    return partial(transaction, engine)


def start(engine: Engine, what: str) -> subprocess.Popen[str]:
    """A process of its own that has everything loaded and waits for the word."""
    url = engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-c", EVALUATE.format(what=what), url],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def give_the_word(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("now\n")
    process.stdin.flush()


def test_eight_evaluators_at_once_book_each_deed_once(engine, open_transaction):
    with open_transaction() as session:
        write_all(session, 500)
    look = (
        "import time\nfor _ in range(400):\n"
        "    evaluator.run(partial(transaction, engine), batch=25)\n"
        "    with transaction(engine) as session:\n"
        "        if not evaluator.waiting(session): break\n"
        "    time.sleep(0.02)"
    )
    processes = [start(engine, look) for _ in range(2)]
    for process in processes:
        give_the_word(process)

    def work() -> int:
        done = 0
        while not threads_done():
            done += evaluator.run(open_transaction, batch=25)
            time.sleep(0.02)
        return done

    def threads_done() -> bool:
        with open_transaction() as session:
            return not evaluator.waiting(session)

    with ThreadPoolExecutor(6) as pool:
        for it in [pool.submit(work) for _ in range(6)]:
            it.result()
    assert [process.wait(60) for process in processes] == [0, 0]
    with open_transaction() as session:
        assert_sound(session)
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


@pytest.mark.slow
def test_a_retroactive_run_killed_anywhere_is_finished_with_one_notice_a_member(engine, open_transaction):
    with open_transaction() as session:
        write_all(session, 500)
    dice, killed = Random(7), 0
    for _ in range(3):
        process = start(engine, "backfill.BATCH = 100\nbackfill.run(partial(transaction, engine))")
        give_the_word(process)
        time.sleep(dice.uniform(0.05, 0.8))
        process.kill()
        killed += process.wait(10) == -9
        with open_transaction() as session:  # as if the lease's time was over
            session.execute(update(Lease).where(Lease.name == evaluator.LEASE).values(until=now()))
    backfill.resume(open_transaction)
    evaluator.run(open_transaction)
    assert killed
    with open_transaction() as session:
        assert_sound(session)
        told = session.execute(
            select(Notification.member_id, func.count()).where(Notification.kind == "badge_earned")
            .group_by(Notification.member_id)
        ).all()  # fmt: skip
        assert {times for _, times in told} == {1}
        assert {it for it, _ in told} == set(session.scalars(select(Award.member_id)))
        assert session.scalar(select(func.count()).select_from(Activity)) >= 500
