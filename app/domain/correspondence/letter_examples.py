"""Examples: a letter of every kind with invented facts, to look at before anybody gets one."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from app.domain.base import now
from app.domain.correspondence import notice_letters
from app.domain.correspondence.digest_letters import Topic
from app.domain.correspondence.tidings import Tiding
from app.domain.mail import preferences
from app.domain.mail.preferences import KINDS, SUMMARIES
from app.domain.mail.stationery import Letter, Picture
from app.domain.membership.account_letters import WRITERS as ABOUT_ACCOUNTS
from app.domain.people.members import Member
from app.domain.record import scores
from app.domain.words import _

NEAR = SimpleNamespace(
    badge=SimpleNamespace(name="Safe Hands"),
    distance=SimpleNamespace(have=8, need=10, noun="answers accepted"),
)
AWARD = SimpleNamespace(
    badge="Meet-up", tier="bronze", family="hangar", glyph="map-pin", about="Attend a user group.", giver="Ben Okri",
    reason="Thank you for the talk about fog. Half the room stayed to ask.",
)  # fmt: skip
NOTICE = SimpleNamespace(facts=None, earned_in="", name="Ben Okri", username="ben")
QUOTE = "Follow the lights, keep the needle in the middle, and go round if you see nothing at the minimum."

# What each kind says, what is quoted in it, and where it leads.
SENTENCES: dict[str, tuple[str, str, str]] = {
    "answer": ("Ben Okri answered your question “How do I land in fog?”", QUOTE, "/p/2"),
    "reply": ("Ben Okri wrote in “How do I land in fog?”", QUOTE, "/p/3"),
    "mention": ("Ben Okri mentioned you in “Who knows gliders?”", "Perhaps they know?", "/p/4"),
    "reaction": ("Ben Okri and 2 others found your answer insightful in “What is a contrail?”", "", "/p/5"),
    "accepted": ("Ben Okri accepted your answer to “What is a contrail?”", "", "/p/5"),
    "announcement": ("News from the team: “The new hangar is open”", "Come and see it on Saturday.", "/p/6"),
    "request_update": ("About Meet-up, Ben Okri asks: “Which evening was it?”", "", "/requests/1"),
    "rank": ("Your rank is now Captain", "", "/ranks"),
    "message": ("Ben Okri wrote to you", "", "/messages/ben"),
    "leaders": ("You came 2nd on the board of last week", "", "/leaders"),
    "swag": ("The pilot’s cap is yours to claim", "", "/swag"),
    "news": ("Formation Flight can be earned now", "", "/badges"),
}
KINDS_OF_LETTERS = (
    "badge_earned", "badges_earned", *SENTENCES, "thread_news", *(f"digest_{it}" for it in SUMMARIES), *ABOUT_ACCOUNTS,
    "address_known",
)  # fmt: skip


def example(kind: str, member: Member, at: datetime | None = None) -> Letter:
    """A letter of that kind as this member would get it."""
    moment = at or now()
    if kind in SENTENCES:
        return _notice(kind, member, moment)
    return DRAWN.get(kind, _account)(kind, member, moment)


def _notice(kind: str, member: Member, moment: datetime) -> Letter:
    row, (sentence, quote, path) = preferences.row_of(kind), SENTENCES[kind]
    says = {"member": member, "notice": NOTICE, "tiding": _tiding(1, kind, sentence, path, moment), "quote": quote}
    return Letter(kind, "", says | notice_letters.footer(row, KINDS[row].default), row)


def _badge(kind: str, member: Member, moment: datetime) -> Letter:
    path = "/awards/1" if kind == "badge_earned" else f"/u/{member.username}/badges"
    says = {
        "member": member, "notice": NOTICE, "quote": "",
        "tiding": _tiding(1, "badge_earned", "You earned Meet-up", path, moment),
        "badges": 14, "near": [NEAR], "award": AWARD, "family": "Hangar",
    }  # fmt: skip
    pictures = [_picture("badge", notice_letters.PICTURE_SIZE)] if kind == "badge_earned" else []
    return Letter(
        kind, "", says | notice_letters.footer("badge_earned", "immediately"), "badge_earned", pictures=pictures
    )


def _digest(kind: str, member: Member, moment: datetime) -> Letter:
    period = kind.removeprefix("digest_")
    answers = [_tiding(nth, it, *SENTENCES[it][::2], moment) for nth, it in ((1, "answer"), (2, "reply"))]
    badge = _tiding(3, "badge_earned", "You earned Meet-up", "/awards/1", moment)
    alone = [_tiding(nth, it, *SENTENCES[it][::2], moment) for nth, it in ((4, "reaction"), (5, "leaders"))]
    week = period == "weekly"
    leaders = [
        SimpleNamespace(position=place, member=SimpleNamespace(name=name, points=points))
        for place, name, points in ((1, "Cleo Marsh", 310), (2, "Ben Okri", 270), (3, "Dag Holm", 265))
    ]
    says = {
        "member": member, "period": period, "count": 8, "more": 3, "sum": "1 badge, 1 answer, 1 new post and more",
        "topics": [Topic("How do I land in fog?", answers), Topic("", [badge]), *(Topic("", [it]) for it in alone)],
        "near": [NEAR] if week else [], "leaders": leaders if week else [], "week": scores.week_name(2967),
        "again": False,
    }  # fmt: skip
    return Letter(kind, "", says, period, pictures=[_picture("badge-3", 44)])


def _thread(kind: str, member: Member, moment: datetime) -> Letter:
    told = [(_tiding(nth, "answer", *SENTENCES["answer"][::2], moment), QUOTE) for nth in (1, 2, 3)]
    says = {"member": member, "told": told, "more": 0, "title": "How do I land in fog?", "sum": "3 answers"}
    return Letter(kind, "", says | notice_letters.footer("answer", "immediately"), "answer")


def _account(kind: str, member: Member, moment: datetime) -> Letter:
    says: dict[str, Any] = {
        "member": member, "newcomer": member, "path": f"/{kind.replace('_', '-')}/an-example-that-opens-nothing",
        "when": f"{moment.day} {moment:%B %Y, %H:%M} UTC", "to": "a•••@members.example",
    }  # fmt: skip
    return Letter(kind, "", says)


def _tiding(number: int, kind: str, sentence: str, path: str, moment: datetime) -> Tiding:
    return Tiding(number, kind, [(_(sentence), False)], path, moment, False, None, None, "bell")


def _picture(name: str, size: int) -> Picture:
    return Picture(name, AWARD.family, AWARD.tier, AWARD.glyph, size)


DRAWN: dict[str, Callable[[str, Member, datetime], Letter]] = {
    "badge_earned": _badge,
    "badges_earned": _badge,
    "thread_news": _thread,
    "digest_daily": _digest,
    "digest_weekly": _digest,
}
