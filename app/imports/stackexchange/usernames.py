"""Names from elsewhere as usernames: 2 to 30 of letters, digits, hyphen, underscore and dot."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

LONGEST = 30
TRIES = 20


def base(name: str) -> str:
    """What a display name becomes before it is made unique; empty where nothing can be kept."""
    latin = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    kept = re.sub(r"[^a-z0-9._-]+", ".", latin).strip("._-")[:LONGEST].rstrip("._-")
    return kept if len(kept) > 1 else ""


def free(base: str, nth: int, number: int, taken: Collection[str]) -> str:
    """The first username like `base` that is not taken; `nth` of that base, `number` in the old home.

    taken holds small letters only, as usernames are compared.
    """
    return next(name for name in _candidates(base, nth, number) if name not in taken)


def _candidates(base: str, nth: int, number: int) -> Iterator[str]:
    base = base or "member"
    for n in range(nth, nth + TRIES):
        yield base if n == 1 else _with(base, str(n))
    yield _with(base, f"u{number}")
    n = 2
    while True:
        yield _with(base, f"u{number}-{n}")
        n += 1


def _with(base: str, ending: str) -> str:
    return f"{base[: LONGEST - len(ending) - 1].rstrip('._-')}-{ending}"
