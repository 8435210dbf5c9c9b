"""The catalogues that come with the site."""

import re
from collections import Counter

import pytest

from app.domain import catalogue
from app.domain.badging import criteria

FLIGHT, STACK_EXCHANGE = (catalogue.shipped(name) for name in catalogue.SHIPPED)
BOTH = pytest.mark.parametrize("shipped", [FLIGHT, STACK_EXCHANGE], ids=catalogue.SHIPPED)


def badge(shipped, slug):
    return next(it for it in shipped.badges if it.slug == slug)


def test_at_least_66_badges_can_be_earned():
    assert sum(it.state == "published" for it in FLIGHT.badges) >= 66


def test_a_few_badges_are_planned_and_a_few_are_of_the_past():
    assert {it.state for it in FLIGHT.badges} == {"published", "planned", "legacy"}


def test_a_new_member_can_request_at_least_three_badges():
    assert sum("request" in it.ways and it.state == "published" for it in FLIGHT.badges) >= 3


def test_there_are_badges_for_one_five_and_ten_events():
    events = [it.earn for it in FLIGHT.badges if "event" in it.ways and it.earn]
    assert [it.get("n", 1) for it in events] == [1, 5, 10]


@BOTH
def test_every_badge_tells_how_to_earn_it(shipped):
    for it in shipped.badges:
        assert len(it.words(shipped.badge_names)) > 10, it.slug
        assert it.glyph, it.slug
        assert it.about, it.slug


@BOTH
def test_words_of_a_rules_own_tell_its_threshold(shipped):
    for it in shipped.badges:
        for rule in rules_of(it.earn):
            if "says" in rule and rule.get("n", 1) > 1:
                assert "{n}" in rule["says"], it.slug
            for number in (part["n"] for part in rule.get("together", []) if part["n"] > 1):
                assert str(number) in rule["says"], it.slug


def rules_of(rule):
    for part in [] if rule is None else [rule]:
        yield part
        for inner in (*part.get("all", []), *part.get("any", [])):
            yield from rules_of(inner)


@BOTH
def test_no_two_badges_look_the_same(shipped):
    looks = Counter((it.family, it.tier, it.glyph) for it in shipped.badges)
    assert max(looks.values()) == 1


def test_the_catalogues_share_no_badge():
    assert not FLIGHT.badge_names.keys() & STACK_EXCHANGE.badge_names.keys()
    assert not set(FLIGHT.badge_names.values()) & set(STACK_EXCHANGE.badge_names.values())


@BOTH
def test_a_catalogue_written_and_read_is_the_same(shipped):
    assert catalogue.parse(catalogue.as_toml(shipped), "again.toml") == shipped


@BOTH
def test_asking_gives_no_points(shipped):
    assert not [rule for rule in shipped.points if rule.kind in ("asked", "started")]


@BOTH
def test_every_function_that_ranks_open_is_opened_once(shipped):
    assert sorted(name for rank in shipped.ranks for name in rank.unlocks) == ["images", "messages", "nominating"]


def test_direct_messages_open_at_first_officer():
    assert [rank.name for rank in FLIGHT.ranks if "messages" in rank.unlocks] == ["First Officer"]


def test_no_flight_badge_counts_what_somebody_wrote_beyond_first_steps():
    volume = {
        "answered",
        "replied",
        "commented",
        "asked",
        "started",
        "threads_started",
        "contributions",
        "mentioning",
        "message_sent",
        "flag_upheld",
    }
    for it in FLIGHT.badges:
        for rule in rules_of(it.earn):
            counted = rule.get("count", "")
            if volume.intersection([counted] if isinstance(counted, str) else counted) and "per" not in rule:
                assert rule.get("n", 1) == 1, it.slug


def test_the_whole_algebra_is_used():
    keys = {key for it in FLIGHT.badges for rule in rules_of(it.earn) for key in rule}
    assert keys >= {"count", "streak", "together", "all", "any", "has", "yearly", "each", "per", "days", "where"}


def test_the_rules_of_stack_exchange_are_worded():
    names = STACK_EXCHANGE.badge_names
    said = {it.name: criteria.parse(it.earn).sentence(names) for it in STACK_EXCHANGE.badges}
    assert said["Nice Answer"] == "Have an answer reach 10 votes"
    assert said["Mortarboard"] == "Earn 200 points in a day"
    assert not [text for text in said.values() if re.search(r"[{}]", text)]


def test_a_question_upvote_was_worth_less_until_november_2019():
    rules = {it.slug: it for it in STACK_EXCHANGE.points}
    before, after = rules["question-upvote-before"], rules["question-upvote"]
    assert (before.amount, after.amount) == (5, 10)
    assert (after.since - before.until).days == 1
