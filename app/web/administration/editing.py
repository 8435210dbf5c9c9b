"""Badges edited on the site: each in a form, and the whole catalogue as a text or a file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.wrappers import Response as Answer

from app.db import db, transaction
from app.domain import catalogue
from app.domain.badging import badges
from app.domain.badging.badges import STATES, WAYS
from app.domain.badging.insignia import FAMILIES, GLYPHS, TIERS
from app.domain.catalogue import BadgeEntry, Catalogue, InvalidCatalogue, editing, reference, site
from app.domain.problems import Conflict, Invalid
from app.domain.words import _
from app.web.answers import again, by_htmx, on_to
from app.web.audience import administrators_only, myself
from app.web.bodies import takes_pictures

bp = Blueprint("editing", __name__)
LONGEST = 20_000  # characters of one field that are looked at
NEW: dict[str, Any] = {
    "state": "planned",
    "ways": ["automatic"],
    "family": "preflight",
    "tier": "bronze",
    "glyph": "medal",
}


@bp.get("/staff/badges")
@administrators_only
def index() -> str:
    """Every badge, with how it is earned and by how many."""
    return render_template("editing/index.html", badges=site.badges(db.session()))


@bp.get("/staff/badges/new")
@administrators_only
def begin() -> str:
    """A form for a new badge."""
    return render_template("editing/badge.html", problems={}, **_around(None, NEW))


@bp.post("/staff/badges/new")
@administrators_only
def add() -> str | Answer | tuple[str, int]:
    """Publish a new badge, or only look at what it would bring."""
    typed = _typed()
    if badges.find(db.session(), str(typed["slug"])):
        problem = {"slug": _("There is a badge of this name already. Choose another one.")}
        return again("editing/badge.html", problem, **_around(None, typed))
    return _keep(None, typed)


@bp.get("/-/badge-art")
@administrators_only
def art() -> str:
    """A badge drawn of the parts that the form of a badge has chosen."""
    chosen = {name: request.args.get(name, NEW[name]) for name in ("family", "tier", "glyph")}
    if any(chosen[name] not in known for name, known in (("family", FAMILIES), ("tier", TIERS), ("glyph", GLYPHS))):
        abort(404)
    return render_template("editing/_art.html", **chosen)


@bp.get("/staff/badges/<slug>")
@administrators_only
def show(slug: str) -> str:
    """A badge to be edited."""
    badge = badges.find(db.session(), slug) or abort(404)
    entry = site.badge_entry(badge)
    typed = {name: getattr(entry, name) for name in editing.FIELDS} | {"rule": editing.rule_of(entry)}
    return render_template("editing/badge.html", problems={}, **_around(slug, typed | {"seen": editing.seen(badge)}))


@bp.post("/staff/badges/<slug>")
@administrators_only
def change(slug: str) -> str | Answer | tuple[str, int]:
    """Publish a changed badge, or only look at what it would bring."""
    badges.find(db.session(), slug) or abort(404)
    return _keep(slug, _typed() | {"slug": slug})


@bp.get("/staff/catalogue.toml")
@administrators_only
def export() -> Response:
    """The whole catalogue as a file."""
    current = catalogue.current(db.session())
    headers = {"Content-Disposition": f'attachment; filename="{current.name}.toml"'}
    return Response(catalogue.as_toml(current), mimetype="application/toml", headers=headers)


@bp.get("/staff/catalogue")
@administrators_only
def text() -> str:
    """The whole catalogue as a text to be edited, and a way to bring a file."""
    reading = db.session()
    content = catalogue.as_toml(catalogue.current(reading))
    return render_template("editing/catalogue.html", problems={}, **_text(content, editing.seen_all(reading)))


@bp.post("/staff/catalogue/file")
@administrators_only
@takes_pictures
def bring() -> str | tuple[str, int]:
    """Look at what a file would change, before it is loaded."""
    file = request.files.get("file")
    content = file.read(catalogue.LARGEST + 1) if file else b""
    if not content or len(content) > catalogue.LARGEST:
        reading = db.session()
        here = _text(catalogue.as_toml(catalogue.current(reading)), editing.seen_all(reading))
        return again("editing/catalogue.html", {"file": _("Choose a catalogue file of up to 250 KB.")}, **here)
    readable = content.decode("utf-8", "replace").replace("\x00", "")
    return _look(readable, from_here=False)


@bp.post("/staff/catalogue")
@administrators_only
@takes_pictures  # of their size a text may be
def change_text() -> str | Answer | tuple[str, int]:
    """Make the site as the text says, or only look at the difference."""
    content, seen = request.form.get("content", ""), request.form.get("seen", "")
    from_here = request.form.get("from") != "file"
    if request.form.get("do") == "preview":
        return _look(content, from_here=from_here)
    force, retire = bool(request.form.get("force")), bool(request.form.get("retire"))
    try:
        file = _parsed(content)
        with transaction() as writing:
            found = editing.apply(
                writing, myself(writing), file, mark=seen, from_here=from_here, force=force, retire=retire
            )
    except Invalid as no:
        return again("editing/catalogue.html", no, **_text(content, seen, from_here))
    except Conflict as no:
        return again("editing/catalogue.html", {"content": str(no)}, **_text(content, seen, from_here))[0], 409
    return on_to("/staff/catalogue", _("Saved. The site follows at once.") if found else _("Nothing was different."))


def _keep(slug: str | None, typed: dict[str, Any]) -> str | Answer | tuple[str, int]:
    reading = db.session()
    try:
        badge = editing.entry(reading, typed)
        if request.form.get("do") == "preview":
            return _preview(slug, typed, badge)
        with transaction() as writing:
            editing.publish(writing, myself(writing), badge, mark=str(typed["seen"]))
    except Invalid as no:
        return again("editing/badge.html", no, **_around(slug, typed))
    except Conflict as no:
        return again("editing/badge.html", {"rule": str(no)}, **_around(slug, typed))[0], 409
    return on_to(f"/staff/badges/{badge.slug}", _("Saved. Whoever has earned it already gets it within moments."))


def _preview(slug: str | None, typed: dict[str, Any], badge: BadgeEntry) -> str:
    reading = db.session()
    seen = {"draft": badge, "how": editing.sentence(reading, badge), "outlook": editing.outlook(reading, badge)}
    if by_htmx():
        return render_template("editing/_preview.html", **seen)
    return render_template("editing/badge.html", problems={}, **_around(slug, typed), **seen)


def _typed() -> dict[str, Any]:
    given = {name: request.form.get(name, "")[:LONGEST].strip() for name in (*editing.FIELDS, "rule", "seen")}
    return given | {"ways": [it for it in WAYS if it in request.form.getlist("ways")]}


def _around(slug: str | None, typed: dict[str, Any]) -> dict[str, Any]:
    """What the form of a badge asks for."""
    blank = dict.fromkeys((*editing.FIELDS, "rule", "seen"), "")
    return {
        "slug": slug, "typed": blank | typed, "glyphs": sorted(GLYPHS), "states": STATES, "all_ways": WAYS,
        "reference": reference,
    }  # fmt: skip


def _look(content: str, *, from_here: bool) -> str | tuple[str, int]:
    """What a text would change, for who then has seen how the site stands."""
    seen = editing.seen_all(db.session())
    try:
        found = catalogue.difference(db.session(), _parsed(content), whole=from_here)
    except Invalid as no:
        return again("editing/catalogue.html", no, **_text(content, seen, from_here))
    given = _text(content, seen, from_here)
    return render_template("editing/catalogue.html", problems={}, lines=found.lines(force=from_here), **given)


def _parsed(content: str) -> Catalogue:
    try:
        return catalogue.parse(content, _("line"))
    except InvalidCatalogue as no:
        raise Invalid(content="\n".join(it.replace(":", " ", 1) for it in no.lines)) from no


def _text(content: str, seen: str, from_here: bool = True) -> dict[str, Any]:
    return {"content": content, "seen": seen, "from_here": from_here, "reference": reference}
