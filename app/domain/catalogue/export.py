"""Writes a catalogue as a file that loads back to no difference."""

import json
from datetime import date
from typing import Any

from app.domain.catalogue.entries import Catalogue


def as_toml(catalogue: Catalogue) -> str:
    """The catalogue as TOML, a key a line."""
    data = catalogue.as_data()
    blocks = ["\n".join(_pair(key, data[key]) for key in ("name", "title"))]
    for table in ("rank", "points", "badge", "milestone"):
        blocks += ["\n".join([f"[[{table}]]", *(_pair(*it) for it in entry.items())]) for entry in data[table]]
    return "\n\n".join(blocks) + "\n"


def _pair(key: str, value: Any) -> str:
    return f"{key} = {value_as_toml(value)}"


def value_as_toml(value: Any) -> str:
    """One value of a catalogue as it stands in the file."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | date():
            return str(value)
        case dict():
            return "{ " + ", ".join(_pair(*it) for it in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(map(value_as_toml, value)) + "]"
    raise TypeError(f"a catalogue holds no {type(value).__name__}")
