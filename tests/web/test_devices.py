"""Where members are signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import now
from app.domain.membership.sessions import LogIn, device_in_words
from tests.factories import make_member
from tests.web.forms import send, soup, toast
from tests.web.scenery import sign_in

PAGE = "/settings/account"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        return make_member(session, "ada")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        ("<script>alert(1)</script>", "A browser"), ("", "A browser"),
    ],
)  # fmt: skip
def test_a_device_is_named_in_plain_words(user_agent, words):
    assert device_in_words(user_agent) == words


def test_the_list_has_every_device_and_marks_this_one(app, client, engine, ada):
    sign_in(client, engine, ada)
    sign_in(app.test_client(), engine, ada)
    with transaction(engine) as session:
        for row in session.scalars(select(LogIn)):
            row.device = FIREFOX
    rows = soup(client.get(PAGE)).select("[data-device]")
    assert [it.b.text for it in rows] == ["Firefox on Windows"] * 2
    [here] = [it for it in rows if "This device" in it.text]
    assert not here.form
    assert len(here.select("time")) == 2


def test_signing_out_on_another_device_works_at_once_and_only_there(app, client, engine, ada):
    sign_in(client, engine, ada)
    phone, tablet = sign_in(app.test_client(), engine, ada), sign_in(app.test_client(), engine, ada)
    mark = soup(phone.get(PAGE)).select_one("[data-device]:not(:has(form))")["data-device"]
    answer = send(client, PAGE, f'[data-device="{mark}"] form')
    assert "Signed out" in toast(client, answer)
    assert [it.get(PAGE).status_code for it in (client, phone, tablet)] == [200, 303, 200]


def test_signing_out_everywhere_else_leaves_this_device(app, client, engine, ada):
    sign_in(client, engine, ada)
    others = [sign_in(app.test_client(), engine, ada) for _ in range(2)]
    answer = send(client, PAGE, '#devices form[action="/settings/account/devices/removal"]')
    assert "2 other devices" in toast(client, answer)
    assert [it.get(PAGE).status_code for it in (client, *others)] == [200, 303, 303]
    assert not soup(client.get(PAGE)).select('#devices form[action$="devices/removal"]')


def test_nobody_ends_the_log_in_of_somebody_else(app, client, engine, ada):
    sign_in(client, engine, ada)
    with transaction(engine) as session:
        eve, mia = make_member(session, "eve"), make_member(session, "mia", role="administrator")
    mark = soup(client.get(PAGE)).select_one("[data-device]")["data-device"]
    for stranger in (eve, mia):
        browser = sign_in(app.test_client(), engine, stranger)
        token = soup(browser.get(PAGE)).select_one("[name=csrf_token]")["value"]
        answer = browser.post(f"{PAGE}/devices/{mark}/removal", data={"csrf_token": token})
        assert answer.status_code == 404
    assert client.get(PAGE).status_code == 200


def test_staff_are_signed_out_after_twelve_hours_and_members_are_not(app, engine, ada):
    with transaction(engine) as session:
        mia = make_member(session, "mia", role="moderator")
    browsers = [sign_in(app.test_client(), engine, it) for it in (ada, mia)]
    with transaction(engine) as session:
        for row in session.scalars(select(LogIn)):
            row.created_at = now() - timedelta(hours=12)
    assert [it.get(PAGE).status_code for it in browsers] == [200, 303]


def test_the_mark_of_a_device_is_no_way_in(app, client, engine, ada):
    sign_in(client, engine, ada)
    with Session(engine) as session:
        row = session.scalars(select(LogIn)).one()
    for text in (row.handle, row.secret_hash):
        with app.test_client() as thief:
            with thief.session_transaction() as cookie:
                cookie["log_in"] = text
            assert thief.get(PAGE).status_code == 303
