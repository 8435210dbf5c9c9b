"""Whatever members and staff write stays text: every column filled with markup, every page looked at."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app.db import transaction
from app.domain import markup
from app.domain.forum.threads import Tag, ThreadTag
from tests.factories import make_category, make_member
from tests.web.scenery import (
    make_award,
    make_badge,
    make_entry,
    make_post,
    make_ranks,
    make_rule,
    make_thread_of,
    sign_in,
)

EVIL = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}{% raw %}<b hx-post=/logout>"
POST = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) {{7*7}}\n\n"
    '<div hx-post="/logout" hx-trigger="load" id="main" class="x" style="position:fixed">x</div>\n\n'
    "![x](https://tracker.example/p.png) <form action=/logout><button formaction=/x>x</button></form>"
)


@pytest.fixture
def ada(engine):
    """A site on which everything is named by somebody with bad intentions."""
    with transaction(engine) as session:
        make_ranks(session)
        make_rule(session).says = EVIL
        html = markup.clean(POST) + markup.render(POST)
        ada = make_member(session, "ada")
        ada.name, ada.title, ada.location, ada.website, ada.about_html = (
            EVIL[:80],
            EVIL,
            EVIL,
            "javascript:alert(1)",
            html,
        )
        lounge = make_category(session, slug="lounge", name=EVIL[:80], about=EVIL)
        thread = make_thread_of(session, ada, 0, title=EVIL, category=lounge)
        tag = Tag(name=EVIL[:60])
        session.add(tag)
        session.flush()
        session.add(ThreadTag(thread_id=thread.id, tag_id=tag.id))
        answer = make_post(session, thread, ada)
        comment = make_post(session, thread, ada, kind="comment", parent_id=answer.id)
        answer.html = comment.html = html
        badge = make_badge(session, "evil", name=EVIL[:60], about=EVIL, how=EVIL, ways=["request"])
        make_badge(session, "open", name=EVIL[:60], about=EVIL, how=EVIL, earn={"count": "accepted", "n": 5})
        make_award(session, badge, ada, reason=EVIL, by_id=ada.id, way="staff")
        make_entry(session, ada, 1, post_id=answer.id)
    return ada


def pages(client):
    addresses = (
        "/", "/c/lounge", "/t/1/a-thread", "/u/ada", "/u/ada/badges", "/u/ada/badges?view=list", "/u/ada/points",
        "/badges", "/badges/evil", "/badges/open", "/awards/1", "/points", "/ranks", "/how-to-get-badges", "/appearance",
        f"/{EVIL}", f"/?sort={EVIL}", f"/u/{EVIL}", f"/badges?group={EVIL}",
    )  # fmt: skip
    for address in addresses:
        yield address, BeautifulSoup(client.get(address).data, "html.parser")


@pytest.mark.parametrize("signed_in", [False, True])
def test_nothing_written_becomes_markup(client, engine, ada, signed_in):
    if signed_in:
        sign_in(client, engine, ada)
    for address, page in pages(client):
        if address == "/u/ada/points" and not signed_in:
            continue
        scripts = [it["src"] for it in page.select("script")]
        assert all(it.startswith("/static/") for it in scripts), address
        assert {it.rpartition("/")[2] for it in scripts} <= {"htmx.min.js", "site.js", "editor.js", "keys.js"}, address
        assert not page.select("img, [style], [formaction], b[hx-post]"), address
        assert not [it for it in page.find_all(True) if any(name.startswith("on") for name in it.attrs)], address
        assert not page.select('[href^="javascript:" i], [href^="data:" i]'), address
        assert "49" not in page.get_text(" ").split(), address


def test_members_html_is_kept_away_from_htmx(client, engine, ada):
    for address in ("/t/1/a-thread", "/u/ada"):
        page = BeautifulSoup(client.get(address).data, "html.parser")
        assert page.select(".prose"), address
        for prose in page.select(".prose"):
            assert prose.has_attr("hx-ignore"), address
            assert not [it for it in prose.find_all(True) if {"id", "class"} & set(it.attrs)], address
            assert not [it for it in prose.find_all(True) if any("hx-" in name for name in it.attrs)], address


def test_a_website_that_is_no_web_address_is_not_a_link(client, engine, ada):
    page = BeautifulSoup(client.get("/u/ada").data, "html.parser")
    assert not page.select('[href^="javascript:" i]')


def test_wide_code_can_be_reached_by_keyboard(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0)
        make_post(session, thread, ada).html = markup.render("```\n<pre> and <table>\n```\n\n|a|\n|-|\n|b|")
    prose = BeautifulSoup(client.get(f"/t/{thread.id}/a-thread").data, "html.parser").select("article .prose")[1]
    assert prose.pre["tabindex"] == prose.table["tabindex"] == "0"
    assert prose.pre.text.strip() == "<pre> and <table>"
