"""Choosing what one hears of, stopping letters and checking them, as people do it: by keyboard, on a phone, without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain.base import now
from app.domain.mail import check_codes, deliveries, preferences, unsubscribing
from app.domain.people import blocks
from app.domain.people.members import Member
from tests.browser.flaws import broken_rules, too_wide
from tests.browser.hands import Keyboard
from tests.factories import make_member

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
PAGE = "/settings/notifications"


@pytest.fixture
def addresses(app, ada, engine):
    """The pages about letters, in their states."""
    secret_key = app.config["SETTINGS"].secret_key
    with transaction(engine) as session:
        blocks.block(session, ada, make_member(session, "eve"))
        gone = make_member(session, "gone", mail_stopped_at=now())
        letter = deliveries.owe(session, "password_changed", ada)
        letter.state, letter.handovers, letter.sent_at = "sent", 1, now()
        session.flush()
    return [
        PAGE, f"{PAGE}#badge_earned", "/settings/mails", "/mail-check",
        f"/mail-check?code={check_codes.code(secret_key, letter)}", "/mail-check?code=AAAA-BBBB",
        unsubscribing.path(secret_key, ada.id, "reply"), unsubscribing.path(secret_key, gone.id, "all"),
        "/unsubscribe/nothing",
    ]  # fmt: skip


def how_often(engine, member, kind="badge_earned"):
    with transaction(engine) as session:
        return preferences.frequency(session, member.id, kind)


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390), ("light", 390), ("dark", 1280)])
def test_no_page_about_letters_breaks_a_rule_of_accessibility(window, ada, engine, addresses, look, width):
    page, broken = window(width=width, look=look, viewer=ada), {}

    def check(state):
        if found := broken_rules(page):
            broken[state] = found

    for address in addresses:
        if not address.startswith("/unsubscribe/nothing"):  # its 404 would be on the console
            page.goto(address)
            check(address)
    page.goto(PAGE)
    page.eval_on_selector("#reply-choice option", "it => { it.value = 'hourly'; it.selected = true }")
    page.click("#choices > .row button")
    check("a problem")
    with transaction(engine) as session:
        preferences.stop_all(session, session.get_one(Member, ada.id))
    page.goto(PAGE)
    check("all stopped")
    assert broken == {}


def test_nothing_scrolls_sideways_on_the_smallest_screen(window, ada, addresses):
    page = window(width=320, viewer=ada)
    for address in addresses[:-1]:
        page.goto(address)
        assert too_wide(page) == [], address


def test_a_choice_is_saved_in_place_by_keyboard_and_the_focus_stays(window, ada, engine):
    page = window(viewer=ada)
    page.goto(f"{PAGE}#badge_earned")
    expect(page.locator("#badge_earned:target")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Badges I earn")).to_be_focused()
    page.keyboard.press("n")
    expect(page.locator("#badge_earned .said")).to_have_text("Saved. We will not e-mail you about badges any more.")
    expect(page.locator("#live")).to_have_text("Saved. We will not e-mail you about badges any more.")
    expect(page.get_by_label("Badges I earn")).to_be_focused()
    assert how_often(engine, ada) == "never"


def test_whatever_is_picked_last_holds_however_fast_it_goes(window, ada, engine):
    page = window(viewer=ada)
    page.goto(PAGE)
    for value in ("never", "daily", "weekly", "never", "immediately", "never", "weekly"):
        page.select_option("#badge_earned-choice", value)
    expect(page.locator("#badge_earned .said")).to_contain_text("weekly summary")
    page.wait_for_load_state("networkidle")
    assert how_often(engine, ada) == "weekly"
    page.click("#choices > .row button")
    expect(page.locator(".toast")).to_have_text("Saved.")
    assert how_often(engine, ada) == "weekly"


def test_without_script_and_by_keyboard_badges_are_turned_off_and_a_letter_stopped(window, app, ada, engine):
    page, hands = window(width=390, script=False, viewer=ada), Keyboard()
    page.goto("/")
    hands.press(page.get_by_role("button", name="Your menu"))
    hands.press(page.get_by_role("link", name="Subscriptions & notifications"))
    page.wait_for_url(f"**{PAGE}")
    hands.walk_to(page.get_by_label("Badges I earn"))
    page.keyboard.press("n")
    hands.press(page.get_by_role("button", name="Save", exact=True))
    expect(page.locator(".toast")).to_have_text("Saved. We will not e-mail you about badges any more.")
    assert how_often(engine, ada) == "never"

    page.goto(unsubscribing.path(app.config["SETTINGS"].secret_key, ada.id, "reply"))
    hands.press(page.get_by_role("button", name="Stop these e-mails"))
    expect(page.locator("h1")).to_have_text("Stopped")
    assert how_often(engine, ada, "reply") == "never"
    hands.press(page.get_by_role("button", name="Let them come again"))
    expect(page.locator("h1")).to_have_text("Stop these e-mails?")
    assert how_often(engine, ada, "reply") == "weekly"
