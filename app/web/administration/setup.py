"""The site as administrators make it theirs: name, colours, categories, a test mail; all on one page at first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.forum import categories
from app.domain.forum.threads import Category
from app.domain.mail import test_mails
from app.domain.people import introductions
from app.domain.problems import Invalid
from app.domain.site import colours, site_settings
from app.domain.words import _
from app.web import site
from app.web.answers import again, on_to
from app.web.audience import administrators_only, member, myself

bp = Blueprint("setup", __name__, url_prefix="/staff")

# The page a form stood on, to which it leads back: the first-run page holds them all.
PAGES = {"setup": "staff/setup.html", "site": "staff/site.html", "categories": "staff/categories.html"}


@bp.get("/setup")
@administrators_only
def show() -> str:
    """All it needs to begin, on one page."""
    return render_template(PAGES["setup"], problems={}, **_around())


@bp.post("/setup")
@administrators_only
def finish() -> Response:
    """Say that the site is set up."""
    _change({"is_set_up": True})
    return on_to("/", _("Your site is ready. Have a good flight."))


@bp.get("/site")
@administrators_only
def show_site() -> str:
    """Name and colours."""
    return render_template(PAGES["site"], problems={}, **_around())


@bp.post("/site")
@administrators_only
def change_site() -> Response | tuple[str, int]:
    """Decide about name and colours."""
    wanted = {key: request.form.get(key, "") for key in ("name", "word", "light", "dark", "zone")}
    try:
        _change(wanted)
    except Invalid as no:
        return again(PAGES[_on("site")], no, **_around(wanted))
    return on_to(f"/staff/{_on('site')}", _("Saved. Every page follows within seconds."))


@bp.get("/categories")
@administrators_only
def show_categories() -> str:
    """What there is to talk about, in which order."""
    return render_template(PAGES["categories"], problems={}, **_around())


@bp.post("/categories")
@administrators_only
def create_category() -> Response | tuple[str, int]:
    """Make a category."""
    typed = _category()
    try:
        with transaction() as writing:
            categories.create(writing, myself(writing), typed["name"], typed["about"], staff_only=typed["staff_only"])
    except Invalid as no:
        problems = {f"new-{field}": text for field, text in no.fields.items()}
        return again(PAGES[_on("categories")], problems, **_around(category={"id": 0, **typed}))
    return on_to(f"/staff/{_on('categories')}", _("The category is there."))


@bp.post("/categories/<int:category_id>")
@administrators_only
def change_category(category_id: int) -> Response | tuple[str, int]:
    """Rename or describe a category."""
    _find(category_id)
    typed = _category()
    try:
        with transaction() as writing:
            categories.change(
                writing, writing.get_one(Category, category_id), myself(writing), typed["name"], typed["about"],
                staff_only=typed["staff_only"],
            )  # fmt: skip
    except Invalid as no:
        problems = {f"{field}-{category_id}": text for field, text in no.fields.items()}
        return again(PAGES["categories"], problems, **_around(category={"id": category_id, **typed}))
    return on_to("/staff/categories", _("Saved."))


@bp.post("/categories/<int:category_id>/move")
@administrators_only
def move_category(category_id: int) -> Response:
    """Let a category change places with its neighbour."""
    _find(category_id)
    with transaction() as writing:
        up = request.form.get("direction") == "up"
        categories.move(writing, writing.get_one(Category, category_id), myself(writing), up=up)
    return on_to("/staff/categories")


@bp.post("/categories/<int:category_id>/removal")
@administrators_only
def delete_category(category_id: int) -> Response:
    """Delete a category that has no threads."""
    _find(category_id)
    with transaction() as writing:
        categories.delete(writing, writing.get_one(Category, category_id), myself(writing))
    return on_to("/staff/categories", _("Deleted."))


@bp.post("/test-mail")
@administrators_only
def send_test_mail() -> Response:
    """Send a letter to oneself, the way all others go."""
    with transaction() as writing:
        test_mails.owe(writing, myself(writing))
    return on_to(f"/staff/{_on('site')}", _("It is on its way. Reload this page to see whether it left."))


def _change(wanted: dict[str, Any]) -> None:
    with transaction() as writing:
        site_settings.change(writing, myself(writing), **wanted)
    site.forget()


def _on(otherwise: str) -> str:
    """The page the form stood on."""
    name = request.form.get("on", "")
    return name if name in PAGES else otherwise


def _find(category_id: int) -> Category:
    return db.session.get(Category, category_id) or abort(404)


def _category() -> dict[str, Any]:
    form = request.form
    return {"name": form.get("name", ""), "about": form.get("about", ""), "staff_only": form.get("staff_only") == "1"}


def _around(wanted: dict[str, str] | None = None, category: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the pages show; what was typed takes the place of what holds."""
    now_set = site.current().site
    settings = current_app.config["SETTINGS"]
    return {
        "wanted": wanted or now_set._asdict(), "categories": categories.every(db.session()), "typed": category,
        "zones": [(it, it.replace("_", " ")) for it in introductions.zones()],
        "came_with": {"name": settings.site_name, "light": colours.BY_DAY, "dark": colours.BY_NIGHT},
        "test_mail": test_mails.latest(db.session(), member().id), "mail_goes": _mail_goes(settings.mail_url),
    }  # fmt: skip


def _mail_goes(url: str) -> str:
    """Where letters go, without the password of the mail server."""
    return url.rpartition("@")[2] if "@" in url else url
