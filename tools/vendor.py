"""Fetch the pieces made by others (icons, fonts, htmx) from their npm packages, at fixed versions.

    python tools/vendor.py           needs npm and fonttools; writes static/{fonts,icons,js,licences}, app/fonts
                                     and app/glyphs.json, then draws static/badges/sprite.svg anew
    python tools/vendor.py sprite    only draws the sprite anew, after a change of app/art.py; needs nothing

Run it after naming a new icon in ICONS or a new glyph in app/domain/badging/insignia.py, and commit what changed.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import art  # noqa: E402  (the root has to be on the path first)
from app.domain.badging.insignia import GLYPHS  # noqa: E402

STATIC = ROOT / "static"
PACKAGES = {
    "@phosphor-icons/core": "2.1.1",
    "@fontsource-variable/figtree": "5.3.0",
    "@fontsource/b612-mono": "5.3.0",
    "@fontsource/figtree": "5.3.0",
    "@fontsource/noto-sans": "5.3.0",
    "@fontsource/noto-sans-arabic": "5.3.0",
    "@fontsource/noto-sans-hebrew": "5.3.0",
    "htmx.org": "4.0.1",
}
COPIES = {
    "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2": "fonts/figtree.woff2",
    "@fontsource-variable/figtree/files/figtree-latin-ext-wght-normal.woff2": "fonts/figtree-ext.woff2",
    "@fontsource/b612-mono/files/b612-mono-latin-400-normal.woff2": "fonts/b612-mono.woff2",
    "@fontsource/b612-mono/files/b612-mono-latin-700-normal.woff2": "fonts/b612-mono-700.woff2",
    "htmx.org/dist/htmx.min.js": "js/htmx.min.js",
    "@phosphor-icons/core/LICENSE": "licences/phosphor-icons.txt",
    "@fontsource-variable/figtree/LICENSE": "licences/figtree.txt",
    "@fontsource/b612-mono/LICENSE": "licences/b612-mono.txt",
    "@fontsource/noto-sans/LICENSE": "licences/noto-sans.txt",
    "htmx.org/LICENSE": "licences/htmx.txt",
}
# The fonts that pictures are drawn with (app/cards.py): each is put together from the subsets of one family.
DRAWN_WITH = {
    "figtree": ("figtree/files/figtree", ("latin", "latin-ext")),
    "noto-sans": ("noto-sans/files/noto-sans", ("latin", "latin-ext", "vietnamese", "cyrillic", "greek")),
    "noto-sans-arabic": ("noto-sans-arabic/files/noto-sans-arabic", ("arabic",)),
    "noto-sans-devanagari": ("noto-sans/files/noto-sans", ("devanagari",)),
    "noto-sans-hebrew": ("noto-sans-hebrew/files/noto-sans-hebrew", ("hebrew",)),
}

# Bold weight for controls, fill weight (the ending -fill) for states.
ICONS = """
    air-traffic-control air-traffic-control-fill airplane-landing-fill airplane-takeoff-fill airplane-tilt-fill
    arrow-counter-clockwise arrow-down arrow-fat-up arrow-right arrow-up at bell bell-fill bell-slash
    bookmark-simple bookmark-simple-fill caret-left caret-right chat-circle chat-circle-fill chats-circle
    chats-circle-fill check check-circle-fill circle-half clock clock-counter-clockwise code coins coins-fill
    device-mobile dots-three download-simple envelope-simple envelope-simple-fill eye eye-slash flag flag-fill
    funnel gavel gavel-fill gear hand-waving-fill heart image info key lightbulb link-simple list-bullets
    lock-simple lock-simple-fill lock-simple-open magnifying-glass medal medal-fill minus moon note-pencil
    note-pencil-fill paper-plane-tilt pencil-simple pencil-simple-fill plus prohibit push-pin push-pin-fill
    question question-fill quotes ranking ranking-fill scroll shield-check shield-check-fill sign-in sign-out
    sparkle squares-four sun tag text-b text-italic trash tray trophy trophy-fill user users warning
    warning-circle-fill warning-fill x
""".split()  # noqa: SIM905 (a literal list would fill a page)
MASKS = ("arrow-fat-up", "arrow-fat-up-fill", "dots-three", "lightbulb", "lightbulb-fill")
STARS = 5
ICON_BOX = 256


def main() -> None:
    """Fetch what others made unless only our own is asked for, and draw the sprite."""
    if sys.argv[1:] != ["sprite"]:
        fetch()
    art.glyphs.cache_clear()
    art.SPRITE_FILE.write_text(art.sprite())


def fetch() -> None:
    """Fetch the packages into a folder that is thrown away, and take the pieces wanted."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted], cwd=folder, check=True
        )
        packages = Path(folder) / "node_modules"
        take_files(packages)
        take_fonts(packages, Path(folder))
        take_icons(packages / "@phosphor-icons/core/assets")
        take_masks(packages / "@phosphor-icons/core/assets")
        draw_favicon(packages / "@phosphor-icons/core/assets")
        take_glyphs(packages / "@phosphor-icons/core/assets/fill")


def take_files(packages: Path) -> None:
    """Copy fonts, script and licences."""
    for source, target in COPIES.items():
        (STATIC / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(packages / source, STATIC / target)


def take_fonts(packages: Path, folder: Path) -> None:
    """Write the fonts of pictures, unpacked: the renderer of badges reads no others."""
    from fontTools.merge import Merger
    from fontTools.ttLib import TTFont

    for name, (source, subsets) in DRAWN_WITH.items():
        unpacked = []
        for subset in subsets:
            font = TTFont(packages / f"@fontsource/{source}-{subset}-600-normal.woff")
            font.flavor = None
            unpacked.append(str(folder / f"{name}-{subset}.ttf"))
            font.save(unpacked[-1])
        (Merger().merge(unpacked) if len(unpacked) > 1 else TTFont(unpacked[0])).save(ROOT / f"app/fonts/{name}.ttf")


def take_icons(assets: Path) -> None:
    """Write the sprite of the icons used in pages."""
    body = "\n".join(_symbol(name, _outline(assets, name)) for name in sorted(ICONS))
    (STATIC / "icons").mkdir(exist_ok=True)
    (STATIC / "icons/icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">\n{body}\n</svg>\n')


def take_masks(assets: Path) -> None:
    """Write the drawings that style sheets cut out of colour, where a page would repeat an icon for every post."""
    for name in MASKS:
        (STATIC / f"icons/{name}.svg").write_text(_drawing(_outline(assets, name)))
    rows = _drawing(_star_rows(assets), STARS * ICON_BOX, (STARS + 1) * ICON_BOX)
    (STATIC / "icons/stars.svg").write_text(rows)


def draw_favicon(assets: Path) -> None:
    """Write the yellow sign with its aeroplane, as the browser's tab shows it."""
    plane = f'<g transform="translate(38 38) scale(.7)" fill="#15120A">{_outline(assets, "airplane-tilt-fill")}</g>'
    sign = f'<rect width="{ICON_BOX}" height="{ICON_BOX}" rx="56" fill="#FFC628"/>{plane}'
    (STATIC / "icons/favicon.svg").write_text(_drawing(sign))


def take_glyphs(fill: Path) -> None:
    """Write the outlines that badges are composed of."""
    outlines = {name: _path(fill / f"{name}-fill.svg") for name in sorted(GLYPHS)}
    art.GLYPH_FILE.write_text(json.dumps(outlines, indent=0) + "\n")


def _symbol(name: str, outline: str) -> str:
    return f'<symbol id="{name}" viewBox="0 0 {ICON_BOX} {ICON_BOX}">{outline}</symbol>'


def _outline(assets: Path, name: str) -> str:
    weight = "fill" if name.endswith("-fill") else "bold"
    stem = name.removesuffix("-fill")
    return f'<path d="{_path(assets / weight / f"{stem}-{weight}.svg")}"/>'


def _drawing(body: str, width: int = ICON_BOX, height: int = ICON_BOX) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>\n'


def _star_rows(assets: Path) -> str:
    """Six rows of five stars, none to all of them lit, one below the other."""
    return "".join(
        f'<g transform="translate({place * ICON_BOX} {lit * ICON_BOX})">'
        f"{_outline(assets, 'star-fill' if place < lit else 'star')}</g>"
        for lit in range(STARS + 1)
        for place in range(STARS)
    )


def _path(drawing: Path) -> str:
    found = re.search(r' d="([^"]+)"', drawing.read_text())
    if found is None:
        raise SystemExit(f"{drawing.name} has no outline.")
    return found[1]


if __name__ == "__main__":
    main()
