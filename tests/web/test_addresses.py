"""Changing one's address: the new one is asked, the old one is told and can go back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.membership.links import Link
from app.domain.membership.second_factors import SecondFactor
from app.domain.people.members import Member
from tests.factories import give_password, make_member, sign_up
from tests.mail.letters import html_of, path_in
from tests.mail.letters import text_of as letter_text
from tests.web.forms import fill_in, send, soup, text_of, toast
from tests.web.test_second_factor import digits, set_up

PASSWORD = "seventeen wild geese"
OLD, NEW = "ada@members.example", "ada@new.example"
PAGE = "/settings/account"


@pytest.fixture
def ada(engine):
    """Ada, who has a password."""
    with transaction(engine) as session:
        member = make_member(session, "ada")
        give_password(session, member, PASSWORD)
    return member


@pytest.fixture
def browser(client, ada):
    """Ada's own browser."""
    fill_in(client, "/login", username="ada", password=PASSWORD)
    return client


def claim(browser, email=NEW, password=PASSWORD):
    return fill_in(browser, PAGE, "/settings/email", email=email, email_password=password)


def address(engine):
    with Session(engine) as session:
        ada = session.scalars(select(Member).where(Member.username_key == "ada")).one()
        return ada.email, ada.claimed_email


def is_in(browser):
    return browser.get("/u/ada/points").status_code == 200


@pytest.fixture
def changed(browser, work, outbox):
    """Ada's address is changed; gives the path by which the old one goes back."""
    claim(browser)
    work()
    fill_in(browser, path_in(outbox(NEW)[0], "/verify/"))
    work()
    return path_in(outbox(OLD)[0], "/undo-address/")


def test_an_address_changes_once_the_new_one_says_so(browser, engine, work, outbox):
    answer = claim(browser)
    assert "on its way to ada@new.example" in toast(browser, answer)
    assert address(engine) == (OLD, NEW)
    assert NEW in text_of(browser.get(PAGE))
    work()
    [asked] = outbox()
    assert (asked["To"], asked["Subject"]) == (NEW, "Confirm your new address for Contrail")
    fill_in(browser, path_in(asked, "/verify/"))
    assert address(engine) == (NEW, None)
    assert is_in(browser)

    work()
    [told] = outbox(OLD)
    assert told["Subject"] == "Your address for Contrail was changed"
    assert "a•••@new.example" in letter_text(told)
    assert NEW not in letter_text(told) + html_of(told)


def test_it_needs_the_password(browser, engine, work, outbox):
    answer = claim(browser, password="not the password")
    assert answer.status_code == 422
    page = soup(answer)
    assert page.select_one("#email_password-problem").get_text() == "This is not your password."
    assert page.select_one("#email")["value"] == NEW
    assert address(engine) == (OLD, None)
    work()
    assert outbox() == []


@pytest.mark.parametrize("email", ["nowhere", OLD, "ada@new.example\r\nBcc: eve@evil.example", ""])
def test_what_is_no_new_address_is_refused(browser, engine, email):
    answer = claim(browser, email)
    assert answer.status_code == 422
    assert soup(answer).select_one("#email-problem")
    assert address(engine) == (OLD, None)


def test_one_can_stay_with_the_old_one(browser, engine, work, outbox):
    claim(browser)
    work()
    link = path_in(outbox(NEW)[0], "/verify/")
    assert browser.get(link).status_code == 200
    fill_in(browser, PAGE, "/settings/email/withdrawal")
    assert address(engine) == (OLD, None)
    assert browser.get(link).status_code == 404


def test_the_address_of_somebody_else_is_answered_alike_and_they_are_told(browser, engine, work, outbox):
    with transaction(engine) as session:
        make_member(session, "ben", email="ben@new.example")
    said = [toast(browser, claim(browser, it)).replace(it, "X") for it in ("ben@new.example", "free@new.example")]
    assert said[0] == said[1]
    claim(browser, "ben@new.example")
    work()
    letters = outbox("ben@new.example")
    assert {it["Subject"] for it in letters} == {"You have an account at Contrail already"}
    assert "/verify/" not in letter_text(letters[0])


def test_a_new_password_ends_a_change_that_somebody_else_began(browser, engine, work, outbox):
    claim(browser)
    work()
    link = path_in(outbox(NEW)[0], "/verify/")
    fill_in(browser, PAGE, "/settings/password", password_password=PASSWORD, new_password="eighteen tame ducks")
    assert browser.get(link).status_code == 404
    assert address(engine)[0] == OLD


def test_the_old_address_goes_back_and_whoever_came_in_is_out(browser, app, engine, changed):
    assert is_in(browser)
    owner = app.test_client()
    for _ in range(50):
        assert owner.get(changed).status_code == 200
    assert address(engine) == (NEW, None)

    answer = fill_in(owner, changed)
    assert answer.location.startswith("/password-reset/")
    assert address(engine) == (OLD, None)
    assert not is_in(browser)
    assert fill_in(browser, "/login", username="ada", password=PASSWORD).status_code == 422
    assert fill_in(owner, answer.location, password="eighteen tame ducks").status_code == 303
    assert fill_in(owner, "/login", username=OLD, password="eighteen tame ducks").status_code == 303
    assert owner.get(changed).status_code == 404


def test_the_way_back_outlives_a_new_password_and_a_further_change(browser, app, engine, work, outbox, changed):
    fill_in(browser, PAGE, "/settings/password", password_password=PASSWORD, new_password="eighteen tame ducks")
    claim(browser, "third@new.example", "eighteen tame ducks")
    work()
    fill_in(browser, path_in(outbox("third@new.example")[0], "/verify/"))
    work()
    theirs = path_in(outbox(NEW)[-1], "/undo-address/")
    owner = app.test_client()
    assert fill_in(owner, theirs).status_code == 303
    assert address(engine) == (NEW, None)
    assert (
        fill_in(owner, changed).status_code == 303
    )  # the first one leads further back, and is not ended by the second
    assert address(engine) == (OLD, None)


def test_the_way_back_is_open_for_three_days(client, engine, changed):
    def age(by):
        with transaction(engine) as session:
            for row in session.scalars(select(Link).where(Link.purpose == "undo")):
                row.expires_at -= by

    age(timedelta(hours=71))
    assert client.get(changed).status_code == 200
    age(timedelta(hours=2))
    assert client.get(changed).status_code == 404


def test_nobody_takes_an_address_that_somebody_may_go_back_to(browser, app, engine, work, outbox, changed):
    with transaction(engine) as session:
        sign_up(session, "eve", OLD, "nineteen grey herons")
    work()
    assert [it["Subject"] for it in outbox(OLD)] == ["Your address for Contrail was changed"]
    assert fill_in(app.test_client(), changed).status_code == 303
    assert address(engine) == (OLD, None)


def test_an_unconfirmed_member_mends_a_wrong_address(client, engine, work, outbox):
    with transaction(engine) as session:
        sign_up(session, "ada", "ad@members.example", PASSWORD)
    fill_in(client, "/login", username="ada", password=PASSWORD)
    claim(client, OLD)
    work()
    assert len(outbox("ad@members.example")) == 0
    fill_in(client, path_in(outbox(OLD)[0], "/verify/"))
    assert address(engine) == (OLD, None)
    work()
    assert len(outbox()) == 1


def take_back(app, engine, changed):
    """The owner follows the link in the old mailbox, chooses a new password and signs in; returns where that leads."""
    owner = app.test_client()
    answer = fill_in(owner, changed)
    fill_in(owner, answer.location, password="nineteen grey herons")
    return owner, fill_in(owner, "/login", username="ada", password="nineteen grey herons")


@pytest.mark.parametrize("before", [False, True], ids=["after the change", "before the change"])
def test_a_thief_who_set_up_a_second_factor_does_not_keep_the_owner_out(browser, app, engine, work, outbox, before):
    thief = browser
    if before:
        set_up(thief)
    claim(thief)
    work()
    fill_in(thief, path_in(outbox(NEW)[0], "/verify/"))
    work()
    if not before:
        set_up(thief)
    [told] = [it for it in outbox(OLD) if "address" in it["Subject"]]
    owner, answer = take_back(app, engine, path_in(told, "/undo-address/"))
    assert answer.location == "/"
    assert is_in(owner)
    assert not is_in(thief)
    work()
    assert any("no longer asks for a code" in letter_text(it) for it in outbox(OLD))
    assert fill_in(app.test_client(), "/login", username="ada", password=PASSWORD).status_code == 422


def test_a_second_factor_from_long_before_stays_when_the_old_address_goes_back(browser, app, engine, work, outbox):
    """Whoever got hold of an old mailbox must not get past it."""
    secret, _codes = set_up(browser)
    with transaction(engine) as session:
        session.scalars(select(SecondFactor)).one().created_at -= timedelta(days=2)
    claim(browser)
    work()
    fill_in(browser, path_in(outbox(NEW)[0], "/verify/"))
    work()
    [told] = [it for it in outbox(OLD) if "address" in it["Subject"]]
    somebody, answer = take_back(app, engine, path_in(told, "/undo-address/"))
    assert answer.location.startswith("/login/code")
    assert not is_in(somebody)
    assert send(somebody, answer.location, "#code-form", code=digits(secret, 1)).status_code == 303
    assert is_in(somebody)
