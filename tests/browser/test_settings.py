"""Settings as people meet them: without script, by keyboard, in both looks, on a phone."""

from __future__ import annotations

from io import BytesIO
from time import sleep

import pyotp
import pytest
from PIL import Image
from playwright.sync_api import expect

from app.db import transaction
from app.domain.base import now
from app.domain.people.members import Member
from tests.browser.flaws import broken_rules, too_wide
from tests.factories import give_password

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
PAGES = (
    "/settings/profile", "/settings/account", "/settings/second-factor", "/settings/second-factor/codes",
    "/settings/deletion", "/u/ada/activity"
)  # fmt: skip
PASSWORD = "seventeen wild geese"


@pytest.fixture
def pilot(ada, engine):
    """Ada, who has a password."""
    with transaction(engine) as session:
        give_password(session, session.get_one(Member, ada.id), PASSWORD)
    return ada


def fresh_digits(secret):
    """A code with enough time left to be typed."""
    if now().timestamp() % 30 > 24:
        sleep(30 - now().timestamp() % 30)
    return pyotp.TOTP(secret).now()


def turn_on(page):
    """Set up the second factor; returns the key of the app."""
    page.goto("/settings/second-factor")
    key = page.inner_text("#key").replace(" ", "")
    page.fill("#code", fresh_digits(key))
    page.fill("#password", PASSWORD)
    page.click("#on-form button")
    page.wait_for_url("**/codes")
    return key


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_of_the_settings_breaks_a_rule_of_accessibility(window, pilot, look, width):
    page, broken = window(width=width, look=look, viewer=pilot), {}

    def check(state):
        if found := broken_rules(page):
            broken[state] = found

    for address in PAGES:
        page.goto(address)
        check(address)
    page.goto("/settings/profile")
    page.fill("#links", "nonsense")
    page.click("#profile-form button")
    check("a problem")
    turn_on(page)
    check("recovery codes")
    page.goto("/settings/second-factor")
    check("second factor on")
    assert broken == {}


def test_nothing_scrolls_sideways_on_the_smallest_screen(window, pilot):
    page, wide = window(width=320, viewer=pilot), {}
    for address in PAGES:
        page.goto(address)
        if found := too_wide(page):
            wide[address] = found
    turn_on(page)
    assert too_wide(page) == []
    assert wide == {}


@pytest.mark.parametrize(("width", "script"), [(390, False), (1280, True)])
def test_a_photo_and_a_few_words_are_on_the_profile(window, pilot, width, script):
    page, file = window(width=width, script=script, viewer=pilot), BytesIO()
    Image.new("RGB", (300, 200), (200, 120, 60)).save(file, "PNG")
    page.goto("/settings/profile")
    page.set_input_files("#photo", {"name": "me.png", "mimeType": "image/png", "buffer": file.getvalue()})
    page.click("#photo-form button")
    page.fill("#title", "Navigator")
    page.fill("#about", "I **fly**.")
    page.click("#profile-form button")
    expect(page.get_by_role("status").first).to_be_attached()
    page.goto("/u/ada")
    expect(page.locator(".pass img.avatar")).to_have_js_property("naturalWidth", 256)
    expect(page.locator(".topbar img.avatar")).to_have_js_property("naturalWidth", 96)
    expect(page.locator(".prose strong")).to_have_text("fly")
    expect(page.locator(".pass")).to_contain_text("Navigator")


def test_by_keyboard_alone_and_without_script_the_code_lets_one_in(window, pilot):
    page = window(script=False, viewer=pilot)
    turn_on(page)
    codes = page.locator("#recovery-codes code").all_inner_texts()
    page.context.clear_cookies()
    page.goto("/login?next=/settings/account")
    expect(page.locator("#username")).to_be_focused()  # not yet when the page has only just loaded
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/code?**")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("000 000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not fit")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/account")
    expect(page.locator(".toast")).to_contain_text("9 recovery codes")


def test_the_recovery_codes_can_be_taken_along(window, pilot):
    page = window(viewer=pilot)
    turn_on(page)
    codes = page.locator("#recovery-codes code").all_inner_texts()
    with page.expect_download() as download:
        page.click("a[download]")
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert download.value.path().read_text().split() == codes


def test_what_was_typed_wrong_is_where_the_focus_goes(window, pilot):
    page = window(viewer=pilot)
    page.goto("/settings/deletion")
    page.fill("#typed", "somebody")
    page.fill("#deletion_password", PASSWORD)
    page.press("#deletion_password", "Enter")
    expect(page.locator("#problems")).to_be_focused()
    page.click("#problems a")
    expect(page.locator("#typed")).to_be_focused()
    expect(page.locator("#typed")).to_have_value("somebody")
    expect(page.locator("#typed")).to_have_accessible_description(
        "Type ada, to be sure. Type ada here, if you really want to leave."
    )
