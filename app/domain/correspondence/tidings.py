"""Tidings: what each notice says, and where it leads. The inbox, the bell and letters have their words from here.

Whoever tells of a new kind of thing gives it its words here too: a function in SAYS.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.correspondence import inbox
from app.domain.words import _, ngettext

# Round what is set in bold while a sentence is put together; no name can hold them.
OPEN, SHUT = "\x02", "\x03"
WORDS_MOST = 160


class Said(NamedTuple):
    """A sentence, and the page it is about."""

    sentence: str
    path: str
    icon: str = "bell"


class Tiding(NamedTuple):
    """A notice in words: `parts` are pieces of its sentence, each with whether it stands out.

    `picture` is the row of the badge or the person to show beside it, `icon` stands in where there is neither.
    """

    id: int
    kind: str
    parts: Sequence[tuple[str, bool]]
    path: str
    at: datetime
    is_read: bool
    badge: Row | None
    person: Row | None
    icon: str

    @property
    def text(self) -> str:
        """The sentence without what stands out."""
        return "".join(text for text, _stands_out in self.parts)


def of(session: Session, rows: Sequence[Row]) -> list[Tiding]:
    """What notices say, given rows of `inbox`."""
    people = inbox.people(session, rows)
    return [_tiding(it, people.get(it.id)) for it in rows]


def _tiding(it: Row, group: Row | None) -> Tiding:
    said = SAYS.get(it.kind, _anything)(it, group)
    person = group or (it if it.actor_id else None)
    badge = it if it.badge_slug and not (it.facts or {}).get("badges", 1) > 1 else None
    return Tiding(
        it.id, it.kind, _parts(said.sentence), said.path, it.created_at, it.read_at is not None, badge, person, said.icon
    )  # fmt: skip


def _parts(sentence: str) -> list[tuple[str, bool]]:
    parts = [(text, False) for text in sentence.split(OPEN)]
    found = [parts[0]]
    for text, _plain in parts[1:]:
        strong, _shut, rest = text.partition(SHUT)
        found += [(strong, True), (rest, False)]
    return [it for it in found if it[0]]


def strong(text: object) -> str:
    """A part of a sentence that stands out."""
    plain = str(text).replace(OPEN, "").replace(SHUT, "")
    return f"{OPEN}{plain}{SHUT}"


def who(person: Row | None) -> str:
    """A member's name, unless they have left."""
    return strong(person.name if person is not None and person.username else _("Former member"))


def place(number: int) -> str:
    """A place among others: 1st, 2nd, 3rd."""
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"


def counted(kind: str, number: int) -> str:
    """So many of a kind, as in: 3 answers."""
    return ngettext(*COUNTED[kind], number)


COUNTED = {
    "badge_earned": ("%(num)s badge", "%(num)s badges"),
    "answer": ("%(num)s answer", "%(num)s answers"),
    "accepted": ("%(num)s accepted answer", "%(num)s accepted answers"),
    "mention": ("%(num)s mention", "%(num)s mentions"),
    "request_update": ("%(num)s answer to your request", "%(num)s answers to your requests"),
    "message": ("%(num)s message", "%(num)s messages"),
    "reply": ("%(num)s new post", "%(num)s new posts"),
    "reaction": ("%(num)s reaction", "%(num)s reactions"),
    "rank": ("%(num)s new rank", "%(num)s new ranks"),
    "leaders": ("your place among the leaders", "your places among the leaders"),
    "announcement": ("%(num)s announcement", "%(num)s announcements"),
    "swag": ("news of your swag", "news of your swag"),
}


# --- the words of each kind --------------------------------------------------------------------


def _badge_earned(it: Row, _group: Row | None) -> Said:
    facts: Mapping[str, Any] = it.facts or {}
    if (badges := facts.get("badges", 1)) > 1:
        said = ngettext(
            "You have earned %(count)s badge for what you already did. See them all",
            "You have earned %(count)s badges for what you already did. See them all", badges, count=strong(badges),
        )  # fmt: skip
        return Said(said, f"/u/{it.own_name}/badges", "medal")
    said = _("You earned %(badge)s", badge=strong(it.badge))
    if it.earned_in:
        said = _("You earned %(badge)s in “%(title)s”", badge=strong(it.badge), title=it.earned_in)
    if facts.get("nominated"):
        said = _("%(said)s: %(who)s nominated you", said=said, who=who(it))
    if it.giver and it.reason:
        said = _("%(said)s. %(giver)s: “%(words)s”", said=said, giver=it.giver, words=_short(it.reason))
    return Said(said, f"/awards/{it.award_id}", "medal")


def _answer(it: Row, _group: Row | None) -> Said:
    return _about_post(it, _("%(who)s answered your question “%(title)s”", who=who(it), title=it.title))


def _mention(it: Row, _group: Row | None) -> Said:
    return _about_post(it, _("%(who)s mentioned you in “%(title)s”", who=who(it), title=it.title))


def _accepted(it: Row, _group: Row | None) -> Said:
    return _about_post(it, _("%(who)s accepted your answer to “%(title)s”", who=who(it), title=it.title))


def _reply(it: Row, _group: Row | None) -> Said:
    given = {"who": who(it), "title": it.title}
    if it.what == "post" and it.post_kind == "comment":
        return _about_post(it, _("%(who)s commented on what you wrote in “%(title)s”", **given))
    if it.what == "post":
        return _about_post(it, _("%(who)s replied to you in “%(title)s”", **given))
    if it.what == "solved":
        return _about_post(it, _("%(who)s accepted an answer to “%(title)s”, which you marked", **given))
    if it.what == "category":
        return _about_post(it, _("%(who)s started “%(title)s” in %(category)s", **given, category=strong(it.category)))
    if it.post_kind not in ("answer", "reply", "comment"):
        return _about_post(it, _("%(who)s started “%(title)s”", **given))
    return _about_post(it, _("%(who)s wrote in “%(title)s”", **given))


def _announcement(it: Row, _group: Row | None) -> Said:
    return _about_post(it, _("News from the team: “%(title)s”", title=it.title))


def _reaction(it: Row, group: Row | None) -> Said:
    if it.what == "thanks":
        return _thanks(it)
    others, given = (group.people - 1 if group else 0), {"who": who(group), "title": it.title}
    thing = {"answer": _("your answer"), "question": _("your question")}.get(it.post_kind, _("your post"))
    one, another, more = REACTED[it.what]
    if others <= 0:
        return _about_post(it, _(one, **given, thing=thing))
    return _about_post(it, ngettext(another, more, others, **given, thing=thing))


# By one, by one and another, by one and others.
REACTED = {
    "insightful": (
        "%(who)s found %(thing)s insightful: “%(title)s”",
        "%(who)s and %(num)s other found %(thing)s insightful: “%(title)s”",
        "%(who)s and %(num)s others found %(thing)s insightful: “%(title)s”",
    ),
    "upvote": (
        "%(who)s upvoted %(thing)s: “%(title)s”",
        "%(who)s and %(num)s other upvoted %(thing)s: “%(title)s”",
        "%(who)s and %(num)s others upvoted %(thing)s: “%(title)s”",
    ),
}


def _thanks(it: Row) -> Said:
    sentence = {
        "insightful": "Your Insightful completed %(who)s’s %(badge)s",
        "upvote": "Your upvote completed %(who)s’s %(badge)s",
        "accepted": "The answer you accepted completed %(who)s’s %(badge)s",
    }[it.facts["gift"]]
    return Said(_(sentence, who=who(it), badge=strong(it.badge)), f"/awards/{it.award_id}", "heart")


def _rank(it: Row, _group: Row | None) -> Said:
    return Said(_("Your rank is now %(rank)s", rank=strong(it.facts["rank"])), "/ranks", "trophy")


def _message(it: Row, _group: Row | None) -> Said:
    to = it.username or f"~{it.actor_id}"
    return Said(_("%(who)s wrote to you", who=who(it)), f"/messages/{to}", "paper-plane-tilt")


def _leaders(it: Row, _group: Row | None) -> Said:
    position, week = it.facts["position"], it.facts["week"]
    said = _("You came %(place)s on the board of last week", place=strong(place(position)))
    return Said(said, f"/leaders?period=week&week={week}", "ranking")


def _swag(it: Row, _group: Row | None) -> Said:
    sentence = {
        "eligible": "%(thing)s is yours to claim",
        "sent": "%(thing)s is on its way to you",
        "declined": "We cannot send you %(thing)s",
    }.get(it.facts["state"], "There is news of %(thing)s")
    return Said(_(sentence, thing=strong(it.facts["milestone"])), "/swag", "sparkle")


def _request_update(it: Row, _group: Row | None) -> Said:
    facts: Mapping[str, Any] = it.facts or {}
    if "invitation" in facts:
        badge = strong(facts["name"])
        return Said(_("%(who)s invites you to %(badge)s", who=who(it), badge=badge), f"/badges/{facts['badge']}")
    sentence = {
        "asked": "About %(badge)s, %(who)s asks: “%(words)s”",
        "declined": "Not this time: %(badge)s. %(who)s: “%(words)s”",
    }.get(facts["state"], "There is news of your request for %(badge)s")
    given = {"badge": strong(facts["badge"]), "who": who(it), "words": _short(facts.get("message"))}
    return Said(_(sentence, **given), f"/requests/{facts['request']}", "medal")


def _badge_revoked(it: Row, _group: Row | None) -> Said:
    facts = it.facts
    said = _("%(badge)s was taken back: “%(why)s”", badge=strong(facts["badge"]), why=_short(facts.get("reason")))
    return Said(said, f"/badges/{facts['slug']}", "medal")


def _badge_given_back(it: Row, _group: Row | None) -> Said:
    return Said(_("You have %(badge)s again", badge=strong(it.facts["badge"])), f"/badges/{it.facts['slug']}", "medal")


def _anything(it: Row, _group: Row | None) -> Said:
    return Said(_("There is news for you"), "/notifications")


def _badge_open(it: Row, _group: Row | None) -> Said:
    said = _("%(badge)s can be earned now", badge=strong(it.facts["badge"]))
    return Said(said, f"/badges/{it.facts['slug']}", "medal")


def _queue(it: Row, _group: Row | None) -> Said:
    number = it.facts["late"]
    said = ngettext(
        "%(count)s badge request has waited for two days or longer",
        "%(count)s badge requests have waited for two days or longer", number, count=strong(number),
    )  # fmt: skip
    return Said(said, "/moderation/requests", "air-traffic-control")


def _short(words: str | None) -> str:
    return shorten(words or "", WORDS_MOST, placeholder=" …")


def _about_post(it: Row, sentence: str) -> Said:
    return Said(sentence, f"/p/{it.post_id}")


SAYS: dict[str, Callable[[Row, Row | None], Said]] = {
    "badge_earned": _badge_earned,
    "badge_revoked": _badge_revoked,
    "badge_given_back": _badge_given_back,
    "badge_open": _badge_open,
    "answer": _answer,
    "reply": _reply,
    "mention": _mention,
    "reaction": _reaction,
    "accepted": _accepted,
    "request_update": _request_update,
    "queue": _queue,
    "rank": _rank,
    "swag": _swag,
    "message": _message,
    "leaders": _leaders,
    "announcement": _announcement,
}
