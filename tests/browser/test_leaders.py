"""A week that is over, opened later; who hides from the board; and what staff see of fairness: as people do it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import evaluator, leaders
from app.domain.base import now
from app.domain.record import activities, scores
from app.domain.record.points import PointRule
from app.domain.writing import reactions
from tests.browser.flaws import flawless
from tests.factories import make_category, make_member
from tests.web.scenery import make_entry, make_post, make_thread_of

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture
def people(engine):
    """Ada and Ben, and Mia of the staff."""
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        session.add(PointRule(slug="visit", kind="visited", amount=1, says="Come by"))
        found = {name: make_member(session, name, joined_at=now() - timedelta(days=14)) for name in ("ada", "ben")}
        found["mia"] = make_member(session, "mia", role="moderator")
        make_category(session, slug="lounge", name="Lounge")
    return found


@pytest.fixture
def closed_week(engine, people):
    """Last week, in which Ada earned 12 points and Ben 7."""
    with transaction(engine) as session:
        for name, points in (("ada", 12), ("ben", 7)):
            activities.note(session, "visited", people[name], amount=points, at=now() - timedelta(days=7))
    evaluator.run(partial(transaction, engine))
    with transaction(engine) as session:
        assert leaders.close_next(session, at=now() + leaders.SETTLED)


@pytest.mark.usefixtures("closed_week")
@pytest.mark.parametrize(
    ("width", "look", "script"), [(1280, "light", True), (390, "dark", True), (390, "light", False)]
)
def test_a_closed_week_is_opened_later_and_shows_where_one_stood(window, people, width, look, script):
    ben = window(width=width, look=look, script=script, viewer=people["ben"])
    ben.goto("/leaders")
    expect(ben.locator("#leaders")).to_contain_text("The runway is clear")
    ben.click("text=The week before")
    board = ben.locator(".board")
    expect(board).to_contain_text("final")
    expect(board.locator("tbody tr")).to_have_count(2)
    expect(board.locator("tbody tr").first).to_contain_text("12")
    expect(board.locator("[aria-current]")).to_contain_text("ben")
    if script:
        flawless(ben)
    ben.select_option("#category", "lounge")
    ben.click("form:has(#category) button")
    expect(ben.locator("#leaders")).to_contain_text("Nobody was on this board")
    if script:
        flawless(ben)


@pytest.mark.usefixtures("closed_week")
def test_who_hides_is_gone_from_a_closed_week_as_well(window, people):
    ada = window(width=390, viewer=people["ada"])
    ada.goto("/settings/profile#leaders")
    ada.uncheck("[name=listed]")
    ada.locator("form[action='/settings/leaders'] button").click()
    ada.goto("/leaders")
    ada.click("text=The week before")
    expect(ada.locator("main")).to_contain_text("You are in no list of leaders.")
    expect(ada.locator(".board tbody tr")).to_have_count(1)
    flawless(ada)


@pytest.mark.parametrize(("width", "look"), [(1280, "light"), (390, "dark")])
def test_staff_look_at_who_mostly_reacts_to_whom_and_at_what_was_held_back(window, people, engine, width, look):
    with transaction(engine) as session:
        ada, ben = (session.merge(people[name]) for name in ("ada", "ben"))
        for author, giver in ((ada, ben), (ben, ada)):
            thread = make_thread_of(session, author, 0)
            for _ in range(5):
                reactions.react(session, make_post(session, thread, author), giver, "upvote")
        make_entry(session, ada, 0, held="day", held_back=15, week=scores.week_at(now(), "UTC"))
    mia = window(width=width, look=look, viewer=people["mia"])
    mia.goto("/staff/fairness")
    expect(mia.locator("[data-pair]")).to_have_count(1)
    flawless(mia)
    mia.locator("[data-pair] a[href*='/staff/fairness/']").first.click()
    expect(mia.locator("main .ledger li")).to_have_count(10)
    flawless(mia)
    mia.goto("/staff/fairness/held")
    expect(mia.locator("[data-held]")).to_contain_text("15")
    flawless(mia)
