"""House rules of looks: drawings in the tree are those the generator makes, addresses in templates exist."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from app import art
from app.domain.badging.insignia import FAMILIES, GLYPHS, TIERS

ROOT = Path(__file__).parent.parent.parent
STATIC, TEMPLATES = ROOT / "static", ROOT / "templates"
PAGES = "\n".join(
    path.read_text() for path in sorted(TEMPLATES.rglob("*.html")) if not path.is_relative_to(TEMPLATES / "email")
)
SYMBOL = "{http://www.w3.org/2000/svg}symbol"


def symbols(path):
    return {it.get("id") for it in ET.parse(path).iter(SYMBOL)}  # noqa: S314  our own file


def test_the_sprite_in_the_tree_is_what_the_generator_draws():
    assert art.SPRITE_FILE.read_text() == art.sprite()


def test_every_glyph_has_a_drawing():
    assert set(art.glyphs()) == GLYPHS


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tier", TIERS)
def test_every_badge_can_be_drawn_alone_and_from_the_sprite(family, tier):
    for earned in (True, False):
        for mini in (True, False):
            drawing = art.svg(family, tier, "wrench", earned=earned, mini=mini, title="<&>")
            ET.fromstring(drawing)  # noqa: S314  our own drawing
            assert "var(" not in drawing
    shape = FAMILIES[family].shape
    assert {f"f-{shape}-{tier}", f"m-{shape}", "g-wrench"} <= symbols(art.SPRITE_FILE)


def test_families_tiers_and_glyphs_are_told_apart():
    drawings = {art.svg(family, tier, glyph) for family in FAMILIES for tier in TIERS for glyph in ("wrench", "star")}
    assert len(drawings) == len(FAMILIES) * len(TIERS) * 2
    assert art.svg("ground", "gold", "star") != art.svg("ground", "gold", "star", earned=False)


def test_a_picture_for_letters_has_twice_the_dots():
    picture = art.png("ground", "gold", "wrench", 64)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20], "big") == int.from_bytes(picture[20:24], "big") == 128
    assert art.png("ground", "gold", "wrench", 64, earned=False) != picture


def test_pages_and_letters_paint_badges_in_the_same_colours():
    sheet = (STATIC / "css/badges.css").read_text()
    for tier, metal in art.METALS.items():
        assert re.search(rf"\[data-tier={tier}\] {{ --hi: {metal[0]}; --lo: {metal[1]}; }}", sheet)
    for family, enamel in art.ENAMELS.items():
        assert re.search(rf"\[data-family={family}\] {{ --dye: {enamel[0]}; --dye-2: {enamel[1]}; }}", sheet)


def test_the_icons_in_the_sprite_are_those_that_pages_use():
    drawn = symbols(STATIC / "icons/icons.svg")
    texts = PAGES + (ROOT / "app/web/looks.py").read_text()
    assert set(re.findall(r'icon\("([a-z-]+)"', texts)) <= drawn
    assert drawn <= set(re.findall(r'"([a-z-]+)"', texts))


def test_addresses_written_out_in_templates_exist(app):
    routes = app.url_map.bind("site.example")
    written = set(re.findall(r'(?:href|action|hx-get)="(/[^"?#{}]*(?:{{[^}]*}}[^"?#{}]*)*)', PAGES))
    for address in written:
        path = re.sub(r"{{ (?:[^}]*[._])?id }}", "7", address)
        path = re.sub(r"{{[^}]*}}", "x", path)
        try:
            with suppress(MethodNotAllowed):  # forms may have addresses that are only sent to
                routes.match(path, method="GET")
        except RequestRedirect as elsewhere:
            pytest.fail(f"{address} leads to {elsewhere.new_url}")
        except NotFound:
            pytest.fail(f"{address} is nowhere")


def test_no_template_builds_addresses_by_name_or_runs_script():
    assert not re.search(r"""url_for|<script>|style=|\son[a-z]+=["']|hx-on|js:""", PAGES)


def test_every_fragment_says_what_it_needs_and_is_in_a_page():
    for path in TEMPLATES.rglob("_*.html"):
        text = path.read_text()
        assert text.startswith("{#-"), path
        name = str(path.relative_to(TEMPLATES))
        code = "\n".join(it.read_text() for it in (ROOT / "app/web").rglob("*.py"))
        assert f'"{name}"' in PAGES + code, f"{name} is in no page"


def test_style_sheets_have_the_one_layer_order_and_close_what_they_open():
    sheets = {path.name: path.read_text() for path in (STATIC / "css").glob("*.css")}
    assert sheets["tokens.css"].count("@layer reset, tokens, base, layout, components, utilities;") == 1
    assert {name for name, text in sheets.items() if text.count("{") != text.count("}")} == set()


def test_pieces_of_others_come_with_their_licences():
    assert {path.name for path in (STATIC / "licences").iterdir()} == {
        "b612-mono.txt", "figtree.txt", "htmx.txt", "noto-sans.txt", "phosphor-icons.txt",
    }  # fmt: skip
