"""The library, a badge's page, an award's page, the explanations."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app.db import transaction
from app.domain.activities import Activity
from tests.factories import make_member
from tests.web.scenery import (
    NOON,
    days,
    make_award,
    make_badge,
    make_post,
    make_ranks,
    make_rule,
    make_thread_of,
    sign_in,
)


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada")


def soup(answer):
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"ways": ["automatic"]}, "locked"),
        ({"ways": ["request"]}, "requestable"),
        ({"ways": ["event", "request"]}, "requestable"),
        ({"ways": ["invitation", "event"]}, "invitation"),
        ({"ways": ["event"]}, "event"),
        ({"ways": ["checklist"]}, "locked"),
        ({"ways": ["staff"]}, "locked"),
        ({"ways": ["request"], "state": "legacy"}, "legacy"),
        ({"ways": ["automatic"], "state": "planned"}, "planned"),
    ],
)
def test_a_badge_has_the_first_state_that_fits(client, engine, ada, more, state):
    with transaction(engine) as session:
        badge = make_badge(session, "it", **more)
        held = make_badge(session, "held", **more)
        make_award(session, held, ada)
    sign_in(client, engine, ada)
    for address in ("/badges", "/badges/it"):
        found = soup(client.get(address)).select_one('[data-badge="it"]')
        assert (found["data-state"], found["data-way"]) == (state, " ".join(badge.ways))
    assert soup(client.get("/badges")).select_one('[data-badge="held"]')["data-state"] == "earned"
    assert soup(client.get("/badges/it")).select_one("[data-why-not]")
    assert not soup(client.get("/badges/held")).select_one("[data-why-not]")


def test_the_library_filters_by_group_tier_way_and_earned(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "a", family="tower", tier="gold", ways=["request"]), ada)
        make_badge(session, "b", family="tower", tier="bronze")
        make_badge(session, "c", family="miles", tier="gold")
    sign_in(client, engine, ada)

    def shown(query):
        return {it["data-badge"] for it in soup(client.get(f"/badges?{query}")).select("[data-badge]")}

    assert shown("") == {"a", "b", "c"}
    assert shown("group=tower") == {"a", "b"}
    assert shown("tier=gold") == {"a", "c"}
    assert shown("group=tower&tier=bronze") == {"b"}
    assert shown("way=request") == {"a"}
    assert (shown("earned=yes"), shown("earned=no")) == ({"a"}, {"b", "c"})
    assert client.get("/badges?group=x").status_code == 400


def test_a_badge_page_has_its_holders_latest_first_each_once(client, engine, ada):
    with transaction(engine) as session:
        badge, ben = make_badge(session, "again"), make_member(session, "ben")
        make_award(session, badge, ada, NOON - days(3), subject=1)
        make_award(session, badge, ben, NOON - days(2))
        make_award(session, badge, ada, NOON - days(1), subject=2)
        session.merge(badge).holders = 2
    page = soup(client.get("/badges/again"))
    assert page.select_one('[data-badge="again"]')["data-holders"] == "2"
    assert [it["data-member"] for it in page.select(".holders [data-member]")] == ["ada", "ben"]
    assert "100 % of members" in page.text


def test_holders_are_paged(client, engine, ada):
    with transaction(engine) as session:
        badge = make_badge(session, "common")
        for _ in range(31):
            make_award(session, badge, make_member(session))
    assert len(soup(client.get("/badges/common")).select(".holders li")) == 30
    assert len(soup(client.get("/badges/common?page=2")).select(".holders li")) == 1
    assert client.get("/badges/common?page=3").status_code == 404
    assert client.get("/badges/unknown").status_code == 404


def test_each_condition_shows_the_viewers_own_number(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "chocks-away"), ada)
        make_badge(session, "ready", earn={"all": [{"has": "chocks-away"}, {"count": "accepted", "n": 3}]})
    assert "Where you stand" not in soup(client.get("/badges/ready")).text
    page = soup(sign_in(client, engine, ada).get("/badges/ready"))
    first, second = page.select(".condition")
    assert "Chocks Away" in first.text
    assert first.select_one('use[href$="check-circle-fill"]')
    assert (second.progress["value"], second.progress["max"]) == ("0", "3")


def test_an_award_explains_itself(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, title="Which gate?")
        post = make_post(session, thread, ada)
        session.add(
            Activity(
                kind="accepted",
                member_id=ada.id,
                actor_id=ada.id,
                post_id=post.id,
                happened_at=NOON,
                local_day=1,
                seq=5,
            )
        )
        award = make_award(session, make_badge(session, "smooth-landing", how="Have an answer accepted."), ada, seq=5)
        by_hand = make_award(
            session, make_badge(session, "thanks"), ada, way="staff", by_id=ada.id, reason="For the tower."
        )
    page = soup(client.get(f"/awards/{award.id}"))
    assert "Have an answer accepted." in page.main.text
    assert page.select_one(f'main a[href="/p/{post.id}"]').text == "Which gate?"
    assert page.main.time["datetime"] == "2026-11-01T12:00Z"
    assert "For the tower." in soup(client.get(f"/awards/{by_hand.id}")).main.text
    assert client.get("/awards/999").status_code == 404


def test_points_and_ranks_are_explained_from_what_is_in_force(client, engine, ada):
    with transaction(engine) as session:
        make_rule(session)
        make_rule(session, slug="past").until = 10
    page = soup(client.get("/points"))
    [rule] = page.select("[data-rule]")
    assert [it.text for it in rule.select("td")] == ["+15", "150", "–"]
    ranks = soup(sign_in(client, engine, ada).get("/ranks"))
    assert [it["data-rank"] for it in ranks.select("[data-rank]")] == ["passenger", "cadet", "captain"]
    assert ranks.select_one('[data-rank][aria-current="true"]')["data-rank"] == "passenger"


def test_how_to_get_badges_names_the_ways_in_use(client, engine):
    with transaction(engine) as session:
        make_badge(session, "by-itself")
        make_badge(session, "asked", ways=["request"])
        make_badge(session, "gone", ways=["staff"], state="legacy")
    links = {it["href"] for it in soup(client.get("/how-to-get-badges")).select('main a[href^="/badges?way="]')}
    assert links == {"/badges?way=automatic", "/badges?way=request"}


def test_an_empty_site_has_all_its_pages(client):
    for address in ("/", "/badges", "/points", "/ranks", "/how-to-get-badges", "/appearance"):
        assert client.get(address).status_code == 200
