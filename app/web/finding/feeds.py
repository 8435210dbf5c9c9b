"""Feeds for readers and maps for search engines; the same for everybody, so caches may keep them for a while."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus

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
    found = feeds.latest_threads(db.session())
    return _feed("/", _("New threads"), _told(found), _changes(found), lambda: _entries(found))


@bp.get("/feeds/c/<slug>.atom")
@everybody
def category(slug: str) -> Response:
    """The newest threads of a category."""
    found = feeds.category(db.session(), slug) or abort(404)
    title, latest = _("New threads in %(category)s", category=found.name), feeds.latest_threads(db.session(), found.id)
    return _feed(f"/c/{found.slug}", title, _told(latest), _changes(latest), lambda: _entries(latest))


@bp.get("/feeds/t/<int:thread_id>.atom")
@everybody
def thread(thread_id: int) -> Response:
    """The newest posts of a thread."""
    found = reading.head(db.session(), thread_id) or abort(404)
    latest = feeds.latest_posts(db.session(), found.id)

    def entries() -> list[dict[str, object]]:
        said = {"thread": found.title}
        return [it | {"title": _("%(name)s in “%(thread)s”", name=it["author"], **said)} for it in _entries(latest)]

    return _feed(f"/t/{found.id}/{found.slug}", found.title, _told(latest), _changes(latest), entries)


@bp.get("/feeds/badges/<slug>.atom")
@everybody
def badge(slug: str) -> Response:
    """Who earned a badge last."""
    found = library.find(db.session(), slug) or abort(404)
    latest = feeds.latest_awards(db.session(), found.id)
    entries = [
        {
            "path": f"/awards/{it.id}", "link": f"/awards/{it.id}", "published": it.earned_at, "updated": it.awarded_at,
            "title": _("%(name)s earned the %(badge)s badge", name=it.name or _("Former member"), badge=it.badge),
            "author": it.name or _("Former member"), "html": "", "summary": it.about, "category": "",
        }
        for it in latest
    ]  # fmt: skip
    return _feed(
        f"/badges/{found.slug}",
        _("Who earned %(badge)s", badge=found.name),
        latest,
        [it.awarded_at for it in latest],
        lambda: entries,
    )


@bp.get("/feeds/programme.atom")
@everybody
def programme() -> Response:
    """What changed in the programme of badges last."""
    said = {
        "new": _("New badge: %(badge)s"), "rule": _("New rule: %(badge)s"), "planned": _("Planned: %(badge)s"),
        "published": _("Can be earned now: %(badge)s"), "legacy": _("Retired: %(badge)s"),
    }  # fmt: skip
    latest = chronicle.changes(db.session())[0][: feeds.ENTRIES]
    entries = [
        {
            "path": f"/badges/{it.slug}?{it.what}={it.at:%Y-%m-%d}", "link": f"/badges/{it.slug}", "published": it.at,
            "updated": it.at, "title": said[it.what] % {"badge": it.badge}, "author": site.surroundings()["site_name"],
            "html": "", "summary": it.how or "", "category": "",
        }
        for it in latest
    ]  # fmt: skip
    return _feed(
        "/badges/changes",
        _("Changes of the badge programme"),
        [*map(tuple, latest)],
        [it.at for it in latest],
        lambda: entries,
    )


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
    if number == 0:
        pages = [*PAGES, *(f"/c/{it.slug}" for it in listing.all_categories(db.session()))]
        pages += [f"/badges/{it.slug}" for it in library.every(db.session())]
        return _kept(
            "application/xml", MAP_LASTS, pages, lambda: render_template("feeds/map.xml", pages=pages, threads=())
        )
    state = tuple(feeds.state_of_map(db.session(), number))
    return _kept(
        "application/xml", MAP_LASTS, state,
        lambda: render_template("feeds/map.xml", pages=(), threads=feeds.mapped(db.session(), number)),
    )  # fmt: skip


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
            "updated": changed, "author": it.name or _("Former member"),
            "html": it.html, "summary": "".join(text for text, _hit in excerpts.of_html(it.html)),
            "category": it.category,
        }
        for it, changed in zip(rows, _changes(rows), strict=True)
    ]  # fmt: skip


def _told(rows: Sequence[Row]) -> object:
    """What entries say of posts: reactions, which come and go, are not among it."""
    return [(it.id, it.title, it.html, it.created_at, it.edited_at, it.name, it.category) for it in rows]


def _changes(rows: Sequence[Row]) -> list[datetime]:
    return [max(it.created_at, it.edited_at or it.created_at) for it in rows]


def _feed(
    path: str, title: str, told: object, changes: list[datetime], entries: Callable[[], list[dict[str, object]]]
) -> Response:
    """A feed of entries that changed at some moments; they are made only where what they tell is not known yet."""
    updated = max(changes, default=None)

    def draw() -> str:
        given = {"path": path, "title": title, "own": request.path, "updated": updated}
        return render_template("feeds/feed.xml", entries=entries(), **given)

    state = (title, site.surroundings()["site_name"], told)
    return _kept("application/atom+xml", FEED_LASTS, state, draw, updated)


def _kept(
    mimetype: str, seconds: int, state: object, draw: Callable[[], str], updated: datetime | None = None
) -> Response:
    """What is drawn of some state; whoever has what was drawn of the same is told so without drawing it again."""
    answer = Response(mimetype=mimetype)
    answer.set_etag(hashlib.sha256(repr(state).encode()).hexdigest())
    answer.last_modified = updated
    if kept(answer, seconds).status_code != HTTPStatus.NOT_MODIFIED:
        answer.set_data(draw())
    return answer
