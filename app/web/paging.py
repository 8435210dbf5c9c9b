"""What the query of an address asks for: a page of a list, a filter, a number, some words."""

from collections.abc import Mapping

from flask import abort, request

LAST = 100_000


def page_number(given: Mapping[str, str] | None = None) -> int:
    """The number in ?page=, 1 where there is none; anything but a sensible number is a bad request."""
    text = (request.args if given is None else given).get("page", "1")
    if not (text.isascii() and text.isdigit()) or len(text) > 6 or not 1 <= int(text) <= LAST:
        abort(400, "There is no such page.")
    return int(text)


def number(text: str, *, digits: int = 15) -> int:
    """A number as addresses and forms have it, or 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else 0


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """The value of a filter, the first one allowed where none is given."""
    value = request.args.get(name) or allowed[0]
    if value not in allowed:
        abort(400, "That filter is not known.")
    return value


def line(name: str, most: int) -> str:
    """A line of text in the query, without what no line contains; the rest of one that is too long is not looked at."""
    text = "".join(it if it.isprintable() else " " for it in request.args.get(name, "")[: 4 * most])
    return " ".join(text.split())[:most]
