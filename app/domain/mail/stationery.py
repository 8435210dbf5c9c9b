"""Stationery: what a letter is before it has its words, and why one may not be written."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.domain.mail.deliveries import Delivery


class Picture(NamedTuple):
    """The picture of a badge, which a letter carries with it."""

    name: str  # by which the letter's HTML asks for it
    family: str
    tier: str
    glyph: str
    size: int


class Letter(NamedTuple):
    """What a letter says: which one it is, to what address it goes, and what its templates ask for.

    `of` is the setting that it follows: what stops it. Letters about accounts follow none.
    """

    template: str
    to: str
    says: Mapping[str, Any]
    of: str = ""
    thread_id: int | None = None
    pictures: Sequence[Picture] = ()


class Unwanted(Exception):
    """The letter has nobody to go to any more, or they had enough; the text says why."""


class Postponed(Unwanted):
    """By now its member wants to read of this in the digest of a `period`."""

    def __init__(self, period: str) -> None:
        super().__init__(f"comes with the {period} digest")
        self.period = period


Writer = Callable[[Session, Delivery, datetime], Letter]
