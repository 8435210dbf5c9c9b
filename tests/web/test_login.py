"""Logging in and out, with the cookies a browser would keep."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain import limits
from app.domain.base import now
from app.domain.membership import accounts, passwords, sessions
from app.domain.membership.sessions import LogIn
from app.domain.people.members import Member, Visit
from app.web.membership.sessions import FAILURES
from app.web.paths import own_path
from tests.factories import give_password, make_member

PASSWORD = "seventeen wild geese"


@pytest.fixture
def ada(engine):
    """Ada, who has a password."""
    with transaction(engine) as session:
        member = make_member(session, "ada")
        give_password(session, member, PASSWORD)
    return member


def log_in(client, username="ada", password=PASSWORD, address="/login", **more):
    """Open the form and send it back with all its fields."""
    form = BeautifulSoup(client.get(address).data, "html.parser").select_one("form#login")
    fields = {it["name"]: it.get("value", "") for it in form.select("input")}
    return client.post(form["action"], data=fields | {"username": username, "password": password} | more)


def said(response):
    """What the page reports as a problem."""
    return BeautifulSoup(response.data, "html.parser").select_one("[role=alert]").get_text(strip=True)


def token(client):
    """A token for a form, as any page gives it."""
    return BeautifulSoup(client.get("/appearance").data, "html.parser").select_one("[name=csrf_token]")["value"]


def is_in(client):
    """Whether the site knows who is looking."""
    return client.get("/u/ada/points").status_code == 200


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@members.example"])
def test_a_member_logs_in_by_name_or_address(client, ada, name):
    assert not is_in(client)
    answer = log_in(client, name)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_in(client)


def test_a_log_in_is_a_visit(client, ada, engine):
    log_in(client)
    with Session(engine) as session:
        assert session.scalars(select(Visit.member_id)).all() == [ada.id]


def test_whoever_was_asked_to_sign_in_is_led_back(client, ada):
    asked = client.get("/u/ada/points?page=1")
    assert asked.location.startswith("/login?next=")
    assert log_in(client, address=asked.location).location == "/u/ada/points?page=1"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(client, ada):
    wrong, unknown = log_in(client, "ada", "not the password"), log_in(client, "eve", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert said(wrong) == said(unknown)
    its_own = rb'(?<=name="csrf_token" value=")[^"]*|(?<=data-reference=")[^"]*|(name="username"[^>]*) value="[^"]*"'
    pages = [re.sub(its_own, rb"\1", it.data) for it in (wrong, unknown)]
    assert pages[0] == pages[1]
    assert not is_in(client)


def test_a_wrong_password_and_an_unknown_name_take_the_same_time(ada, engine):
    def seconds(name):
        began = time.process_time()  # what others do on a busy machine is not counted
        with Session(engine) as session:
            accounts.matches(accounts.find(session, name), "not the password")
        return time.process_time() - began

    took = [(seconds("ada"), seconds("eve")) for _ in range(7)]
    known, unknown = (min(it) for it in zip(*took, strict=True))
    assert 0.5 < known / unknown < 2  # without the comparison with nobody's password it is over 10


@pytest.mark.parametrize("state", [{"deleted_at": now()}, {"suspended_until": now() + timedelta(days=3)}])
def test_somebody_deleted_or_suspended_does_not_get_in(client, ada, engine, state):
    log_in(client)
    with transaction(engine) as session:
        for field, value in state.items():
            setattr(session.get(Member, ada.id), field, value)
    assert not is_in(client)
    client.delete_cookie("session")
    assert log_in(client).status_code == 422
    assert not is_in(client)


def test_the_typed_name_stays_in_the_form_and_the_password_does_not(client, ada):
    page = BeautifulSoup(log_in(client, '"><b>x', "sesame").data, "html.parser")
    assert page.select_one("#username")["value"] == '"><b>x'
    assert not page.select_one("#password").get("value")
    assert b"sesame" not in page.encode()


def test_a_copied_cookie_is_dead_after_logging_out(app, client, ada):
    log_in(client)
    stolen = client.get_cookie("session").value
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert is_in(thief)

    answer = client.post("/logout", data={"csrf_token": token(client)})
    assert answer.status_code == 303
    assert not is_in(client)
    assert not is_in(thief)


def test_logging_out_here_leaves_other_devices_alone(app, client, ada):
    other = app.test_client()
    log_in(client)
    log_in(other)
    client.post("/logout", data={"csrf_token": token(client)})
    assert is_in(other)


def test_a_new_password_logs_everybody_out(client, ada, engine):
    log_in(client)
    with transaction(engine) as session:
        give_password(session, session.get(Member, ada.id), "eighteen wild geese")
    assert not is_in(client)
    assert log_in(client).status_code == 422
    assert log_in(client, password="eighteen wild geese").status_code == 303


def test_the_cookie_from_before_is_worth_nothing_after_logging_in(app, client, ada):
    client.get("/login")
    before = client.get_cookie("session").value
    log_in(client)
    other = app.test_client()
    other.set_cookie("session", before)
    assert not is_in(other)


def test_the_cookie_is_for_this_site_only_and_out_of_scripts_reach(client, ada):
    cookies = log_in(client).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_the_database_does_not_hold_what_is_in_the_cookie(app, client, ada, engine):
    log_in(client)
    with client.session_transaction() as cookie, Session(engine) as session:
        kept = session.scalars(select(LogIn.secret_hash)).one()
        assert kept not in cookie.values()
        assert sessions.find(session, cookie["log_in"])


@pytest.mark.parametrize("address", ["/login", "/logout"])
def test_without_a_token_nothing_happens(client, ada, address):
    log_in(client)
    assert client.post(address, data={"username": "ada", "password": PASSWORD}).status_code == 400
    assert is_in(client)


def test_logging_out_is_not_a_link(client, ada):
    log_in(client)
    assert client.get("/logout").status_code == 405
    assert is_in(client)


@pytest.mark.parametrize(
    "text", ["/", "/t/7/why?page=2#post-9", "/u/ada/badges", "/search?q=https://x.example", "/a:b"]
)
def test_a_path_of_this_site_is_followed(text):
    assert own_path(text) == text


@pytest.mark.parametrize(
    "text",
    [
        None, "", "t/7", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
        "/\n/evil.example", "https://evil.example", "https:evil.example", "http:/evil.example", "javascript:alert(1)",
        " //evil.example", "//user@evil.example", "/%5cevil.example\\", "/\x00", "/ü", "/" + "x" * 2000, "data:text/html,x",
    ],
)  # fmt: skip
def test_no_other_site_is_followed(text):
    assert own_path(text, "/home") == "/home"


def test_a_foreign_next_leads_home(client, ada):
    assert log_in(client, address="/login?next=//evil.example").location == "/"
    client.delete_cookie("session")
    assert log_in(client, next="https://evil.example").location == "/"


def test_somebody_logged_in_is_not_asked_again(client, ada):
    log_in(client)
    assert client.get("/login?next=/badges").location == "/badges"


def test_thirty_log_ins_a_minute_are_fine_and_endless_guessing_is_not(app, client, ada, engine):
    for _ in range(30):
        client.delete_cookie("session")
        assert log_in(client).status_code == 303
    stranger, account = app.test_client(), FAILURES[False]["account"]
    with transaction(engine) as session:
        for _ in range(account.most - 2):
            limits.spend(session, limits.key("log-in", "member", str(ada.id)), account)
    answers = [log_in(stranger, "ada", "guess").status_code for _ in range(3)]
    assert answers == [422, 422, 429]
    assert said(log_in(stranger)) == "Too many attempts. Try again in a minute."
    assert log_in(stranger, "eve", "guess").status_code == 422
    client.delete_cookie("session")
    assert log_in(client).status_code == 303  # on a device that Ada has logged in on, strangers do not lock her out


def test_guessing_many_names_from_one_address_is_stopped(client, engine):
    address = limits.key("log-in", "address", "127.0.0.1")
    with transaction(engine) as session:
        for _ in range(FAILURES[False]["address"].most):
            limits.spend(session, address, FAILURES[False]["address"])
    assert log_in(client, "someone").status_code == 429


def test_a_link_lets_its_member_choose_a_password_and_looking_does_not_use_it_up(client, ada, engine):
    log_in(client)
    with transaction(engine) as session:
        secret = passwords.link_by_hand(session, session.get(Member, ada.id))
    address = f"/password-reset/{secret}"
    for _ in range(5):
        page = BeautifulSoup(client.get(address).data, "html.parser")
    fields = {it["name"]: it.get("value", "") for it in page.select("form#choose-password input")}
    assert client.post(address, data=fields | {"password": "short"}).status_code == 422
    answer = client.post(address, data=fields | {"password": "nineteen wild geese"})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert not is_in(client)
    assert log_in(client, password="nineteen wild geese").status_code == 303
    assert client.get(address).status_code == 404
    assert client.post(address, data={"csrf_token": token(client), "password": "twenty wild geese"}).status_code == 409


def test_being_here_is_noted_seldom_and_after_the_answer(client, ada, engine):
    log_in(client)
    with transaction(engine) as session:
        session.query(Visit).delete()
    client.get("/").close()
    with transaction(engine) as session:
        assert session.scalars(select(Visit)).all() == []
        session.scalars(select(LogIn)).one().seen_at = now() - timedelta(minutes=6)
    client.get("/").close()
    with Session(engine) as session:
        assert session.scalars(select(Visit.member_id)).all() == [ada.id]
        assert session.scalars(select(LogIn.seen_at)).one() > now() - timedelta(minutes=1)
