"""Reading letters as their recipients do."""

from __future__ import annotations

import re
from email.message import EmailMessage


def text_of(letter: EmailMessage) -> str:
    """The plain part of a letter."""
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(letter: EmailMessage) -> str:
    """The part of a letter with looks."""
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def path_in(letter: EmailMessage, start: str) -> str:
    """The path of the link in a letter that begins so."""
    found = re.search(rf"https?://[^/\s]+({re.escape(start)}[^\s]*)", text_of(letter))
    assert found, f"no link to {start} in:\n{text_of(letter)}"
    return found.group(1)
