"""Where to go for what a badge asks: one step for each kind of deed."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from app.domain.badging.explanations import Condition
from app.domain.words import _


class Step(NamedTuple):
    """A page of this site and what to do there."""

    path: str
    words: str


UNANSWERED = Step("/?sort=unanswered", "See questions that wait for an answer")
ASK = Step("/t/new", "Start a thread")
LATEST = Step("/", "See the latest threads")
BEST = Step("/best", "See what reached Best Of")

STEPS = {
    "email_verified": Step("/settings/account", "Confirm your address"),
    "second_factor_on": Step("/settings/second-factor", "Turn on two-step sign-in"),
    "profile_completed": Step("/settings/profile", "Complete your profile"),
    "lesson_passed": Step("/lessons", "See the lessons"),
    "event_attended": Step("/events", "See the events"),
    "feedback_given": Step("/feedback", "Tell us what you think"),
    "message_sent": Step("/messages", "Write a message"),
    "week_top_ten": Step("/leaders", "See the board of the week"),
    "week_first": Step("/leaders", "See the board of the week"),
    "points": Step("/points", "See what earns points"),
    "best_of": BEST,
} | {
    kind: step
    for step, kinds in (
        (UNANSWERED, ("answered", "accepted", "first_to_two", "reversal", "explained", "insightful_received",
                      "upvote_received")),
        (ASK, ("asked", "started", "viewed", "bookmarked", "good_question")),
        (LATEST, ("thread_read", "replied", "commented", "upvote_given", "insightful_given", "mentioning",
                  "mention_answered", "badge_completed", "edited", "flag_upheld")),
    )
    for kind in kinds
}  # fmt: skip
# What is received is received for posts: where a rule names their kind, that is what to write.
POSTS = {"answer": UNANSWERED} | dict.fromkeys(("opening", "question", "discussion", "idea"), ASK)


def after(condition: Condition) -> Step | None:
    """Where to go for a condition that is not met; None where no page would help, as with days that must pass."""
    if condition.progress.done:
        return None
    if condition.badge:
        return Step(f"/badges/{condition.badge}", _("See that badge"))
    return towards(condition.kinds, condition.where)


def towards(kinds: Iterable[str], where: Mapping[str, Any]) -> Step | None:
    """Where some kinds of deeds are done, with what has to hold of them: one lesson, or a kind of post."""
    lesson = where.get("object") if "lesson_passed" in kinds else None
    if lesson:
        return Step(f"/lessons/{lesson}", _("Go to the lesson"))
    found = next((STEPS[kind] for kind in kinds if kind in STEPS), None)
    if found in (ASK, UNANSWERED) and where.get("post") in POSTS:
        found = POSTS[where["post"]]
    return Step(found.path, _(found.words)) if found else None
