"""Badge art: outline (family), metal, stripes and wings (tier) and glyph, composed into SVG and PNG.

Four channels that do not lean on colour: the outline tells the family, stripes and wings tell the tier,
the glyph tells the badge. The sprite is painted with custom properties (static/css/badges.css sets them),
a standalone drawing with literal colours. Units are those of a box of 96 by 96.
"""

import json
import math
from collections.abc import Callable
from functools import cache, lru_cache
from html import escape
from pathlib import Path

import resvg_py

from app.domain.badging.insignia import FAMILIES, TIERS, stripes

GLYPH_FILE = Path(__file__).with_name("glyphs.json")
SPRITE_FILE = Path(__file__).parent.parent / "static" / "badges" / "sprite.svg"

BOX = 96
CENTRE = (48.0, 42.0)
GLYPH_BOX = 256  # Phosphor draws its glyphs in a box of 256
GLYPH_SIZE, MINI_GLYPH_SIZE = 30, 50

Point = tuple[float, float]
Paint = Callable[[str], str]

METALS = {
    "bronze": ("#DDA06A", "#9A5526"),
    "silver": ("#C3CCD8", "#7A8798"),
    "gold": ("#F6CB52", "#BD8312"),
    "platinum": ("#A9DDF0", "#3E86AD"),
}
ENAMELS = {
    "preflight": ("#0B6B74", "#0F808A"),
    "ground": ("#1A56AE", "#2566C6"),
    "departures": ("#3F3AA0", "#4F4AB8"),
    "cabin": ("#A32A5C", "#BC396E"),
    "tower": ("#24364F", "#34496A"),
    "miles": ("#A3470C", "#B9571A"),
    "formation": ("#6B3497", "#7F45AE"),
    "hangar": ("#1F6A42", "#2A7E52"),
}
PLATE_AT_NIGHT = "#40587F"  # on a dark ground the plate would be lost
LIT = {"glyph": "#FFFFFF", "plate": "#0B1B33", "plate-edge": "none", "dash": "none"}
UNLIT = LIT | {
    "rim-hi": "#D5DBE3",
    "rim-lo": "#BCC5D0",
    "field": "#EEF1F5",
    "disc": "#E3E8EE",
    "glyph": "#667180",
    "plate": "#E3E8EE",
    "bar": "#667180",
    "wing": "#D5DBE3",
    "wing-lo": "#C7CFD9",
}


def svg(
    family: str, tier: str, glyph: str, *, earned: bool = True, mini: bool = False, title: str | None = None,
    at_night: bool = False,
) -> str:  # fmt: skip
    """Draw one badge as an SVG document of its own; mini leaves wings and stripes out and enlarges the glyph."""
    by_day = _literal(family, tier) if earned else UNLIT.__getitem__

    def paint(part: str) -> str:
        return PLATE_AT_NIGHT if at_night and part == "plate" else by_day(part)

    outline = FAMILIES[family].shape
    frame = _mini_frame(outline, paint) if mini else _frame(outline, tier, paint)
    head = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BOX} {BOX}">{head}{frame}'
        f"{_placed_glyph(glyph, outline, mini, paint('glyph'))}</svg>\n"
    )


@lru_cache(512)
def png(family: str, tier: str, glyph: str, size: int, earned: bool = True) -> bytes:
    """Draw one badge as a PNG of size by size CSS pixels, with twice that many dots; each is drawn once."""
    drawing = svg(family, tier, glyph, earned=earned)
    return bytes(resvg_py.svg_to_bytes(svg_string=drawing, width=2 * size, height=2 * size))


def sprite() -> str:
    """Draw the symbols pages are composed of: f-SHAPE-TIER, m-SHAPE (mini) and g-GLYPH."""
    shapes = sorted({family.shape for family in FAMILIES.values()})
    symbols = [_symbol(f"f-{shape}-{tier}", _frame(shape, tier, _themed)) for shape in shapes for tier in TIERS]
    symbols += [_symbol(f"m-{shape}", _mini_frame(shape, _themed)) for shape in shapes]
    symbols += [_glyph_symbol(name) for name in sorted(glyphs())]
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""])


@cache
def glyphs() -> dict[str, str]:
    """The outlines of the glyph stock, by name."""
    outlines: dict[str, str] = json.loads(GLYPH_FILE.read_text())
    return outlines


def _literal(family: str, tier: str) -> Paint:
    high, low = METALS[tier]
    field, disc = ENAMELS[family]
    metal = {"rim-hi": high, "rim-lo": low, "bar": high, "wing": high, "wing-lo": low}
    return (LIT | metal | {"field": field, "disc": disc}).__getitem__


def _themed(part: str) -> str:
    return f"var(--b-{part})"


def _symbol(name: str, body: str, box: str = f"0 0 {BOX} {BOX}") -> str:
    return f'<symbol id="{name}" viewBox="{box}">{body}</symbol>'


def _glyph_symbol(name: str) -> str:
    """A glyph whose box makes it land on the disc when the symbol fills the badge."""
    unit = GLYPH_BOX / GLYPH_SIZE
    left, top = GLYPH_BOX / 2 - CENTRE[0] * unit, GLYPH_BOX / 2 - CENTRE[1] * unit
    box = f"{_short(left)} {_short(top)} {_short(BOX * unit)} {_short(BOX * unit)}"
    return _symbol(f"g-{name}", f'<path d="{glyphs()[name]}" fill="var(--b-glyph)"/>', box)


def _placed_glyph(name: str, outline: str, mini: bool, fill: str) -> str:
    size = MINI_GLYPH_SIZE if mini else GLYPH_SIZE
    x, y = (48.0, 46.0 if outline == "pennant" else 48.0) if mini else CENTRE
    corner = f"{_short(x - size / 2)} {_short(y - size / 2)}"
    return f'<path transform="translate({corner}) scale({size / GLYPH_BOX:.4f})" d="{glyphs()[name]}" fill="{fill}"/>'


def _frame(shape: str, tier: str, paint: Paint) -> str:
    """Everything of a badge but its glyph, from back to front."""
    winged = tier in ("gold", "platinum")
    return "".join(
        (
            _wings(tier, paint) if winged else "",
            _medal(shape, paint),
            _crown_star(paint) if tier == "platinum" else "",
            _sleeve(stripes(tier), paint),
        )
    )


def _medal(shape: str, paint: Paint) -> str:
    x, y = CENTRE
    radius = {"seal": 28.6, "diamond": 28.6}.get(shape, 28.0)
    line = _outline(shape, x, y, radius)
    disc = f'<circle cx="{_short(x)}" cy="{_short(y)}" r="20" fill="{paint("disc")}"/>'
    return f'<path d="{line}" fill="{paint("field")}"/>{disc}{_rim(line, y, 6, paint)}'


def _mini_frame(shape: str, paint: Paint) -> str:
    line = _outline(shape, 48, 47 if shape == "pennant" else 48, 39 if shape == "diamond" else 41)
    return f'<path d="{line}" fill="{paint("field")}"/>{_rim(line, 48, 8, paint)}'


def _rim(line: str, level: float, width: int, paint: Paint) -> str:
    """A metal rim: dark all round, and light above a level, which a nested drawing cuts off."""
    stroke = f'<path d="{line}" fill="none" stroke-width="{width}"'
    dark = f'{stroke} stroke="{paint("rim-lo")}" pathLength="100" stroke-dasharray="{paint("dash")}"/>'
    light = f'{stroke} stroke="{paint("rim-hi")}"/>'
    return f'{dark}<svg width="{BOX}" height="{_short(level)}">{light}</svg>'


FEATHERS = (
    "M24 54C16 54.5 10 52 5.5 46.5C7.5 55.5 14 60.5 25 60Z",
    "M21 44.5C13 44.5 7 40.5 2.5 33C3.5 45 10.5 52.5 23 52.5Z",
    "M21 34.5C12.5 33 6 27 1.5 16.5C2 31 9.5 41.5 21 43Z",
)
PLATINUM_FEATHER = "M26 23.5C18.5 20.5 12.5 14 9 4.5C8.5 18 14.5 29 23 33Z"


def _wings(tier: str, paint: Paint) -> str:
    feathers = (*FEATHERS, PLATINUM_FEATHER) if tier == "platinum" else FEATHERS
    colours = (paint("wing"), paint("wing-lo"))
    left = "".join(f'<path d="{line}" fill="{colours[place % 2]}"/>' for place, line in enumerate(feathers))
    return f'<g>{left}</g><g transform="matrix(-1 0 0 1 {BOX} 0)">{left}</g>'


def _crown_star(paint: Paint) -> str:
    rays = [_polar(48, 9.5, 3.7 if i % 2 else 8.2, -90 + 36 * i) for i in range(10)]
    points = " ".join(f"{_short(x)},{_short(y)}" for x, y in rays)
    look = f'fill="{paint("rim-lo")}" stroke="{paint("plate-edge")}" stroke-width="3"'
    return f'<polygon points="{points}" {look} stroke-linejoin="round" paint-order="stroke"/>'


def _sleeve(count: int, paint: Paint) -> str:
    """The plate below the medal with one to four stripes."""
    bar, gap = 4.4, 3.4
    width = count * bar + (count - 1) * gap
    plate = max(width + 13, 22)
    box = f'x="{_short(48 - plate / 2)}" y="71.5" width="{_short(plate)}" height="19" rx="5"'
    bars = "".join(
        f'<rect x="{_short(48 - width / 2 + i * (bar + gap))}" y="76" width="{bar}" height="10" rx="1.2" fill="{paint("bar")}"/>'
        for i in range(count)
    )
    return f'<rect {box} fill="{paint("plate")}" stroke="{paint("plate-edge")}" stroke-width="2"/>{bars}'


def _outline(shape: str, x: float, y: float, r: float) -> str:
    """The closed outline of a shape round a centre. Each starts on the left, so that half of it is the top."""
    match shape:
        case "circle":
            half = f"a{_short(r)} {_short(r)} 0 0 1"
            return f"M{_short(x - r)} {_short(y)}{half} {_short(2 * r)} 0{half} {_short(-2 * r)} 0Z"
        case "hexagon":
            return _rounded([_polar(x, y, r * 1.1, 210 + 60 * i) for i in range(6)], r * 7 / 30)
        case "octagon":
            return _rounded([_polar(x, y, r * 1.08, 202.5 + 45 * i) for i in range(8)], r / 6)
        case "squircle":
            return _rounded(_scaled(x, y, r * 0.92, ((-1, -1), (1, -1), (1, 1), (-1, 1))), r * 0.4)
        case "diamond":
            return _rounded(_scaled(x, y, r * 1.2, ((0, -1), (1, 0), (0, 1), (-1, 0))), r * 11 / 30)
        case "pennant":
            corners = ((-1, -0.92), (1, -0.92), (1, 0.38), (0, 1.12), (-1, 0.38))
            return _rounded(_scaled(x, y, r * 0.95, corners), r * 7 / 30)
        case "shield":
            return _shield(x, y, r)
        case "seal":
            return _scallops(x, y, r, 12)
    raise KeyError(shape)


def _shield(x: float, y: float, r: float) -> str:
    def at(*offsets: Point) -> str:
        return " ".join(f"{_short(x + dx * r)} {_short(y + dy * r)}" for dx, dy in offsets)

    return (
        f"M{at((-0.9, -0.1))}L{at((-0.9, -0.68))}Q{at((-0.9, -0.8), (-0.78, -0.84))}"
        f"L{at((-0.1, -1.06))}Q{at((0, -1.1), (0.1, -1.06))}L{at((0.78, -0.84))}"
        f"Q{at((0.9, -0.8), (0.9, -0.68))}L{at((0.9, -0.1))}"
        f"C{at((0.9, 0.55), (0.42, 0.92), (0, 1.1))}C{at((-0.42, 0.92), (-0.9, 0.55), (-0.9, -0.1))}Z"
    )


def _scallops(x: float, y: float, r: float, count: int) -> str:
    step = 360 / count
    path = "M{} {}".format(*map(_short, _polar(x, y, r * 0.94, 180)))
    for i in range(1, count + 1):
        bow = _polar(x, y, r * 1.166, 180 + step * (i - 0.5))
        end = _polar(x, y, r * 0.94, 180 + step * i)
        path += "Q{} {} {} {}".format(*map(_short, (*bow, *end)))
    return path + "Z"


def _rounded(points: list[Point], radius: float) -> str:
    """A closed path through points with rounded corners, starting half-way along the last edge."""
    start = _towards(points[-1], points[0], 0.5)
    path = "M{} {}".format(*map(_short, start))
    for i, corner in enumerate(points):
        before, after = points[i - 1], points[(i + 1) % len(points)]
        into = _towards(corner, before, min(radius / math.dist(corner, before), 0.5))
        out = _towards(corner, after, min(radius / math.dist(corner, after), 0.5))
        path += "L{} {}Q{} {} {} {}".format(*map(_short, (*into, *corner, *out)))
    return path + "Z"


def _towards(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _scaled(x: float, y: float, r: float, corners: tuple[Point, ...]) -> list[Point]:
    return [(x + dx * r, y + dy * r) for dx, dy in corners]


def _polar(x: float, y: float, r: float, degrees: float) -> Point:
    return x + r * math.cos(math.radians(degrees)), y + r * math.sin(math.radians(degrees))


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
