"""A member asks for a badge: by pointer, keyboard and finger, with script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.badging.badges import Badge
from app.domain.membership import sessions
from app.domain.people.members import Member, Role
from app.domain.ways import requests
from app.domain.ways.requests import BadgeRequest
from tests.browser.flaws import broken_rules
from tests.browser.hands import Keyboard, Pointer
from tests.factories import give_password, make_member
from tests.web.scenery import sign_in

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
NOTE = "I presented “Shift plans without tears” in Gdańsk on 16 November."
SLUG = "speaker"
WAYS = {
    "pointer": ({}, Pointer()),
    "keyboard": ({}, Keyboard()),
    "finger": ({"width": 390}, Pointer()),
    "no script": ({"script": False}, Pointer()),
    "no script, keyboard": ({"script": False}, Keyboard()),
}


def sent(engine):
    with Session(engine) as session:
        return [it.note for it in session.scalars(select(BadgeRequest))]


@pytest.mark.parametrize("way", WAYS)
def test_from_a_greyed_badge_to_a_request_that_was_sent(window, engine, ada, way):
    given, hand = WAYS[way]
    page = window(viewer=ada, **given)
    page.goto("/u/ada/badges")
    tile = page.locator(f'[data-badge="{SLUG}"]')
    if way == "finger":
        tile.locator(".how").tap()
    elif isinstance(hand, Keyboard):
        tile.locator("a").focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
    else:
        tile.locator("> a").hover()
    expect(tile.locator("[data-tip]")).to_be_visible()
    expect(tile.locator("[data-tip]")).to_contain_text("By request")
    if way == "finger":
        page.keyboard.press("Escape")
    hand.press(tile.locator("> a"))

    hand.press(page.get_by_role("link", name="Request This Badge"))
    if given.get("script", True):
        expect(page.get_by_role("dialog")).to_be_visible()
        expect(page.get_by_label("Note to our team")).to_be_focused()
    hand.write(page.get_by_label("Note to our team"), NOTE)
    hand.press(page.get_by_role("button", name="Send Request"))
    expect(page.locator(".toast").filter(has_text="Request sent")).to_be_visible()
    expect(page.locator("[data-badge]").first).to_have_attribute("data-state", "requested")
    assert sent(engine) == [NOTE]


def test_a_window_that_is_closed_keeps_what_was_typed(window, engine, ada):
    page = window(viewer=ada)
    page.goto(f"/badges/{SLUG}")
    page.get_by_role("link", name="Request This Badge").click()
    page.get_by_label("Note to our team").fill(NOTE)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="Request This Badge").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("Note to our team")).to_have_value(NOTE)


def test_what_was_typed_wrong_is_said_within_the_window(window, engine, ada):
    page = window(viewer=ada)
    page.goto(f"/badges/{SLUG}")
    page.get_by_role("link", name="Request This Badge").click()
    page.get_by_label("Note to our team").fill(NOTE)
    page.get_by_text("Add links, pictures or events").click()
    page.get_by_label("Links").fill("not an address")
    page.get_by_role("button", name="Send Request").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(dialog.get_by_label("Note to our team")).to_have_value(NOTE)
    page.get_by_label("Links").fill("https://slides.example")
    page.get_by_role("button", name="Send Request").click()
    expect(page.locator(".toast").filter(has_text="Request sent")).to_be_visible()


def test_without_a_network_the_window_stays_as_it_is(browser, live_server, app, engine, ada):
    # A browser of its own: this one may say on its console that there is no network.
    page = browser.new_page(base_url=live_server)
    cookie = sign_in(app.test_client(), engine, ada).get_cookie("session")
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server}])
    page.goto(f"/badges/{SLUG}")
    page.get_by_role("link", name="Request This Badge").click()
    page.get_by_label("Note to our team").fill(NOTE)
    page.route(re.compile("/request$"), lambda route: route.abort())
    page.get_by_role("button", name="Send Request").click()
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("nothing was lost")
    page.unroute_all()
    page.get_by_role("button", name="Send Request").click()
    expect(page.locator(".toast").filter(has_text="Request sent")).to_be_visible()
    assert sent(engine) == [NOTE]
    page.close()


def test_a_log_in_that_ended_leads_back_to_the_window_with_the_note(window, engine, ada):
    page = window(viewer=ada)
    page.goto(f"/badges/{SLUG}")
    page.get_by_role("link", name="Request This Badge").click()
    page.get_by_label("Note to our team").fill(NOTE)
    with transaction(engine) as session:
        me = session.get(Member, ada.id)
        give_password(session, me, "seventeen wild geese")
        sessions.end_all(session, me)
    page.get_by_role("button", name="Send Request").click()
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password", exact=True).fill("seventeen wild geese")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Note to our team")).to_have_value(NOTE)
    page.get_by_role("button", name="Send Request").click()
    expect(page.locator(".toast").filter(has_text="Request sent")).to_be_visible()


@pytest.fixture
def asked(engine, ada):
    """A request of ada's about which a moderator asked something, and one that was declined."""
    with transaction(engine) as session:
        me, mia = session.get(Member, ada.id), make_member(session, "mia", role=Role.MODERATOR)
        badges = session.scalars(select(Badge).where(Badge.slug.in_((SLUG, "show-and-tell")))).all()
        for verb, badge in zip((requests.ask, requests.decline), badges, strict=False):
            wish, _new = requests.send(session, me, badge, NOTE)
            verb(session, wish, mia, "Which user group was it?", version=1)


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_wrong_with_any_state(window, engine, ada, asked, width, look):
    page = window(viewer=ada, width=width, look=look)
    for address in ("/requests", "/requests/1", f"/badges/{SLUG}", "/badges/black-box/request"):
        page.goto(address)
        assert broken_rules(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    with transaction(engine) as session:
        wish = session.scalars(select(BadgeRequest).where(BadgeRequest.state == "asked")).one()
        requests.withdraw(session, wish, session.get(Member, ada.id))
        slug = wish.badge.slug
    page.goto(f"/badges/{slug}")
    page.get_by_role("link", name="Request This Badge").click()
    page.get_by_text("Add links, pictures or events").click()
    assert broken_rules(page) == []
