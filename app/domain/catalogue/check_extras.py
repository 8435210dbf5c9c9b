"""What is wrong with a file's lessons, prepared replies and events, by the very rules of the pages that staff edit them on."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from app.domain.catalogue.entries import EventEntry
from app.domain.catalogue.extras import plan_of
from app.domain.catalogue.flaws import Flaw, meant
from app.domain.people import introductions
from app.domain.problems import Invalid
from app.domain.site import quizzes, texts
from app.domain.ways import events, prepared_replies

Table = dict[str, Any]
YEARS = range(1990, 2201)
FIELDS = {"begins": "begins", "ends": "ends", "group_name": "group"}  # of an event's form, as the file calls them


def lessons(tables: Sequence[Table], whose: Callable[[Table, int], str]) -> Iterator[Flaw]:
    """Texts whose questions nobody could answer, and lessons on offer without any."""
    for i, lesson in enumerate(tables):
        text = lesson.get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > texts.BODY_MOST:
            continue  # told already
        try:
            asked = quizzes.questions(texts.checked_body(text))
        except Invalid as no:
            yield Flaw(("lesson", i, "text"), whose(lesson, i), str(no), "")
            continue
        if not asked and lesson.get("offered", True):
            remedy = (
                'Write them below the text: "? " asks, "- " is a wrong answer, "+ " the right one; or offered = false'
            )
            yield Flaw(("lesson", i, "text"), whose(lesson, i), "there are no questions to finish it by", remedy)


def replies(tables: Sequence[Table], whose: Callable[[Table, int], str]) -> Iterator[Flaw]:
    """Words with places that nobody can fill."""
    if len(tables) > prepared_replies.MOST:
        problem = f"there are {len(tables)} replies, which is a lot to choose from"
        yield Flaw(("reply",), "", problem, f"Keep at most {prepared_replies.MOST}")
    for i, reply in enumerate(tables):
        body = reply.get("body")
        if not isinstance(body, str) or not body.strip() or len(body) > prepared_replies.BODY_MOST:
            continue  # told already
        if told := prepared_replies.flaw_of_body(body.strip()):
            yield Flaw(("reply", i, "body"), whose(reply, i), told, "")


def meetings(
    tables: Sequence[Table], badges: Sequence[Table], ranks: Sequence[Table], whose: Callable[[Table, int], str]
) -> Iterator[Flaw]:
    """Events that end before they begin, give what is no event's badge, or are for nobody."""
    given = [str(it.get("slug")) for it in badges if "event" in _list(it.get("ways")) and "earn" not in it]
    ladder = [str(it.get("slug")) for it in ranks]
    for i, event in enumerate(tables):
        zone, path = event.get("zone", "UTC"), ("event", i)
        if zone not in introductions.zones():
            problem = f"unknown zone {zone!r}"
            yield Flaw((*path, "zone"), whose(event, i), problem, meant(str(zone)[:60], introductions.zones()))
        elif any(it not in YEARS for it in _years(event)):
            yield Flaw((*path, "begins"), whose(event, i), "no calendar of ours goes that far", "Write a nearer day")
        elif _is_read(event):
            plan = plan_of(EventEntry.from_data(event))
            found = events.flaws(plan, gives=plan.badge in given, ladder=ladder)
            if "badge" in found:
                found["badge"] = f"{plan.badge!r} is no badge that an event gives. "
                found["badge"] += meant(plan.badge, given) if given else "Leave out badge"
            for field, told in found.items():
                yield Flaw((*path, FIELDS.get(field, field)), whose(event, i), told, "")
            yield from _for_nobody(event, path, whose(event, i))


def _for_nobody(event: Table, path: tuple[str | int, ...], whose: str) -> Iterator[Flaw]:
    for key, audience in (("rank", "rank"), ("group", "guests")):
        if key in event and event.get("audience") != audience:
            problem = f"{key} is there, but the event is not for one"
            yield Flaw((*path, key), whose, problem, f'Add audience = "{audience}", or leave out {key}')


def _years(event: Table) -> list[int]:
    return [it.year for key in ("begins", "ends") if isinstance(it := event.get(key), datetime)]


def _is_read(event: Table) -> bool:
    """Whether every key has what it may have, so that the event can be looked at as a whole."""
    texts_of = ("title", "place", "about", "badge", "audience", "rank", "group")
    return (
        len(_years(event)) == 2
        and all(isinstance(event.get(key, ""), str) for key in texts_of)
        and event.keys() <= EventEntry.__dataclass_fields__.keys()
        and {"slug", "title"} <= event.keys()
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
