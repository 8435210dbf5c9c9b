"""The phrases of which the sentence about a count is made."""

import re

from app.domain.badging.criteria.measures import Measure
from app.domain.words import _

ONE = {
    "day": " in a day",
    "member": " with one member",
    "post": " on one post",
    "thread": " in one thread",
    "category": " in one category",
    "object": " at one of them",
}

MANY = {
    "day": "on {n} days",
    "member": "with {n} members",
    "post": "on {n} posts",
    "thread": "in {n} threads",
    "category": "in {n} categories",
    "object": "at {n} of them",
}

DIFFERENT = {
    "day": ", each on a different day",
    "member": ", each with a different member",
    "post": ", each on a different post",
    "thread": ", each in a different thread",
    "category": ", each in a different category",
    "object": ", each a different one",
}

PARTS = {
    "day": "different days",
    "member": "different members",
    "post": "different posts",
    "thread": "different threads",
    "category": "categories",
    "object": "different ones",
}


def a_post(measure: Measure) -> str:
    """What a measure of single posts looks at: an answer, a post."""
    wanted = dict(measure.where).get("post")
    if not isinstance(wanted, str) or wanted == "opening":
        return _("a post")
    return _(f"an {wanted}" if wanted[0] in "aeiou" else f"a {wanted}")


def singular(text: str) -> str:
    """A text in which what there is one of is not called by its plural."""
    return re.sub(r"\b1 (\w+)s\b", r"1 \1", text)


def lower(text: str) -> str:
    """A sentence as it stands within another."""
    return text[:1].lower() + text[1:]


def upper(text: str) -> str:
    """A sentence as it begins."""
    return text[:1].upper() + text[1:]
