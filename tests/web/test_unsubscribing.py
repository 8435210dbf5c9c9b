"""The links that stop letters, through the door: from mail programs, from people, and from machines that only look."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from app.db import transaction
from app.domain.base import now
from app.domain.leaving import departures
from app.domain.mail import preferences, unsubscribing
from app.domain.mail.unsubscribing import LISTS
from app.domain.people.members import Member
from tests.factories import give_password, make_member
from tests.web.forms import send, soup, text_of
from tests.web.scenery import make_ranks, sign_in

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada")


@pytest.fixture
def link(app, ada):
    """The path in the header of a letter to ada."""
    return lambda what="badge_earned": unsubscribing.path(app.config["SETTINGS"].secret_key, ada.id, what)


def how_often(engine, member, kind="badge_earned"):
    with transaction(engine) as session:
        return preferences.frequency(session, member.id, kind)


@pytest.mark.parametrize("how", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_the_button_of_a_mail_program_works_without_cookie_token_or_redirect_and_twice(client, engine, ada, link, how):
    for _time in range(2):
        answer = client.post(link(), data=ONE_CLICK, content_type=how)
        assert answer.status_code == 200
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert "badges" in answer.text
        assert len(answer.text) < 200
        assert how_often(engine, ada) == "never"
    assert how_often(engine, ada, "mention") == "immediately"


@pytest.mark.parametrize("what", LISTS)
def test_every_list_is_asked_about_stopped_and_let_come_again(client, engine, ada, link, what):
    with transaction(engine) as session:
        preferences.choose(session, ada, {"mention": "daily"})
        before = {kind: preferences.frequency(session, ada.id, kind) for kind in preferences.KINDS}
    assert "Stop these e-mails?" in text_of(client.get(link(what)))

    answer = send(client, link(what), "#stop")
    assert (answer.status_code, answer.location) == (303, link(what))
    page = client.get(link(what))
    assert unsubscribing.about(what) in text_of(page)
    assert soup(page).select_one("#stop") is None
    now_chosen = {kind: how_often(engine, ada, kind) for kind in preferences.KINDS}
    assert {kind for kind in before if now_chosen[kind] != before[kind]} == {
        kind for kind in before if what in (kind, "all", before[kind])
    }

    assert send(client, link(what), "#undo").status_code == 303
    assert {kind: how_often(engine, ada, kind) for kind in preferences.KINDS} == before


@pytest.mark.parametrize("purpose", [{}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}])
def test_opening_the_link_changes_nothing_however_often(app, engine, ada, link, purpose):
    for _time in range(10):
        for method in ("GET", "HEAD"):
            assert app.test_client().open(link(), method=method, headers=purpose).status_code == 200
    assert how_often(engine, ada) == "immediately"
    assert app.test_client().post(link(), data=ONE_CLICK).status_code == 200
    assert how_often(engine, ada) == "never"


def test_a_link_two_years_old_works_after_a_change_of_address(client, engine, ada, link):
    old = link()
    with transaction(engine) as session:
        member = session.get_one(Member, ada.id)
        member.email, member.joined_at = "elsewhere@members.example", now() - timedelta(days=730)
    assert client.post(old, data=ONE_CLICK).status_code == 200
    assert how_often(engine, ada) == "never"


@pytest.mark.parametrize(("known", "status", "often"), [(("of last year",), 200, "never"), ((), 404, "immediately")])
def test_a_link_from_before_a_new_key_works_while_the_old_one_is_known(
    app, client, engine, ada, monkeypatch, known, status, often
):
    settings = dataclasses.replace(app.config["SETTINGS"], old_secret_keys=known)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    path = unsubscribing.path("of last year", ada.id, "badge_earned")
    assert client.post(path, data=ONE_CLICK).status_code == status
    assert how_often(engine, ada) == often


def test_somebody_else_who_is_signed_in_stops_the_letters_of_whom_they_were_for(app, client, engine, ada, link):
    with transaction(engine) as session:
        ben = make_member(session, "ben")
    sign_in(client, engine, ben)
    page = text_of(client.get(link()))
    assert "another account" in page
    assert "ada" not in page
    assert "another account" not in text_of(sign_in(app.test_client(), engine, ada).get(link()))
    send(client, link(), "#stop")
    assert how_often(engine, ada) == "never"
    assert how_often(engine, ben) == "immediately"


def test_a_link_signs_nobody_in_and_shows_no_name_or_address(app, client, engine):
    with transaction(engine) as session:
        member = make_member(session, "adelheid-of-the-north")  # a token of random letters cannot hold it by chance
    link = unsubscribing.path(app.config["SETTINGS"].secret_key, member.id, "badge_earned")
    pages = [client.get(link), client.post(link, data=ONE_CLICK), client.get(link)]
    assert [it.status_code for it in pages] == [200, 200, 200]
    assert not [it for it in pages if member.username in it.text]
    assert client.get("/settings/notifications").status_code == 303


def test_a_link_that_was_changed_is_not_known_and_does_nothing(client, engine, ada, link):
    with transaction(engine) as session:
        ben = make_member(session, "ben")
    good = link()
    for bad in (
        good[:-1],
        good + "0",
        good.replace(f"/{ada.id}.", f"/{ben.id}."),
        good.replace("badge_earned", "all"),
        "/unsubscribe/x",
    ):
        assert client.get(bad).status_code == 404
        answer = client.post(bad, data=ONE_CLICK)
        assert answer.status_code == 404
        assert "We do not know this link" in text_of(answer)
    assert {how_often(engine, it, kind) for it in (ada, ben) for kind in ("badge_earned", "mention")} == {"immediately"}


def test_the_way_back_needs_the_form_of_this_browser(client, engine, ada, link):
    client.post(link(), data=ONE_CLICK)
    assert client.post(f"{link()}/undo", data=ONE_CLICK).status_code == 400
    assert how_often(engine, ada) == "never"
    assert send(client, link(), "#undo").status_code == 303
    assert how_often(engine, ada) == "immediately"


def test_one_kind_cannot_be_let_come_while_everything_is_stopped(client, engine, ada, link):
    client.post(link("all"), data=ONE_CLICK)
    page = client.get(link())
    assert "All e-mail is stopped" in text_of(page)
    assert soup(page).select_one("#undo") is None
    assert soup(client.get(link("all"))).select_one("#undo")


def test_the_letters_of_an_account_that_is_gone_are_answered_calmly(client, engine, ada, link):
    with transaction(engine) as session:
        member = session.get_one(Member, ada.id)
        give_password(session, member, "seventeen wild geese")
        departures.leave(session, member, "ada")
    assert "has been deleted" in text_of(client.get(link()))
    assert client.post(link(), data=ONE_CLICK).status_code == 200


def test_security_mail_has_no_list_to_stop():
    from app.domain.mail import mailbox

    assert not set(mailbox.SAFETY) & set(LISTS)
