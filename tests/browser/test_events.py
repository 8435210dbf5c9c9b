"""An event's code on a phone without script, a list by keyboard, and every page of events and gifts held to accessibility."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain.base import now
from app.domain.people.members import Member, Role
from app.domain.record.points import Rank
from app.domain.ways import attendance, event_codes, invitations
from app.domain.ways.events import Event
from tests.browser.flaws import broken_rules
from tests.browser.hands import Keyboard
from tests.factories import make_event, make_member
from tests.web.scenery import make_badge, make_ranks

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)

MEMBERS = (
    "/events", "/events?shown=past", "/events?shown=mine", "/events/1", "/events/2", "/events/3", "/invitations",
    "/badges/pilot", "/badges/show", "/u/mia",
)  # fmt: skip
STAFF = (
    "/staff/events", "/staff/events/new", "/staff/events/1", "/staff/events/1/edit", "/staff/events/3", "/staff/awards",
    "/staff/badges/show/award", "/staff/badges/pilot/invitations", "/staff/members/ada/award", "/nominations/new",
)  # fmt: skip


@pytest.fixture
def cast(engine) -> dict[str, Member]:
    """Ada is invited to a badge; mia of the staff keeps an event that goes on, one that was, one for a group."""
    with transaction(engine) as session:
        make_ranks(session)
        session.query(Rank).filter_by(slug="captain").one().unlocks = ["nominating"]
        people = {name: make_member(session, name) for name in ("ada", "ben", "mia")}
        people["mia"].role = Role.MODERATOR
        pilot = make_badge(session, "pilot", ways=["invitation"], how="Be invited.")
        show = make_badge(session, "show", ways=["event", "staff"], how="Be there.")
        event = make_event(
            session, about_html="<p>With <strong>cake</strong>.</p>", gives_points=True, badge_id=show.id
        )
        event_codes.renew(session, event, people["mia"], event.ends_at)
        past = make_event(session, begins_at=now() - timedelta(days=9), title="Open office", zone="Europe/Oslo")
        attendance.record(session, past, people["ada"], "team", by=people["mia"])
        make_event(session, begins_at=now() + timedelta(days=9), audience="guests", group_name="Northern Loop")
        invitations.invite(session, pilot, [people["ada"]], people["mia"], "We need a sharp eye.")
    return people


@pytest.mark.parametrize(("script", "width"), [(True, 1280), (False, 390)])
def test_a_code_is_made_told_and_entered(window, cast, engine, script, width):
    mia = window(width=width, script=script, viewer=cast["mia"])
    mia.goto("/staff/events/1")
    mia.click("#renew button")
    code = mia.locator("#shown-code").inner_text()
    assert re.fullmatch(r"[A-Z2-9]{4} [A-Z2-9]{4}", code)

    ben = window(width=width, script=script, viewer=cast["ben"])
    ben.goto("/events")
    ben.fill("#code", "AAAA AAAA")
    ben.click("#code-form button")
    expect(ben.locator("#code-problem")).to_contain_text("That is not the code")
    expect(ben.locator("#code")).to_have_value("AAAA AAAA")
    ben.fill("#code", code.lower())
    ben.click("#code-form button")
    expect(ben.locator(".toasts")).to_contain_text("you were at Spring meet-up")
    expect(ben.locator('[data-attended="yes"]')).to_be_visible()
    ben.goto("/events?shown=mine")
    expect(ben.locator("[data-event]")).to_have_count(1)

    mia.goto("/staff/events/1")
    expect(mia.locator('[data-attendance="ben"]')).to_contain_text("by code")
    with transaction(engine) as session:
        assert attendance.count(session, session.get_one(Event, 1)) == 1


def test_a_list_is_looked_through_and_noted_by_keyboard_alone(window, cast):
    mia, keys = window(viewer=cast["mia"]), Keyboard()
    mia.goto("/staff/events/1")
    keys.write(mia.locator("#who"), "ada, ben@members.example, nobody@x.example")
    keys.press(mia.locator("#list button"))
    expect(mia.locator("#unmatched")).to_contain_text("nobody@x.example")
    keys.press(mia.locator("#apply button"))
    expect(mia.locator(".toasts")).to_contain_text("Noted 2 members")


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)])
def test_no_page_of_events_or_gifts_breaks_a_rule_of_accessibility(window, cast, look, width):
    broken = {}
    for who, addresses in (("ada", MEMBERS), ("mia", STAFF)):
        page = window(width=width, look=look, viewer=cast[who])
        for address in addresses:
            page.goto(address)
            look_at(page, address, broken)
    page.goto("/staff/badges/show/award")
    page.fill("#who", "ada, ben, nobody, nobody")
    page.fill("#reason", "For the tent")
    page.click("#give button.main")
    expect(page.locator("#unmatched")).to_contain_text("nobody × 2")
    look_at(page, "what a list would do", broken)
    assert broken == {}


def look_at(page, address, broken):
    """Note what axe finds, and what is wider than the window."""
    if found := broken_rules(page):
        broken[address] = found
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        broken[f"{address} is too wide"] = page.evaluate("document.documentElement.scrollWidth")
