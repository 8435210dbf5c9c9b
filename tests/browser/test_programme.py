"""The programme as an administrator makes it: a badge from nothing to its retirement, and the catalogue as a text."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain import catalogue
from app.domain.people.members import Role
from tests.browser.flaws import broken_rules
from tests.factories import make_member, make_thread

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
WRONG = '{ all = [{ count = "asked" }, { count = "acepted", n = 2 }] }'
RIGHT = '{ any = [{ count = "asked" }, { count = "accepted", n = 2 }] }'


@pytest.fixture
def boss(engine):
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        make_thread(session, make_member(session, "ada"))
        return make_member(session, "boss", role=Role.ADMINISTRATOR)


@pytest.mark.parametrize(("look", "width", "script"), [("light", 1280, True), ("dark", 390, False)])
def test_a_badge_is_made_from_nothing_changed_and_retired(window, boss, look, width, script):
    page = window(width=width, look=look, script=script, viewer=boss)

    def fine():
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not script or not broken_rules(page)

    page.goto("/staff/badges")
    page.get_by_role("link", name="New badge").click()
    for field, value in {"name": "Night Owl", "slug": "night-owl", "about": "You ask at night.", "rule": WRONG}.items():
        page.fill(f"#{field}", value)
    page.select_option("#tier", "gold")
    page.locator("[name=glyph][value=moon]").check()
    if script:
        expect(page.locator("#art")).to_have_attribute("aria-label", "Gold, Pre-flight, moon")
    page.select_option("#state", "published")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#rule-problem")).to_have_text(
        "all, part 2, count: unknown kind 'acepted'. Did you mean 'accepted'?"
    )
    fine()
    page.fill("#rule", RIGHT)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Ask your first question, or have 2 answers accepted.")
    page.locator("#rules summary").nth(3).click()
    expect(page.locator("#rules")).to_contain_text("Post 5 answers")
    fine()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toasts")).to_contain_text("Saved")
    page.fill("#rule", '{ count = "asked", n = 3 }')
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toasts")).to_contain_text("Saved")
    page.select_option("#state", "legacy")
    page.get_by_role("button", name="Save").click()
    page.goto("/badges/night-owl")
    expect(page.locator("#rules")).to_contain_text("Ask your first question")
    expect(page.locator("[data-why-not]")).to_be_visible()


@pytest.mark.parametrize(("look", "width", "script"), [("dark", 1280, True), ("light", 390, False)])
def test_ranks_and_lessons_are_edited_as_a_text(window, boss, look, width, script):
    page = window(width=width, look=look, script=script, viewer=boss)
    page.goto("/staff/catalogue")
    text = page.input_value("#content")
    for old, new, place, told in (
        ('"answered"', '"answerd"', "#problems", "unknown kind 'answerd'. Did you mean 'answered'?"),
        ("+ Sync stops", "- Sync stops", "#problems", "Mark one answer of"),
        ('"Captain"', '"Skipper"', "#difference", '~ rank captain: name: "Captain" -> "Skipper"'),
        ("# Asking so", "# Ask so", "#difference", "+ # Ask so that you get an answer"),
    ):
        page.fill("#content", text.replace(old, new, 1))
        page.get_by_role("button", name="See the difference").first.click()
        expect(page.locator(place)).to_contain_text(told)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert not script or not broken_rules(page)
    page.get_by_role("button", name="Save").click()
    page.goto("/lessons/asking")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask so that you get an answer")
