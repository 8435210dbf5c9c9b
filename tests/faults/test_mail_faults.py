"""Everything a mail server may do wrong, fault by fault: no letter is lost, and copies come only of a broken last line."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import mail
from app.db import transaction
from app.domain.correspondence import letters
from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery
from app.domain.people.members import Member
from tests.factories import make_member
from tests.faults import office as offices
from tests.faults.office import office
from tests.mail.scene import look, owe, use, wait
from tests.servers import free_port

FULL = bool(os.environ.get("FULL"))
LETTERS = 500 if FULL else 4
PATIENT = 20 if FULL else 4  # of the faults that take their time
LONG = ("slow", "hangs", "hangs after the dot")
pytestmark = [pytest.mark.faults, pytest.mark.filterwarnings("ignore:Requiring AUTH")]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """How long a server may take. On a busy machine a short wait is a fault of its own, so it is long, but for who never
    answers."""

    def seconds(most):
        monkeypatch.setattr(mail, "SERVER_SECONDS", most)

    monkeypatch.setattr(offices, "SLOW_SECONDS", 0.05)
    seconds(5.0)
    return seconds


def settle(app, engine, minutes=60, rounds=40):
    """Send, and let time pass, until nothing is left to try. A fault of the whole way ends a round."""
    for _ in range(rounds):
        with app.app_context():
            mail.send()
        with Session(engine) as session:
            if not session.scalar(select(Delivery.id).where(deliveries.UNSETTLED, Delivery.handovers < 2).limit(1)):
                return
        wait(engine, minutes)


def states(engine):
    with Session(engine) as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id))
        return [(it.state, it.attempts, it.handovers) for it in rows]


@pytest.mark.parametrize("fault", offices.AT_THE_DOOR)
def test_a_door_that_stays_shut_for_a_while_costs_a_letter_nothing(app, engine, monkeypatch, count, patience, fault):
    for _ in range(LETTERS):
        owe(engine, "")
    patience(0.3)
    with office(fault) as (post, url):
        use(app, monkeypatch, url)
        post.door += [fault] * 2 if not fault.endswith("fails") else []
        for _ in range(2):
            with app.app_context():
                assert mail.send() == 0
            wait(engine, 15)
        assert states(engine) == [("queued", 0, 0)] * LETTERS
        assert post.taken == []
    patience(5.0)
    with office() as (post, url):  # and then it opens
        use(app, monkeypatch, url)
        settle(app, engine)
        assert states(engine) == [("sent", 1, 1)] * LETTERS
        assert [len(it) for it in post.copies().values()] == [1] * LETTERS
    count(mails=LETTERS, faults={fault: 2})


@pytest.mark.parametrize("fault", [*offices.PASSING, *offices.FOR_GOOD, *offices.IN_DOUBT])
def test_what_goes_wrong_with_a_letter_is_mended_or_told(app, engine, monkeypatch, count, patience, fault):
    whom, number = {}, PATIENT if fault in LONG else LETTERS
    if fault.startswith("hangs"):
        patience(1.0)
    for nth in range(number):
        whom[owe(engine, f"member{nth}w")] = f"member{nth}w@members.example"
    with office() as (post, url):
        use(app, monkeypatch, url)
        post.next_fault = offices.times(fault, number)
        settle(app, engine, rounds=2 * number + 40)
        copies = post.copies()
        for letter, to in whom.items():
            row, taken = look(engine, letter), copies.get(to, [])
            if fault in offices.FOR_GOOD:
                assert (row.state, len(taken)) == ("bounced" if fault == "550 recipient" else "dead", 0)
                assert row.reply.startswith(fault[:3])
            else:
                assert row.state == "sent"
                assert 1 <= len(taken) <= (2 if fault in offices.IN_DOUBT else 1)
                assert len({it.name for it in taken}) == 1
                assert row.handovers == 2 or len(taken) == 1
        assert sum(post.faults.values()) == number
    doubled = sum(len(it) > 1 for it in copies.values())
    count(mails=number, faults=post.faults, doubled=doubled, refused=len(post.refused))


def test_everything_at_random_loses_nothing(app, engine, monkeypatch, count, patience):
    patience(0.3)
    whom = {owe(engine, f"member{nth}v"): f"member{nth}v@members.example" for nth in range(PATIENT * 10)}
    with office() as (post, url):
        use(app, monkeypatch, url)
        post.next_fault = offices.sometimes(Random(7), 0.3)
        settle(app, engine, rounds=200)
        copies = post.copies()
        assert set(copies) <= set(whom.values())
        for letter, to in whom.items():
            row, taken = look(engine, letter), copies.get(to, [])
            assert row.state in ({"sent"} if taken and row.handovers == 1 else {"sent", "bounced", "dead", "uncertain"})
            assert taken or to in post.refused or (row.state, row.handovers) == ("uncertain", 2)
            assert len(taken) <= max(row.handovers, 1)
        assert sum(post.faults.values()) >= PATIENT
    doubled = sum(len(it) > 1 for it in copies.values())
    count(mails=len(whom), faults=post.faults, doubled=doubled, refused=len(post.refused))


def test_a_server_that_is_down_for_six_hours_gets_every_letter_once_and_the_oldest_first(app, engine, monkeypatch):
    port, start = free_port(), datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # the clocks of Europe change meanwhile
    number = 200 if FULL else 24
    use(app, monkeypatch, f"smtp://127.0.0.1:{port}")
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(0, 360, 5):
            clock.move_to(start + timedelta(minutes=minute))
            with transaction(engine) as session:
                for _ in range(number * 5 // 360 + (minute % 15 == 0)):
                    deliveries.owe(session, "password_changed", make_member(session))
            with app.app_context():
                assert mail.send() == 0
        with office(port=port) as (post, _):
            for minute in range(360, 380, 5):
                clock.move_to(start + timedelta(minutes=minute))
                with app.app_context():
                    mail.send()
        with Session(engine) as session:
            rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
            order = session.scalars(select(Delivery.id).order_by(Delivery.sent_at, Delivery.id)).all()
            assert {(it.state, it.attempts) for it in rows} == {("sent", 1)}
            assert [it.id for it in rows] == list(order)
        assert len(post.taken) == len(rows) == len(post.copies())
        assert [it.to for it in post.taken] == [addresses(engine)[it.member_id] for it in rows]


def addresses(engine):
    with Session(engine) as session:
        return dict(session.execute(select(Member.id, Member.email)).all())


def test_a_letter_that_kills_whoever_writes_it_holds_up_no_other_and_is_given_up(app, engine, monkeypatch):
    poison = owe(engine, "ada")
    fine = [owe(engine, f"member{nth}p") for nth in range(3)]
    write = letters.write

    def deadly(session, owed, **more):
        if owed.id == poison:
            os._exit(66)
        return write(session, owed, **more)

    with office() as (post, url):
        use(app, monkeypatch, url)
        monkeypatch.setattr(letters, "write", deadly)
        deaths = 0
        for _ in range(12):
            deaths += sent_by_a_child(app, engine) == 66
            sent_by_a_child(app, engine)  # whoever comes next goes on with the others
            assert [look(engine, it).state for it in fine] == ["sent"] * 3
            wait(engine, 300, older=True)
        assert look(engine, poison).state == "dead"
        assert 4 <= deaths < 12
        assert len(post.taken) == 3


def sent_by_a_child(app, engine):
    """How a process ended that sent what was due."""
    engine.dispose()
    child = os.fork()
    if child == 0:
        with app.app_context():
            mail.send()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
