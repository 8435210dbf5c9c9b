"""Which keys the tables of a catalogue have, and what may stand there."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.domain.badging.badges import STATES, WAYS
from app.domain.badging.criteria.parse import LARGEST
from app.domain.badging.insignia import FAMILIES, GLYPHS, TIERS
from app.domain.catalogue.entries import UNLOCKS
from app.domain.catalogue.flaws import Flaw, meant
from app.domain.catalogue.places import Path
from app.domain.site import texts
from app.domain.ways import events, lessons, prepared_replies

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MADE_HERE = "site"  # the catalogue of badges that staff made on the site
_NAMES = {
    str: "a text", int: "a whole number", dict: "a table", list: "a list", bool: "true or false, without quotes",
    date: "a date, without quotes", datetime: "a day and a time without quotes, as 2026-12-04 18:00:00",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """What one key may hold. A text has a greatest length; a number a least value."""

    of: type
    remedy: str = ""  # what to add where it is missing; a field without one may be left out
    longest: int = 0
    least: int | None = None
    among: Collection[str] = ()
    slug: bool = False


def _text(longest: int, remedy: str = "") -> Field:
    return Field(str, remedy, longest)


def _slug(remedy: str = 'Add slug = "..."', longest: int = 60) -> Field:
    return Field(str, remedy, longest, slug=True)


RANK = {
    "slug": _slug(),
    "name": _text(60, 'Add name = "..."'),
    "points": Field(int, "Add points = the points it takes", least=0),
    "stars": Field(int, "Add stars = 0 to 5", least=0),
    "about": _text(300, 'Add about = "...", a friendly sentence'),
    "unlocks": Field(list, among=UNLOCKS),
}
POINTS = {
    "slug": _slug(),
    "kind": _text(30, 'Add kind = "...", the deed that counts'),
    "amount": Field(int, "Add amount = the points it gives"),
    "says": _text(120, 'Add says = "...", the words members read'),
    "where": Field(dict),
    "since": Field(date),
    "until": Field(date),
    "cap": _text(60),
    "per_day": Field(int, least=1),
    "per_pair": Field(int, least=1),
}
BADGE = {
    "slug": _slug(),
    "name": _text(60, 'Add name = "..."'),
    "family": Field(str, 'Add family = "...": ' + ", ".join(FAMILIES), among=FAMILIES),
    "tier": Field(str, 'Add tier = "...": ' + ", ".join(TIERS), among=TIERS),
    "glyph": Field(str, 'Add glyph = "...", the drawing in its middle', among=GLYPHS),
    "about": _text(500, 'Add about = "...", what the badge thanks for'),
    "state": Field(str, among=STATES),
    "ways": Field(list, among=WAYS),
    "earn": Field(dict),
    "how": _text(500),
}

MILESTONE = {
    "slug": _slug(),
    "name": _text(60, 'Add name = "..."'),
    "about": _text(300, 'Add about = "...", what a member gets'),
    "points": Field(int, least=1),
    "badge": _text(60),
    "choices": Field(list),
}
LESSON = {
    "slug": _slug(longest=lessons.SLUG_MOST),
    "text": _text(texts.BODY_MOST, 'Add text = """...""", the lesson with its questions below'),
    "offered": Field(bool),
}
REPLY = {
    "name": _text(prepared_replies.NAME_MOST, 'Add name = "...", what moderators choose it by'),
    "suits": Field(str, 'Add suits = "approve", "ask" or "decline"', among=prepared_replies.SUITS),
    "body": _text(prepared_replies.BODY_MOST, 'Add body = "...", what is answered'),
}
EVENT = {
    "slug": _slug(longest=events.SLUG_MOST),
    "title": _text(events.TITLE_MOST, 'Add title = "..."'),
    "begins": Field(datetime, "Add begins = the day and the time, as 2026-12-04 18:00:00"),
    "ends": Field(datetime, "Add ends = the day and the time, as 2026-12-04 20:00:00"),
    "zone": _text(60),
    "place": _text(events.PLACE_MOST),
    "about": _text(events.ABOUT_MOST),
    "gives_points": Field(bool),
    "badge": _text(60),
    "audience": Field(str, among=events.AUDIENCES),
    "rank": _text(60),
    "group": _text(events.GROUP_MOST),
    "called_off": Field(bool),
}
TABLES = {
    "rank": RANK, "points": POINTS, "badge": BADGE, "milestone": MILESTONE, "lesson": LESSON, "reply": REPLY,
    "event": EVENT,
}  # fmt: skip
TOP = {
    "name": _slug('Add name = "..." as the first line'),
    "title": _text(80, 'Add title = "..." below the name'),
    **{table: Field(list) for table in TABLES},
}


def check(table: Mapping[str, Any], known: Mapping[str, Field], path: Path, whose: str) -> Iterator[Flaw]:
    """What is unknown, missing or of the wrong sort in one table."""
    for key in table:
        if key not in known:
            yield Flaw((*path, key), whose, f"unknown key {key!r}", meant(key, known))
    for key, field in known.items():
        if key in table:
            for problem, remedy in _wrong(key, table[key], field):
                yield Flaw((*path, key), whose, problem, remedy)
        elif field.remedy:
            yield Flaw(path, whose, f"{key} is missing", field.remedy)


def _wrong(key: str, value: Any, field: Field) -> Iterator[tuple[str, str]]:
    if type(value) is not field.of:
        yield f"{key} must be {_NAMES[field.of]}, not {value!r}", ""
    elif isinstance(value, str):
        yield from _wrong_text(key, value, field)
    elif isinstance(value, int) and field.least is not None and value < field.least:
        yield f"{key} must be {field.least} or more, not {value}", ""
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield f"{key} is too large a number", f"Write {LARGEST} or less"
    elif isinstance(value, list) and field.among:
        yield from _wrong_list(key, value, field)


def _wrong_text(key: str, value: str, field: Field) -> Iterator[tuple[str, str]]:
    if not value.strip():
        yield f"{key} is empty", field.remedy.replace("Add", "Write") or f"Leave out {key}"
    elif field.longest and len(value) > field.longest:
        yield f"{key} has {len(value)} letters", f"Shorten it to {field.longest}"
    elif field.slug and not SLUG.fullmatch(value):
        yield f"{value!r} is no {key}", "Use small letters, digits and single hyphens, as in safe-hands"
    elif field.among and value not in field.among:
        yield f"unknown {key} {value!r}", meant(value, sorted(field.among), _none(key))


def _wrong_list(key: str, value: list[Any], field: Field) -> Iterator[tuple[str, str]]:
    for item in value:
        if item not in field.among:
            yield f"unknown {key} {item!r}", meant(str(item), field.among)
    if len(set(map(str, value))) < len(value):
        yield f"{key} names one thing twice", "Name it once"


def _none(key: str) -> str:
    """The list of glyphs is too long to print."""
    return "Choose one of the names in app/domain/badging/insignia.py" if key == "glyph" else ""
