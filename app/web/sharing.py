"""What leaves the site by itself: absolute addresses, plain descriptions, texts that XML can hold."""

import re
from datetime import UTC, datetime

from flask import Flask, current_app

from app.domain.base import EPOCH

LONGEST = 150
# By XML 1.0 (2.2), no document may hold the others, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OWN_ADDRESS = re.compile(r'(<(?:a|img)\b[^>]*? (?:href|src)=")(/(?!/))')


def install(app: Flask) -> None:
    """Give templates what feeds, maps and previews need."""
    app.jinja_env.filters.update(xml_text=xml_text, instant=instant, absolute=absolute, shortened=shortened)
    app.jinja_env.globals.update(
        site_url=app.config["SETTINGS"].site_url, EPOCH=datetime.combine(EPOCH, datetime.min.time(), UTC)
    )


def xml_text(text: str) -> str:
    """A text without the characters that XML forbids; escaping is the template's."""
    return _NOT_XML.sub("", str(text))


def instant(when: datetime) -> str:
    """A moment as Atom and maps of sites write it."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def absolute(html: str) -> str:
    """A post for readers elsewhere: links and pictures of this site with its address. The sanitiser quotes attributes."""
    return _OWN_ADDRESS.sub(rf"\g<1>{current_app.config['SETTINGS'].site_url}\g<2>", html)


def shortened(text: str) -> str:
    """One or two sentences for a description, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: line.rfind(" ", LONGEST // 2, LONGEST)].rstrip(" ,.;:") + "…"
