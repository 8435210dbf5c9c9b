"""Letters leave once, through a real mail server, whatever it answers and whoever stops in the middle."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import time
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs, mail, sweep
from app.db import transaction
from app.domain.base import now
from app.domain.correspondence import letters
from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery, MailRoute
from app.domain.mail.leases import Lost
from app.domain.membership import accounts
from app.domain.notices import notifications
from app.domain.people.members import Member
from tests.factories import make_member, sign_up
from tests.mail.scene import look, owe, wait
from tests.mail.servers import authenticator, mail_server, silent_server
from tests.servers import free_port

PASSWORD = "seventeen wild geese"


@pytest.fixture
def use(app, monkeypatch):
    """Lets the site send by another way."""

    def use(url):
        settings = dataclasses.replace(app.config["SETTINGS"], mail_url=url)
        monkeypatch.setitem(app.config, "SETTINGS", settings)

    return use


@pytest.fixture
def clerk(use):
    """The clerk of a mail server that the site sends by."""
    with mail_server() as (clerk, port):
        use(f"smtp://127.0.0.1:{port}")
        yield clerk


@pytest.fixture
def send(app):
    """Sends what is due, as the worker does."""

    def send():
        with app.app_context():
            return mail.send()

    return send


def test_a_letter_is_handed_to_the_mail_server_by_the_real_worker(clerk, engine, work, app):
    owe(engine)
    work()
    [taken] = clerk.letters
    assert (taken.mail_from, taken.rcpt_tos) == (app.config["SETTINGS"].mail_from, ["ada@members.example"])
    row = look(engine)
    assert (row.state, row.attempts, row.handovers, row.reply) == ("sent", 1, 1, "250 taken as 4711")
    assert row.token is None


def test_a_file_holds_the_very_bytes_that_a_server_gets(clerk, engine, send, app, use, outbox, workplace):
    owe(engine)
    send()
    [taken] = clerk.letters
    with transaction(engine) as session:
        session.scalars(select(Delivery)).one().state = "queued"
    use(f"file:{workplace}/mail")
    send()
    [file] = (workplace / "mail").glob("*.eml")
    assert file.read_bytes() == taken.original_content
    assert file.stat().st_mode & 0o077 == 0


def test_many_letters_go_in_one_conversation_one_recipient_each(clerk, engine, send):
    for nth in range(5):
        owe(engine, f"member{nth}x")
    assert send() == 5
    assert clerk.conversations == 1
    assert sorted(it.rcpt_tos for it in clerk.letters) == [[f"member{nth}x@members.example"] for nth in range(5)]


def test_the_job_runs_twice_and_the_letter_leaves_once(clerk, engine, send, app):
    owe(engine)
    assert [send(), send()] == [1, 0]
    sweep.once(app, [jobs.send])
    assert len(clerk.letters) == 1


def test_a_letter_about_an_account_goes_before_news_however_many_wait(clerk, engine, send):
    with transaction(engine) as session:
        for nth in range(5):
            notices = [{"member_id": make_member(session, f"member{nth}").id, "kind": "message", "key": "message:1"}]
            notifications.tell(session, notices)
    owe(engine, "ada", "password_changed")
    assert send() == 6
    assert clerk.letters[0].rcpt_tos == ["ada@members.example"]


def test_without_redis_the_sweep_sends(clerk, engine, app):
    owe(engine)
    sweep.once(app)
    assert len(clerk.letters) == 1


def test_a_letter_waits_for_who_can_write_it(clerk, engine, send):
    owe(engine, kind="news_of_tomorrow")
    assert send() == 0
    row = look(engine)
    assert (row.state, row.attempts) == ("queued", 0)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_letter_that_is_put_off_is_tried_again_and_arrives_once(clerk, engine, send, command):
    owe(engine)
    clerk.say(command, "451 busy")
    assert send() == 0
    row = look(engine)
    assert (row.state, row.attempts, row.handovers) == ("queued", 1, 0)
    assert "451 busy" in row.reply
    assert timedelta(seconds=50) < row.due_at - now() < timedelta(minutes=1)
    assert send() == 0
    wait(engine, 1)
    assert send() == 1
    assert len(clerk.letters) == 1


def test_the_pauses_grow_and_after_two_days_it_is_over(clerk, engine, send):
    owe(engine)
    clerk.say("RCPT", *["451 busy"] * 60)
    pauses = []
    for _ in range(5):
        send()
        pauses.append(round((look(engine).due_at - now()).total_seconds() / 60))
        wait(engine, pauses[-1])
    assert pauses == [1, 5, 15, 60, 60]
    while look(engine).state == "queued":
        send()
        pauses.append(round((look(engine).due_at - now()).total_seconds() / 60))
        wait(engine, pauses[-1])
    assert look(engine).state == "dead"
    assert 47 * 60 <= sum(pauses[:-1]) <= 49 * 60
    assert clerk.letters == []


def test_a_letter_that_waited_for_days_is_put_off_like_any_other(clerk, engine, send):
    owe(engine)
    wait(engine, 3 * 24 * 60, older=True)
    clerk.say("RCPT", "451 busy")
    assert send() == 0
    assert (look(engine).state, look(engine).attempts) == ("queued", 1)
    wait(engine, 1)
    assert send() == 1


@pytest.mark.parametrize(
    ("kind", "days", "state"),
    [
        ("password_changed", 3, "sent"), ("welcome", 3, "sent"), ("password_reset", 0, "sent"),
        ("password_reset", 3, "dropped"), ("test_mail", 3, "dropped"),
    ],
)  # fmt: skip
def test_a_server_that_was_away_for_days_gets_what_is_still_of_use(engine, send, use, kind, days, state):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        if kind == "welcome":
            ada.email_verified_at, ada.email, ada.claimed_email = None, None, "ada@members.example"
        deliveries.owe(session, kind, ada, address="ada@members.example" if kind == "welcome" else None)
    port = free_port()
    use(f"smtp://127.0.0.1:{port}")
    assert send() == 0
    assert (look(engine).state, look(engine).attempts) == ("queued", 0)
    wait(engine, days * 24 * 60, older=True)
    assert send() == 0  # it is still away
    with mail_server(port=port) as (clerk, _):
        wait(engine, 15)
        send()
        assert look(engine).state == state
        assert len(clerk.letters) == (state == "sent")


@pytest.mark.parametrize(("command", "state"), [("RCPT", "bounced"), ("DATA", "dead"), ("MAIL", "dead")])
def test_a_no_is_taken_for_a_no(clerk, engine, send, command, state):
    first = owe(engine, "ada")
    second = owe(engine, "ben")
    clerk.say(command, "550 no")
    assert send() == 1  # the next letter is no worse for it
    assert (look(engine, first).state, look(engine, first).reply) == (state, "550 no")
    assert look(engine, second).state == "sent"
    wait(engine, 600)
    assert send() == 0


def test_a_server_that_is_away_is_left_alone_for_a_while_and_letters_are_none_the_worse(engine, send, use):
    port = free_port()
    use(f"smtp://127.0.0.1:{port}")
    owe(engine, "ada")
    owe(engine, "ben")
    assert send() == 0
    rows = [(it.state, it.attempts) for it in (look(engine, 1), look(engine, 2))]
    assert rows == [("queued", 0), ("queued", 0)]
    rests = []
    for _ in range(10):
        with Session(engine) as session:
            rests.append(round((session.scalars(select(MailRoute.rests_until)).one() - now()).total_seconds()))
        wait(engine, 15)
        send()
    assert rests[:4] == [5, 10, 20, 40]
    assert max(rests) == 15 * 60

    with mail_server() as (clerk, port):
        use(f"smtp://127.0.0.1:{port}")
        assert send() == 0  # it still rests
        wait(engine, 15)
        assert send() == 2
        assert len(clerk.letters) == 2
        with Session(engine) as session:
            assert session.scalars(select(MailRoute)).all() == []


def test_a_server_that_says_nothing_holds_nobody_up_for_long(engine, send, use, monkeypatch):
    monkeypatch.setattr(mail, "SERVER_SECONDS", 0.3)
    owe(engine)
    with silent_server() as port:
        use(f"smtp://127.0.0.1:{port}")
        began = time.monotonic()
        assert send() == 0
        assert time.monotonic() - began < 8  # a server may take ten seconds when nobody says otherwise
    assert (look(engine).state, look(engine).attempts) == ("queued", 0)


def test_a_line_that_breaks_in_the_middle_is_a_doubt_and_tried_once_more_under_the_same_name(clerk, engine, send):
    owe(engine)
    clerk.say("DATA", "hang up", "hang up")
    assert send() == 0
    assert (look(engine).state, look(engine).handovers) == ("uncertain", 1)
    assert send() == 0
    wait(engine, 1)
    assert send() == 0
    assert (look(engine).state, look(engine).handovers) == ("uncertain", 2)
    wait(engine, 600)
    assert send() == 0  # twice is enough
    names = [email.message_from_bytes(it.content, policy=email.policy.SMTP)["Message-ID"] for it in clerk.letters]
    assert len(names) == 2
    assert len(set(names)) == 1


def test_a_worker_that_died_before_handing_over_is_made_up_for(clerk, engine, send):
    owe(engine)
    with transaction(engine) as session:
        deliveries.claim(session, letters.WRITERS)
    assert send() == 0
    wait(engine, 3)
    assert send() == 1
    assert (look(engine).state, look(engine).attempts) == ("sent", 2)


def test_a_worker_that_died_while_handing_over_leaves_a_doubt(clerk, engine, send):
    owe(engine)
    with transaction(engine) as session:
        row = deliveries.claim(session, letters.WRITERS)
        deliveries.handing_over(session, row)
    assert send() == 0
    wait(engine, 3)
    assert send() == 0
    assert look(engine).state == "uncertain"
    wait(engine, 1)
    assert send() == 1


def test_who_slept_past_the_lease_changes_nothing(clerk, engine, send):
    owe(engine)
    with transaction(engine) as session:
        late = deliveries.claim(session, letters.WRITERS)
    wait(engine, 3)
    assert send() == 1
    for step in (
        deliveries.handing_over,
        lambda *it: deliveries.sent(*it, "250"),
        lambda *it: deliveries.dead(*it, "no"),
    ):
        with pytest.raises(Lost), transaction(engine) as session:
            step(session, late)
    assert look(engine).state == "sent"


def test_who_lost_a_letter_to_somebody_at_work_on_it_does_not_touch_it(clerk, engine):
    owe(engine)
    with transaction(engine) as session:
        late = deliveries.claim(session, letters.WRITERS)
    wait(engine, 3)
    with transaction(engine) as session:
        other = deliveries.claim(session, letters.WRITERS)
    with pytest.raises(Lost), transaction(engine) as session:
        deliveries.handing_over(session, late)
    with transaction(engine) as session:
        deliveries.handing_over(session, other)
        deliveries.sent(session, other, "250")
    assert look(engine).state == "sent"


def test_two_workers_at_once_send_each_letter_once(clerk, engine, send):
    from tests.domain.test_reactions import at_once

    for nth in range(12):
        owe(engine, f"member{nth}y")
    at_once([send] * 3)
    assert len(clerk.letters) == 12
    assert len({tuple(it.rcpt_tos) for it in clerk.letters}) == 12


def test_a_letter_that_cannot_be_written_does_not_hold_up_the_others(clerk, engine, send, monkeypatch):
    broken, fine = owe(engine, "ada", "second_factor_on"), owe(engine, "ben")
    monkeypatch.setitem(letters.WRITERS, "second_factor_on", lambda *_: 1 // 0)
    assert send() == 1
    assert (look(engine, broken).state, look(engine, fine).state) == ("queued", "sent")
    assert "ZeroDivisionError" in look(engine, broken).reply


@pytest.mark.parametrize(
    ("change", "state"), [({"deleted_at": now()}, "dropped"), ({"email": None}, "dropped"), ({}, "sent")]
)
def test_a_letter_to_who_left_is_dropped(clerk, engine, send, change, state):
    owe(engine)
    with transaction(engine) as session:
        ada = accounts.find(session, "ada")
        for field, value in change.items():
            setattr(ada, field, value)
    send()
    assert look(engine).state == state
    assert len(clerk.letters) == (state == "sent")


def test_a_confirmation_goes_only_to_the_address_that_still_waits(clerk, engine, send):
    with transaction(engine) as session:
        sign_up(session, "ada", "old@members.example", PASSWORD)
        session.flush()
        accounts.find(session, "ada").claimed_email = "new@members.example"
    assert send() == 0
    assert look(engine).state == "dropped"


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_user_and_password_are_given_where_the_line_is_safe(engine, send, use, monkeypatch):
    monkeypatch.setattr(mail, "SERVER_SECONDS", 1.0)
    options = {
        "authenticator": authenticator(b"pilot", b"p@ss word"), "auth_required": True, "auth_require_tls": False,
    }  # fmt: skip
    with mail_server(**options) as (clerk, port):
        use(f"smtp://pilot:wrong@127.0.0.1:{port}")
        owe(engine)
        assert send() == 0
        assert (look(engine).state, look(engine).attempts) == ("queued", 0)
        wait(engine, 1)
        use(f"smtp://pilot:p%40ss%20word@127.0.0.1:{port}")
        assert send() == 1
        assert len(clerk.letters) == 1


def test_a_full_disk_is_no_loss(engine, send, use, tmp_path):
    (tmp_path / "taken").write_text("a file, not a folder")
    use(f"file:{tmp_path}/taken")
    owe(engine)
    assert send() == 0
    assert (look(engine).state, look(engine).attempts) == ("queued", 0)
    wait(engine, 1)
    use(f"file:{tmp_path}/fine")
    assert send() == 1


def test_letters_about_accounts_are_forgotten_after_a_while(engine, session):
    ada = make_member(session, "ada")
    deliveries.owe(session, "welcome", ada, at=now() - timedelta(days=91))
    deliveries.owe(session, "welcome", ada)
    session.flush()
    assert deliveries.forget_old(session) == 1
    assert len(session.scalars(select(Delivery)).all()) == 1
    assert session.scalars(select(Member)).all() == [ada]
