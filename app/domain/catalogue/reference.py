"""The language of rules for those who write them: each of its words with an example, which the rules themselves word."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from app.domain.badging import criteria
from app.domain.badging.criteria.measures import SPLITS
from app.domain.badging.facts import FACTS
from app.domain.badging.insignia import GLYPHS
from app.domain.catalogue.export import value_as_toml
from app.domain.catalogue.fields import TABLES, Field
from app.domain.record import kinds
from app.domain.words import _

# What each node is for, and rules that are made of it.
NODES: Mapping[str, tuple[str, Sequence[dict[str, Any]]]] = {
    "count": (
        "something was done so often",
        (
            {"count": "accepted", "n": 10, "where": {"by_self": False}},
            {"count": "score", "each": "post", "n": 10, "where": {"post": "answer"}},
            {"count": "answered", "per": "day", "n": 5},
            {"count": "points", "per": "day", "reaches": 50},
            {"count": "answered", "n": 5, "days": 7},
            {"count": ["asked", "answered"], "n": 20, "says": "Ask or answer {n} times"},
        ),
    ),
    "streak": ("something was done on so many days in a row", ({"streak": "visited", "n": 7},)),
    "together": (
        "several counts hold at the same moment, for the same post or the member",
        (
            {"together": [{"count": "accepted"}, {"count": "score", "n": 10}], "each": "post"},
            {"together": [{"count": "answered", "n": 20}, {"count": "downvote_received", "most": 0}]},
        ),
    ),
    "all": (
        "each part has held, at its own time; the steps of a checklist are such parts",
        ({"all": [{"count": "asked"}, {"count": "answered"}, {"count": "event_attended"}]},),
    ),
    "any": ("at least one part has held", ({"any": [{"count": "best_of"}, {"count": "points", "n": 1000}]},)),
    "has": ("another badge is held", ({"has": "safe-hands"},)),
    "yearly": ("each year as a member, with so many points for it", ({"yearly": 200},)),
}

# What may stand beside them.
OPTIONS = {
    "n": "how often; once where it is left out",
    "where": "only if these facts hold, all of them; they are listed below",
    "each": '"post": each post has a count of its own, and earns the badge for itself',
    "first": "true, beside each: the first such post earns it, and later ones nothing more",
    "per": "count how many different ones: {splits}",
    "reaches": "beside per: how much it takes in each of them",
    "days": "all of it within so many days, today among them",
    "says": "words of your own for the sentence; {n} is filled in",
    "most": "in a part of together: at most so many, instead of n",
}

_SORTS: Mapping[type, str] = {
    str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list", date: "a day",
    datetime: "a day and a time",
}  # fmt: skip
# A value of each fact, to show its words; `post` has its kinds.
_VALUES: Mapping[type, Sequence[Any]] = {bool: (True, False), int: (1, 7), str: ("help",)}


class Example(NamedTuple):
    """A rule as it is typed, and how it words itself."""

    rule: str
    sentence: str


class Word(NamedTuple):
    """A word of the language, what it means, and examples."""

    name: str
    means: str
    examples: Sequence[Example] = ()


def nodes() -> Iterator[Word]:
    """What a rule can be."""
    for name, (means, rules) in NODES.items():
        yield Word(name, _(means), [_example(rule) for rule in rules])


def options() -> Iterator[Word]:
    """What may stand in a rule beside its node."""
    for name, means in OPTIONS.items():
        yield Word(name, _(means).replace("{splits}", ", ".join(SPLITS)))


def deeds() -> Iterator[Word]:
    """What can be counted, with the words for once and for five times."""
    for known in (*kinds.KINDS.values(), *kinds.SUMS.values()):
        yield Word(known.slug, f"{_sentence({'count': known.slug})}; {_sentence({'count': known.slug, 'n': 5})}")


def facts() -> Iterator[Word]:
    """What can be asked of a deed, with the words that each value adds to the sentence."""
    for name, fact in FACTS.items():
        values: Sequence[Any] = ("question", "answer", "comment", "opening") if name == "post" else _VALUES[fact.of]
        yield Word(name, "", [Example(value_as_toml(it), fact.phrase(it)) for it in values])


def tables() -> Iterator[tuple[str, Sequence[Word]]]:
    """The tables of a catalogue's file, each with its keys."""
    for table, known in TABLES.items():
        yield table, [Word(key, _told(field)) for key, field in known.items()]


def _told(field: Field) -> str:
    """What a key may hold."""
    said = [_(_SORTS[field.of])]
    if field.among:
        said = [", ".join(field.among)] if field.among is not GLYPHS else [_("a drawing, as a badge's form names them")]
    if field.slug:
        said = [_("small letters, digits and hyphens")]
    said += [_("up to %(most)s letters", most=f"{field.longest:,}")] if field.longest else []
    said += [_("%(least)s or more", least=field.least)] if field.least is not None else []
    return "; ".join([*said, *([] if field.remedy else [_("may be left out")])])


def _example(rule: dict[str, Any]) -> Example:
    return Example(value_as_toml(rule), _sentence(rule))


def _sentence(rule: dict[str, Any]) -> str:
    return criteria.parse(rule).sentence({"safe-hands": "Safe Hands"})
