"""The tip of a badge: by pointer, keyboard and finger, with script and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
WITHOUT_INTEREST = """
    delete HTMLButtonElement.prototype.interestForElement;
    addEventListener("interest", event => event.preventDefault(), true);
"""
BADGE = '[data-badge="safe-hands"]'


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def badging(request, window, ada):
    """Ada's badging page, and one of the badges she does not have."""
    page = window(script=request.param, viewer=ada)
    page.goto("/u/ada/badges")
    page.locator(BADGE).scroll_into_view_if_needed()
    return page


def test_the_pointer_shows_it_and_may_rest_on_it(badging):
    tip = badging.locator(f"{BADGE} [data-tip]")
    expect(tip).to_be_hidden()
    badging.hover(f"{BADGE} > a")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("of 10")
    box = tip.bounding_box()
    badging.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=10)
    badging.wait_for_timeout(600)
    expect(tip).to_be_visible()
    badging.mouse.move(2, 2)
    expect(tip).to_be_hidden()


def test_the_keyboard_shows_it_and_escape_takes_it_away(badging):
    tip = badging.locator(f"{BADGE} [data-tip]")
    before = badging.locator(f"{BADGE} > a")
    before.focus()
    badging.keyboard.press("Shift+Tab")
    badging.keyboard.press("Tab")
    expect(tip).to_be_visible()
    badging.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(before).to_be_focused()


@pytest.mark.parametrize("script", [True, False])
def test_a_finger_shows_it(window, ada, script):
    page = window(width=390, script=script, viewer=ada)
    page.goto("/u/ada/badges")
    tip = page.locator(f"{BADGE} [data-tip]")
    page.locator(f"{BADGE} .how").tap()
    expect(tip).to_be_visible()
    box = tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_browsers_that_do_not_know_interest_are_helped_by_the_script(window, ada):
    page = window()
    page.add_init_script(WITHOUT_INTEREST)
    page.goto("/badges")
    page.hover(f"{BADGE} > a")
    expect(page.locator(f"{BADGE} [data-tip]")).to_be_visible()
    page.mouse.move(2, 2)
    expect(page.locator(f"{BADGE} [data-tip]")).to_be_hidden()
