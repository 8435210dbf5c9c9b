"""The site as staff decided it, in every page: its name, its colours, its welcome."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from app.db import db
from app.domain.badging import library
from app.domain.forum import listing
from app.domain.record import audit_log
from app.domain.rewards import guide
from app.domain.site import colours, site_settings, texts
from app.domain.site.site_settings import Site
from app.web.audience import everybody
from app.web.networks import network

bp = Blueprint("site", __name__)
log = structlog.get_logger("contrail.site")

FRESH_SECONDS = 2.0  # within which every process on every host notices a change
A_YEAR = 365 * 24 * 3600
T = TypeVar("T")


class Known(NamedTuple):
    """What this process knows of the site."""

    site: Site
    welcome: texts.Text
    ladder: Sequence[Row]  # the ranks, from the lowest to the highest
    categories: Sequence[Row]
    badges: tuple[library.Entry, ...]  # the same ones as long as staff change nothing: much is remembered by them


class Kept(NamedTuple):
    """Something that was read, and when, by the clock that only goes on."""

    what: Any
    read_at: float


def install(app: Flask) -> None:
    """Let every page follow the settings, and the audit log know where staff ask from."""
    app.extensions["site"] = {}
    app.before_request(lambda: audit_log.network.set(network()) and None)

    @app.after_request
    def notice(response: Response) -> Response:
        if request.method == "POST" and (found := g.get("log_in")) and found[0].is_staff:
            forget()  # whatever it was they did
        return response


def current() -> Known:
    """What is known of the site, at most two seconds old unless the database does not answer."""
    return remembered("site", _read)


def remembered(name: str, read: Callable[[], T]) -> T:
    """What that gives to all alike, read anew after two seconds and after each deed of staff in this process."""
    memory: dict[str, Kept] = current_app.extensions["site"]
    kept = memory.get(name)
    if kept is None or kept.read_at < time.monotonic() - FRESH_SECONDS:
        kept = memory[name] = Kept(read(), time.monotonic())
    found: T = kept.what
    return found


def forget() -> None:
    """Read anew at the next look: something was changed here."""
    current_app.extensions["site"].clear()


def surroundings() -> dict[str, object]:
    """What the layout asks for: the site's name as it is now, and the address of its colours."""
    known = current()
    name = last_known_name()
    return {
        "site": known.site,
        "site_name": name,
        "site_word": known.site.word or name,
        "site_colours": _colours(known.site),
        "site_welcome": known.welcome,
    }


def last_known_name() -> str:
    """The site's name without asking the database: for the page that says it does not answer."""
    known = _last_known()
    return (known.site.name if known else "") or str(current_app.config["SETTINGS"].site_name)


@bp.get("/theme.css")
@everybody
def style_sheet() -> Response:
    """The accent colours as tokens. Pages link it only where staff chose some."""
    site = current().site
    answer = Response(colours.style_sheet(site.light, site.dark), mimetype="text/css")
    if request.args.get("v") == _version(site):
        answer.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return answer


def _last_known() -> Known | None:
    kept: Kept | None = current_app.extensions["site"].get("site")
    return kept.what if kept else None


def _read() -> Known:
    try:
        session = db.session()
        badges = library.every(session)
        if (before := _last_known()) and before.badges == badges:
            badges = before.badges
        return Known(
            site_settings.read(session), texts.find(session, "welcome"), guide.ladder(session),
            listing.all_categories(session), badges,
        )  # fmt: skip
    except SQLAlchemyError as no:  # the page that says so needs a name too
        log.warning("settings of the site not read", reason=type(no).__name__)
        return _last_known() or Known(Site(), texts.shipped("welcome"), (), (), ())


def _colours(site: Site) -> str:
    return f"/theme.css?v={_version(site)}" if site.light or site.dark else ""


def _version(site: Site) -> str:
    return hashlib.sha256(f"{site.light} {site.dark}".encode()).hexdigest()[:12]
