"""Unlocking messages, writing and answering; claiming what a milestone gives, and sending it: as people do it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from app.db import transaction
from app.domain import catalogue
from app.domain.people.members import Member
from app.domain.rewards import swag
from tests.browser.flaws import flawless
from tests.factories import make_member

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture
def people(engine):
    """Ben, a Cadet 20 points below First Officer; Cleo, a Captain; Mia of the staff."""
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        return {
            "ben": make_member(session, "ben", points=380, rank=1),
            "cleo": make_member(session, "cleo", points=1600, rank=3),
            "mia": make_member(session, "mia", role="moderator"),
        }


def test_a_rank_opens_messages_and_they_are_answered(window, people, engine):
    ben = window(viewer=people["ben"])
    ben.goto("/u/cleo")
    expect(ben.locator("#message-lock")).to_have_text(
        "Direct messages unlock at First Officer. You need 20 more points."
    )
    flawless(ben)
    with transaction(engine) as session:
        session.execute(update(Member).where(Member.username == "ben").values(points=400, rank=2))
    ben.reload()
    ben.click('main a[href="/messages/cleo#body"]')
    ben.fill("#body", "Hello Cleo, **well flown**.")
    ben.click("text=Send")
    expect(ben.locator(".talk .mine strong")).to_have_text("well flown")

    cleo = window(width=390, look="dark", viewer=people["cleo"])
    cleo.goto("/")
    expect(cleo.locator("#messages-link")).to_have_attribute("aria-label", "Messages, 1 unread")
    cleo.click("#messages-link")
    flawless(cleo)
    cleo.click(".pile a")
    expect(cleo.locator("#messages-link")).to_have_attribute("aria-label", "Messages")
    flawless(cleo)
    cleo.fill("#body", "Thank you, Ben.")
    cleo.click("text=Send")
    expect(cleo.locator(".talk .mine")).to_contain_text("Thank you, Ben.")

    ben.bring_to_front()
    ben.evaluate(
        "document.querySelectorAll('[hx-trigger^=every]').forEach(it => it.dispatchEvent(new CustomEvent('every')))"
    )
    expect(ben.locator(".talk").last).to_contain_text("Thank you, Ben.")
    flawless(ben)


def test_without_script_a_message_is_written_all_the_same(window, people):
    cleo = window(script=False, viewer=people["cleo"])
    cleo.goto("/u/ben")
    cleo.click('main a[href="/messages/ben#body"]')
    cleo.fill("#body", "Plain words.")
    cleo.click("text=Send")
    expect(cleo.locator(".talk .mine")).to_contain_text("Plain words.")


def test_a_milestone_is_claimed_and_sent(window, people, engine):
    with transaction(engine) as session:
        assert swag.grant(session) == 1
    cleo = window(width=390, viewer=people["cleo"])
    cleo.goto("/swag")
    flawless(cleo)
    cleo.click("text=Claim it")
    flawless(cleo)
    cleo.fill("#recipient", "Cleo Wren")
    cleo.fill("#address", "Elm Lane 7\n12345 Oslo")
    cleo.fill("#country", "Norway")
    cleo.click("#claim .main")
    expect(cleo.locator("[data-milestone=luggage-tag]")).to_contain_text("Claimed")

    mia = window(look="dark", viewer=people["mia"])
    mia.goto("/staff/swag")
    expect(mia.locator("[data-swag] address")).to_contain_text("Elm Lane 7")
    flawless(mia)
    mia.click("text=Mark as sent")
    expect(mia.locator(".empty")).to_contain_text("Nothing waits to be sent.")
    cleo.reload()
    expect(cleo.locator("[data-milestone=luggage-tag]")).to_contain_text("We have forgotten your address.")


def test_a_report_is_read_and_decided(window, people, engine):
    cleo = window(viewer=people["cleo"])
    cleo.goto("/messages/ben")
    cleo.fill("#body", "Not nice.")
    cleo.click("text=Send")
    ben = window(width=390, look="dark", viewer=people["ben"])
    ben.goto("/messages/cleo")
    ben.click("text=Report")
    ben.check("[value=abuse]")
    flawless(ben)
    ben.click("#report .main")
    expect(ben.locator(".note").first).to_contain_text("You reported this conversation")

    mia = window(viewer=people["mia"])
    mia.goto("/moderation/reports")
    flawless(mia)
    mia.click(".pile a")
    expect(mia.locator(".talk")).to_have_count(0)
    mia.click("#open button")
    expect(mia.locator(".talk")).to_contain_text("Not nice.")
    flawless(mia)
    mia.click("text=Nothing wrong")
    expect(mia.locator(".empty")).to_contain_text("No reported conversations are waiting.")
