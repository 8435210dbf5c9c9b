"""A shared cache between the visitors and the site: nobody gets what it kept of another, whatever order they come in."""

from __future__ import annotations

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tests.web.forms import soup
from tests.web.shared_cache import SharedCache
from tests.web.world import make_world

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
ASKED_BY = ("ada", "stranger", "nobody", "administrator", "ada", "nobody", "stranger")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
FORGED = {
    "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "X-Forwarded-For": "192.0.2.66",
    "X-Forwarded-Prefix": "/evil.example", "Forwarded": "host=evil.example", "X-Original-URL": "/evil.example",
    "X-Rewrite-URL": "/evil.example", "X-Host": "evil.example", "Accept-Language": "evil.example",
    "User-Agent": "evil.example", "Referer": "http://evil.example/",
}  # fmt: skip


@pytest.fixture
def world(app, engine):
    return make_world(app, engine)


@pytest.fixture
def behind(world):
    """Browsers of several people behind one cache."""

    def browsers(**more):
        cache, found = SharedCache(world.app, **more), {}
        for role in set(ASKED_BY):
            found[role] = Client(cache, Response)
            if cookie := world.visitor(role).get_cookie("session"):
                found[role].set_cookie("session", cookie.value)
        return found

    return browsers


def is_kept(answer):
    """Whether the cache answered, and not the site."""
    return "Age" in answer.headers


def whose(answer):
    """Which member a page says is looking, if any."""
    own = soup(answer).select_one("#menu a[href^='/u/']") if b'id="menu"' in answer.data else None
    return own and own["href"].split("/")[2]


def test_nobody_gets_a_page_that_was_made_for_another(world, behind):
    people, alone = behind(), {role: world.visitor(role) for role in set(ASKED_BY)}
    wrong, kept, looked = [], set(), 0
    for rule, _audience in world.addresses("GET"):
        path = world.path(rule)
        for role in ASKED_BY:
            answer = people[role].get(path)
            if seen := whose(answer):
                looked += 1
                if role == "nobody" or seen != world.people[role].username:
                    wrong.append(f"{role} sees {path} of {seen}")
            if is_kept(answer):
                kept.add(rule)
                with alone[role].get(path) as own:
                    if (own.status_code, own.data) != (answer.status_code, answer.data):
                        wrong.append(f"{role} gets {path} as it was for another")
    assert wrong == []
    assert kept, "what is the same for everybody is kept"
    assert looked > 200


def test_a_cache_that_heeds_nothing_would_give_one_the_page_of_another(world, behind):
    people = behind(heeds=False)
    assert whose(people["ada"].get("/")) == world.people["ada"].username
    answer = people["stranger"].get("/")
    assert is_kept(answer)
    assert whose(answer) == world.people["ada"].username


def test_a_part_that_a_script_asked_for_is_never_given_as_the_page_nor_the_page_as_a_part(world, behind):
    wrong, people, alone = [], behind(), world.visitor("nobody")
    for rule, _audience in world.addresses("GET"):
        path = world.path(rule)
        for asked in (HTMX, {}, HTMX, {}):
            with alone.get(path, headers=asked) as own:
                if (b"<html" in people["nobody"].get(path, headers=asked).data) != (b"<html" in own.data):
                    wrong.append((path, asked))
    assert wrong == []


def test_what_a_stranger_says_of_themselves_is_in_nothing_the_cache_keeps(world, behind):
    people = behind()
    for rule, _audience in world.addresses("GET"):
        path = world.path(rule)
        people["nobody"].get(path, headers=FORGED)
        answer = people["nobody"].get(path)
        assert b"evil.example" not in answer.data, path
        assert "evil.example" not in str(answer.headers), path
