"""Every page as people meet it: both looks, wide and narrow, with and without script, under the policy."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.flaws import broken_rules, too_wide

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
PAGES = (
    "/", "/?sort=unanswered", "/c/lounge", "/t/1/a-thread", "/t/1/a-thread?page=2", "/t/2/a-thread", "/u/ada", "/u/ben",
    "/u/ada/badges", "/u/ada/badges?view=list", "/u/ada/badges?show=request", "/u/ada/points", "/badges",
    "/badges?group=tower&tier=platinum&way=event", "/badges/safe-hands", "/badges/smooth-landing", "/badges/speaker",
    "/awards/1", "/badges?view=list", "/badges/changes", "/badges/speaker/problem", "/badges/simulator-hours", "/points", "/ranks", "/how-to-get-badges", "/appearance", "/login",
    "/checklist", "/lessons", "/lessons/asking", "/badges/changes", "/register", "/password-reset", "/password-reset/sent", "/guidelines", "/faq", "/feedback", "/leaders", "/swag", "/messages",
)  # fmt: skip


@pytest.mark.parametrize(
    ("look", "width", "signed_in"), [("light", 1280, True), ("dark", 390, True), ("dark", 1280, False)]
)
def test_no_page_breaks_a_rule_of_accessibility(window, ada, look, width, signed_in):
    page, broken = window(width=width, look=look, viewer=ada if signed_in else None), {}
    for address in PAGES:
        page.goto(address)
        found = broken_rules(page)
        if found:
            broken[address] = found
    assert broken == {}


def test_no_page_scrolls_sideways_on_the_smallest_screen(window, ada):
    page, wide = window(width=320, viewer=ada), {}
    for address in PAGES:
        page.goto(address)
        if found := too_wide(page):
            wide[address] = found
    assert wide == {}


def test_open_menus_and_tips_break_no_rule_either(window, ada):
    page = window(viewer=ada)
    page.goto("/u/ada/badges")
    page.click("[popovertarget=menu]")
    expect(page.locator("#menu")).to_be_visible()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    page.click('[data-badge="safe-hands"] .how')
    assert broken_rules(page) == []


LOWER_THAN_ITS_ROWS = """() => [...document.querySelectorAll('main textarea')]
    .filter(it => it.offsetHeight < Math.min(it.rows, 4) * 24).map(it => [it.id, it.rows, it.offsetHeight])"""


def test_an_empty_text_field_has_room_for_the_rows_it_promises_or_for_four(window, ada):
    page, rows = window(viewer=ada), {}
    for address in ("/badges/speaker/problem", "/badges/speaker/request", "/feedback", "/t/new", "/settings/profile"):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
        rows[address] = page.locator("main textarea").count()
        assert page.evaluate(LOWER_THAN_ITS_ROWS) == [], address
    assert all(rows.values()), rows


def test_the_list_of_badges_keeps_the_choice_made_in_the_grid(window, ada):
    page = window(viewer=ada)
    page.goto("/u/ada/badges")
    page.evaluate("window.sameWindow = true")
    page.click("#show-earned")
    page.wait_for_url("**/badges?show=earned")
    assert page.evaluate("window.sameWindow")
    page.click("#views >> text=List")
    page.wait_for_url("**/badges?view=list&show=earned")
    expect(page.locator("[data-badge]")).to_have_count(2)


def test_sorting_changes_the_list_in_place_and_the_way_back_is_kept(window, ada):
    page = window()
    page.goto("/")
    page.evaluate("window.sameWindow = true")
    page.click("#sort-unanswered")
    page.wait_for_url("**/?sort=unanswered")
    expect(page.locator(".threads h2")).to_have_text(["Nobody knows"])
    expect(page.locator("#sort-unanswered")).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.sameWindow")
    page.go_back()
    expect(page.locator(".threads h2")).to_have_count(2)


def test_the_library_is_filtered_as_soon_as_one_chooses(window, ada):
    page = window(viewer=ada)
    page.goto("/badges")
    page.evaluate("window.told = document.querySelector('#found')")
    page.select_option("#earned", "yes")
    expect(page.locator("[data-badge]")).to_have_count(2)
    expect(page).to_have_url(re.compile("earned=yes"))
    # Read out is what changes in a line that is there already, not a line that is new.
    expect(page.locator("#found")).to_have_text(re.compile("^2 of "))
    assert page.evaluate("window.told === document.querySelector('#found')")
    page.click("#views >> text=List")
    page.wait_for_url("**earned=yes&view=list")
    expect(page.locator("[data-badge]")).to_have_count(2)


def test_without_script_the_same_filters_work_with_their_button(window, ada):
    page = window(script=False, viewer=ada)
    page.goto("/badges")
    page.select_option("#earned", "yes")
    page.click("form.filters button")
    expect(page.locator("[data-badge]")).to_have_count(2)
    page.goto("/")
    page.click("#sort-unanswered")
    expect(page.locator(".threads h2")).to_have_text(["Nobody knows"])


@pytest.mark.parametrize("script", [True, False])
def test_the_night_look_is_chosen_and_kept(window, ada, script):
    page = window(script=script)
    page.goto("/appearance")
    page.check("[value=dark]")
    page.click("main button")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(8, 17, 32)" if script else True


def test_the_stars_of_a_rank_are_lit_one_by_one(window, ada):
    page = window()
    page.goto("/ranks")
    drawn = [it.screenshot() for it in page.locator(".stars").all()]
    assert len(drawn) == len(set(drawn)) == 6


def test_a_badge_that_is_held_is_painted_in_colour(window, ada):
    page = window(viewer=ada)
    page.goto("/u/ada/badges")
    field = "slug => getComputedStyle(document.querySelector(`[data-badge=${slug}] svg.badge`)).getPropertyValue('--b-field')"
    assert page.evaluate(field, "smooth-landing") != page.evaluate(field, "safe-hands")
