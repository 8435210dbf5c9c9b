"""What a page may cost: so many statements however long it is, nothing written, so many bytes."""

from __future__ import annotations

import re
import zlib

import pytest

from app.db import transaction
from app.domain.base import now
from app.domain.record.scores import EVERYWHERE, WEEK, Score, week_at
from tests.factories import make_category, make_member
from tests.web.scenery import (
    make_award,
    make_badge,
    make_entry,
    make_post,
    make_ranks,
    make_rule,
    make_thread_of,
    sign_in,
)

ADDRESSES = {
    "/": 12,
    "/?sort=unanswered": 12,
    "/?sort=active": 12,
    "/c/lounge": 12,
    "/t/1/a-thread": 6,
    "/u/ada": 6,
    "/u/ada/badges": 12,
    "/u/ada/points": 12,
    "/badges": 12,
    "/badges/badge-0": 12,
    "/awards/1": 12,
    "/points": 12,
    "/ranks": 12,
    "/how-to-get-badges": 12,
    "/search?q=word": 12,
    "/search?q=member&what=members": 12,
    "/search?q=nothinglikeit": 12,
    "/search?q=nothing+really+likes+these+words": 12,
    "/best?period=all": 12,
    "/feeds/threads.atom": 12,
    "/sitemaps/1.xml": 12,
}
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP)", re.I)


def begin(session):
    """A community with one thread in it."""
    make_ranks(session)
    make_rule(session)
    ada, lounge = make_member(session, "ada"), make_category(session, slug="lounge")
    thread = make_thread_of(session, ada, 0, category=lounge)
    make_post(session, thread, ada)
    return ada, lounge, thread


def grow(session, start, end, ada, lounge, thread):
    """More of everything there is: posts, comments, threads, badges, awards, points, leaders."""
    answer = make_post(session, thread, ada)
    for number in range(start, end):
        someone = make_member(session)
        make_post(session, thread, someone)
        make_post(session, thread, someone, kind="comment", parent_id=answer.id)
        make_thread_of(session, someone, 0, category=lounge)
        badge = make_badge(session, f"badge-{number}", earn={"count": "accepted", "n": number + 2})
        make_award(session, badge, someone)
        if number % 2:
            make_award(session, badge, ada)
        make_entry(session, ada, 1)
        week = {"span": WEEK, "number": week_at(now(), "UTC"), "category_id": EVERYWHERE}
        session.add(Score(**week, member_id=someone.id, points=number + 1, accepted=0, seq=number))


def cost(client, statements):
    """How many statements each page asks; none of them may write."""
    found = {}
    for address in ADDRESSES:
        statements.clear()
        with client.get(address) as answer:
            assert answer.status_code == 200 or (address == "/u/ada/points" and answer.status_code == 303), address
            found[address] = len(statements)
            assert not [it for it in statements if WRITES.match(it)], address
    return found


@pytest.mark.parametrize("signed_in", [False, True])
def test_statements_do_not_grow_with_the_page_and_nothing_is_written(client, engine, statements, signed_in):
    with transaction(engine) as session:
        place = begin(session)
    if signed_in:
        sign_in(client, engine, place[0])
    measured = []
    for start, end in ((0, 6), (6, 20), (20, 50)):  # fewer make a search look for more
        with transaction(engine) as session:
            grow(session, start, end, *place)
        measured.append(cost(client, statements))
    assert measured[0] == measured[1] == measured[2]
    assert {address: n for address, n in measured[0].items() if n > ADDRESSES[address]} == {}


def test_a_page_of_twenty_posts_is_light(client, engine):
    with transaction(engine) as session:
        ada, lounge, _ = begin(session)
        thread = make_thread_of(session, ada, 19, text="word " * 250, category=lounge)
    assert len(client.get(f"/t/{thread.id}/a-thread").data) <= 45_000


@pytest.mark.parametrize("name", ["ada", "eve"])
def test_the_buttons_and_forms_of_a_member_stay_bounded(client, engine, name):
    """More than for guests: each reaction, acceptance and flag is a form with its own token, as it works without script."""
    with transaction(engine) as session:
        ada, lounge, _ = begin(session)
        thread = make_thread_of(session, ada, 19, text="word " * 250, category=lounge)
        viewer = ada if name == "ada" else make_member(session, name)
    page = sign_in(client, engine, viewer).get(f"/t/{thread.id}/a-thread").data
    assert len(page) <= 80_000
    assert len(zlib.compress(page)) <= 10_000
