"""A badge given in error: the team takes it back by keyboard, without script, and its holder reads why."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.db import transaction
from tests.browser.flaws import broken_rules
from tests.factories import make_member

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture
def mia(engine, ada):
    with transaction(engine) as session:
        return make_member(session, "mia", role="moderator")


@pytest.mark.parametrize(("width", "look", "script"), [(1280, "light", False), (390, "dark", True)])
def test_an_award_is_taken_back_and_its_holder_reads_why(window, ada, mia, width, look, script):
    page = window(width=width, look=look, script=script, viewer=mia)
    page.goto("/awards/1")
    page.locator("summary", has_text="Take it back").press("Enter")
    page.get_by_label("Why").fill("It was somebody else’s answer.")
    if script:
        assert broken_rules(page) == []
    page.get_by_role("button", name="Take it back").press("Enter")
    expect(page.locator("main .note")).to_contain_text("somebody else’s answer")

    own = window(width=width, look=look, script=script, viewer=ada)
    for address in ("/awards/1", "/badges/smooth-landing", "/u/ada/badges"):
        own.goto(address)
        expect(own.locator("main")).to_contain_text("It was somebody else’s answer.")
        if script:
            assert broken_rules(own) == [], address
