"""A flagged post on its way through the moderators' queue, and the pages of the team, in Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain.forum.threads import Post
from app.domain.moderation import feedback, flags, suspensions, warnings_given
from app.domain.people.members import Member, Role
from tests.browser.flaws import broken_rules
from tests.factories import make_answer, make_member

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)

MODERATORS = (
    "/moderation/flags",
    "/moderation/flags/1",
    "/staff",
    "/staff/figures",
    "/staff/log",
    "/staff/members",
    "/staff/members/ada",
    "/staff/feedback",
)
ADMINISTRATORS = (
    "/staff/badges",
    "/staff/badges/new",
    "/staff/awards",
    "/staff/catalogue",
    "/staff/deeds",
    "/staff/lessons",
    "/staff/mail",
    "/staff/site",
    "/staff/setup",
    "/staff/categories",
    "/staff/texts",
    "/staff/texts/guidelines",
    "/staff/members/mia",
)
MEMBERS = ("/p/1/flags", "/p/2/flags", "/flags", "/warnings", "/feedback", "/guidelines", "/faq", "/")


@pytest.fixture
def cast(engine) -> dict[str, Member]:
    """Ada wrote two answers of which ben flagged one; mia moderates, boss runs the site."""
    with transaction(engine) as session:
        people = {name: make_member(session, name) for name in ("ada", "ben", "mia", "boss")}
        people["mia"].role, people["boss"].role = Role.MODERATOR, Role.ADMINISTRATOR
        first, second = make_answer(session, people["ada"]), make_answer(session, people["ada"])
        flags.flag(session, first, people["ben"], "other", "It is rude")
        warnings_given.warn(session, people["ben"], people["mia"], "Be kind", post=second)
        suspensions.suspend(session, people["ada"], people["mia"], 1, "Rude")
        feedback.send(session, None, "I like it here", email="guest@elsewhere.example")
        people["flagged"], people["other"] = first, second
    return people


@pytest.mark.parametrize(("script", "width"), [(True, 1280), (False, 390)])
def test_a_flagged_post_goes_through_the_queue(window, cast, engine, script, width):
    ben = window(width=width, script=script, viewer=cast["ben"])
    ben.goto(f"/p/{cast['other'].id}/flags")
    ben.check("[value=spam]")
    ben.fill("#words", "An advertisement")
    ben.click("#flag button")
    expect(ben.locator(".toasts")).to_contain_text("Thank you")

    mia = window(width=width, script=script, viewer=cast["mia"])
    mia.goto("/moderation/flags")
    mia.locator("[data-case]").last.click()
    expect(mia.locator("#case")).to_contain_text("An advertisement")
    mia.fill("#reason", "Advertising")
    mia.click("#decide [value=hide]")
    expect(mia.locator(".toasts")).to_contain_text("Hidden")
    expect(mia.locator("[data-case]")).to_have_count(1)

    ben.goto("/flags")
    expect(ben.locator("main")).to_contain_text("A moderator hid the post")
    with transaction(engine) as session:
        assert session.get_one(Post, cast["other"].id).deleted_at is not None


def test_a_case_is_decided_by_keyboard_alone(window, cast):
    mia = window(viewer=cast["mia"])
    mia.goto("/moderation/flags/1")
    mia.focus("#reason")
    mia.keyboard.type("It is only a joke")
    for _ in range(20):
        mia.keyboard.press("Tab")
        if mia.evaluate("document.activeElement.value") == "dismiss":
            break
    mia.keyboard.press("Enter")
    expect(mia.locator(".toasts")).to_contain_text("Dismissed")


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_of_the_team_breaks_a_rule_of_accessibility(window, cast, look, width):
    broken = {}
    for who, addresses in (("boss", MODERATORS + ADMINISTRATORS), ("ben", MEMBERS)):
        page = window(width=width, look=look, viewer=cast[who])
        for address in addresses:
            page.goto(address)
            if found := broken_rules(page):
                broken[address] = found
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                broken[f"{address} is too wide"] = page.evaluate("document.documentElement.scrollWidth")
    assert broken == {}


def test_chosen_colours_are_those_of_the_buttons_under_the_policy(window, cast):
    boss = window(viewer=cast["boss"])
    boss.goto("/staff/site")
    boss.fill("#name", "Runway 12")
    boss.fill("#light", "#8A1C5B")
    boss.click("#site button")
    expect(boss.locator(".brand")).to_contain_text("Runway 12")
    # The new page is there a moment before its colours, which are a file of their own.
    expect(boss.locator("#site .main")).to_have_css("background-color", "rgb(138, 28, 91)")
