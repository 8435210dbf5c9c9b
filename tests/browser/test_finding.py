"""Finding and following in a browser: as one types, in place, by keyboard, and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain.forum import follows
from app.domain.forum.bookmarks import Bookmark
from app.domain.forum.threads import Thread
from tests.browser.flaws import broken_rules, too_wide

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
PAGES = (
    "/search", "/search?q=gate", "/search?q=gate&what=members", "/search?q=nobdoy", "/search?q=zzzz&period=week",
    "/search?q=ada", "/best", "/best?period=all", "/following", "/bookmarks", "/?sort=following", "/?tag=none", "/t/1",
    "/u/ben",
)  # fmt: skip


@pytest.fixture
def ada_who_follows(ada, engine):
    with transaction(engine) as session:
        here = session.merge(ada)
        for thread in session.query(Thread):
            follows.follow(session, here, thread)
            follows.follow(session, here, thread.category)
        session.add(Bookmark(member_id=ada.id, post_id=1))
    return ada


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_breaks_a_rule_or_scrolls_sideways(window, ada_who_follows, look, width):
    page, broken = window(width=width, look=look, viewer=ada_who_follows), {}
    for address in PAGES:
        page.goto(address)
        found = broken_rules(page)
        if found or too_wide(page):
            broken[address] = found or "wider than the window"
    assert broken == {}


def test_results_come_while_one_types_and_the_way_back_leads_out(window, ada):
    page = window()
    page.goto("/badges")
    page.goto("/search")
    page.evaluate("window.sameWindow = true")
    page.locator("#q").press_sequentially("nobody kno", delay=30)
    expect(page.locator("[data-hit] h3")).to_have_text(["Nobody knows"])
    expect(page.locator("[data-hit] h3 mark")).to_have_text(["Nobody", "knows"])
    expect(page.locator("#q")).to_be_focused()
    expect(page).to_have_url(re.compile(r"q=nobody\+kno\b"))
    assert page.evaluate("window.sameWindow")
    page.go_back()
    expect(page).to_have_url(re.compile("/badges$"))


@pytest.mark.parametrize("script", [True, False])
def test_searching_by_the_button_with_and_without_script(window, ada, script):
    page = window(script=script)
    page.goto("/search")
    page.fill("#q", "nobdoy")
    page.press("#q", "Enter")
    expect(page.locator("[data-meant]")).to_have_text("nobody")
    page.click("[data-meant]")
    expect(page.locator("[data-hit] h3")).to_have_text(["Nobody knows"])


@pytest.mark.parametrize("script", [True, False])
def test_a_thread_is_followed_and_left_again(window, ada, script):
    page = window(script=script, viewer=ada)
    page.goto("/t/2")
    button = page.locator("#follow-thread-button")
    for pressed in ("true", "false"):
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", pressed)
        if script:
            expect(button).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_a_post_is_bookmarked_from_its_menu_and_found_again(window, ada, script):
    page = window(script=script, viewer=ada)
    page.goto("/t/2")
    page.locator("article .more").first.click()
    page.get_by_role("button", name="Bookmark").click()
    if script:
        expect(page.locator("[id^=bookmark-][aria-pressed=true]")).to_be_visible()
    page.goto("/bookmarks")
    expect(page.locator("[data-hit] h2")).to_have_text(["Nobody knows"])
    page.click("[data-hit] form button")
    expect(page.locator("[data-hit]")).to_have_count(0)
