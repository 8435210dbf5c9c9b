"""The library, a badge's page, an award's page, the explanations."""

from __future__ import annotations

import re
import time

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event

from app.db import transaction
from app.domain.badging.badges import BadgeVersion
from app.domain.catalogue import chronicle
from app.domain.moderation import feedback
from app.domain.record import kinds
from app.domain.record.activities import Activity
from app.web.badging import next_steps
from app.web.site import FRESH_SECONDS
from tests.factories import make_member
from tests.web.forms import fill_in, problems, send, toast
from tests.web.forms import soup as soup_of
from tests.web.scenery import (
    NOON,
    days,
    make_award,
    make_badge,
    make_post,
    make_ranks,
    make_rule,
    make_thread_of,
    sign_in,
)


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada")


def soup(answer):
    assert answer.status_code == 200
    return BeautifulSoup(answer.data, "html.parser")


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"ways": ["automatic"]}, "locked"),
        ({"ways": ["request"]}, "requestable"),
        ({"ways": ["event", "request"]}, "requestable"),
        ({"ways": ["invitation", "event"]}, "invitation"),
        ({"ways": ["event"]}, "event"),
        ({"ways": ["checklist"]}, "locked"),
        ({"ways": ["staff"]}, "locked"),
        ({"ways": ["request"], "state": "legacy"}, "legacy"),
        ({"ways": ["automatic"], "state": "planned"}, "planned"),
    ],
)
def test_a_badge_has_the_first_state_that_fits(client, engine, ada, more, state):
    with transaction(engine) as session:
        badge = make_badge(session, "it", **more)
        held = make_badge(session, "held", **more)
        make_award(session, held, ada)
    sign_in(client, engine, ada)
    for address in ("/badges", "/badges/it"):
        found = soup(client.get(address)).select_one('[data-badge="it"]')
        assert (found["data-state"], found["data-way"]) == (state, " ".join(badge.ways))
    assert soup(client.get("/badges")).select_one('[data-badge="held"]')["data-state"] == "earned"
    page = soup(client.get("/badges/it"))
    assert bool(page.select_one("[data-why-not]")) != bool(page.select_one('a[href="/badges/it/request"]'))
    assert bool(page.select_one("[data-why-not]")) == (state != "requestable")
    assert "You earned it" in soup(client.get("/badges/held")).select_one("[data-why-not]").get_text()


def test_the_library_filters_by_group_tier_way_and_earned(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "a", family="tower", tier="gold", ways=["request"]), ada)
        make_badge(session, "b", family="tower", tier="bronze")
        make_badge(session, "c", family="miles", tier="gold")
    sign_in(client, engine, ada)

    def shown(query):
        return {it["data-badge"] for it in soup(client.get(f"/badges?{query}")).select("[data-badge]")}

    assert shown("") == {"a", "b", "c"}
    assert shown("group=tower") == {"a", "b"}
    assert shown("tier=gold") == {"a", "c"}
    assert shown("group=tower&tier=bronze") == {"b"}
    assert shown("way=request") == {"a"}
    assert (shown("earned=yes"), shown("earned=no")) == ({"a"}, {"b", "c"})
    assert client.get("/badges?group=x").status_code == 400


@pytest.mark.parametrize("path", ["/badges", "/u/ada/badges"])
def test_what_became_of_a_badge_shows_at_once_and_what_staff_change_elsewhere_within_seconds(client, engine, ada, path):
    with transaction(engine) as session:
        badge = make_badge(session, "again", how="Land once.")
    sign_in(client, engine, ada)

    def tile():
        [found] = soup(client.get(path)).select('[data-badge="again"]')
        return found["data-state"], re.findall(r"Land \w+|\d+ holders?", found.select_one("[data-tip]").get_text(" "))

    assert tile() == ("locked", ["Land once"])
    with transaction(engine) as session:  # as the worker and another host do it: this process is not told
        badge = session.merge(badge)
        make_award(session, badge, ada)
        make_award(session, badge, make_member(session, "ben"))
        session.get_one(BadgeVersion, badge.version_id).how = "Land twice."
    assert tile() == ("earned", ["Land once", "2 holders"])
    time.sleep(FRESH_SECONDS + 0.1)
    assert tile() == ("earned", ["Land twice", "2 holders"])


def test_a_badge_page_has_its_holders_latest_first_each_once(client, engine, ada):
    with transaction(engine) as session:
        badge, ben = make_badge(session, "again"), make_member(session, "ben")
        make_award(session, badge, ada, NOON - days(3), subject=1)
        make_award(session, badge, ben, NOON - days(2))
        make_award(session, badge, ada, NOON - days(1), subject=2)
        session.merge(badge).holders = 2
    page = soup(client.get("/badges/again"))
    assert page.select_one('[data-badge="again"]')["data-holders"] == "2"
    assert [it["data-member"] for it in page.select(".holders [data-member]")] == ["ada", "ben"]
    assert "100 % of members" in page.text


def test_holders_are_paged(client, engine, ada):
    with transaction(engine) as session:
        badge = make_badge(session, "common")
        for _ in range(31):
            make_award(session, badge, make_member(session))
    assert len(soup(client.get("/badges/common")).select(".holders li")) == 30
    assert len(soup(client.get("/badges/common?page=2")).select(".holders li")) == 1
    assert client.get("/badges/common?page=3").status_code == 404
    assert client.get("/badges/unknown").status_code == 404


def test_each_condition_shows_the_viewers_own_number(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "chocks-away"), ada)
        make_badge(session, "ready", earn={"all": [{"has": "chocks-away"}, {"count": "accepted", "n": 3}]})
    assert "Why not yet?" not in soup(client.get("/badges/ready")).text
    page = soup(sign_in(client, engine, ada).get("/badges/ready"))
    first, second = page.select(".condition")
    assert "Chocks Away" in first.text
    assert first.select_one('use[href$="check-circle-fill"]')
    assert (second.progress["value"], second.progress["max"]) == ("0", "3")


def test_an_award_explains_itself(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, title="Which gate?")
        post = make_post(session, thread, ada)
        session.add(
            Activity(
                kind="accepted",
                member_id=ada.id,
                actor_id=ada.id,
                post_id=post.id,
                happened_at=NOON,
                local_day=1,
                seq=5,
            )
        )
        award = make_award(session, make_badge(session, "smooth-landing", how="Have an answer accepted."), ada, seq=5)
        by_hand = make_award(
            session, make_badge(session, "thanks"), ada, way="staff", by_id=ada.id, reason="For the tower."
        )
    page = soup(client.get(f"/awards/{award.id}"))
    assert "Have an answer accepted." in page.main.text
    assert page.select_one(f'main a[href="/p/{post.id}"]').text == "Which gate?"
    assert page.main.time["datetime"] == "2026-11-01T12:00Z"
    assert "For the tower." in soup(client.get(f"/awards/{by_hand.id}")).main.text
    assert client.get("/awards/999").status_code == 404


def test_points_and_ranks_are_explained_from_what_is_in_force(client, engine, ada):
    with transaction(engine) as session:
        make_rule(session)
        make_rule(session, slug="past").until = 10
    page = soup(client.get("/points"))
    [rule] = page.select("[data-rule]")
    assert [it.text for it in rule.select("td")] == ["+15", "150", "–"]
    ranks = soup(sign_in(client, engine, ada).get("/ranks"))
    assert [it["data-rank"] for it in ranks.select("[data-rank]")] == ["passenger", "cadet", "captain"]
    assert ranks.select_one('[data-rank][aria-current="true"]')["data-rank"] == "passenger"


def test_how_to_get_badges_names_the_ways_in_use(client, engine):
    with transaction(engine) as session:
        make_badge(session, "by-itself")
        make_badge(session, "asked", ways=["request"])
        make_badge(session, "gone", ways=["staff"], state="legacy")
    links = {it["href"] for it in soup(client.get("/how-to-get-badges")).select('main a[href^="/badges?way="]')}
    assert links == {"/badges?way=automatic", "/badges?way=request"}


def test_the_example_of_a_way_is_a_badge_of_that_way_alone_where_there_is_one(client, engine):
    with transaction(engine) as session:
        make_badge(session, "tower", ways=["invitation", "staff"])
        make_badge(session, "thanks", ways=["staff"])
    page = soup(client.get("/how-to-get-badges"))
    examples = {
        it.select_one('a[href^="/badges?way="]')["href"][12:]: it.select_one("p a")["href"]
        for it in page.select(".way")
    }
    assert examples == {"invitation": "/badges/tower", "staff": "/badges/thanks"}


def test_an_empty_site_has_all_its_pages(client):
    for address in ("/", "/badges", "/points", "/ranks", "/how-to-get-badges", "/appearance"):
        assert client.get(address).status_code == 200


def test_a_rule_says_why_not_yet_with_what_did_not_count(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, title="My own question")
        gone = make_post(session, make_thread_of(session, ada, 0, title="Gone question"), ada, deleted_at=NOON)
        make_badge(session, "helper", earn={"count": "answered", "n": 5, "where": {"by_other": True}})
        there = make_post(session, thread, ada)
        for post in (there, gone):
            note(session, ada, post, "answered")
    sign_in(client, engine, ada)
    [condition] = soup(client.get("/badges/helper")).select("[data-condition]")
    assert (condition.progress["value"], condition.progress["max"]) == ("0", "5")
    [left_out] = condition.select("[data-left-out]")
    assert "2 not counted: only those in a thread somebody else started count" in left_out.text
    assert [(it["href"], it.text) for it in left_out.select("a")] == [(f"/p/{there.id}", "My own question")]
    assert condition.select_one('a[href="/?sort=unanswered"]')


def test_a_rule_of_many_conditions_costs_as_many_statements_as_one_of_two(client, engine, ada):
    facts = [{"by_other": True}, {"by_self": False}, {"post": "answer"}, {"post": "question"}, {}, {"by_other": False}]
    with transaction(engine) as session:
        for number in (2, 6):
            parts = [{"count": "answered", "n": nth + 3, "where": fact} for nth, fact in enumerate(facts[:number])]
            make_badge(session, f"of-{number}", earn={"all": parts})
        thread = make_thread_of(session, ada, 0, title="My own question")
        note(session, ada, make_post(session, thread, ada), "answered")
    sign_in(client, engine, ada)
    asked, costs = [], []

    def listen(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    for number in (2, 6):
        client.get(f"/badges/of-{number}")
        asked.clear()
        page = soup(client.get(f"/badges/of-{number}"))
        costs.append(len([it for it in asked if "site_settings" not in it and "text_versions" not in it]))
        assert len(page.select("[data-condition]")) == number
    assert costs[0] == costs[1] <= 12
    event.remove(engine, "before_cursor_execute", listen)
    told = [it.get_text(" ", strip=True) for it in page.select("[data-condition]")]
    assert "not counted" in told[0], "what somebody else started"
    assert "not counted" not in told[4], "a condition without a fact"


def note(session, member, post, kind, **more):
    """A booked deed on a post."""
    seq = more.pop("seq", post.id)
    session.add(Activity(kind=kind, member_id=member.id, actor_id=member.id, post_id=post.id, thread_id=post.thread_id,
                         happened_at=NOON, local_day=1, seq=seq, **more))  # fmt: skip


def test_what_counts_once_for_each_thread_is_told(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        make_badge(session, "wanderer", earn={"count": "replied", "per": "thread", "n": 5})
        for _ in range(3):
            note(session, ada, make_post(session, thread, ada, kind="reply"), "replied")
    sign_in(client, engine, ada)
    assert "2 more not counted: each thread counts once" in soup(client.get("/badges/wanderer")).text


def test_others_are_not_told_what_did_not_count_for_one(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "helper", earn={"count": "answered", "n": 5})
        ben = make_member(session, "ben")
    assert not soup(client.get("/badges/helper")).select("[data-condition]")
    assert soup(sign_in(client, engine, ben).get("/badges/helper")).select("[data-condition]")


@pytest.mark.parametrize(
    ("earn", "words"),
    [
        ({"count": "lesson_passed", "per": "object", "n": 2}, "0 of 2 different lessons"),
        ({"count": "event_attended", "per": "object", "n": 5}, "0 of 5 different events"),
        ({"count": "thread_read", "per": "day", "n": 30}, "0 of 30 different days"),
        ({"count": "best_of", "per": "object", "n": 3}, "0 of 3 different ones"),
        ({"count": "visited", "n": 4}, "0 of 4 days"),
        ({"count": "second_factor_on"}, "Not yet"),
    ],
)
def test_how_far_one_is_names_what_is_counted(client, engine, ada, earn, words):
    with transaction(engine) as session:
        make_badge(session, "it", earn=earn)
    sign_in(client, engine, ada)
    for address in ("/badges", "/badges?view=list", "/u/ada/badges"):
        found = soup(client.get(address)).select_one('[data-badge="it"]')
        assert words in " ".join(found.get_text(" ").split()), address
        assert found.select_one("progress[max]"), address
    [condition] = soup(client.get("/badges/it")).select("[data-condition]")
    assert words in condition.text
    assert ("to go" in condition.text) is (words != "Not yet")


def test_a_badge_earned_again_and_again_says_so_and_leads_to_each_award(client, engine, ada):
    each = {"count": "accepted", "each": "post"}
    with transaction(engine) as session:
        post = make_post(session, make_thread_of(session, ada, 0, title="Which gate?"), ada, kind="answer")
        again, once = make_badge(session, "again", earn=each), make_badge(session, "once", earn={"count": "accepted"})
        first = make_award(session, again, ada, at=NOON, subject=post.id)
        note(session, ada, post, "accepted", seq=7)
        last = make_award(session, again, ada, at=NOON + days(3), subject=post.id + 1, seq=7)
        [only] = [make_award(session, once, ada)]
        make_badge(session, "yearly", earn={"yearly": 100})
        make_badge(session, "gone", earn=each, state="legacy")
    sign_in(client, engine, ada)
    page = soup(client.get("/badges/again"))
    assert "You earned it 2 times, first on" in page.text
    assert [it["href"] for it in page.select("#each-time a")] == [f"/awards/{last.id}", f"/awards/{first.id}"]
    assert [it.text for it in page.select("#each-time li .muted")] == ["Which gate?"]
    page = soup(client.get("/badges/once"))
    assert not page.select("#each-time")
    assert page.select_one(f'main a[href="/awards/{only.id}"]').text == "See the award"
    for slug, how_often in {
        "again": "For each post",
        "once": "Once",
        "yearly": "Once a year",
        "gone": "No longer",
    }.items():
        assert soup(client.get(f"/badges/{slug}")).select_one("[data-how-often]").text == how_often


@pytest.mark.parametrize(
    ("where", "path"),
    [({"post": "answer"}, "/?sort=unanswered"), ({"post": "opening"}, "/t/new"), ({"post": "idea"}, "/t/new"),
     ({"post": ["answer", "reply"]}, "/?sort=unanswered"), ({}, "/?sort=unanswered")],
)  # fmt: skip
def test_what_is_received_for_a_kind_of_post_leads_to_writing_one(client, engine, ada, where, path):
    with transaction(engine) as session:
        make_badge(session, "liked", earn={"count": "upvote_received", "each": "post", "n": 9, "where": where})
    sign_in(client, engine, ada)
    assert soup(client.get("/badges/liked")).select_one("[data-condition] a")["href"] == path


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"post": "answer"}, "1 not counted: only those on answers count. For example: Which gate?"),
        ({"post": ["answer", "comment"]}, "1 not counted: only those on answers and comments count."),
        ({"nth": 1}, "1 not counted: only being the first to answer counts."),
        ({"by_other": True}, "1 not counted: only those in a thread somebody else started count."),
        ({"object": "guidelines"}, "1 not counted: only this one counts: guidelines."),
    ],
)
def test_what_did_not_count_is_told_in_plain_words_with_its_posts(client, engine, ada, where, words):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, title="Which gate?")
        make_badge(session, "it", earn={"count": "replied", "n": 5, "where": where})
        note(session, ada, make_post(session, thread, ada, kind="reply"), "replied", object="trim")
    sign_in(client, engine, ada)
    [left_out] = soup(client.get("/badges/it")).select("[data-left-out]")
    assert " ".join(left_out.text.split()).startswith(words)


def test_a_condition_that_names_a_lesson_leads_to_that_lesson(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "read", earn={"count": "lesson_passed", "where": {"object": "guidelines"}})
        make_badge(session, "any", earn={"count": "lesson_passed"})
    sign_in(client, engine, ada)
    paths = [soup(client.get(f"/badges/{slug}")).select_one("[data-condition] a")["href"] for slug in ("read", "any")]
    assert paths == ["/lessons/guidelines", "/lessons"]
    assert client.get(paths[0], follow_redirects=True).status_code == 200


def test_each_next_step_leads_to_a_page(client, engine, ada):
    sign_in(client, engine, ada)
    assert next_steps.STEPS.keys() <= kinds.KINDS.keys()
    for step in set(next_steps.STEPS.values()):
        assert client.get(step.path).status_code == 200, step.path


def test_of_several_ways_one_is_enough(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "first"), ada)
        either = {"any": [{"has": "first"}, {"count": "answered", "n": 5}]}
        make_badge(session, "second", earn=either)
        make_badge(session, "third", earn={"all": [either, {"count": "asked", "n": 2}]})
    sign_in(client, engine, ada)
    for slug, is_complete in (("second", True), ("third", False)):
        page = soup(client.get(f"/badges/{slug}"))
        assert [it.text.count("One way:") for it in page.select("[data-condition]")][:2] == [1, 1]
        assert ("Everything is there" in page.text) is is_complete


def test_a_condition_leads_on_to_the_badge_it_asks_for(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "first")
        make_badge(session, "second", earn={"has": "first"})
    page = soup(sign_in(client, engine, ada).get("/badges/second"))
    assert page.select_one('[data-condition] a[href="/badges/first"]')


@pytest.mark.parametrize("view", ["grid", "list"])
def test_the_library_tells_how_to_earn_each_badge_in_both_views(client, engine, ada, view):
    with transaction(engine) as session:
        make_badge(session, "held", how="Hold it.")
        make_badge(session, "old", how="Was given once.", state="legacy")
    for _ in range(2):
        page = soup(client.get(f"/badges?view={view}"))
        tips = {it["data-badge"]: it.select_one("[data-tip]").text for it in page.select("[data-badge]")}
        assert "Hold it." in tips["held"]
        assert "No longer awarded" in tips["old"]
        sign_in(client, engine, ada)


def test_a_planned_badge_is_followed_and_let_go(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "someday", state="planned")
        make_badge(session, "today")
    assert not soup(client.get("/badges/someday")).select("#follow-badge")
    sign_in(client, engine, ada)
    page, pressed = "/badges/someday", "#follow-badge button"
    assert soup(client.get(page)).select_one(pressed)["aria-pressed"] == "false"
    assert "as soon as" in toast(client, send(client, page, "#follow-badge"))
    assert soup(client.get(page)).select_one(pressed)["aria-pressed"] == "true"
    send(client, page, "#follow-badge")
    assert soup(client.get(page)).select_one(pressed)["aria-pressed"] == "false"
    token = soup(client.get(page)).select_one("#follow-badge input")["value"]
    assert client.post("/badges/today/following", data={"csrf_token": token}).status_code == 403
    answer = client.post(f"{page}/following", data={"csrf_token": token}, headers={"HX-Request": "true"})
    assert soup(answer).select_one(pressed)["aria-pressed"] == "true"


def test_what_is_wrong_with_a_badge_reaches_the_team_with_its_name(app, client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "speaker")
        mia = make_member(session, "mia", role="moderator")
    assert "/login?next=/badges/speaker/problem" in client.get("/badges/speaker/problem").location
    sign_in(client, engine, ada)
    assert soup(client.get("/badges/speaker")).select_one('a[href="/badges/speaker/problem"]')
    empty = fill_in(client, "/badges/speaker/problem", body=" ")
    assert (empty.status_code, list(problems(empty))) == (422, ["body"])
    answer = fill_in(client, "/badges/speaker/problem", body="I spoke in May.")
    assert "Thank you" in toast(client, answer)
    inbox = soup(sign_in(app.test_client(), engine, mia).get("/staff/feedback"))
    [said] = inbox.select("[data-feedback]")
    assert said.select_one('a[href="/badges/speaker"]').text == "Speaker"
    assert "I spoke in May." in said.text
    assert client.get("/badges/nothing/problem").status_code == 404


def test_too_much_that_is_wrong_waits_and_is_kept(client, engine, ada, monkeypatch):
    monkeypatch.setattr(feedback, "WHILE_DEVELOPING", feedback.FROM_ONE_ADDRESS)
    with transaction(engine) as session:
        make_badge(session, "speaker")
    sign_in(client, engine, ada)
    codes = [fill_in(client, "/badges/speaker/problem", body=f"Wrong {n}").status_code for n in range(5)]
    late = fill_in(client, "/badges/speaker/problem", body="Wrong again")
    assert (codes, late.status_code) == ([303] * 5, 429)
    assert soup_of(late).textarea.text.strip() == "Wrong again"


def test_the_changes_of_the_programme_are_told_with_old_and_new_sentence(client, engine):
    assert "Nothing has changed yet" in soup(client.get("/badges/changes")).text
    with transaction(engine) as session:
        badge = make_badge(session, "speaker", how="Speak once.")
        session.get_one(BadgeVersion, badge.version_id).published_at = NOON - days(3)
        badge.created_at = NOON - days(3)
        second = BadgeVersion(badge_id=badge.id, number=2, how="Speak <i>twice</i>.", published_at=NOON)
        session.add(second)
        chronicle.enter(session, badge, "legacy", at=NOON + days(1))
    page = soup(client.get("/badges/changes"))
    assert [it["data-what"] for it in page.select("[data-what]")] == ["legacy", "rule", "new"]
    rule = page.select_one('[data-what="rule"]')
    assert (rule.select_one("del").text, rule.select_one("ins").text) == ("Speak once.", "Speak <i>twice</i>.")
    for address in ("/badges", "/badges/speaker"):
        assert soup(client.get(address)).select_one('a[href="/badges/changes"]')
    _feed, *titles = re.findall("<title>(.*)</title>", client.get("/feeds/programme.atom").text)
    assert titles == ["Retired: Speaker", "New rule: Speaker", "New badge: Speaker"]
    assert client.get("/badges/changes?page=2").status_code == 404


def test_a_badge_in_somebodys_profile_leads_to_its_own_page(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "speaker", ways=["request"]), ada)
        ben = make_member(session, "ben")
    sign_in(client, engine, ben)
    for address in ("/u/ada", "/u/ada/badges"):
        assert soup(client.get(address)).select_one('main a[href="/badges/speaker"]')
    assert soup(client.get("/badges/speaker")).select_one("[data-badge]")["data-state"] == "requestable"


@pytest.mark.parametrize("tab", ["", "/activity", "/badges", "/points"])
def test_the_pages_of_a_profile_lead_to_each_other(client, engine, ada, tab):
    page = soup(sign_in(client, engine, ada).get(f"/u/ada{tab}"))
    tabs = page.select('nav[aria-label="Profile"] a')
    assert [it["href"] for it in tabs] == ["/u/ada", "/u/ada/activity", "/u/ada/badges", "/u/ada/points"]
    assert [it["href"] for it in tabs if it.get("aria-current")] == [f"/u/ada{tab}"]


def test_large_numbers_of_people_have_their_thousands_set_apart(client, engine, ada):
    with transaction(engine) as session:
        make_badge(session, "common", holders=12345)
        make_badge(session, "rare", holders=1)
    held = {slug: soup(client.get(f"/badges/{slug}")).select_one(".facts dd").text for slug in ("common", "rare")}
    assert held == {"common": "12,345 members", "rare": "1 member"}
