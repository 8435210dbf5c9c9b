"""Reads a criterion from data, and says where and how it is wrong."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any as Anything

from app.domain.badging import facts
from app.domain.badging.criteria.counts import Count
from app.domain.badging.criteria.measures import SPLITS, Measure
from app.domain.badging.criteria.nodes import All, Any, Has, Together, Yearly
from app.domain.badging.criteria.progress import Node
from app.domain.badging.facts import FACTS
from app.domain.forum.threads import Kind
from app.domain.record import kinds

Data = Mapping[str, Anything]
NODES = ("count", "streak", "together", "all", "any", "has", "yearly")
LARGEST = 10_000_000  # of any number: nobody gets there, and no sum of them is too large for a database
MOST_WEIGHT = 1000
MOST_PARTS, DEEPEST = 20, 6  # of one rule, so that its statement stays one that both databases take
KEYS = {  # beside its own name, which each node may have
    "count": {"n", "where", "each", "first", "per", "reaches", "days", "says"},
    "streak": {"n", "where"},
    "together": {"each", "first", "says"},
    "all": {"says"},
    "any": set(),
    "has": set(),
    "yearly": set(),
}
_POSTS = {str(kind) for kind in Kind} | {"opening"}


class CriterionError(ValueError):
    """A rule that cannot be; `path` leads to the place, `remedy` says what to do."""

    def __init__(self, path: tuple[str | int, ...], problem: str, remedy: str = "") -> None:
        super().__init__(f"{problem}. {remedy}".rstrip(". ") + ".")
        self.path, self.problem, self.remedy = path, problem, remedy


def parse(data: Data, path: tuple[str | int, ...] = ()) -> Node:
    """The node that some data describes. Raises CriterionError."""
    if not isinstance(data, Mapping):
        raise CriterionError(path, f"a rule must be a table, not {data!r}", 'Write { count = "accepted", n = 1 }')
    names = [name for name in NODES if name in data]
    if len(names) != 1:
        raise CriterionError(
            path,
            "a rule needs exactly one of " + ", ".join(NODES),
            f"It has {', '.join(names) or ', '.join(map(str, data)) or 'none'}",
        )
    name = names[0]
    _only(data, KEYS[name] | {name}, path)
    if not isinstance(data.get("says", ""), str):
        raise CriterionError((*path, "says"), f"`says` must be a text, not {data['says']!r}", "")
    return _READERS[name](data, path)


def _count(data: Data, path: tuple, part: bool = False) -> Count:
    weights, worded = _weights(data["count"], (*path, "count"))
    says = data.get("says")
    if not worded and not says and not part:
        raise CriterionError(
            (*path, "count"), "a sum of its own needs words", 'Add says = "Write {n} answers or replies"'
        )
    each, days, per = _each(data, path), _number(data, "days", path), _per(data, path)
    if "reaches" in data and not per:
        raise CriterionError((*path, "reaches"), "`reaches` needs `per`", 'Add per = "post", or leave it out')
    measure = Measure(weights, _where(data, path), each, per, _number(data, "reaches", path) or 1)
    _check_measure(measure, path)
    if days:
        _check_window(measure, path)
    first = _flag(data, "first", path)
    if first and not each:
        raise CriterionError((*path, "first"), "`first` needs `each`", 'Add each = "post", or leave `first` out')
    return Count(measure, _threshold(data, path, part), first, days, says=says)


def _streak(data: Data, path: tuple) -> Count:
    weights, _ = _weights(data["streak"], (*path, "streak"))
    measure = Measure(weights, _where(data, path), per="day")
    _check_measure(measure, path)
    n = _threshold(data, path)
    if n < 2:
        raise CriterionError((*path, "n"), "a streak is at least 2 days long", "Use count for a single day")
    return Count(measure, n, days=n, in_a_row=True)


def _part(data: Data, path: tuple, each: str | None) -> Count:
    if not isinstance(data, Mapping) or "count" not in data:
        raise CriterionError(path, "a part of `together` must be a count", 'Write { count = "accepted", n = 1 }')
    _only(data, (KEYS["count"] | {"count", "most"}) - {"first", "days", "each"}, path)
    whole = dict(data) | ({"each": each} if each else {})
    most = whole.pop("most", None)
    if most is not None and ("n" in data or type(most) is not int or abs(most) > LARGEST):
        raise CriterionError((*path, "most"), "`most` is a whole number and stands instead of `n`", "Keep one of them")
    part = _count(whole, path, part=True)
    return part if most is None else Count(part.measure, part.n, most=most, says=part.says)


def _together(data: Data, path: tuple) -> Together:
    parts = _list(data, "together", path)
    each = data.get("each")
    _each(data, path)
    first = _flag(data, "first", path)
    if first and not each:
        raise CriterionError((*path, "first"), "`first` needs `each`", 'Add each = "post", or leave `first` out')
    counts = tuple(_part(item, (*path, "together", i), each) for i, item in enumerate(parts))
    if all((part.most is not None and part.most >= 0) or (part.most is None and part.n <= 0) for part in counts):
        raise CriterionError(
            (*path, "together"),
            "every part already holds for somebody who did nothing",
            "Give one part a threshold of 1 or more",
        )
    unworded = any(not _weights(item["count"], path)[1] for item in parts)
    if unworded and "says" not in data:
        raise CriterionError((*path, "together"), "a sum of its own needs words", 'Add says = "..." beside `together`')
    return Together(counts, first, data.get("says"))


def _several(data: Data, path: tuple, name: str) -> tuple[Node, ...]:
    if sum(it in ("all", "any") for it in path) >= DEEPEST:
        raise CriterionError(path, "rules stand too deep in each other", f"Use at most {DEEPEST} levels of all and any")
    parts = tuple(parse(item, (*path, name, i)) for i, item in enumerate(_list(data, name, path)))
    for i, part in enumerate(parts):
        if part.subjects != "none":
            raise CriterionError(
                (*path, name, i),
                f"a part of `{name}` is earned once, not for each {part.subjects}",
                "Add first = true, or leave `each` out",
            )
    if sum(map(_size, parts)) > MOST_PARTS:
        raise CriterionError((*path, name), "the rule has too many parts", f"Keep it to {MOST_PARTS} in all")
    return parts


def _size(node: Node) -> int:
    return sum(map(_size, getattr(node, "parts", ()))) or 1


def _has(data: Data, path: tuple) -> Has:
    if not isinstance(data["has"], str):
        raise CriterionError((*path, "has"), "`has` names a badge by its slug", 'Write { has = "safe-hands" }')
    return Has(data["has"])


def _yearly(data: Data, path: tuple) -> Yearly:
    if type(data["yearly"]) is not int or not 1 <= data["yearly"] <= LARGEST:
        raise CriterionError(
            (*path, "yearly"), "`yearly` is the points for each year, 1 or more", "Write { yearly = 200 }"
        )
    return Yearly(data["yearly"])


_READERS: dict[str, Callable[[Data, tuple], Node]] = {
    "count": _count,
    "streak": _streak,
    "together": _together,
    "has": _has,
    "yearly": _yearly,
    "all": lambda data, path: All(_several(data, path, "all"), data.get("says")),
    "any": lambda data, path: Any(_several(data, path, "any")),
}


def _weights(given: Anything, path: tuple) -> tuple[tuple[tuple[str, int], ...], bool]:
    """The weights by kind, sorted, and whether there are words for that sum."""
    if isinstance(given, str):
        known = kinds.KINDS.get(given) or kinds.SUMS.get(given)
        if not known:
            raise _unknown(path, "kind", given, [*kinds.KINDS, *kinds.SUMS])
        return tuple(sorted((known.weights or {given: 1}).items())), True
    weights = dict.fromkeys(given, 1) if isinstance(given, list) else given
    if not isinstance(weights, Mapping) or not weights:
        raise CriterionError(
            path, "`count` is a kind, a list of kinds, or kinds with weights", 'Write count = "accepted"'
        )
    for name, weight in weights.items():
        if name not in kinds.KINDS or name == kinds.POINTS:
            raise _unknown(path, "kind", name, [k for k in kinds.KINDS if k != kinds.POINTS])
        if type(weight) is not int or weight == 0 or abs(weight) > MOST_WEIGHT:
            problem = f"the weight of {name} must be a whole number from -{MOST_WEIGHT} to {MOST_WEIGHT} and not 0"
            raise CriterionError((*path, name), problem)
    return tuple(sorted(weights.items())), False


def _where(data: Data, path: tuple) -> facts.Where:
    where = data.get("where", {})
    if not isinstance(where, Mapping):
        raise CriterionError((*path, "where"), "`where` is a table of facts", 'Write where = { post = "answer" }')
    for name, value in where.items():
        here = (*path, "where", name)
        if name not in FACTS:
            raise _unknown(here, "fact", name, list(FACTS))
        if name == "post":
            for post in [value] if isinstance(value, str) else value if isinstance(value, list) else [None]:
                if post not in _POSTS:
                    raise _unknown(here, "kind of post", str(post), sorted(_POSTS))
        elif type(value) is not FACTS[name].of or (type(value) is int and not 1 <= value <= LARGEST):
            raise CriterionError(here, f"`{name}` must be {facts.type_names[FACTS[name].of]}, not {value!r}", "")
    return tuple(sorted((k, tuple(v) if isinstance(v, list) else v) for k, v in where.items()))


def _check_measure(measure: Measure, path: tuple) -> None:
    if measure.of_points and measure.where:
        raise CriterionError((*path, "where"), "points cannot be narrowed by facts", "Count the deed itself instead")
    if measure.of_points and measure.per not in (None, "day", "post", "member"):
        raise CriterionError((*path, "per"), "points can be split by day, post or member", "")
    if measure.each and measure.per == "post":
        raise CriterionError((*path, "per"), "each post has only itself", "Leave out `per` or `each`")


def _check_window(measure: Measure, path: tuple) -> None:
    if measure.each or measure.per not in (None, "day"):
        raise CriterionError((*path, "days"), "`days` cannot be combined with `each` or with `per` other than day", "")
    if measure.of_points or {weight for _, weight in measure.weights} != {1}:
        raise CriterionError((*path, "days"), "`days` counts deeds, without weights and not points", "")


def _each(data: Data, path: tuple) -> bool:
    if data.get("each", "post") != "post":
        raise CriterionError((*path, "each"), f"unknown each {data['each']!r}", 'Write each = "post"')
    return "each" in data


def _per(data: Data, path: tuple) -> str | None:
    per = data.get("per")
    if per is not None and per not in SPLITS:
        raise _unknown((*path, "per"), "split", str(per), list(SPLITS))
    return per


def _threshold(data: Data, path: tuple, part: bool = False) -> int:
    n = data.get("n", 1)
    if type(n) is not int or n < (0 if part else 1):
        raise CriterionError(
            (*path, "n"),
            f"the threshold must be a whole number of 1 or more, not {n!r}",
            "A badge for nothing is a gift to everybody",
        )
    if n > LARGEST:
        raise CriterionError((*path, "n"), "nobody can ever reach that many", f"Write {LARGEST} or less")
    return n


def _number(data: Data, name: str, path: tuple) -> int | None:
    value = data.get(name)
    if value is not None and (type(value) is not int or not 1 <= value <= LARGEST):
        raise CriterionError((*path, name), f"`{name}` must be a whole number of 1 or more, not {value!r}", "")
    return value


def _flag(data: Data, name: str, path: tuple) -> bool:
    if type(data.get(name, False)) is not bool:
        raise CriterionError((*path, name), f"`{name}` is true or false", "")
    return data.get(name, False)


def _list(data: Data, name: str, path: tuple) -> list:
    if not isinstance(data[name], list) or len(data[name]) < 2:
        raise CriterionError((*path, name), f"`{name}` is a list of at least two rules", "")
    if len(data[name]) > MOST_PARTS:
        raise CriterionError((*path, name), "the rule has too many parts", f"Keep it to {MOST_PARTS} in all")
    return data[name]


def _only(data: Data, allowed: set[str], path: tuple) -> None:
    for name in data:
        if name not in allowed:
            raise _unknown((*path, name), "key", str(name), sorted(allowed))


def _unknown(path: tuple, what: str, given: str, known: list[str]) -> CriterionError:
    close = difflib.get_close_matches(given, known, n=1)
    remedy = f"Did you mean {close[0]!r}?" if close else "Known: " + ", ".join(known)
    return CriterionError(path, f"unknown {what} {given!r}", remedy)
