"""Addresses on this site."""

import re
from typing import Any
from urllib.parse import urlsplit

from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1

# Browsers read a backslash as a slash and drop tabs and line breaks: what they would see is what counts.
ONLY = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


def own_path(text: str | None, otherwise: str = "/") -> str:
    """The text if it is a path on this very site, else another one: where to go on after a form."""
    if text is None or len(text) > 2000 or not ONLY.fullmatch(text):
        return otherwise
    parts = urlsplit(text)
    return otherwise if parts.scheme or parts.netloc else text


class Id(IntegerConverter):
    """A whole number in an address, as large as the database can hold; beyond that nothing is found."""

    def __init__(self, routes: Map, **options: Any) -> None:
        super().__init__(routes, **{"max": LARGEST_ID, **options})
