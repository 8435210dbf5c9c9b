"""Feeds, maps, and what pages say of themselves to others."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup
from flask import before_render_template

from app.db import transaction
from app.domain.badging.badges import Badge
from app.domain.forum.threads import Post
from app.domain.people.members import Member
from app.domain.writing import edits, posts, removals
from tests.factories import make_category, make_member
from tests.web.scenery import make_award, make_badge, make_ranks

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NASTY = "<b>&amp;]]>\x0b\ufffe'\" 𝄞"


@pytest.fixture
def place(app, engine):
    """A thread with an answer, a badge that somebody holds, and the site's own address."""
    with transaction(engine) as session:
        make_ranks(session)
        ada, lounge = make_member(session, "ada"), make_category(session, slug="lounge", name=NASTY[:20])
        thread = posts.start_thread(session, ada, lounge, kind="question", title=NASTY, body=f"[here](/points) {NASTY}")
        posts.post_reply(session, thread, ada, "An answer.")
        make_award(session, make_badge(session, "safe-hands"), ada)
    return thread, app.config["SETTINGS"].site_url


@pytest.mark.parametrize(
    ("path", "entries"),
    [("/feeds/threads.atom", 1), ("/feeds/c/lounge.atom", 1), ("/feeds/t/1.atom", 2), ("/feeds/badges/safe-hands.atom", 1)],
)  # fmt: skip
def test_a_feed_is_valid_atom_with_absolute_links(client, place, path, entries):
    answer = client.get(path)
    assert answer.mimetype == "application/atom+xml"
    feed = ET.fromstring(answer.data)  # noqa: S314  our own feed
    assert feed.tag == f"{ATOM}feed"
    for one in (feed, *feed.findall(f"{ATOM}entry")):
        assert one.findtext(f"{ATOM}id").startswith("http")
        assert one.findtext(f"{ATOM}title")
        assert one.findtext(f"{ATOM}updated").endswith("Z")
    assert len(feed.findall(f"{ATOM}entry")) == entries
    assert {it.get("href").startswith(place[1]) for it in feed.iter(f"{ATOM}link")} == {True}
    assert all(it.findtext(f"{ATOM}author/{ATOM}name") for it in feed.findall(f"{ATOM}entry"))


def test_links_within_a_post_lead_to_this_site(client, place):
    feed = ET.fromstring(client.get("/feeds/threads.atom").data)  # noqa: S314  our own feed
    content = BeautifulSoup(feed.findtext(f"{ATOM}entry/{ATOM}content"), "html.parser")
    assert content.a["href"] == f"{place[1]}/points"


def test_a_feed_that_did_not_change_is_not_sent_again(client, engine, place):
    first = client.get("/feeds/threads.atom")
    assert "public" in first.headers["Cache-Control"]
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/feeds/threads.atom", headers=again).status_code == 304
    assert (
        client.get("/feeds/threads.atom", headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code
        == 304
    )
    with transaction(engine) as session:
        ben = make_member(session, "ben")
        posts.start_thread(session, ben, make_category(session), kind="idea", title="News", body="News.")
    assert client.get("/feeds/threads.atom", headers=again).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/feeds/threads.atom", "/feeds/t/1.atom", "/feeds/badges/safe-hands.atom", "/feeds/programme.atom", "/sitemaps/0.xml",
     "/sitemaps/1.xml"],
)  # fmt: skip
def test_whoever_has_a_feed_or_map_already_is_told_so_without_drawing_it(client, engine, place, path):
    first, drawn = client.get(path), []
    known = {"If-None-Match": first.headers["ETag"]}
    with before_render_template.connected_to(lambda *_args, **_more: drawn.append(path), client.application):
        again = client.get(path, headers=known)
        assert (again.status_code, again.data, drawn) == (304, b"", [])
        with transaction(engine) as session:
            ben = make_member(session, "ben")
            make_award(session, make_badge(session, "new-hands"), ben)
            make_award(session, session.query(Badge).filter_by(slug="safe-hands").one(), ben)
            posts.start_thread(session, ben, make_category(session), kind="idea", title="News", body="News.")
            posts.post_reply(session, session.merge(place[0]), ben, "Another answer.")
        assert (client.get(path, headers=known).status_code, drawn) == (200, [path])


@pytest.mark.parametrize("path", ["/feeds/threads.atom", "/feeds/t/1.atom"])
def test_an_edit_or_a_removal_is_a_change_of_a_feed(client, engine, place, path):
    known = {"If-None-Match": client.get(path).headers["ETag"]}
    with transaction(engine) as session:
        ada, opening = session.query(Member).one(), session.query(Post).order_by(Post.id).first()
        edits.edit(session, opening, ada, title="Said better", body="Other words.")
    known = {"If-None-Match": client.get(path, headers=known).headers["ETag"]}
    assert client.get(path, headers=known).status_code == 304
    with transaction(engine) as session:
        removals.remove(session, session.query(Post).order_by(Post.id.desc()).first(), session.query(Member).one())
    assert client.get(path, headers=known).status_code == (200 if "/t/" in path else 304)


@pytest.mark.parametrize(
    "path",
    ["/feeds/c/nowhere.atom", "/feeds/t/99.atom", "/feeds/badges/none.atom", "/badges/none.png", "/sitemaps/9.xml"],
)
def test_there_is_no_feed_of_what_is_not_there(client, place, path):
    assert client.get(path).status_code == 404


def test_maps_hold_every_page_and_thread(client, place):
    thread, site = place
    index = ET.fromstring(client.get("/sitemap.xml").data)  # noqa: S314  our own map
    maps = [it.text.removeprefix(site) for it in index.iter(f"{MAP}loc")]
    assert maps == ["/sitemaps/0.xml", "/sitemaps/1.xml"]
    found = {it.text for path in maps for it in ET.fromstring(client.get(path).data).iter(f"{MAP}loc")}  # noqa: S314
    assert {f"{site}/t/{thread.id}/{thread.slug}", f"{site}/c/lounge", f"{site}/badges/safe-hands", f"{site}/"} <= found
    assert f"Sitemap: {site}/sitemap.xml" in client.get("/robots.txt").text


def test_pages_tell_what_they_are_about(client, place):
    thread, site = place
    for path, feed in (
        (f"/t/{thread.id}/{thread.slug}", f"/feeds/t/{thread.id}.atom"), ("/u/ada", None), ("/awards/1", None),
        ("/badges/safe-hands", "/feeds/badges/safe-hands.atom"), ("/", "/feeds/threads.atom"),
        ("/c/lounge", "/feeds/c/lounge.atom"), ("/best?period=week", None),
    ):  # fmt: skip
        page = BeautifulSoup(client.get(path).data, "html.parser")
        assert page.select_one("link[rel=canonical]")["href"] == site + path
        assert page.select_one('meta[property="og:url"]')["content"] == site + path
        assert page.select_one('meta[property="og:title"]')["content"]
        picture = page.select_one('meta[property="og:image"]')["content"].removeprefix(site)
        assert client.get(picture).data.startswith(b"\x89PNG")
        if feed:
            assert feed in [it["href"] for it in page.select('link[type="application/atom+xml"]')]
