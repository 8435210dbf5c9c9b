"""Accent colours: whether they can be read, and the shades that pages need of them."""

from app.domain.words import _

READABLE = 4.5  # the contrast that text needs, by the Web Content Accessibility Guidelines

# The grounds on which the accent stands as text, as in static/css/tokens.css.
DAY = {"card": "#FFFFFF", "bg": "#F2F5F9", "inset": "#F5F7FA"}
NIGHT = {"card": "#0F1C31", "bg": "#081120", "inset": "#16263F"}
SOFT_BY_DAY, SOFT_BY_NIGHT, PRESSED = 0.11, 0.2, 0.18

BY_DAY, BY_NIGHT = "#0A58B5", "#85BDFF"  # what the site comes with


def contrast(one: str, other: str) -> float:
    """How much two colours stand out from each other: from 1, not at all, to 21, black on white."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, ground: str, share: float) -> str:
    """So much of a colour on a ground."""
    return "#" + "".join(
        f"{round(a * share + b * (1 - share)):02X}" for a, b in zip(_parts(colour), _parts(ground), strict=True)
    )


def flaw_by_day(colour: str) -> str | None:
    """What is wrong with an accent on light pages: white is written on it, and it is written on them."""
    grounds = [*DAY.values(), mixed(colour, DAY["card"], SOFT_BY_DAY)]
    if min(contrast(colour, ground) for ground in grounds) < READABLE:
        return _("Choose a darker colour: on white it would be hard to read.")
    return None


def flaw_by_night(colour: str) -> str | None:
    """What is wrong with an accent on dark pages, on which it is written."""
    grounds = [*NIGHT.values(), mixed(colour, NIGHT["card"], SOFT_BY_NIGHT)]
    if min(contrast(colour, ground) for ground in grounds) < READABLE:
        return _("Choose a lighter colour: on dark pages it would be hard to read.")
    return None


def style_sheet(light: str, dark: str) -> str:
    """The tokens that follow the accents; empty ones stay as they came."""
    light, dark = light or BY_DAY, dark or BY_NIGHT
    pressed = mixed("#000000", light, PRESSED)
    shades = {
        "link": (light, dark),
        "fill": (light, dark),
        "action": (light, light),  # white is written on it, by day and by night
        "action-2": (pressed, pressed),
        "soft": (mixed(light, DAY["card"], SOFT_BY_DAY), mixed(dark, NIGHT["card"], SOFT_BY_NIGHT)),
    }
    tokens = "".join(f"--{name}: light-dark({day}, {night}); " for name, (day, night) in shades.items())
    return f"@layer tokens {{ :root {{ {tokens}--ring: 3px solid light-dark({light}, {dark}); }} }}\n"


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (p / 255 for p in _parts(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
