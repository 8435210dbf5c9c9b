"""A process dies, or sleeps past its lease, at each place on a letter's way: what the row says then, and how it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from app import jobs, mail, sweep
from app.db import transaction
from app.domain.badging.totals import Lease
from app.domain.base import now
from app.domain.mail.deliveries import Delivery
from tests.faults import mail_writer, places
from tests.faults.office import office
from tests.mail.scene import look, owe, use, wait
from tests.servers import until

ROUNDS = 50 if os.environ.get("FULL") else 1
DEATHS = {  # place: state, hand-overs and copies when it died; copies in the end
    "claimed": ("sending", 0, 0, 1),
    "offered": ("sending", 0, 0, 1),
    "handed over": ("handover", 1, 0, 1),
    "half of it sent": ("handover", 1, 0, 1),
    "last dot sent": ("handover", 1, 1, 2),
    "answered": ("handover", 1, 1, 2),
    "noted, not committed": ("handover", 1, 1, 2),
}
pytestmark = pytest.mark.faults


def in_a_child(app, engine, place: str, act: Callable[[], None], do: Callable[[], object] = mail.send) -> int:
    """Let a process of its own send what is due, or do something else, and come by that place; its number."""
    engine.dispose()
    child = os.fork()
    if child:
        return child
    try:
        places.at(place, act)
        with app.app_context():
            do()
    finally:
        os._exit(0)


@pytest.mark.parametrize("place", places.PLACES)
def test_a_sender_that_dies_loses_nothing_and_doubles_only_what_may_have_left(app, engine, monkeypatch, count, place):
    state, handovers, copies, in_the_end = DEATHS[place]
    with office() as (post, url):
        use(app, monkeypatch, url)
        for nth in range(ROUNDS):
            letter, to = owe(engine, f"member{nth}q"), f"member{nth}q@members.example"
            _, status = os.waitpid(in_a_child(app, engine, place, places.die), 0)
            assert os.WTERMSIG(status) == signal.SIGKILL
            if copies:  # the server has it by then, or will at once
                until(lambda to=to: to in post.copies(), "the server took it")
            assert (look(engine, letter).state, look(engine, letter).handovers) == (state, handovers)
            assert len(post.copies().get(to, [])) == copies
            with app.app_context():
                assert mail.send() == 0  # its lease holds
                wait(engine, 3)
                mail.send()
                wait(engine, 2)
                mail.send()
            assert look(engine, letter).state == "sent"
            names = [it.name for it in post.copies()[to]]
            assert len(names) == in_the_end
            assert len(set(names)) == 1
            assert in_the_end == 1 or look(engine, letter).handovers == 2  # told apart in the row
    count(mails=ROUNDS, kills={f"sender, {place}": ROUNDS}, doubled=ROUNDS * (in_the_end - 1))


@pytest.mark.parametrize("place", ["claimed", "offered"])
def test_a_sender_that_sleeps_past_its_lease_sends_nothing_when_it_wakes(app, engine, monkeypatch, count, place):
    with office() as (post, url):
        use(app, monkeypatch, url)
        for nth in range(ROUNDS):
            letter, to = owe(engine, f"member{nth}q"), f"member{nth}q@members.example"
            sleeper = in_a_child(app, engine, place, places.sleep)
            assert os.WIFSTOPPED(os.waitpid(sleeper, os.WUNTRACED)[1])
            wait(engine, 3)
            with app.app_context():
                assert mail.send() == 1
            os.kill(sleeper, signal.SIGCONT)
            os.waitpid(sleeper, 0)
            assert (look(engine, letter).state, look(engine, letter).attempts) == ("sent", 2)
            assert len(post.copies()[to]) == 1
    count(mails=ROUNDS, pranks={f"sender asleep, {place}": ROUNDS})


def test_a_sender_that_sleeps_while_handing_over_changes_no_row_when_it_wakes(app, engine, monkeypatch):
    with office() as (post, url):
        use(app, monkeypatch, url)
        letter = owe(engine, "ada")
        sleeper = in_a_child(app, engine, "answered", places.sleep)
        assert os.WIFSTOPPED(os.waitpid(sleeper, os.WUNTRACED)[1])
        for minutes, left in ((3, 0), (2, 1)):
            wait(engine, minutes)
            with app.app_context():
                assert mail.send() == left
        before = look(engine, letter)
        os.kill(sleeper, signal.SIGCONT)
        os.waitpid(sleeper, 0)
        after = look(engine, letter)
        assert (after.state, after.sent_at, after.handovers) == ("sent", before.sent_at, 2)
        assert len(post.copies()["ada@members.example"]) == 2


@pytest.mark.parametrize("place", places.AS_IT_HAPPENS)
def test_a_badge_whose_evaluation_dies_is_told_by_one_letter(app, engine, monkeypatch, count, place):
    with transaction(engine) as session:
        mail_writer.furnish(session)
    with office() as (post, url):
        use(app, monkeypatch, url)
        for nth in range(ROUNDS):
            with transaction(engine) as session:
                mail_writer.join(session, f"member{nth}z", "award")
            _, status = os.waitpid(in_a_child(app, engine, place, places.die, jobs.evaluate), 0)
            assert os.WTERMSIG(status) == signal.SIGKILL
            with transaction(engine) as session:
                owed = len(session.scalars(select(Delivery.id)).all())
                assert owed == nth + (place == "committed, bell not rung")
                session.execute(update(Lease).values(until=now()))  # its lease runs out
            sweep.once(app, [jobs.evaluate, jobs.send])
            assert [len(it) for it in post.copies().values()] == [1] * (nth + 1)
    count(mails=ROUNDS, kills={f"evaluator, {place}": ROUNDS})
