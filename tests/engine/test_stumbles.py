"""Deeds that cannot be booked: all others go on, and none is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from sqlalchemy import Engine, create_engine, func, select, update

from app.db import prepare, transaction
from app.domain.awarding import backfill, evaluator, leaders, stumbles
from app.domain.awarding.stumbles import TRIES, Stumble
from app.domain.badging.totals import Lease
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.problems import Conflict
from app.domain.record import activities
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry
from tests.engine import community
from tests.engine.community import assert_sound, untold, write_all

FULL = bool(os.environ.get("FULL"))
REAL = evaluator.evaluate


@pytest.fixture
def open_transaction(engine: Engine):
    with transaction(engine) as session:
        community.furnish(session)
    return partial(transaction, engine)


@pytest.fixture
def ill(monkeypatch):
    """Lets the evaluator fall over deeds that carry a word; gives the way to mend it."""
    monkeypatch.setattr(evaluator, "evaluate", fall)
    return lambda: monkeypatch.setattr(evaluator, "evaluate", REAL)


def fall(session, rules, deeds):
    if any(it.object == "poison" for it in deeds):
        raise ValueError("this cannot be counted")
    REAL(session, rules, deeds)


def die(session, rules, deeds):
    if any(it.object == "poison" for it in deeds):
        os.kill(os.getpid(), signal.SIGKILL)
    REAL(session, rules, deeds)


def poison(session, share: int) -> int:
    """Spoil one of so many waiting deeds; returns how many were."""
    victims = session.scalars(select(Activity).where(Activity.id % share == 0, Activity.amount > 0)).all()
    for it in victims:
        it.object = "poison"
    return len(victims)


def run(open_transaction) -> int:
    """Let the evaluator do what it can; returns how many deeds it fell over."""
    try:
        evaluator.run(open_transaction)
    except ExceptionGroup as no:
        return len(no.exceptions)
    return 0


def run_to_the_end(open_transaction) -> None:
    """Let it try until it would not any more, as if no rest took any time."""
    for _ in range(TRIES * 10):
        run(open_transaction)
        with open_transaction() as session:
            session.execute(update(Stumble).where(Stumble.due_at.is_not(None)).values(due_at=now()))
            if not evaluator.has_work(session):
                return
    pytest.fail("it tries for ever")


def standing(open_transaction) -> tuple[int, int]:
    with open_transaction() as session:
        return stumbles.standing(session)


def late(open_transaction) -> set[int]:
    with open_transaction() as session:
        return set(session.scalars(select(Activity.id).where(Activity.seq.is_(None))))


def test_all_others_go_on_at_once_past_a_deed_that_always_raises(open_transaction, ill):
    with open_transaction() as session:
        write_all(session, 300)
        victim = session.scalars(select(Activity).where(Activity.amount > 0).offset(100)).first()
        victim.object = "poison"
        taken_back = session.scalars(select(Activity.id).where(Activity.reverses_id == victim.id)).all()
    assert run(open_transaction) == 1
    assert late(open_transaction) == {victim.id, *taken_back}
    assert standing(open_transaction) == (1, 0)
    assert run(open_transaction) == 0  # it rests
    with open_transaction() as session:
        row = session.get_one(Stumble, victim.id)
        assert (row.tries, row.why) == (1, "ValueError: this cannot be counted")
        assert timedelta() < row.due_at - row.tried_at < timedelta(seconds=3)
        assert_sound(session)
        assert untold(session) == []


def test_after_five_tries_it_is_set_aside_and_leaves_the_evaluator_alone(open_transaction, ill):
    with open_transaction() as session:
        write_all(session, 40)
        assert poison(session, 20)
    run_to_the_end(open_transaction)
    with open_transaction() as session:
        assert {it.tries for it in session.scalars(select(Stumble))} == {TRIES}
        assert not stumbles.is_due(session)
        write_all(session, 20, seed=2)
    assert run(open_transaction) == 0
    with open_transaction() as session:
        assert not evaluator.waiting(session)
        assert_sound(session)


def test_what_was_set_aside_is_counted_once_when_it_can_be(open_transaction, ill):
    with open_transaction() as session:
        write_all(session, 300)
        spoilt = poison(session, 12)
    run_to_the_end(open_transaction)
    assert standing(open_transaction) == (0, spoilt)
    ill()
    with open_transaction() as session:
        assert stumbles.retry(session, None) == spoilt
        assert stumbles.retry(session, None) == 0
    assert run(open_transaction) == 0
    assert late(open_transaction) == set()
    assert standing(open_transaction) == (0, 0)
    with open_transaction() as session:
        assert_sound(session)
        assert untold(session) == []


def test_one_that_falls_again_after_a_retry_is_set_aside_at_once(open_transaction, ill):
    with open_transaction() as session:
        session.add(activities.note(session, "visited", session.get_one(Member, 1), object="poison"))
    run_to_the_end(open_transaction)
    [deed] = late(open_transaction)
    with open_transaction() as session:
        assert stumbles.retry(session, None, deed) == 1
        with pytest.raises(Conflict, match="being tried already"):
            stumbles.retry(session, None, deed)
    assert run(open_transaction) == 1
    assert standing(open_transaction) == (0, 1)


def test_what_takes_a_deed_back_waits_with_it(open_transaction, ill):
    """Booked before it, nothing would be there to take back, and the points would stay for ever."""
    with open_transaction() as session:
        ada, ben = (session.get_one(Member, number) for number in (1, 2))
        spoilt = activities.note(session, "upvote_received", ada, by=ben, object="poison")
        sound = activities.note(session, "upvote_received", ben, by=ada)
        session.flush()
        [waits] = activities.withdraw(session, [spoilt])
        activities.withdraw(session, [sound])
    run_to_the_end(open_transaction)
    assert late(open_transaction) == {spoilt.id, waits.id}
    ill()
    with open_transaction() as session:
        stumbles.retry(session, None)
    run(open_transaction)
    with open_transaction() as session:
        per_member = select(PointEntry.member_id, func.count(), func.sum(PointEntry.amount))
        entries = session.execute(per_member.group_by(PointEntry.member_id).order_by(PointEntry.member_id)).all()
        assert entries == [(1, 2, 0), (2, 2, 0)]
        assert_sound(session)


def test_where_everything_falls_a_run_ends_soon_and_nothing_is_lost(open_transaction, ill):
    with open_transaction() as session:
        write_all(session, 200)
        session.execute(update(Activity).values(object="poison"))
        last = session.scalar(select(func.count()).select_from(Activity))
    assert 0 < run(open_transaction) <= stumbles.MOST_FALLS
    ill()
    run_to_the_end(open_transaction)
    with open_transaction() as session:
        assert session.scalar(select(func.max(Activity.seq))) == last
        assert_sound(session)


def test_what_is_wrong_with_the_site_is_no_fault_of_a_deed(open_transaction, monkeypatch):
    with open_transaction() as session:
        write_all(session, 40)

    def broken(_session):
        raise KeyError("no such rule")

    monkeypatch.setattr(evaluator, "kept", broken)
    with pytest.raises(KeyError):
        evaluator.run(open_transaction)
    assert standing(open_transaction) == (0, 0)


def test_a_passing_trouble_leaves_nothing_behind(open_transaction, monkeypatch):
    with open_transaction() as session:
        write_all(session, 100)
    troubles = iter([OSError("no room"), OSError("no room")])

    def troubled(*given):
        for no in troubles:
            raise no
        REAL(*given)

    monkeypatch.setattr(evaluator, "evaluate", troubled)
    assert run(open_transaction) == 0
    assert standing(open_transaction) == (0, 0)
    with open_transaction() as session:
        assert_sound(session)


def test_a_retroactive_run_goes_past_a_deed_that_always_raises(open_transaction, monkeypatch):
    with open_transaction() as session:
        write_all(session, 100)
        spoilt = poison(session, 25)
    real = backfill.Book.book

    def book(self, deed):
        if deed.object == "poison":
            raise ValueError("this cannot be counted")
        return real(self, deed)

    monkeypatch.setattr(backfill.Book, "book", book)
    backfill.run(open_transaction)
    assert standing(open_transaction) == (spoilt, 0)
    with open_transaction() as session:
        assert_sound(session)
    monkeypatch.setattr(backfill.Book, "book", real)
    run_to_the_end(open_transaction)
    assert late(open_transaction) == set()
    with open_transaction() as session:
        assert_sound(session)


def evaluate_and_die(url: str, deed) -> None:
    """What a process of its own does."""
    evaluator.evaluate = deed
    with_engine = partial(transaction, prepare(create_engine(url)))
    try:
        backfill.resume(with_engine)
        evaluator.run(with_engine, batch=20)
    except* ValueError:
        pass


def in_a_process(engine: Engine, deed, seconds: float = 60) -> int | None:
    """Evaluate in another process for so long at most; returns how it ended."""
    engine.dispose()  # no connection of ours is to be shared with a child
    url = engine.url.render_as_string(hide_password=False)
    process = multiprocessing.get_context("fork").Process(target=evaluate_and_die, args=(url, deed))
    process.start()
    process.join(seconds)
    process.kill()
    process.join(10)
    return process.exitcode


def time_passes(open_transaction) -> None:
    """The lease of a dead evaluator runs out, and whatever rests has rested."""
    with open_transaction() as session:
        session.execute(update(Lease).where(Lease.name == evaluator.LEASE).values(until=now()))
        session.execute(update(Stumble).where(Stumble.due_at.is_not(None)).values(due_at=now()))


def die_until_it_is_set_aside(engine: Engine, open_transaction) -> list[int | None]:
    """Each process that tries a certain deed is ended; returns how they ended. The last found nothing more to do."""
    ends = []
    while not ends or ends[-1]:
        ends.append(in_a_process(engine, die))
        time_passes(open_transaction)
        assert len(ends) < 20
    return ends


def spoil_one(session) -> int:
    """One deed in the midst of many, which ends whoever tries it."""
    write_all(session, 60)
    victim = session.scalars(select(Activity).where(Activity.amount > 0).offset(30)).first()
    victim.object = "poison"
    return victim.id


@pytest.mark.slow
def test_a_deed_that_ends_the_whole_process_is_found_and_set_aside(engine, open_transaction):
    with open_transaction() as session:
        victim = spoil_one(session)
    ends = die_until_it_is_set_aside(engine, open_transaction)
    assert set(ends[:-1]) == {-signal.SIGKILL}
    assert len(ends) <= TRIES + 3  # two that died over a batch, five over the deed, one that found nothing more to do
    with open_transaction() as session:
        row = session.scalars(select(Stumble)).one()
        assert (row.activity_id, row.tries, row.due_at, row.why) == (victim, TRIES, None, stumbles.ENDED)
        assert_sound(session)


@pytest.mark.slow
def test_a_deed_that_was_only_unlucky_each_time_is_counted_a_day_later_by_itself(engine, open_transaction):
    with open_transaction() as session:
        spoil_one(session)
    die_until_it_is_set_aside(engine, open_transaction)
    with open_transaction() as session:
        assert stumbles.try_again(session, now() + stumbles.ASIDE_FOR - timedelta(hours=1)) == 0
        assert stumbles.try_again(session, now() + stumbles.ASIDE_FOR) == 1
    assert in_a_process(engine, REAL) == 0
    assert late(open_transaction) == set()
    assert standing(open_transaction) == (0, 0)
    with open_transaction() as session:
        assert_sound(session)
        assert untold(session) == []


@pytest.mark.slow
def test_one_that_ends_the_process_a_day_later_too_costs_one_process_and_rests_another_day(engine, open_transaction):
    with open_transaction() as session:
        spoil_one(session)
    die_until_it_is_set_aside(engine, open_transaction)
    with open_transaction() as session:
        stumbles.try_again(session, now() + stumbles.ASIDE_FOR)
    assert in_a_process(engine, die) == -signal.SIGKILL
    assert standing(open_transaction) == (0, 1)
    with open_transaction() as session:
        assert stumbles.try_again(session) == 0


@pytest.mark.slow
def test_a_retroactive_run_that_ends_the_whole_process_stops_nobody(engine, open_transaction, monkeypatch):
    with open_transaction() as session:
        write_all(session, 60)
        backfill.owe(session, None)
    with monkeypatch.context() as patch:
        patch.setattr(backfill, "settle", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        for _ in range(evaluator.PATIENT_TRIES):
            with open_transaction() as session:
                write_all(session, 5)
            assert in_a_process(engine, REAL) == -signal.SIGKILL
            time_passes(open_transaction)
        with open_transaction() as session:
            write_all(session, 60, seed=2)
        assert in_a_process(engine, REAL) == 0
    assert late(open_transaction) == set()
    with open_transaction() as session:
        session.execute(update(Lease).where(Lease.name == evaluator.OWED).values(until=now()))
    backfill.resume(open_transaction)
    with open_transaction() as session:
        assert session.get(Lease, evaluator.OWED) is None
        assert_sound(session)


@pytest.mark.slow
def test_sudden_deaths_among_deeds_that_raise_lose_and_double_nothing(engine, open_transaction):
    dice, killed = Random(11), 0
    with open_transaction() as session:
        write_all(session, 400)
        spoilt = poison(session, 20)
    for _ in range(40 if FULL else 6):
        killed += in_a_process(engine, fall, dice.uniform(0.05, 0.5)) == -signal.SIGKILL
        time_passes(open_transaction)
    assert killed
    with open_transaction() as session:
        assert spoilt >= session.scalar(select(func.count()).select_from(Stumble).where(Stumble.due_at.is_(None)))
    run_to_the_end(open_transaction)  # whatever was ill is well again
    with open_transaction() as session:
        stumbles.retry(session, None)
    run_to_the_end(open_transaction)
    assert late(open_transaction) == set()
    assert standing(open_transaction) == (0, 0)
    with open_transaction() as session:
        assert_sound(session)
        assert untold(session) == []


@pytest.mark.parametrize(("due_at", "closes"), [(None, True), (now() + timedelta(minutes=1), False)])
def test_a_week_waits_for_a_deed_that_is_tried_again_and_not_for_one_set_aside(open_transaction, due_at, closes):
    with open_transaction() as session:
        ada = session.get_one(Member, 1)
        long_ago = now() - timedelta(days=20)
        activities.note(session, "visited", ada, at=long_ago)
    run(open_transaction)
    with open_transaction() as session:
        deed = activities.note(session, "visited", ada, at=long_ago)
        session.flush()
        session.add(Stumble(activity_id=deed.id, tries=1, tried_at=now(), due_at=due_at))
    with open_transaction() as session:
        assert leaders.close_next(session) is closes
