"""Live, retroactive, and worked out by hand: a history has one meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine

from tests.engine.histories import Event, Outcome, Plan, Stage, judged, plans, shipped_rules


def same(one: Outcome, other: Outcome) -> None:
    """Assert that two outcomes agree, from the ledger up to the awards."""
    for name in ("entries", "balances", "ranks", "weeks", "awards"):
        assert getattr(one, name) == getattr(other, name), name


def play(engine: Engine, plan: Plan) -> Outcome:
    """Play a plan live and retroactively, hold both against the oracle, and return what came of it."""
    with Stage(engine) as stage:
        stage.furnish(plan)
        live = stage.play(plan)
        assert stage.unlike_their_originals() == []
        truth = judged(stage.deeds, plan)
        same(live, truth)
        anew = stage.judged_anew()
        same(anew, truth)
        assert live.totals == anew.totals
        return live


@settings(
    database=None, print_blob=True, phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(plan=plans())
@pytest.mark.timeout(3 * 3600)
def test_live_is_retroactive_is_what_the_oracle_says(bare_engine: Engine, plan: Plan) -> None:
    play(bare_engine, plan)


# --- histories that once told two stories ------------------------------------------------------

ASKED = [Event("ask", 1), Event("reply", 2)]


def slugs(engine: Engine, events: Sequence[Event], rules: Mapping[str, Any], points: Sequence[Any] = ()) -> list[str]:
    """The badges that a history earns, each as often as it is earned."""
    rule = {"slug": "visit", "kind": "visited", "amount": 1}
    return sorted(slug for slug, *_ in play(engine, Plan(events, rules, points or [rule])).awards)


def test_two_badges_may_ask_for_the_same_days_in_a_row(bare_engine: Engine) -> None:
    streak = {"streak": "visited", "n": 2}
    rules = {"badge-0": streak, "badge-1": streak, "badge-2": {"all": [streak, {"count": "asked"}]}}
    events = [*ASKED, Event("visit", 1), Event("visit", 1, hours=24)]
    assert slugs(bare_engine, events, rules) == ["badge-0", "badge-1", "badge-2"]


def test_a_rule_may_nest_several_windows_as_deep_as_rules_go(bare_engine: Engine) -> None:
    window = {"count": "visited", "per": "day", "days": 5, "n": 2}
    inner = {"any": [window, {"streak": "visited", "n": 3}, {"all": [window, {"streak": "visited", "n": 2}]}]}
    rules = {
        "badge-0": {
            "any": [
                {"count": "asked", "n": 3},
                {"all": [inner, {"any": [{"all": [inner, inner]}, {"has": "medal"}]}]},
            ]
        }
    }
    assert slugs(bare_engine, [Event("visit", 1), Event("visit", 1, hours=24)], rules) == ["badge-0"]


def test_points_from_two_rules_for_one_deed_lift_a_day_over_its_mark_once(bare_engine: Engine) -> None:
    points = [{"slug": f"rule-{i}", "kind": "visited", "amount": 3} for i in range(2)]
    rules = {"badge-0": {"count": "points", "per": "day", "reaches": 5, "n": 2}}
    visit = [Event("visit", 1)]
    assert slugs(bare_engine, visit, rules, points) == []
    assert slugs(bare_engine, [*visit, Event("visit", 1, hours=24)], rules, points) == ["badge-0"]


def test_an_anniversary_that_was_taken_back_and_given_again_counts_from_its_first_day(bare_engine: Engine) -> None:
    events = [Event("visit", 1), Event("birthday", 1), Event("withdraw"), Event("birthday", 1, hours=24)]
    assert slugs(bare_engine, events, {"badge-0": {"yearly": 1}}) == ["badge-0"]


def test_what_was_taken_back_does_not_help_to_reach_a_number(bare_engine: Engine) -> None:
    rules = {"badge-0": {"count": "upvote_received", "n": 2}, "badge-1": {"count": "score", "each": "post", "n": 2}}
    events = [*ASKED, Event("react", 1), Event("withdraw"), Event("react", 3)]
    assert slugs(bare_engine, events, rules) == []
    removed = [*ASKED, Event("react", 1), Event("remove"), Event("reply", 2), Event("react", 3)]
    assert slugs(bare_engine, removed, rules) == []
    restored = [*ASKED, Event("react", 1), Event("remove"), Event("restore"), Event("react", 3)]
    assert slugs(bare_engine, restored, rules) == ["badge-0", "badge-1"]


def test_at_the_same_time_is_more_than_each_at_its_time(bare_engine: Engine) -> None:
    parts = [{"count": "upvote_received"}, {"count": "visited"}]
    rules = {"badge-0": {"together": parts}, "badge-1": {"all": parts}}
    events = [*ASKED, Event("react", 1), Event("withdraw"), Event("visit", 2)]
    assert slugs(bare_engine, events, rules) == ["badge-1"]


def test_a_thread_that_moves_takes_no_deed_along(bare_engine: Engine) -> None:
    rules = {"badge-0": {"count": "answered", "n": 2, "where": {"category": "help"}}}
    there = [Event("ask", 1, what=1), Event("reply", 2), Event("move", other=0), Event("reply", 2)]
    assert slugs(bare_engine, there, rules) == []
    back = [*there, Event("move", other=1), Event("reply", 2)]
    assert slugs(bare_engine, back, rules) == ["badge-0"]


def test_every_rule_that_ships_is_told_the_same_both_ways(bare_engine: Engine) -> None:
    """All at once, on a history that touches most kinds of deeds."""
    verbs = ("ask", "reply", "react", "comment", "accept", "visit", "edit", "insight", "view", "birthday", "fact")
    events = [
        Event(verb, who=(i + lap) % 4, what=lap % 3, other=(i + lap) % 4, hours=9, batch=5 * (i == 3))
        for lap in range(4) for i, verb in enumerate(verbs)
    ]  # fmt: skip
    earned = play(bare_engine, Plan(events, shipped_rules(), [{"slug": "a", "kind": "answered", "amount": 5}])).awards
    assert len({slug for slug, *_ in earned}) > 25
