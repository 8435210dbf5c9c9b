"""The bell: a deed of somebody else counts and pops up on an open page, by pointer, by keyboard, and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain import catalogue
from app.domain.forum.threads import Thread
from app.domain.notices import notifications
from app.domain.people.members import Member
from app.domain.writing import posts, reactions
from tests.browser.flaws import flawless
from tests.browser.hands import Keyboard, Pointer
from tests.factories import make_member, make_thread

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
ASKS_NOW = "document.querySelectorAll('[hx-trigger^=every]').forEach(it => it.dispatchEvent(new CustomEvent('every')))"


@pytest.fixture
def people(engine):
    """Ada has asked something; Ben is about to answer."""
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        them = {"ada": make_member(session, "ada"), "ben": make_member(session, "ben")}
        make_thread(session, by=them["ada"])
        return them


@pytest.fixture
def answer(engine, people, work):
    """Ben answers Ada, who finds it insightful; the worker books it and awards what it earns."""

    def act():
        with transaction(engine) as session:
            ada, ben = (session.get_one(Member, people[it].id) for it in ("ada", "ben"))
            thread = session.query(Thread).one()
            post = posts.post_reply(session, thread, ben, "Because.")
            reactions.react(session, post, ada, "insightful")
        work()

    return act


@pytest.mark.parametrize(
    ("width", "look", "hand"),
    [
        pytest.param(1280, "light", Pointer(), id="wide"),
        pytest.param(390, "dark", Pointer(), id="phone"),
        pytest.param(1280, "dark", Keyboard(), id="by-keyboard"),
    ],
)
def test_a_deed_pops_up_on_an_open_page_and_is_read_by_opening_it(window, people, answer, width, look, hand):
    page = window(width=width, look=look, viewer=people["ben"])
    page.goto("/ranks")
    expect(page.locator("#bell-link")).to_have_attribute("aria-label", "Notifications")
    answer()
    page.evaluate(ASKS_NOW)
    popped = page.locator("#toasts[role=status] .toast")
    expect(popped.first).to_contain_text("new badge", ignore_case=True)
    expect(page.locator("#bell-link .count")).to_be_visible()
    expect(popped.last).to_contain_text("ada found your answer insightful")
    flawless(page)

    shown = popped.count()
    hand.press(popped.first.get_by_role("button", name="Dismiss"))
    expect(popped).to_have_count(shown - 1)
    hand.press(page.locator("#bell-link"))
    panel = page.locator("#bell:popover-open")
    expect(panel.get_by_role("heading")).to_be_focused()
    flawless(page)
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)

    hand.press(page.locator("#bell-link"))
    hand.press(panel.get_by_role("link", name="ada found your answer insightful"))
    expect(page).to_have_url(re.compile("/t/"))
    page.goto("/notifications?show=unread")
    expect(page.locator("[data-kind=badge_earned]").first).to_be_visible()
    expect(page.locator("[data-kind=reaction]")).to_have_count(0)
    flawless(page)
    hand.press(page.get_by_role("button", name="Mark all as read"))
    expect(page.locator("#bell-link")).to_have_attribute("aria-label", "Notifications")
    expect(page.locator("[data-unread]")).to_have_count(0)


def test_the_panel_is_left_alone_while_it_is_open(window, people, answer):
    page = window(viewer=people["ben"])
    answer()
    page.goto("/ranks")
    page.click("#bell-link")
    expect(page.locator("#bell:popover-open")).to_be_visible()
    asked = []
    page.on("request", lambda it: asked.append(it.url) if "/-/bell?" in it.url else None)
    page.evaluate(ASKS_NOW)
    page.evaluate("() => fetch('/healthz').then(it => it.ok)")  # whatever was asked before is known of by then
    assert asked == []
    page.keyboard.press("Escape")
    expect(page.locator("#bell:popover-open")).to_have_count(0)
    with page.expect_request("**/-/bell?*"):
        page.evaluate(ASKS_NOW)


def test_without_script_the_bell_is_a_link_with_the_number_of_the_page(window, people, answer):
    page = window(width=390, script=False, viewer=people["ben"])
    answer()
    page.goto("/ranks")
    expect(page.locator(".toast.stay").first).to_contain_text("new badge", ignore_case=True)
    expect(page.locator("[data-dismiss]").first).to_be_hidden()
    page.click("#bell-link")
    expect(page).to_have_url(re.compile("/notifications$"))
    page.click("[data-kind=reaction] a")
    page.goto("/notifications")
    expect(page.locator("[data-kind=reaction][data-unread]")).to_have_count(0)
    expect(page.locator("[data-kind=badge_earned][data-unread]").first).to_be_visible()
    page.click("text=Mark all as read")
    expect(page.locator("[data-unread]")).to_have_count(0)


def test_in_quiet_mode_nothing_counts_or_pops_up(window, people, engine):
    with transaction(engine) as session:
        session.get_one(Member, people["ben"].id).quiet = True
    page = window(look="dark", viewer=people["ben"])
    page.goto("/ranks")
    with transaction(engine) as session:
        notice = {"member_id": people["ben"].id, "kind": "rank", "key": "rank:1", "facts": {"rank": "Cadet"}}
        notifications.tell(session, [notice])
    with page.expect_response("**/-/bell?*") as answered:
        page.evaluate(ASKS_NOW)
    assert answered.value.status == 204
    page.goto("/notifications")
    expect(page.locator("main .note")).to_contain_text("Quiet mode is on")
    flawless(page)
