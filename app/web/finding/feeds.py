"""Feeds for readers and maps for search engines; the same for everybody, so caches may keep them for a while."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, abort, current_app, render_template, request
from sqlalchemy import Row

from app import art
from app.db import db
from app.domain import excerpts
from app.domain.badging import library
from app.domain.catalogue import chronicle
from app.domain.finding import feeds
from app.domain.forum import listing, reading
from app.domain.words import _
from app.web import site
from app.web.answers import kept
from app.web.audience import everybody

bp = Blueprint("feeds", __name__)

FEED_LASTS, MAP_LASTS, PICTURE_LASTS = 300, 3600, 86400  # seconds
NOT_TO_BE_INDEXED = (
    "/search", "/login", "/register", "/password-reset", "/settings", "/notifications", "/messages", "/moderation",
    "/staff", "/following", "/bookmarks", "/drafts", "/unread/", "/unsubscribe/", "/-/",
)  # fmt: skip
PAGES = (
    "/",
    "/best",
    "/badges",
    "/badges/changes",
    "/leaders",
    "/how-to-get-badges",
    "/points",
    "/ranks",
    "/guidelines",
    "/faq",
)
PREVIEW_SIDE = 400


@bp.get("/feeds/threads.atom")
@everybody
def threads() -> Response:
    """The newest threads."""
    return _feed("/", _("New threads"), _entries(feeds.latest_threads(db.session())))


@bp.get("/feeds/c/<slug>.atom")
@everybody
def category(slug: str) -> Response:
    """The newest threads of a category."""
    found = feeds.category(db.session(), slug) or abort(404)
    title = _("New threads in %(category)s", category=found.name)
    return _feed(f"/c/{found.slug}", title, _entries(feeds.latest_threads(db.session(), found.id)))


@bp.get("/feeds/t/<int:thread_id>.atom")
@everybody
def thread(thread_id: int) -> Response:
    """The newest posts of a thread."""
    found = reading.head(db.session(), thread_id) or abort(404)
    entries = _entries(feeds.latest_posts(db.session(), found.id))
    for it in entries:
        it["title"] = _("%(name)s in “%(thread)s”", name=it["author"], thread=found.title)
    return _feed(f"/t/{found.id}/{found.slug}", found.title, entries)


@bp.get("/feeds/badges/<slug>.atom")
@everybody
def badge(slug: str) -> Response:
    """Who earned a badge last."""
    found = library.find(db.session(), slug) or abort(404)
    entries = [
        {
            "path": f"/awards/{it.id}", "link": f"/awards/{it.id}", "published": it.earned_at, "updated": it.awarded_at,
            "title": _("%(name)s earned the %(badge)s badge", name=it.name or _("Former member"), badge=it.badge),
            "author": it.name or _("Former member"), "html": "", "summary": it.about, "category": "",
        }
        for it in feeds.latest_awards(db.session(), found.id)
    ]  # fmt: skip
    return _feed(f"/badges/{found.slug}", _("Who earned %(badge)s", badge=found.name), entries)


@bp.get("/feeds/programme.atom")
@everybody
def programme() -> Response:
    """What changed in the programme of badges last."""
    said = {
        "new": _("New badge: %(badge)s"), "rule": _("New rule: %(badge)s"), "planned": _("Planned: %(badge)s"),
        "published": _("Can be earned now: %(badge)s"), "legacy": _("Retired: %(badge)s"),
    }  # fmt: skip
    entries = [
        {
            "path": f"/badges/{it.slug}?{it.what}={it.at:%Y-%m-%d}", "link": f"/badges/{it.slug}", "published": it.at,
            "updated": it.at, "title": said[it.what] % {"badge": it.badge}, "author": site.surroundings()["site_name"],
            "html": "", "summary": it.how or "", "category": "",
        }
        for it in chronicle.changes(db.session())[0][: feeds.ENTRIES]
    ]  # fmt: skip
    return _feed("/badges/changes", _("Changes of the badge programme"), entries)


@bp.get("/sitemap.xml")
@everybody
def site_map() -> Response:
    """Which maps there are."""
    body = render_template("feeds/maps.xml", maps=range(feeds.maps(db.session()) + 1))
    return kept(Response(body, mimetype="application/xml"), MAP_LASTS)


@bp.get("/sitemaps/<int:number>.xml")
@everybody
def one_map(number: int) -> Response:
    """A map: 0 holds the pages there are anyway, each other one a stretch of the threads."""
    if number > feeds.maps(db.session()):
        abort(404)
    pages, shown = [], feeds.mapped(db.session(), number) if number else []
    if number == 0:
        pages = [*PAGES, *(f"/c/{it.slug}" for it in listing.all_categories(db.session()))]
        pages += [f"/badges/{it.slug}" for it in library.every(db.session())]
    return kept(
        Response(render_template("feeds/map.xml", pages=pages, threads=shown), mimetype="application/xml"), MAP_LASTS
    )


@bp.get("/robots.txt")
@everybody
def robots() -> Response:
    """What search engines are asked to leave out."""
    rules = [f"Disallow: {path}" for path in NOT_TO_BE_INDEXED]
    lines = ["User-agent: *", *rules, "", f"Sitemap: {current_app.config['SETTINGS'].site_url}/sitemap.xml", ""]
    return kept(Response("\n".join(lines), mimetype="text/plain"), MAP_LASTS)


@bp.get("/preview.png")
@everybody
def preview() -> Response:
    """The picture beside a link to this site."""
    return _drawn("tower", "gold", "airplane-tilt")


@bp.get("/badges/<slug>.png")
@everybody
def badge_picture(slug: str) -> Response:
    """The picture of a badge, for previews elsewhere."""
    found = library.find(db.session(), slug) or abort(404)
    return _drawn(found.family, found.tier, found.glyph)


def _drawn(family: str, tier: str, glyph: str) -> Response:
    picture = art.png(family, tier, glyph, PREVIEW_SIDE // 2)
    return kept(Response(picture, mimetype="image/png"), PICTURE_LASTS)


def _entries(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [
        {
            "path": f"/p/{it.id}", "link": f"/p/{it.id}", "title": it.title, "published": it.created_at,
            "updated": max(it.created_at, it.edited_at or it.created_at), "author": it.name or _("Former member"),
            "html": it.html, "summary": "".join(text for text, _hit in excerpts.of_html(it.html)),
            "category": it.category,
        }
        for it in rows
    ]  # fmt: skip


def _feed(path: str, title: str, entries: list[dict[str, object]]) -> Response:
    moments = [it["updated"] for it in entries if isinstance(it["updated"], datetime)]
    updated = max(moments, default=None)
    body = render_template("feeds/feed.xml", path=path, title=title, entries=entries, updated=updated, own=request.path)
    answer = Response(body, mimetype="application/atom+xml")
    if updated:
        answer.last_modified = updated
    return kept(answer, FEED_LASTS)
