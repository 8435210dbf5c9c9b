"""Writes a catalogue as a file that loads back to no difference."""

import json
import re
from datetime import date
from typing import Any

from app.domain.catalogue.entries import EXTRAS, Catalogue


def as_toml(catalogue: Catalogue) -> str:
    """The catalogue as TOML, a key a line."""
    data = catalogue.as_data()
    blocks = ["\n".join(_pair(key, data[key]) for key in ("name", "title"))]
    for table in ("rank", "points", "badge", "milestone", *EXTRAS):
        blocks += ["\n".join([f"[[{table}]]", *(_key(*it) for it in entry.items())]) for entry in data.get(table, ())]
    return "\n\n".join(blocks) + "\n"


def _key(key: str, value: Any) -> str:
    """A key of a table; a text of several lines stands as it is read."""
    if isinstance(value, str) and "\n" in value:
        return "\n".join([f'{key} = """', *map(_line, value.split("\n")), '"""'])
    return _pair(key, value)


def _pair(key: str, value: Any) -> str:
    return f"{key} = {value_as_toml(value)}"


def value_as_toml(value: Any) -> str:
    """One value of a catalogue as it stands in the file."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int() | date():
            return str(value)
        case dict():
            return "{ " + ", ".join(_pair(*it) for it in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(value_as_toml, value)) + "]"
    raise TypeError(f"a catalogue holds no {type(value).__name__}")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _line(text: str) -> str:
    """A line of a text of several: its quotes need no backslash but where three of them would end it."""
    escaped = re.sub(r"\\(.)", lambda it: '"' if it[1] == '"' else it[0], _quoted(text)[1:-1])
    return escaped.replace('"""', '""\\"')
