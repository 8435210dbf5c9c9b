"""Profiles: what members wrote, page by page; who follows them; what stays private."""

from __future__ import annotations

import pytest

from app.db import transaction
from app.domain.badging.profiles import ACTIVITY_PER_PAGE
from app.domain.base import now
from app.domain.forum import follows
from tests.factories import make_member
from tests.web.forms import soup
from tests.web.scenery import days, make_post, make_ranks, make_thread_of, sign_in


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada", rank=1, zone="Europe/Oslo")


def wrote(client, address):
    return [int(it["data-wrote"]) for it in soup(client.get(address)).select("[data-wrote]")]


def test_everything_somebody_wrote_is_there_page_by_page_newest_first(client, engine, ada):
    with transaction(engine) as session:
        ben = make_member(session, "ben")
        thread = make_thread_of(session, ben, 0)
        made = [
            make_post(session, thread, ada, created_at=now() - days(40 - nth)).id
            for nth in range(ACTIVITY_PER_PAGE + 2)
        ]
        make_post(session, thread, ben)
    page = soup(client.get("/u/ada"))
    assert page.select_one('a[href="/u/ada/activity"]')
    first, second = wrote(client, "/u/ada/activity"), wrote(client, "/u/ada/activity?page=2")
    assert first + second == made[::-1]
    assert soup(client.get("/u/ada/activity")).select_one("a[rel=next]")["href"] == "/u/ada/activity?show=all&page=2"
    assert not soup(client.get("/u/ada/activity?page=2")).select("a[rel=next]")
    assert client.get("/u/ada/activity?page=3").status_code == 404


def test_it_can_be_threads_or_answers_or_replies_alone(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        answer = make_post(session, thread, ada)
        comment = make_post(session, thread, ada, kind="comment", parent_id=answer.id)
    everything = wrote(client, "/u/ada/activity")
    assert wrote(client, "/u/ada/activity?show=answers") == [answer.id]
    assert wrote(client, "/u/ada/activity?show=replies") == [comment.id]
    [opening] = wrote(client, "/u/ada/activity?show=threads")
    assert sorted(everything) == sorted([opening, answer.id, comment.id])
    assert client.get("/u/ada/activity?show=secrets").status_code == 400


def test_what_was_removed_is_not_there(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, make_member(session), 0)
        gone, there = make_post(session, thread, ada, deleted_at=now()), make_post(session, thread, ada)
        removed = make_thread_of(session, make_member(session), 0, deleted_at=now())
        make_post(session, removed, ada)
    assert wrote(client, "/u/ada/activity") == [there.id]
    assert wrote(client, "/u/ada") == [there.id]
    assert gone.id != there.id


def test_who_wrote_nothing_yet_has_a_page_that_says_so(client, engine, ada):
    assert "turns up here" in soup(client.get("/u/ada/activity")).text
    assert client.get("/u/nobody/activity").status_code == 404


def test_followers_are_counted(client, engine, ada):
    assert not soup(client.get("/u/ada")).select("[data-followers]")
    with transaction(engine) as session:
        for _ in range(2):
            follows.follow(session, make_member(session), session.get_one(type(ada), ada.id))
    assert soup(client.get("/u/ada")).select_one("[data-followers]").text == "2 followers"


def test_private_bits_are_on_no_page_that_others_see(client, engine, ada):
    with transaction(engine) as session:
        sign_in_as = make_member(session, "mia", role="administrator")
    for viewer in (None, sign_in_as):
        if viewer:
            sign_in(client, engine, viewer)
        for address in ("/u/ada", "/u/ada/activity", "/u/ada/badges"):
            text = client.get(address).text
            assert "ada@members.example" not in text
            assert "Europe/Oslo" not in text
