"""The whole way to a badge that people give, in Chromium: read of it, ask for it, answer a question, be given it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from app.db import transaction
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.people.members import Role
from app.domain.ways import prepared_replies, requests
from app.domain.ways.requests import BadgeRequest, Evidence
from tests.browser.flaws import flawless
from tests.browser.hands import Finger, Keyboard, Pointer
from tests.factories import make_member

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)

TILE = '[data-badge="speaker"]'
WAYS = {
    "mouse": (Pointer, {"width": 1280, "look": "light"}),
    "keyboard": (Keyboard, {"width": 1280, "look": "dark"}),
    "touch": (Finger, {"width": 390, "look": "dark"}),
    "no-script": (Pointer, {"width": 390, "look": "light", "script": False}),
}


@pytest.fixture
def mia(engine, ada):
    """A moderator."""
    with transaction(engine) as session:
        return make_member(session, "mia", role=Role.MODERATOR)


@pytest.fixture(params=WAYS, ids=list(WAYS))
def way(request):
    """Hands, and the window they use."""
    hands, window = WAYS[request.param]
    return hands(), window


def read_how(page: Page, hands: Pointer | Keyboard) -> Locator:
    """Bring up the tip of a badge that one does not have, and find the link to its page."""
    tile, link = page.locator(TILE), page.locator(f"{TILE} > a")
    tile.scroll_into_view_if_needed()
    if isinstance(hands, Finger):
        page.locator(f"{TILE} .how").tap()
    elif isinstance(hands, Keyboard):
        hands.walk_to(link)
    else:
        link.hover()
    expect(tile).to_have_attribute("data-state", "requestable")
    expect(page.locator(f"{TILE} [data-tip]")).to_be_visible()
    page.keyboard.press("Escape")
    return link


def test_a_badge_is_read_of_requested_asked_about_and_given(window, ada, mia, way):
    hands, look = way
    member, moderator = window(viewer=ada, **look), window(viewer=mia, **look)

    member.goto("/u/ada/badges")
    hands.press(read_how(member, hands))
    hands.press(member.get_by_role("link", name="Request This Badge"))
    hands.write(member.get_by_label("Note to our team"), "I spoke about wing flaps.")
    hands.press(member.get_by_role("button", name="Send Request"))
    expect(member.locator("main")).to_contain_text("A moderator is looking at it")

    moderator.goto("/moderation/requests")
    hands.press(moderator.locator("[data-request]"))
    expect(moderator.locator("#case")).to_contain_text("I spoke about wing flaps.")
    if look.get("script", True):
        flawless(moderator)
    hands.write(moderator.get_by_label("Message to"), "Which user group was it?")
    hands.press(moderator.get_by_role("button", name="Ask for more"))
    expect(moderator.locator(".toasts")).to_contain_text("Asked")
    expect(moderator.locator("main")).to_contain_text("Clear skies")

    member.goto("/requests")
    hands.press(member.locator("main").get_by_role("link", name="User Group Speaker"))
    expect(member.locator("main")).to_contain_text("Which user group was it?")
    hands.write(member.get_by_label("Your answer"), "The one at the old airfield.")
    hands.press(member.get_by_role("button", name="Send the answer"))
    expect(member.locator("main")).to_contain_text("The one at the old airfield.")

    moderator.goto("/moderation/requests")
    hands.press(moderator.locator("[data-request]"))
    expect(moderator.locator("#case")).to_contain_text("The one at the old airfield.")
    hands.write(moderator.get_by_label("Message to"), "Great talk!")
    hands.press(moderator.get_by_role("button", name="Approve"))
    expect(moderator.locator(".toasts")).to_contain_text("Approved")

    member.goto("/")
    expect(member.locator("#toasts")).to_contain_text("User Group Speaker")
    member.goto("/u/ada")
    recent = member.locator("[data-recent-badge]")
    expect(recent).to_have_count(2)
    expect(recent.first).to_have_attribute("data-recent-badge", "speaker")


@pytest.fixture
def full(engine, ada, mia):
    """A queue in which every state of a request is to be seen; their numbers by state."""
    with transaction(engine) as session:
        ann, mia = make_member(session, "ann", role=Role.MODERATOR), session.merge(mia)
        speaker, film = (
            session.scalars(select(Badge).filter_by(slug=it)).one() for it in ("speaker", "flight-recorder")
        )
        proof = Evidence(["https://slides.example/a-talk-with-a-long-name"], [("Autumn meeting", date(2026, 10, 3))])
        people = [make_member(session, f"guest{nth}") for nth in range(6)]
        found = {}
        for name, who in zip(("waiting", "taken", "asked", "declined", "approved"), people, strict=False):
            at = now() - timedelta(hours=30)
            found[name] = requests.send(session, who, speaker, "I spoke.", evidence=proof, at=at)[0]
        found["own"] = requests.send(session, mia, film, "I made one.")[0]
        requests.claim(session, found["taken"], ann)
        requests.ask(session, found["asked"], ann, "Which talk?", version=1)
        requests.decline(session, found["declined"], mia, "Not this time.", version=1)
        requests.approve(session, found["approved"], ann, "Well done.", version=1)
        requests.remark(session, found["waiting"], ann, "They are on the list.")
        prepared_replies.add(session, ann, name="A word", suits="ask", body="Dear {member}, which talk was it?")
        return {name: it.id for name, it in found.items()}


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)])
def test_no_state_of_the_queue_breaks_a_rule_of_accessibility(window, mia, full, look, width):
    page = window(width=width, look=look, viewer=mia)
    here = "/moderation/requests"
    states = [f"{here}/{number}" for number in full.values()]
    for address in (here, f"{here}?badge=speaker&several=1", f"{here}?whose=mine", "/staff/replies", *states):
        page.goto(address)
        page.evaluate("document.querySelectorAll('main details').forEach(it => it.open = true)")
        flawless(page)


def test_a_chosen_reply_fills_the_message_and_a_problem_shows_beside_it(window, mia, full):
    page = window(viewer=mia)
    page.goto(f"/moderation/requests/{full['waiting']}")
    page.get_by_role("button", name="Decline").click()
    expect(page.locator("#message-problem")).to_contain_text("Say why")
    page.get_by_label("Prepared reply").select_option("A word")
    expect(page.get_by_label("Message to")).to_have_value("Dear guest0, which talk was it?")
    page.get_by_role("button", name="Ask for more").click()
    expect(page.locator(".toasts")).to_contain_text("Asked")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator("#case")).to_contain_text("took the decision back")


def test_after_a_decision_the_next_request_is_there_without_a_new_page(window, mia, full):
    page = window(viewer=mia)
    page.goto(f"/moderation/requests/{full['waiting']}")
    page.evaluate("window.stays = true")
    page.get_by_label("Message to").fill("Lovely.")
    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#case-title")).to_be_focused()
    expect(page.locator("#case")).to_contain_text("ann is looking at this one")
    expect(page.locator(".pagehead p")).to_contain_text("2 waiting")
    expect(page.locator("#queue-link .chip")).to_contain_text("2")
    expect(page.locator("#toasts")).to_contain_text("Approved")
    assert page.evaluate("window.stays")
    expect(page).to_have_url(re.compile(f"/moderation/requests/{full['taken']}"))
    flawless(page)
    page.go_back()
    expect(page.locator("#case")).to_contain_text("mia approved this")


def test_one_steps_through_the_list_in_place_and_back_again(window, mia, full):
    page = window(viewer=mia)
    page.goto("/moderation/requests")
    page.evaluate("window.stays = true")
    for name in ("taken", "own"):
        page.locator(f'[data-request="{full[name]}"]').click()
        expect(page.locator("#case-title")).to_be_focused()
        expect(page).to_have_url(f"/moderation/requests/{full[name]}?state=waiting")
    expect(page).to_have_title("Flight Recorder · Badge requests · Contrail")
    page.get_by_text("Filter", exact=True).first.click()
    page.get_by_label("Badge", exact=True).select_option("speaker")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-request]")).to_have_count(2)
    expect(page.get_by_role("button", name="Filter")).to_be_focused()
    page.go_back()
    expect(page.locator("#case")).to_contain_text("I made one.")
    expect(page.locator("[data-request]")).to_have_count(3)
    page.go_back()
    expect(page.locator("#case")).to_contain_text("ann is looking at this one")
    assert page.evaluate("window.stays"), "all of it on the first page"
    page.reload()
    expect(page.locator("#case")).to_contain_text("ann is looking at this one")


def test_on_a_phone_one_request_stands_where_the_list_was(window, mia, full):
    page = window(width=390, viewer=mia)
    page.goto("/moderation/requests")
    expect(page.locator("#case")).to_be_hidden()
    page.locator(f'[data-request="{full["taken"]}"]').tap()
    expect(page.locator("#case-title")).to_be_focused()
    expect(page.locator("[data-request]").first).to_be_hidden()
    page.get_by_role("link", name="Next").tap()
    expect(page).to_have_url(f"/moderation/requests/{full['own']}?state=waiting")
    flawless(page)
    page.get_by_role("link", name="Back to the list").tap()
    expect(page.locator("[data-request]").first).to_be_visible()


def test_the_page_stays_where_it_was_and_so_does_the_message_while_one_takes_a_request_on(window, mia, full):
    page = window(viewer=mia)
    page.goto(f"/moderation/requests/{full['waiting']}")
    page.get_by_label("Message to").fill("Half a sentence")
    page.locator("#claim").focus()
    page.evaluate("scrollTo(0, 120)")
    page.locator("#claim").press("Enter")
    expect(page.get_by_role("button", name="Leave it to others")).to_be_focused()
    expect(page.get_by_label("Message to")).to_have_value("Half a sentence")
    expect(page.locator(f'[data-request="{full["waiting"]}"]')).to_contain_text("You are on it")
    assert page.evaluate("scrollY") == 120


def test_keys_bring_one_to_the_buttons_once_they_are_switched_on(window, mia, full, engine):
    page = window(viewer=mia)
    page.goto(f"/moderation/requests/{full['waiting']}")
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.locator("#keys").locator("xpath=..").locator("summary").click()
    page.get_by_role("button", name="Switch the keys on").click()
    page.goto(f"/moderation/requests/{full['waiting']}")
    page.keyboard.press("m")
    page.keyboard.type("ada and a")
    expect(page.get_by_label("Message to")).to_have_value("ada and a")
    page.locator("#case-title a").focus()
    page.keyboard.press("a")
    with transaction(engine) as session:
        assert session.get_one(BadgeRequest, full["waiting"]).state == "waiting", "a key alone decides nothing"
    page.keyboard.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("Approved")
