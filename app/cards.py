"""Cards: the picture of an award that other sites show beside a link to it."""

from functools import cache, lru_cache
from html import escape
from pathlib import Path

import resvg_py
from PIL import ImageFont

from app import art

FONTS = tuple(sorted(str(it) for it in (Path(__file__).parent / "fonts").glob("*.ttf")))
FAMILIES = "Figtree SemiBold, Noto Sans SemiBold, Noto Sans Arabic SemiBold, Noto Sans Hebrew SemiBold"
MEASURED_WITH = next(it for it in FONTS if it.endswith("noto-sans.ttf"))  # no narrower than the others
WIDTH, HEIGHT = 1200, 630  # what the large sites ask for
TEXT_WIDTH = 620
NIGHT, SIGN, ON_NIGHT, ON_NIGHT_2 = "#0B1B33", "#FFC628", "#FFFFFF", "#B9C6DA"
NOBODY = "\U0010ffff"  # a letter that no font has


@lru_cache(128)
def png(family: str, tier: str, glyph: str, badge: str, who: str, said: str, when: str, site: str) -> bytes:
    """Draw who earned which badge, 1200 by 630: `who`, what is `said` of it, the badge's name, the day, the site.

    A name in letters that the fonts here do not have is left out: better no name than boxes.
    """
    place = '<svg x="80" y="115" width="400" height="400" '
    medal = art.svg(family, tier, glyph, at_night=True).replace("<svg ", place, 1)
    lines = (
        _line(who if can_draw(who) else "", 210, 56, ON_NIGHT),
        _line(said, 280, 34, ON_NIGHT_2),
        _line(badge, 370, 72, SIGN),
        _line(when, 440, 34, ON_NIGHT_2),
        _line(site, 560, 30, ON_NIGHT),
    )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{NIGHT}"/><rect width="{WIDTH}" height="14" fill="{SIGN}"/>'
        f"{medal}{''.join(lines)}</svg>"
    )
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=drawing, width=WIDTH, height=HEIGHT, skip_system_fonts=True, font_files=list(FONTS)
        )
    )


def can_draw(text: str) -> bool:
    """Whether the fonts here have every letter of a text; signs that are no letters do not matter."""
    return all(_is_drawn(it) for it in text if it.isalnum())


def _line(text: str, level: int, size: int, colour: str) -> str:
    text = "".join(it for it in text if _is_drawn(it)).strip()
    text, size = _fitted(text, size)
    return (
        f'<text x="540" y="{level}" font-family="{FAMILIES}" font-weight="600" font-size="{size}" fill="{colour}">'
        f"{escape(text)}</text>"
    )


def _fitted(text: str, size: int) -> tuple[str, int]:
    """A text made smaller, by half at the most, and then shortened until it fits."""
    width = _font(MEASURED_WITH).getlength(text) * size / 100
    if width > TEXT_WIDTH:
        smaller = max(size // 2, int(size * TEXT_WIDTH / width))
        while text and _font(MEASURED_WITH).getlength(text) * smaller / 100 > TEXT_WIDTH:
            text = text.rstrip("…")[:-1].rstrip() + "…"
        return text, smaller
    return text, size


@cache
def _font(file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, 100)


@lru_cache(4096)
def _is_drawn(letter: str) -> bool:
    if letter == " ":
        return True
    return any(bytes(_font(it).getmask(letter)) != bytes(_font(it).getmask(NOBODY)) for it in FONTS)
