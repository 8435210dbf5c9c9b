"""Words: every sentence a person reads passes here, whether a template or the domain says it.

Texts are written in English where they are used and found again by `_(...)`. A language is a
`gettext` catalogue of them, in force for one request or one letter; without one the texts stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations

ENGLISH = NullTranslations()
_spoken: ContextVar[NullTranslations] = ContextVar("spoken", default=ENGLISH)


def spoken_now() -> NullTranslations:
    """The language in force."""
    return _spoken.get()


def gettext(text: str) -> str:
    """The text in the language in force."""
    return _spoken.get().gettext(text)


def plural(one: str, many: str, num: int) -> str:
    """The form of a text that fits a number, in the language in force."""
    return _spoken.get().ngettext(one, many, num)


def _(text: str, **values: object) -> str:
    """The text in the language in force, with its %(named)s values filled in."""
    return gettext(text) % values if values else gettext(text)


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The form of a text that fits a number, filled in; %(num)s is the number with its thousands set apart."""
    return plural(one, many, num) % {"num": f"{num:,}", **values}


@contextmanager
def spoken(language: NullTranslations) -> Iterator[None]:
    """Put another language in force."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)
