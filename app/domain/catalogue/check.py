"""Finds everything that is wrong with a catalogue's data, all at once."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from app.domain.badging import criteria
from app.domain.badging.badges import WAYS
from app.domain.badging.criteria import CriterionError, Node
from app.domain.catalogue import check_extras, fields
from app.domain.catalogue.entries import MACHINE_WAYS
from app.domain.catalogue.flaws import Flaw, meant
from app.domain.catalogue.places import Path
from app.domain.record import kinds

Table = dict[str, Any]
PEOPLE_WAYS = tuple(way for way in WAYS if way not in MACHINE_WAYS)
MOST_STARS = 5
LONGEST_CHOICE = 40
MOST_TABLES = 1000  # of a name
_NAMED_BY = {"reply": "name"}  # instead of a slug
OF_A_PAGE = "changes"  # /badges/changes tells what changed; a badge of that slug would have no page


def flaws(data: Mapping[str, Any]) -> list[Flaw]:
    """What has to be put right before the data can be a catalogue."""
    found = list(fields.check(data, fields.TOP, (), ""))
    if data.get("name") == fields.MADE_HERE:
        found.append(
            Flaw(
                ("name",),
                "",
                f"the name {fields.MADE_HERE!r} is taken: it means badges made on the site",
                "Give the catalogue a name of its own",
            )
        )
    if unreadable := [flaw for key in fields.TABLES for flaw in _unreadable(data.get(key), key)]:
        return found + unreadable
    tables: dict[str, list[Table]] = {key: data.get(key, []) for key in fields.TABLES}
    ranks, points, badges, milestones = (tables[key] for key in ("rank", "points", "badge", "milestone"))
    found += [flaw for key, known in fields.TABLES.items() for flaw in _each(tables[key], key, known)]
    found += [*_ladder(ranks), *_values(points), *_allowances(points)]
    found += _same(ranks, "rank", "name") + _same(badges, "badge", "name")
    found += _badges(badges) + list(_milestones(milestones, [str(it.get("slug")) for it in badges]))
    found += check_extras.lessons(tables["lesson"], partial(_whose, "lesson"))
    found += check_extras.replies(tables["reply"], partial(_whose, "reply"))
    return [*found, *check_extras.meetings(tables["event"], badges, ranks, partial(_whose, "event"))]


def _unreadable(tables: Any, key: str) -> Iterator[Flaw]:
    """What keeps the tables of a name from being looked at one by one."""
    if not isinstance(tables, list | None) or any(not isinstance(it, dict) for it in tables or ()):
        yield Flaw((key,), "", f"{key} is a list of tables", f"Begin each with [[{key}]] on a line of its own")
    elif tables and len(tables) > MOST_TABLES:
        problem = f"there are {len(tables):,} [[{key}]]"
        yield Flaw((key, MOST_TABLES), "", problem, f"Keep at most {MOST_TABLES:,}")


def _whose(what: str, table: Table, index: int) -> str:
    slug = table.get(_NAMED_BY.get(what, "slug"))
    return f"{what} {slug!r}" if isinstance(slug, str) else f"{what} number {index + 1}"


def _each(tables: list[Table], what: str, known: Mapping[str, fields.Field]) -> list[Flaw]:
    found = [
        flaw for i, table in enumerate(tables) for flaw in fields.check(table, known, (what, i), _whose(what, table, i))
    ]
    return found + _same(tables, what, _NAMED_BY.get(what, "slug"))


def _same(tables: list[Table], what: str, key: str) -> list[Flaw]:
    """Two tables with the same slug or name."""
    first: dict[str, int] = {}
    found = []
    for i, table in enumerate(tables):
        value = table.get(key)
        if isinstance(value, str) and first.setdefault(value.casefold(), i) != i:
            other = _whose(what, tables[first[value.casefold()]], first[value.casefold()])
            taken = "another " + what if key in ("slug", _NAMED_BY.get(what)) else other
            found.append(
                Flaw(
                    (what, i, key),
                    _whose(what, table, i),
                    f"{taken} has the {key} {value!r} already",
                    f"Give it a {key} of its own",
                )
            )
    return found


# --- Ranks and points -----------------------------------------------------------------------


def _ladder(ranks: list[Table]) -> Iterator[Flaw]:
    if not ranks:
        yield Flaw((), "", "there is no [[rank]]", "Add at least the one where everybody starts, with points = 0")
    before: Table | None = None
    for i, rank in enumerate(ranks):
        whose, points, stars = _whose("rank", rank, i), rank.get("points"), rank.get("stars")
        if type(points) is int and before is None and points != 0:
            yield Flaw(("rank", i, "points"), whose, "the first rank is where everybody starts", "Write points = 0")
        if type(points) is int and before and type(before.get("points")) is int and points <= before["points"]:
            yield Flaw(
                ("rank", i, "points"),
                whose,
                f"the ranks do not rise: {points} comes after {before['points']}",
                "Order them by points, each above the one before",
            )
        if type(stars) is int and stars > MOST_STARS:
            yield Flaw(("rank", i, "stars"), whose, f"stars must be {MOST_STARS} or fewer, not {stars}", "")
        before = rank


def _values(points: list[Table]) -> Iterator[Flaw]:
    for i, rule in enumerate(points):
        whose, kind = _whose("points", rule, i), rule.get("kind")
        if rule.get("amount") == 0:
            yield Flaw(
                ("points", i, "amount"),
                whose,
                "0 points are no points",
                "Leave the rule out: a deed without a rule gives none",
            )
        if isinstance(kind, str):
            yield from _countable(rule, kind, ("points", i), whose)
        since, until = rule.get("since"), rule.get("until")
        if type(since) is date and type(until) is date and since > until:
            yield Flaw(("points", i, "until"), whose, "until is before since", "Exchange them")


def _countable(rule: Table, kind: str, path: Path, whose: str) -> Iterator[Flaw]:
    if kind not in kinds.KINDS or kind == kinds.POINTS:
        yield Flaw(
            (*path, "kind"),
            whose,
            f"unknown kind {kind!r}",
            meant(kind, (it for it in kinds.KINDS if it != kinds.POINTS)),
        )
        return
    try:
        criteria.parse({"count": kind, "where": rule.get("where", {})}, path)
    except CriterionError as no:
        yield Flaw(no.path, whose, no.problem, no.remedy)


def _allowances(points: list[Table]) -> Iterator[Flaw]:
    """Rules that share an allowance must agree on how large it is."""
    first: dict[str, int] = {}
    for i, rule in enumerate(points):
        whose, allowance = _whose("points", rule, i), rule.get("cap") or rule.get("slug")
        if "cap" in rule and not {"per_day", "per_pair"} & rule.keys():
            yield Flaw(
                ("points", i, "cap"),
                whose,
                "cap names an allowance but not how large it is",
                "Add per_day or per_pair, or leave out cap",
            )
        if not isinstance(allowance, str):
            continue
        other = points[first.setdefault(allowance, i)]
        for key in ("per_day", "per_pair"):
            if rule.get(key) != other.get(key):
                at = ("points", i, key if key in rule else "cap")
                yield Flaw(
                    at,
                    whose,
                    f"{key} is {_shown(rule, key)} here and {_shown(other, key)} in "
                    f"{other.get('slug')!r}, which shares the allowance {allowance!r}",
                    "Write the same in both",
                )


def _shown(rule: Table, key: str) -> str:
    return str(rule.get(key, "left out"))


# --- Badges ---------------------------------------------------------------------------------


def _badges(badges: list[Table]) -> list[Flaw]:
    if not badges:
        return [Flaw((), "", "there is no [[badge]]", "Add at least one")]
    found: list[Flaw] = []
    rules: dict[str, Node] = {}
    places: dict[str, int] = {}
    for i, badge in enumerate(badges):
        whose = _whose("badge", badge, i)
        found += [Flaw(("badge", i, *path), whose, problem, remedy) for path, problem, remedy in _way(badge)]
        if badge.get("slug") == OF_A_PAGE:
            found.append(
                Flaw(("badge", i, "slug"), whose, "a page of the site has that address", "Choose another slug")
            )
        if isinstance(badge.get("earn"), dict):
            try:
                rule = criteria.parse(badge["earn"], ("badge", i, "earn"))
            except CriterionError as no:
                found.append(Flaw(no.path, whose, no.problem, no.remedy))
            else:
                rules.setdefault(str(badge.get("slug")), rule)
                places.setdefault(str(badge.get("slug")), i)
    slugs = [str(badge.get("slug")) for badge in badges]
    found += _held(badges, slugs)
    found += [
        Flaw(
            ("badge", places[circle[0]], "earn"),
            f"badge {circle[0]!r}",
            "nobody can ever earn it: " + " needs ".join(map(repr, [*circle, circle[0]])),
            "Break the circle",
        )
        for circle in circles(rules)
    ]
    return found + list(_too_long(badges, rules))


def _way(badge: Table) -> Iterator[tuple[Path, str, str]]:
    """How the badge is obtained, and whether that fits the rule and the words."""
    ways, ruled, worded = badge.get("ways"), "earn" in badge, "how" in badge
    if ways is None and not ruled:
        yield (), "there is no way to earn it", 'Add earn = { ... }, or ways = ["request"] and how = "..."'
        return
    if not isinstance(ways, list | None):
        return
    ways = ["automatic"] if ways is None else ways
    if not ways:
        yield ("ways",), "there is no way to earn it", "Name one of " + ", ".join(WAYS)
        return
    people = [way for way in ways if way in PEOPLE_WAYS]
    if "automatic" in ways and not ruled:
        yield ("ways",), "automatic needs a rule", 'Add earn = { count = "...", n = 1 }, or take automatic out of ways'
    elif ruled and not any(way in MACHINE_WAYS for way in ways):
        yield (
            ("ways",),
            f"there is a rule, but ways does not say so: {', '.join(map(str, ways))}",
            'Add "automatic" to ways',
        )
    elif not worded and (people or not ruled):
        yield (
            (),
            f"how is missing, and no rule tells how to get it by {' or '.join(people or ways)}",
            'Add how = "...", what a member has to do',
        )
    elif worded and not people and ruled:
        yield ("how",), "how says again what the rule says by itself, and the two could part", "Leave out how"


def _held(badges: list[Table], slugs: list[str]) -> list[Flaw]:
    return [
        Flaw(("badge", i, "earn", *path), _whose("badge", badge, i), f"unknown badge {name!r}", meant(name, slugs))
        for i, badge in enumerate(badges)
        for path, name in _needs(badge.get("earn"))
        if name not in slugs
    ]


def _needs(rule: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The badges a rule asks for, and where."""
    if isinstance(rule, dict):
        for key, value in rule.items():
            if key == "has" and isinstance(value, str):
                yield (*path, key), value
            elif key in ("all", "any"):
                yield from _needs(value, (*path, key))
    elif isinstance(rule, list):
        for i, item in enumerate(rule):
            yield from _needs(item, (*path, i))


def circles(rules: Mapping[str, Node]) -> list[list[str]]:
    """Badges that need each other in a circle, each circle once, beginning with its first badge."""
    found: dict[frozenset[str], list[str]] = {}
    done: set[str] = set()

    def follow(slug: str, way: list[str]) -> None:
        if slug in way:
            circle = way[way.index(slug) :]
            found.setdefault(frozenset(circle), circle)
        elif slug in rules and slug not in done:
            for needed in sorted(rules[slug].badges()):
                follow(needed, [*way, slug])
            done.add(slug)

    for slug in rules:
        follow(slug, [])
    return list(found.values())


def _too_long(badges: list[Table], rules: Mapping[str, Node]) -> Iterator[Flaw]:
    """The sentence of a rule must come out, and fit together with `how`."""
    longest = fields.BADGE["how"].longest
    names = {str(it.get("slug")): str(it.get("name")) for it in badges}
    for i, badge in enumerate(badges):
        rule, whose = rules.get(str(badge.get("slug"))), _whose("badge", badge, i)
        if rule is None:
            continue
        try:
            length = len(rule.sentence(names)) + len(str(badge.get("how", "")))
        except (AttributeError, IndexError, KeyError, ValueError):
            yield Flaw(
                ("badge", i, "earn"),
                whose,
                "says must be a text in which only {n} is filled in",
                'Write it as in says = "Read {n} threads"',
            )
            continue
        if length >= longest:
            yield Flaw(
                ("badge", i, "earn"),
                whose,
                f"how to earn it takes {length} letters",
                f"Shorten it to {longest - 1}, with says in the rule or a shorter how",
            )


# --- Milestones -----------------------------------------------------------------------------


def _milestones(milestones: list[Table], slugs: list[str]) -> Iterator[Flaw]:
    for i, milestone in enumerate(milestones):
        path, whose = ("milestone", i), _whose("milestone", milestone, i)
        if ("points" in milestone) == ("badge" in milestone):
            yield Flaw(path, whose, "it needs points or a badge, and one of them alone", "Add or leave out one")
        badge, choices = milestone.get("badge"), milestone.get("choices", [])
        if isinstance(badge, str) and badge not in slugs:
            yield Flaw((*path, "badge"), whose, f"unknown badge {badge!r}", meant(badge, slugs))
        if isinstance(choices, list):
            yield from _choices(choices, (*path, "choices"), whose)


def _choices(choices: list[Any], path: Path, whose: str) -> Iterator[Flaw]:
    for choice in choices:
        if not isinstance(choice, str) or not choice.strip() or len(choice) > LONGEST_CHOICE:
            problem = f"{choice!r} is no choice"
            yield Flaw(path, whose, problem, f'Write texts of up to {LONGEST_CHOICE} letters, such as "M"')
    if len(set(map(str, choices))) < len(choices):
        yield Flaw(path, whose, "choices names one thing twice", "Name it once")
