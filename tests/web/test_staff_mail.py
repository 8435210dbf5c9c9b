"""Letters as administrators see them, in a browser and on the server."""

from __future__ import annotations

from datetime import timedelta

from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import now
from app.domain.correspondence import digest_letters, letters, notice_letters, tidings
from app.domain.correspondence.letter_examples import KINDS_OF_LETTERS
from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery
from app.domain.membership import account_letters
from app.domain.record.audit_log import AuditEntry
from tests.factories import make_member
from tests.web.forms import problems, send, soup, toast

PAGE = "/staff/mail"
LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


def owe(engine, name, **values):
    with transaction(engine) as session:
        letter = deliveries.owe(session, "password_changed", make_member(session, name))
        session.flush()
        for field, value in values.items():
            setattr(letter, field, value)
        return letter.id


def look(engine, letter_id):
    with Session(engine) as session:
        return session.get_one(Delivery, letter_id)


def deeds(engine):
    with Session(engine) as session:
        return session.scalars(select(AuditEntry.subject).where(AuditEntry.what == "mail")).all()


def test_nothing_wrong_is_said_so(client, boss):
    page = soup(client.get(PAGE))
    assert "Every letter arrived" in page.main.text
    assert page.select_one("[data-waiting]")["data-waiting"] == "0"


def test_what_waits_is_counted_with_its_age(client, engine, boss):
    for nth in range(40):
        owe(engine, f"member{nth}", due_at=now() - timedelta(seconds=nth * 10))
    owe(engine, "later", due_at=now() + timedelta(minutes=5), attempts=1)
    text = soup(client.get(PAGE)).main.text
    assert "the oldest for 390 seconds, 95 of 100 for less than 37" in " ".join(text.split())
    assert soup(client.get(PAGE)).select_one("[data-waiting]")["data-waiting"] == "40"


def test_a_dead_letter_shows_what_the_server_said_and_can_be_sent_again(client, engine, boss, work, outbox):
    letter = owe(engine, "ada", state="dead", attempts=9, reply="554 no <b>thanks</b>")
    page = client.get(PAGE)
    assert "554 no &lt;b&gt;thanks&lt;/b&gt;" in page.text
    assert "ada@members.example" not in page.text
    answer = send(client, PAGE, f'form[action="{PAGE}/letters/{letter}/replay"]')
    assert answer.location == PAGE
    assert toast(client, answer) == "It is tried again."
    work()
    assert [it["To"] for it in outbox()] == ["ada@members.example"]
    assert look(engine, letter).state == "sent"
    assert deeds(engine) == ["sent a letter again: password_changed"]


def test_a_letter_of_which_nobody_knows_can_be_sent_again_once_we_gave_up(client, engine, boss):
    doubtful = owe(engine, "ada", state="uncertain", handovers=2)
    hopeful = owe(engine, "ben", state="uncertain", handovers=1)
    page = soup(client.get(PAGE))
    assert page.select_one(f'form[action="{PAGE}/letters/{doubtful}/replay"]')
    assert not page.select_one(f'form[action="{PAGE}/letters/{hopeful}/replay"]')
    send(client, PAGE, f'form[action="{PAGE}/letters/{doubtful}/replay"]')
    assert look(engine, doubtful).state == "queued"


def test_a_letter_that_left_is_not_sent_again(client, engine, boss):
    letter = owe(engine, "ada", state="dead")
    form = soup(client.get(PAGE)).select_one(f'form[action="{PAGE}/letters/{letter}/replay"]')
    with transaction(engine) as session:
        session.get_one(Delivery, letter).state = "sent"
    token = {"csrf_token": form.select_one("[name=csrf_token]")["value"]}
    assert client.post(form["action"], data=token).status_code == 409
    assert client.post(f"{PAGE}/letters/999/replay", data=token).status_code == 404
    assert look(engine, letter).state == "sent"


def test_while_mail_is_paused_no_letter_leaves_and_none_is_lost(client, engine, boss, work, outbox):
    assert send(client, PAGE, "#pause-form", why="Restored from Monday").location == PAGE
    owe(engine, "ada")
    work()
    assert outbox() == []
    page = soup(client.get(PAGE))
    assert "Restored from Monday" in page.main.text
    assert not page.select_one("#pause-form")
    send(client, PAGE, f'form[action="{PAGE}/resumption"]')
    work()
    assert len(outbox()) == 1
    assert deeds(engine) == ["paused all letters", "let letters leave again"]


def test_a_reason_that_is_too_long_comes_back(client, boss):
    answer = send(client, PAGE, "#pause-form", why="x" * 201)
    assert answer.status_code == 422
    assert "200" in problems(answer)["why"]
    assert "x" * 201 in answer.text


def test_every_kind_of_letter_can_be_looked_at_and_does_nothing(client, boss):
    for kind in KINDS_OF_LETTERS:
        page = client.get(f"{PAGE}/preview/{kind}")
        assert page.status_code == 200
        frame = soup(page).select_one("iframe")
        assert not frame["sandbox"]
        assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
        letter = client.get(frame["src"])
        assert letter.status_code == 200
        policy = letter.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "sandbox" in policy
        assert "script-src" not in policy
        html = BeautifulSoup(letter.text, "html.parser")
        assert html.select_one("h1").text.strip()
        assert all(it["src"].startswith("data:image/png;base64,") for it in html.select("img"))
        assert "boss" in soup(page).select_one("pre").text
    assert client.get(f"{PAGE}/preview/nonsense").status_code == 404


def test_there_is_an_example_of_every_kind_that_has_words_of_its_own():
    worded = {*notice_letters.WITH_OWN_WORDS, *account_letters.WRITERS, *digest_letters.WRITERS}
    assert worded <= set(KINDS_OF_LETTERS)
    assert set(letters.WRITERS) - worded <= set(tidings.SAYS)  # those are letters of `news`


# --- on the server -----------------------------------------------------------------------------


def flask(app, *words):
    return app.test_cli_runner().invoke(args=["mail", *words])


def test_commands_pause_and_resume_and_say_how_it_stands(app, engine, work, outbox):
    assert "Mail is paused." in flask(app, "pause", "--why", "A restore").output
    assert "Mail was paused already." in flask(app, "pause").output
    owe(engine, "ada", due_at=now() - timedelta(seconds=90))
    work()
    assert outbox() == []
    status = flask(app, "status")
    assert status.exit_code == 0
    assert "A restore" in status.output
    assert "waiting    1, the oldest for 9" in status.output
    assert "Letters leave again." in flask(app, "resume").output
    assert "Mail was not paused." in flask(app, "resume").output
    work()
    assert len(outbox()) == 1


def test_what_was_owed_before_a_restore_is_thrown_away_and_what_came_since_is_not(app, engine, work, outbox):
    old = owe(engine, "ada", created_at=now() - timedelta(hours=3))
    late = owe(engine, "cleo", created_at=now() - timedelta(hours=3), state="uncertain")
    owe(engine, "ben")
    assert "2 letters are not sent." in flask(app, "discard", "2").output
    work()
    assert [it["To"] for it in outbox()] == ["ben@members.example"]
    assert {look(engine, it).state for it in (old, late)} == {"dropped"}
    assert flask(app, "discard", "soon").exit_code == 2


def test_machines_that_watch_hear_of_letters(client, engine):
    owe(engine, "ada", due_at=now() - timedelta(minutes=10))
    owe(engine, "ben", state="dead")
    with transaction(engine) as session:
        deliveries.pause(session)
    numbers = client.get("/metrics", environ_base=LOCAL).text
    for line in ("contrail_waiting_letters 1.0", "contrail_dead_letters 1.0", "contrail_mail_paused 1.0"):
        assert line in numbers
    ready = client.get("/readyz")
    assert ready.status_code == 200  # pages need no mail server
    assert ready.json["mail"]["waiting"] == 1
    assert ready.json["mail"]["paused"] is True
