"""The second factor: set up with an app, asked for after the password, recovered on paper."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import schema
from app.db import db, transaction
from app.domain.base import now
from app.domain.limits import Spent
from app.domain.membership import second_factors, sessions
from app.domain.membership.second_factors import RecoveryCode, SecondFactor
from app.domain.membership.sessions import LogIn
from app.domain.people.members import Role
from app.web.membership.second_factor import FAILURES
from tests.factories import give_password, make_member
from tests.web.forms import problems, send, soup, toast
from tests.web.scenery import sign_in

PAGE = "/settings/second-factor"
PASSWORD = "seventeen wild geese"


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        give_password(session, ada, PASSWORD)
    sign_in(client, engine, ada)
    return ada


def key_on(page):
    """The key an app would be given."""
    return page.select_one("#key").text.replace(" ", "")


def digits(secret, ahead=0):
    """What the app shows now, or so many half minutes ahead."""
    return pyotp.TOTP(secret).at(now(), counter_offset=ahead)


def set_up(client):
    """Turn it on; returns the secret and the recovery codes."""
    page = soup(client.get(PAGE))
    secret = key_on(page)
    form = page.select_one("#on-form")
    fields = {it["name"]: it.get("value", "") for it in form.select("input")}
    answer = client.post(form["action"], data=fields | {"code": digits(secret), "password": PASSWORD})
    assert answer.status_code == 303
    return secret, [it.text for it in soup(client.get(answer.location)).select("#recovery-codes code")]


def log_in(client, code=None, password=PASSWORD):
    """Give the password, and the code where one is asked for; returns the last answer."""
    answer = send(client, "/login?next=/badges", "#login", username="ada", password=password)
    return answer if code is None else send(client, answer.location, "#code-form", code=code)


def is_in(client):
    return client.get("/settings/account").status_code == 200


def test_a_log_in_asks_for_the_code_after_the_password(app, client, ada):
    secret, _ = set_up(client)
    phone = app.test_client()
    answer = log_in(phone)
    assert (answer.status_code, answer.location) == (303, "/login/code?next=/badges")
    assert not is_in(phone)
    answer = send(phone, answer.location, "#code-form", code=digits(secret, 1))
    assert (answer.status_code, answer.location) == (303, "/badges")
    assert is_in(phone)


def test_without_a_second_factor_the_password_is_enough(app, ada):
    phone = app.test_client()
    assert log_in(phone).location == "/badges"
    assert is_in(phone)
    assert phone.get("/login/code").location == "/"
    assert (
        soup(app.test_client().get("/login/code?next=/badges")).select_one("form#login [name=next]")["value"]
        == "/badges"
    )


def test_a_wrong_code_does_not_get_in_and_keeps_asking(app, client, ada):
    secret, _ = set_up(client)
    phone = app.test_client()
    answer = log_in(phone, code="000000" if digits(secret, 1) != "000000" else "000001")
    assert answer.status_code == 422
    assert soup(answer).select_one("#code")["aria-describedby"] == "code-hint code-problem"
    assert not is_in(phone)
    assert send(phone, "/login/code", "#code-form", code=digits(secret, 1)).status_code == 303


def test_a_code_works_once(app, client, ada):
    secret, _ = set_up(client)
    code = digits(secret, 1)
    assert log_in(app.test_client(), code=code).status_code == 303
    assert log_in(app.test_client(), code=code).status_code == 422
    assert log_in(app.test_client(), code=digits(secret)).status_code == 422  # one from before it neither


def test_the_code_that_set_it_up_is_used_up(app, client, ada):
    secret, _ = set_up(client)
    assert log_in(app.test_client(), code=digits(secret)).status_code == 422


def test_a_recovery_code_works_once_however_it_is_typed(app, client, ada):
    _, codes = set_up(client)
    assert len(set(codes)) == 10
    phone = app.test_client()
    answer = log_in(phone, code=codes[0].upper())
    assert "9 recovery codes left" in toast(phone, answer)
    assert log_in(app.test_client(), code=codes[0]).status_code == 422
    assert log_in(app.test_client(), code=codes[1].replace("-", " ")).status_code == 303


def test_recovery_codes_are_shown_once_and_kept_as_hashes(client, engine, ada):
    _, codes = set_up(client)
    assert not soup(client.get(f"{PAGE}/codes")).select("#recovery-codes")
    with Session(engine) as session:
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert len(kept) == 10
    assert not set(codes) & set(kept)


def test_new_recovery_codes_replace_the_old_ones_and_need_the_password(app, client, ada):
    _, old = set_up(client)
    answer = send(client, PAGE, "#codes-form", codes_password="a guess")
    assert (answer.status_code, list(problems(answer))) == (422, ["codes_password"])
    answer = send(client, PAGE, "#codes-form", codes_password=PASSWORD)
    new = [it.text for it in soup(client.get(answer.location)).select("#recovery-codes code")]
    assert log_in(app.test_client(), code=old[0]).status_code == 422
    assert log_in(app.test_client(), code=new[0]).status_code == 303


def test_it_is_not_turned_on_without_a_working_app_or_the_password(client, engine, ada):
    secret = key_on(soup(client.get(PAGE)))
    answer = send(client, PAGE, "#on-form", code="123", password=PASSWORD)
    assert (answer.status_code, list(problems(answer))) == (422, ["code"])
    answer = send(client, PAGE, "#on-form", code=digits(secret), password="a guess")
    assert (answer.status_code, list(problems(answer))) == (422, ["password"])
    with Session(engine) as session:
        assert session.scalars(select(SecondFactor)).all() == []


def test_after_a_mistake_the_square_is_the_same(client, ada):
    page = soup(client.get(PAGE))
    form = page.select_one("#on-form")
    fields = {it["name"]: it.get("value", "") for it in form.select("input")}
    again = soup(client.post(PAGE, data=fields | {"code": "1", "password": PASSWORD}))
    assert key_on(again) == key_on(page)
    assert again.select_one("figure img")["src"].startswith("data:image/svg+xml")


def test_a_square_made_for_somebody_else_sets_nothing_up(app, client, engine, ada):
    with transaction(engine) as session:
        eve = make_member(session, "eve")
        give_password(session, eve, PASSWORD)
    hers = soup(sign_in(app.test_client(), engine, eve).get(PAGE))
    sealed, secret = hers.select_one("[name=sealed]")["value"], key_on(hers)
    answer = send(client, PAGE, "#on-form", sealed=sealed, code=digits(secret), password=PASSWORD)
    assert answer.status_code == 409
    with Session(engine) as session:
        assert session.scalars(select(SecondFactor)).all() == []


def test_turning_it_on_ends_log_ins_made_without_it(app, client, engine, ada):
    other = sign_in(app.test_client(), engine, ada)
    assert is_in(other)
    set_up(client)
    assert not is_in(other)
    assert is_in(client)


def test_turning_it_off_needs_the_password(app, client, ada):
    set_up(client)
    answer = send(client, PAGE, "#off-form", removal_password="a guess")
    assert (answer.status_code, list(problems(answer))) == (422, ["removal_password"])
    assert log_in(app.test_client()).location.startswith("/login/code")
    assert send(client, PAGE, "#off-form", removal_password=PASSWORD).status_code == 303
    assert log_in(app.test_client()).location == "/badges"


def test_the_secret_does_not_lie_open_in_the_database(client, engine, ada):
    secret, _ = set_up(client)
    with Session(engine) as session:
        factor = session.scalars(select(SecondFactor)).one()
    assert secret not in factor.sealed
    vault = second_factors.Vault("another key that is long enough to be one")
    assert vault.open(ada, factor.sealed) is None


def test_guessing_codes_is_stopped_and_does_not_lock_the_member_out_for_good(app, client, engine, ada):
    secret, _ = set_up(client)
    phone = app.test_client()
    log_in(phone)
    wrong = [send(phone, "/login/code", "#code-form", code="1").status_code for _ in range(FAILURES.most + 1)]
    assert wrong == [422] * FAILURES.most + [429]
    assert send(phone, "/login/code", "#code-form", code=digits(secret, 1)).status_code == 429
    assert is_in(client)  # who is in already stays
    with transaction(engine) as session:
        for row in session.scalars(select(Spent)):
            row.since -= timedelta(minutes=16)
    assert send(phone, "/login/code", "#code-form", code=digits(secret, 1)).status_code == 303


def test_a_log_in_does_not_wait_for_its_code_for_ever(app, client, engine, ada):
    secret, _ = set_up(client)
    phone = app.test_client()
    answer = log_in(phone)
    form = soup(phone.get(answer.location)).select_one("#code-form")
    fields = {it["name"]: it.get("value", "") for it in form.select("input")}
    with transaction(engine) as session:
        session.scalars(select(LogIn).where(LogIn.code_until.is_not(None))).one().code_until = now()
    answer = phone.post("/login/code", data=fields | {"code": digits(secret, 1)})
    assert answer.status_code == 409
    assert soup(answer).select_one("form#login")
    assert not is_in(phone)


def test_changing_the_password_ends_a_log_in_that_waits(app, client, engine, ada):
    set_up(client)
    phone = app.test_client()
    answer = log_in(phone)
    with transaction(engine) as session:
        give_password(session, session.get(type(ada), ada.id), "nineteen wild geese")
    assert soup(phone.get(answer.location)).select_one("form#login")


def test_the_cookie_from_before_the_code_is_dead_after_it(app, client, ada):
    secret, _ = set_up(client)
    phone = app.test_client()
    answer = log_in(phone)
    before = phone.get_cookie("session").value
    send(phone, answer.location, "#code-form", code=digits(secret, 1))
    stale = app.test_client()
    stale.set_cookie("session", before)
    assert not is_in(stale)
    assert is_in(phone)


def test_in_production_staff_are_led_to_it_before_anything_else(make_app, tmp_path):
    app = make_app(
        APP_ENV="production",
        SECRET_KEY="k" * 40,
        SITE_URL="http://localhost",
        DATABASE_URL=f"sqlite:///{tmp_path}/x.db",
    )
    schema.upgrade(app)
    with app.app_context():
        engine = db.engine
    with transaction(engine) as session:
        mia, ben = make_member(session, "mia", role=Role.MODERATOR), make_member(session, "ben")
        give_password(session, mia, PASSWORD)
    staff = sign_in(app.test_client(), engine, mia)
    assert {staff.get(path).location for path in ("/", "/badges", "/u/mia", "/staff", "/moderation/flags")} == {PAGE}
    assert staff.get("/badges", headers={"HX-Request": "true"}).headers["HX-Redirect"] == PAGE
    assert "Staff need" in soup(staff.get(PAGE)).text
    assert sign_in(app.test_client(), engine, ben).get("/ranks").status_code == 200
    assert app.test_client().get("/ranks").status_code == 200
    set_up(staff)
    assert staff.get("/ranks").status_code == 200
    assert not soup(staff.get(PAGE)).select("#off-form")
    answer = staff.post(
        f"{PAGE}/removal", data={"csrf_token": soup(staff.get(PAGE)).select_one("[name=csrf_token]")["value"]}
    )
    assert answer.status_code == 403


def test_in_development_staff_may_do_without_it(client, engine):
    with transaction(engine) as session:
        mia = make_member(session, "mia", role=Role.MODERATOR)
    assert sign_in(client, engine, mia).get("/ranks").status_code == 200


def test_a_damaged_key_leaves_the_recovery_codes(session):
    ada = make_member(session)
    old, new = second_factors.Vault("one key"), second_factors.Vault("another key")
    secret = second_factors.new_secret()
    codes = second_factors.turn_on(session, ada, old.seal(ada, secret), digits(secret), old)
    assert not second_factors.accept(session, ada, digits(secret, 1), new)
    assert second_factors.accept(session, ada, codes[0], new)


def test_a_waiting_log_in_is_no_device(session):
    ada = make_member(session)
    sessions.start(session, ada, code_needed=True)
    secret = sessions.start(session, ada)
    session.flush()
    assert len(sessions.devices(session, ada)) == 1
    assert sessions.find(session, secret)
