"""The programme in figures, as the team sees it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import transaction
from app.domain.awarding import awards
from app.domain.base import now
from app.domain.catalogue import figures
from app.domain.forum.threads import Category
from app.domain.mail.deliveries import Delivery
from app.domain.people.members import Role
from app.domain.writing import posts
from tests.factories import make_member
from tests.web.scenery import make_award, make_badge, sign_in
from tests.web.test_request_queue import ask
from tests.web.visitors import Visitor

HERE = "/staff/figures"
DAY = timedelta(days=1)


@pytest.fixture
def cast(engine):
    """Ada takes part, mia moderates; two badges."""
    with transaction(engine) as session:
        people = {"ada": make_member(session, "ada"), "mia": make_member(session, "mia", role=Role.MODERATOR)}
        return people | {name: make_badge(session, name, ways=["request"]) for name in ("speaker", "pilot")}


@pytest.fixture
def mia(app, engine, cast):
    return Visitor(sign_in(app.test_client(), engine, cast["mia"]))


def numbers(page, section):
    """The rows of a section: what it says, and how many."""
    rows = page.select(f'section[aria-labelledby="{section}"] li .between')
    return {it.find().text: int(it.b.text.replace(",", "")) for it in rows}


def test_a_new_site_has_figures_too(mia):
    page = mia.get(HERE)
    assert page.select_one("[data-awards]")["data-awards"] == "0"
    assert "Clear skies" in page.select_one('[aria-labelledby="waits"]').text
    assert "Nobody has written" in page.select_one('[aria-labelledby="categories"]').text
    assert "No letter was owed" in page.select_one('[aria-labelledby="letters"]').text
    assert not page.select(".plot rect")


def test_badges_are_counted_on_the_day_they_were_earned_by_who_gave_them(engine, cast, mia):
    with transaction(engine) as session:
        ada, speaker, pilot = (session.merge(cast[it]) for it in ("ada", "speaker", "pilot"))
        make_award(session, pilot, ada, at=now() - 2 * DAY)
        make_award(session, speaker, ada, at=now() - (figures.DAYS + 1) * DAY)  # too long ago
        awards.give(session, speaker, [session.merge(cast["mia"])], by=ada)
    page = mia.get(HERE)
    assert page.select_one("[data-awards]")["data-awards"] == "2"
    assert (len(page.select(".plot rect.rule")), len(page.select(".plot rect.people"))) == (1, 1)
    rows = [[it.text for it in row.select("td")] for row in page.select("table.figures tbody tr")]
    assert len(rows) == figures.DAYS
    assert (rows[0], rows[2]) == (["0", "1"], ["1", "0"])


def test_an_award_that_was_taken_back_is_not_counted(engine, cast, mia):
    with transaction(engine) as session:
        made = make_award(session, session.merge(cast["pilot"]), session.merge(cast["ada"]), at=now())
        session.flush()
        awards.revoke(session, made, session.merge(cast["mia"]), "Given in error.")
    assert mia.get(HERE).select_one("[data-awards]")["data-awards"] == "0"


def test_badges_that_nobody_holds_are_named(engine, cast, mia):
    with transaction(engine) as session:
        make_badge(session, "old", state="legacy")
        awards.give(session, session.merge(cast["speaker"]), [session.merge(cast["ada"])])
    listed = mia.get(HERE).select_one('section[aria-labelledby="unearned"]')
    assert [it["href"] for it in listed.select("li a")] == ["/badges/pilot"]


def test_requests_are_grouped_by_how_long_they_wait(engine, cast, mia):
    ask(engine, cast)
    ask(engine, cast, badge="pilot", days=3)
    assert numbers(mia.get(HERE), "waits") == {
        "less than a day": 1, "one day": 0, "two to seven days": 1, "longer": 0
    }  # fmt: skip


def test_letters_are_told_by_what_became_of_them(engine, cast, mia):
    with transaction(engine) as session:
        ada = session.merge(cast["ada"])
        for state in ("sent", "sent", "dead", "dropped"):
            session.add(Delivery(member_id=ada.id, kind="welcome", state=state))
        session.add(Delivery(member_id=ada.id, kind="welcome", state="sent", created_at=now() - 40 * DAY))
    assert list(numbers(mia.get(HERE), "letters").values()) == [2, 0, 1, 0, 1]


def test_categories_stand_in_the_order_of_how_much_is_written_there(engine, cast, mia):
    with transaction(engine) as session:
        ada, quiet, busy = (
            session.merge(cast["ada"]),
            Category(slug="quiet", name="Quiet"),
            Category(slug="busy", name="Busy"),
        )
        session.add_all([quiet, busy, Category(slug="silent", name="Silent")])
        session.flush()
        for category, days in ((quiet, 0), (busy, 0), (busy, 40)):
            thread = posts.start_thread(
                session, ada, category, kind="discussion", title="A thread", body="Words.", at=now() - days * DAY
            )
        posts.post_reply(session, thread, session.merge(cast["mia"]), "An answer to what is old.")
    page = mia.get(HERE)
    assert list(numbers(page, "categories").items()) == [("Busy", 2), ("Quiet", 1)]
    assert "1 of them new" in page.select_one('[aria-labelledby="categories"] li').text


def test_figures_cost_the_same_however_much_there_is(engine, cast, mia, statements):
    mia.get(HERE)
    statements.clear()
    mia.get(HERE)
    assert len(statements) <= 8
