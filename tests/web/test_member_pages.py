"""Profiles, badging pages, statements of points."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app.db import transaction
from app.domain.badging.criteria import parse
from app.domain.badging.totals import Measure, Total
from app.domain.base import day_number, now
from tests.factories import make_member
from tests.web.scenery import (
    NOON,
    days,
    make_award,
    make_badge,
    make_entry,
    make_post,
    make_ranks,
    make_rule,
    make_thread_of,
    sign_in,
)

TEN_ACCEPTED = {"count": "accepted", "n": 10}


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "Ada", points=120, rank=1)


def soup(answer):
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


def stand_at(session, member, earn, value):
    """Let the evaluator's totals say that a member has come so far."""
    [measure] = parse(earn).measures()
    row = Measure(key=measure.key)
    session.add(row)
    session.flush()
    session.add(Total(measure_id=row.id, member_id=member.id, part="", value=value, latest=NOON))


def test_the_profile_shows_exactly_the_two_badges_earned_last(client, engine, ada):
    with transaction(engine) as session:
        for slug, at in (
            ("old", NOON - days(9)),
            ("newest", NOON),
            ("newer", NOON - days(1)),
            ("oldest", NOON - days(99)),
        ):
            make_award(session, make_badge(session, slug), ada, at)
    recent = soup(client.get("/u/Ada")).select("[data-recent-badge]")
    assert [it["data-recent-badge"] for it in recent] == ["newest", "newer"]


def test_of_two_badges_earned_at_once_the_later_award_is_newer(client, engine, ada):
    with transaction(engine) as session:
        for slug in ("first", "second", "third"):
            make_award(session, make_badge(session, slug), ada, NOON)
    recent = soup(client.get("/u/Ada")).select("[data-recent-badge]")
    assert [it["data-recent-badge"] for it in recent] == ["third", "second"]


def test_a_name_with_dots_and_dashes_has_all_its_pages(client, engine):
    with transaction(engine) as session:
        badge = make_badge(session, "held")
        make_award(session, badge, make_member(session, "j.r-r_t.png"))
    page = soup(client.get("/badges/held"))
    home = page.select_one(".holders b a")["href"]
    for path in (home, f"{home}/badges", f"{home}/badges?view=list", f"{home}/activity"):
        assert soup(client.get(path)).h1, path
    assert client.get(f"{home}x").status_code == 404


def test_a_revoked_award_is_not_shown(client, engine, ada):
    with transaction(engine) as session:
        badge = make_badge(session, "given-in-error")
        award = make_award(session, badge, ada, revoked_at=now())
    assert not soup(client.get("/u/Ada")).select("[data-recent-badge]")
    assert soup(client.get("/u/Ada/badges")).select_one('[data-badge="given-in-error"]')["data-state"] == "locked"
    assert client.get(f"/awards/{award.id}").status_code == 404


def test_a_profile_tells_rank_points_and_counts(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, make_member(session, "ben"), 0)
        answer = make_post(session, thread, ada, upvotes=3)
        make_post(session, thread, ada)
        thread.accepted_post_id = answer.id
    page = soup(client.get("/u/ada"))
    card = page.select_one('[data-member="Ada"]')
    facts = {it.dt.text: it.dd.text for it in card.select("dl > div")}
    assert facts == {"Points": "120", "Accepted": "1", "Answers": "2", "Badges": "0"}
    assert card.select_one(".stars")["aria-label"] == "Cadet, 1 of 5 stars"
    assert page.select_one("#best + div a")["href"] == f"/p/{answer.id}"


def test_nobody_and_whoever_left_have_no_pages(client, engine, ada):
    with transaction(engine) as session:
        session.merge(ada).deleted_at = now()
    assert {client.get(f"/u/{name}{rest}").status_code for name in ("Ada", "nobody") for rest in ("", "/badges")} == {
        404
    }


def test_the_badging_page_has_every_badge_with_its_tip(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "held"), ada)
        make_badge(session, "open", earn=TEN_ACCEPTED, how="Have 10 answers accepted.")
    page = soup(client.get("/u/Ada/badges"))
    held, open_ = page.select_one('[data-badge="held"]'), page.select_one('[data-badge="open"]')
    assert (held["data-state"], held.select_one("svg.badge").get("data-locked")) == ("earned", None)
    assert (open_["data-state"], open_.select_one("svg.badge").get("data-locked")) == ("locked", "")
    assert "1 Nov 2026" in held.text
    assert "Have 10 answers accepted." in open_.select_one("[data-tip]").text


def test_progress_is_shown_to_oneself_alone(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "safe-hands", earn=TEN_ACCEPTED)
        stand_at(session, ada, TEN_ACCEPTED, 7)
        eve = make_member(session, "eve")
    assert not soup(client.get("/u/Ada/badges")).select("progress")
    assert not soup(sign_in(client, engine, eve).get("/u/Ada/badges")).select("progress")
    bar = soup(sign_in(client, engine, ada).get("/u/Ada/badges")).select_one(
        '[data-badge="safe-hands"] [data-tip] progress'
    )
    assert (bar["value"], bar["max"]) == ("7", "10")


def test_the_list_tells_what_the_tips_tell(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "safe-hands", earn=TEN_ACCEPTED, how="Have 10 answers accepted.")
        stand_at(session, ada, TEN_ACCEPTED, 7)
    line = soup(sign_in(client, engine, ada).get("/u/Ada/badges?view=list")).select_one('[data-badge="safe-hands"]')
    assert "Have 10 answers accepted." in line.select_one("[data-tip]").text
    assert line.progress["value"] == "7"


def test_a_streak_counts_the_days_up_to_today(client, engine, ada):
    from app.domain.record.activities import Activity

    with transaction(engine) as session:
        make_badge(session, "weekly-hop", earn={"streak": "visited", "n": 7})
        today = day_number(now())
        for seq, day in enumerate((today - 9, today - 2, today - 1, today), 1):
            session.add(
                Activity(kind="visited", member_id=ada.id, actor_id=ada.id, happened_at=NOON, local_day=day, seq=seq)
            )
    bar = soup(sign_in(client, engine, ada).get("/u/Ada/badges")).select_one('[data-badge="weekly-hop"] progress')
    assert (bar["value"], bar["max"]) == ("3", "7")


def test_the_nearest_badges_come_first_and_only_to_oneself(client, engine, ada):
    with transaction(engine) as session:
        for slug, n in (("far", 100), ("near", 10), ("done-by-others", 1)):
            make_badge(session, slug, earn={"count": "accepted", "n": n})
        stand_at(session, ada, TEN_ACCEPTED, 9)
    assert not soup(client.get("/u/Ada/badges")).select(".approach")
    page = soup(sign_in(client, engine, ada).get("/u/Ada/badges"))
    assert [it["href"] for it in page.select(".approach a")] == ["/badges/near", "/badges/far"]
    assert [it["href"] for it in soup(client.get("/")).select('[aria-labelledby="approach"] a')][:1] == ["/badges/near"]


def test_filters_show_what_they_say(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "held"), ada)
        make_badge(session, "wanted")
        make_badge(session, "asked", ways=["request"])

    def shown(kind):
        return {it["data-badge"] for it in soup(client.get(f"/u/Ada/badges?show={kind}")).select("[data-badge]")}

    assert shown("all") == {"held", "wanted", "asked"}
    assert shown("earned") == {"held"}
    assert shown("unearned") == {"wanted", "asked"}
    assert shown("request") == {"asked"}
    assert client.get("/u/Ada/badges?show=nonsense").status_code == 400


def test_a_legacy_badge_stays_with_whoever_has_it(client, engine, ada):
    with transaction(engine) as session:
        legacy = make_badge(session, "veteran", state="legacy")
        make_award(session, legacy, ada)
        make_member(session, "eve")
    assert soup(client.get("/u/Ada/badges")).select_one('[data-badge="veteran"]')["data-state"] == "earned"
    assert soup(client.get("/u/eve/badges")).select_one('[data-badge="veteran"]')["data-state"] == "legacy"
    assert soup(client.get("/badges")).select_one('[data-badge="veteran"]')["data-state"] == "legacy"


def test_the_statement_shows_each_entry_with_its_reason_post_and_time(client, engine, ada):
    with transaction(engine) as session:
        make_rule(session)
        thread = make_thread_of(session, ada, 0)
        post = make_post(session, thread, ada)
        entry = make_entry(session, ada, 15, post_id=post.id)
        make_entry(session, ada, -15, post_id=post.id, reverses_id=entry.id)
        make_entry(session, ada, 0, held="day")
    rows = soup(sign_in(client, engine, ada).get("/u/Ada/points")).select("[data-entry]")
    assert [it.select_one(".tally .chip").text for it in rows] == ["0", "−15", "+15"]
    assert "allowance" in rows[0].text
    assert "Taken back" in rows[1].text
    assert "Somebody accepts your answer" in rows[2].text
    assert rows[2].select_one(f'a[href="/p/{post.id}"]').text == "A thread"
    assert rows[2].time["datetime"] == "2026-11-01T12:00Z"


def test_a_statement_is_for_its_owner(client, engine, ada):
    with transaction(engine) as session:
        eve = make_member(session, "eve")
    answer = client.get("/u/Ada/points")
    assert (answer.status_code, answer.location) == (303, "/login?next=/u/Ada/points")
    assert sign_in(client, engine, eve).get("/u/Ada/points").status_code == 404
    assert sign_in(client, engine, ada).get("/u/Ada/points").status_code == 200
