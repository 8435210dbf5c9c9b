"""Passwords forgotten, chosen by a link, and changed in the settings."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import now
from app.domain.mail.deliveries import Delivery
from app.domain.membership import accounts, passwords
from app.domain.membership.links import Link
from app.domain.people.members import Member
from tests.factories import give_password, make_member, sign_up
from tests.mail.letters import html_of, path_in
from tests.mail.letters import text_of as letter_text
from tests.web.forms import fill_in, form_at, soup, text_of, toast

OLD, NEW = "seventeen wild geese", "eighteen tame ducks"
EMAIL = "ada@members.example"


@pytest.fixture
def ada(engine):
    """Ada, who has a password."""
    with transaction(engine) as session:
        member = make_member(session, "ada")
        give_password(session, member, OLD)
    return member


def log_in(client, password=OLD):
    return fill_in(client, "/login", username="ada", password=password)


def is_in(client):
    return client.get("/u/ada/points").status_code == 200


def ask(client, name=EMAIL):
    return fill_in(client, "/password-reset", username=name)


@pytest.fixture
def link(client, ada, work, outbox):
    """The path of a fresh link that was sent to Ada."""
    ask(client)
    work()
    return path_in(outbox(EMAIL)[-1], "/password-reset/")


@pytest.mark.parametrize("name", ["ada", "ADA", EMAIL, " Ada@Members.Example "])
def test_a_forgotten_password_is_chosen_anew_by_a_letter(client, app, ada, work, outbox, name):
    thief = app.test_client()
    log_in(thief)
    assert ask(client, name).location == "/password-reset/sent"
    work()
    [letter] = outbox()
    assert (letter["To"], letter["Subject"]) == (EMAIL, "Choose a new password for Contrail")
    link = path_in(letter, "/password-reset/")
    assert is_in(thief)
    answer = fill_in(client, link, password=NEW)
    assert toast(client, answer) == "Your password is set. Sign in with it."
    assert not is_in(thief)
    assert log_in(client).status_code == 422
    assert log_in(client, NEW).status_code == 303
    work()
    assert outbox()[-1]["Subject"] == "Your password for Contrail was changed"


def test_the_answer_is_the_same_for_everybody_and_nobody(client, app, ada, engine, work, outbox):
    def look(name):
        browser, statements = app.test_client(), []
        form = form_at(browser, "/password-reset")
        fields = {it["name"]: it.get("value", "") for it in form.select("input[name]")}

        def note(_c, _k, statement, *_rest):
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            answer = browser.post("/password-reset", data=fields | {"username": name})
        finally:
            event.remove(engine, "before_cursor_execute", note)
        page = re.sub(r'name="csrf_token" value="[^"]*"', "", browser.get(answer.location).text)
        return answer.status_code, answer.location, re.sub(r"data-reference=\S+", "", page), statements

    known, unknown = look("ada"), look("eve")
    assert known == unknown  # the work too: statement by statement
    work()
    assert len(outbox()) == 1


def test_a_name_that_nobody_has_is_not_kept(client, engine, work, outbox):
    ask(client, "somebody@else.example")
    work()
    with Session(engine) as session:
        [letter] = session.scalars(select(Delivery)).all()
        assert (letter.state, letter.facts, letter.member_id) == ("dropped", None, None)
    assert outbox() == []


def test_an_empty_field_is_told(client):
    answer = ask(client, " ")
    assert answer.status_code == 422
    assert "Type your username" in text_of(answer)


def test_looking_at_a_link_does_not_use_it_up_and_choosing_does(client, app, link):
    scanner = app.test_client()
    for _ in range(50):
        assert scanner.get(link).status_code == 200
    form = form_at(client, link)
    fields = {it["name"]: it.get("value", "") for it in form.select("input[name]")}
    bad = client.post(link, data=fields | {"password": "password"})
    assert bad.status_code == 422
    assert "harder to guess" in text_of(bad)
    assert client.post(link, data=fields | {"password": NEW}).status_code == 303
    again = {"csrf_token": soup(client.get("/login")).select_one("[name=csrf_token]")["value"], "password": OLD}
    assert client.post(link, data=again).status_code == 409
    assert client.get(link).status_code == 404


def test_a_link_works_for_half_an_hour_and_one_by_hand_for_a_day(client, ada, engine, link):
    with transaction(engine) as session:
        by_hand = "/password-reset/" + passwords.link_by_hand(session, session.get(Member, ada.id))

    def age(by):
        with transaction(engine) as session:
            for row in session.scalars(select(Link)):
                row.expires_at -= by

    age(timedelta(minutes=29))
    assert [client.get(it).status_code for it in (link, by_hand)] == [200, 200]
    age(timedelta(minutes=2))
    assert [client.get(it).status_code for it in (link, by_hand)] == [404, 200]
    age(timedelta(hours=24))
    assert client.get(by_hand).status_code == 404


@pytest.mark.parametrize(
    "change", [{"email": "new@members.example"}, {"password_hash": "another"}, {"deleted_at": now()}]
)
def test_a_link_dies_with_the_address_and_the_password_it_was_made_for(client, ada, engine, link, change):
    assert client.get(link).status_code == 200
    with transaction(engine) as session:
        member = session.get(Member, ada.id)
        for field, value in change.items():
            setattr(member, field, value)
    assert client.get(link).status_code == 404


def test_using_one_link_ends_the_others(client, ada, work, outbox):
    for _ in range(2):
        ask(client)
        work()
    first, second = (path_in(it, "/password-reset/") for it in outbox(EMAIL))
    assert fill_in(client, first, password=NEW).status_code == 303
    assert client.get(second).status_code == 404


def test_three_letters_an_hour_and_ten_a_day_are_enough(client, ada, engine, work, outbox):
    for _ in range(5):
        assert ask(client).status_code == 303
        work()
    assert len(outbox(EMAIL)) == 3


def test_whoever_chose_a_password_by_a_letter_has_confirmed_the_address(client, engine, work, outbox):
    """Otherwise somebody could register your address, and wait for you to make use of it."""
    with transaction(engine) as session:
        sign_up(session, "ada", EMAIL, OLD)
    log_in(client)
    ask(client)
    work()
    fill_in(client, path_in(outbox(EMAIL)[-1], "/password-reset/"), password=NEW)
    assert not is_in(client)
    assert log_in(client).status_code == 422
    assert log_in(client, NEW).status_code == 303
    assert not soup(client.get("/")).select_one("#unconfirmed")


def test_the_page_with_a_link_does_not_tell_other_sites_of_it(client, link):
    assert soup(client.get(link)).select_one('meta[name=referrer][content="same-origin"]')


def change(client, old=OLD, new=NEW):
    return fill_in(client, "/settings/account", "/settings/password", password_password=old, new_password=new)


def test_a_new_password_ends_all_other_log_ins_and_gives_this_one_a_new_secret(client, app, ada, engine, work, outbox):
    other = app.test_client()
    log_in(client)
    log_in(other)
    stolen = app.test_client()
    stolen.set_cookie("session", client.get_cookie("session").value)
    assert is_in(stolen)

    answer = change(client)
    assert toast(client, answer) == "Your password is changed. On all other devices you are signed out."
    assert is_in(client)
    assert not is_in(other)
    assert not is_in(stolen)
    assert log_in(other).status_code == 422
    assert log_in(other, NEW).status_code == 303

    work()
    [letter] = outbox(EMAIL)
    assert letter["Subject"] == "Your password for Contrail was changed"
    assert "/password-reset" in letter_text(letter)
    assert NEW not in letter.as_string() + html_of(letter)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("wrong password", NEW, "password_password"), (OLD, "short", "new_password"), (OLD, "iloveyou", "new_password"),
        (OLD, OLD, "new_password"),
    ],
)  # fmt: skip
def test_a_change_without_the_old_password_or_to_a_bad_one_does_nothing(client, ada, work, outbox, old, new, field):
    log_in(client)
    answer = change(client, old, new)
    assert answer.status_code == 422
    assert soup(answer).select_one(f"#{field}-problem")
    assert is_in(client)
    work()
    assert outbox() == []
    client.post(
        "/logout", data={"csrf_token": soup(client.get("/settings/account")).select_one("[name=csrf_token]")["value"]}
    )
    assert log_in(client).status_code == 303


def test_a_stranger_is_not_let_near(client, ada):
    answer = client.post(
        "/settings/password", data={"csrf_token": soup(client.get("/login")).select_one("[name=csrf_token]")["value"]}
    )
    assert answer.location.startswith("/login")


def test_passwords_are_not_kept_in_the_page(client, ada):
    log_in(client)
    assert NEW not in change(client, "wrong", NEW).text


def somebody_writes(engine):
    """Whether a transaction is open that keeps others waiting."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as looking:
            mine = "datname = current_database() AND state = 'idle in transaction'"
            return bool(looking.execute(text(f"SELECT count(*) FROM pg_stat_activity WHERE {mine}")).scalar())
    with closing(sqlite3.connect(engine.url.database, timeout=0, isolation_level=None)) as looking:
        try:
            looking.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


class Hasher:
    """The real one, that notes whether somebody writes meanwhile."""

    def __init__(self, engine):
        self.engine, self.real, self.seen = engine, accounts.HASHER, []

    def hash(self, password):
        self.seen.append(somebody_writes(self.engine))
        return self.real.hash(password)

    def verify(self, known, password):
        self.seen.append(somebody_writes(self.engine))
        return self.real.verify(known, password)


@pytest.fixture
def hashing(engine, monkeypatch):
    """What was seen at each time a password was hashed or compared."""
    hasher = Hasher(engine)
    monkeypatch.setattr(accounts, "HASHER", hasher)
    return hasher.seen


def test_nobody_waits_to_write_while_a_password_is_hashed_or_compared(client, app, ada, link, hashing):
    joining = {"username": "eve", "email": "eve@members.example", "password": OLD}
    assert fill_in(app.test_client(), "/register", **joining).location == "/register/sent"
    assert fill_in(client, link, password=NEW).location == "/login"
    assert log_in(client, NEW).status_code == 303
    assert change(client, NEW, OLD).location == "/settings/account"
    assert len(hashing) == 6
    assert not any(hashing)


def test_the_watch_over_hashing_sees_a_transaction(engine, hashing):
    with transaction(engine) as session:
        session.execute(select(Member.id))
        accounts.hashed_password(NEW, "ada", EMAIL)
    assert hashing == [True]
