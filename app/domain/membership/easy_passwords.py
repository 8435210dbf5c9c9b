"""Passwords that are guessed first: those that many choose, and those that are about the account or the site."""

import functools
import re
from collections.abc import Iterable
from pathlib import Path

COMMON = Path(__file__).with_name("common_passwords.txt")
SITE_WORDS = {"contrail"}  # a site adds its own name when it starts


def add_site_words(*names: str) -> None:
    """Make the names of a site, such as its title and its host, count as easy."""
    SITE_WORDS.update(word for name in names for word in (_bare(name), *name.lower().split()) if len(word) > 3)


def is_easy(password: str, about: Iterable[str] = ()) -> bool:
    """Whether a password is among the first that somebody would try; `about` are words about its owner."""
    bare = _bare(password)
    personal = {word for word in map(_bare, (*about, *SITE_WORDS)) if len(word) > 1}
    repeated = bare != "" and any(bare.replace(word, "") == "" for word in personal)
    backwards = bare[::-1] in personal
    return len(set(password)) < 3 or repeated or backwards or password.lower() in common()


@functools.cache
def common() -> frozenset[str]:
    """The passwords that most people choose."""
    return frozenset(line for line in COMMON.read_text().splitlines() if not line.startswith("# "))


def _bare(text: str) -> str:
    # Contrail-2026! is as easy as contrail.
    return re.sub(r"[\W\d_]+", "", text.lower())
