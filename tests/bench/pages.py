"""What pages cost: CPU time a request beside a page from memory, statements, bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy import event, func, select
from werkzeug.test import EnvironBuilder

from app.domain.awarding import evaluator
from app.domain.badging.badges import Badge
from app.domain.base import now
from app.domain.forum import reads, visits
from app.domain.forum.threads import Category
from app.domain.membership import sessions
from app.domain.people.members import Member, Role
from app.domain.ways.requests import BadgeRequest, RequestEntry, RequestLink
from app.domain.writing import acceptance, posts, reactions
from tests.bench.report import Row, at_most, say, shown
from tests.bench.site import Site, Workshop

THREADS = 36
POSTS = 20
ROUNDS, REQUESTS = 8, 12
WORDS = "<p>" + "The trim wheel turns more easily once the bearing is clean and dry. " * 10 + "</p>"
QUEUE = 500
MEMBER, MODERATOR = "member1", "moderator"
# Path, who is signed in, the most it may take on SQLite and PostgreSQL, the most statements.
PAGES = (
    ("thread of 20 posts, signed out", "/t/{thread}/{slug}", "", 2.0, 3.0, 6),
    ("thread of 20 posts, signed in", "/t/{thread}/{slug}", MEMBER, 3.5, 5.0, 6),
    ("home list of 30, signed out", "/", "", 4.0, 6.0, 12),
    ("home list of 30, signed in", "/", MEMBER, 4.0, 6.0, 12),
    ("profile, signed out", "/u/member1", "", 4.0, 6.0, 6),
    ("badging page of one's own", "/u/member1/badges", MEMBER, 4.0, 6.0, 12),
    ("library, signed in", "/badges", MEMBER, 4.0, 6.0, 12),
    ("points statement", "/u/member1/points", MEMBER, 4.0, 6.0, 12),
    ("search, signed out", "/search?q=wheel", "", 4.0, 6.0, 12),
    ("search, signed in", "/search?q=trim+wheel", MEMBER, 4.0, 6.0, 12),
    ("Best Of, signed in", "/best?period=all", MEMBER, 4.0, 6.0, 12),
    ("queue of 500 requests", "/moderation/requests?state=waiting&page=9", MODERATOR, 4.0, 6.0, 12),
    ("a request in a queue of 500", "/moderation/requests/{request}", MODERATOR, 4.0, 6.0, 12),
)
THREAD_BYTES = 45 * 1024


def run(shop: Workshop, engine_name: str) -> list[Row]:
    """Ask for each page and for the reference in turn."""
    say(f"{engine_name}: pages")
    site = shop.site(engine_name)
    names = _furnish(site)
    cookies = {"": "", MEMBER: sign_in(site), MODERATOR: sign_in(site, MODERATOR)}
    reference = page_from_memory()
    rows: list[Row] = []
    for what, path, who, on_sqlite, on_postgres, most in PAGES:
        ask = asking(site.app, path.format(**names), cookies[who])
        spent, bare = in_turn(site, ask, asking(reference, "/", ""))
        asked, size = statements(site, ask), len(ask())
        target = on_sqlite if site.on_sqlite else on_postgres
        value = f"{shown(spent)}, {asked} SQL, {size / 1024:.0f} KB"
        rows.append(at_most(what, engine_name, value, shown(bare), spent / bare, target))
        if asked > most:
            rows.append(Row(f"... statements of {what}", engine_name, str(asked), target=f"<= {most}", met=False))
        if what.startswith("thread") and size > THREAD_BYTES:
            rows.append(Row(f"... bytes of {what}", engine_name, f"{size:,}", target=f"<= {THREAD_BYTES:,}", met=False))
    return [*rows, _decision(site, cookies[MODERATOR], asking(reference, "/", ""))]


def _decision(site: Site, cookie: str, reference: Ask) -> Row:
    """A moderator approves one request after another: the badge, its notice and its letter are written, and the log."""
    with site.open() as session:
        waiting = iter(session.scalars(select(BadgeRequest.id).order_by(BadgeRequest.id)).all())
    client = site.app.test_client()
    client.set_cookie("session", cookie.partition("=")[2])
    token = client.get("/appearance").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    kept = client.get_cookie("session")
    assert kept is not None
    cookie = f"session={kept.value}"  # the one that knows the token

    def approve() -> bytes:
        form = {"csrf_token": token, "version": "1", "message": "Well done."}
        return asking(site.app, f"/moderation/requests/{next(waiting)}/approval", cookie, form)()

    spent, bare = in_turn(site, approve, reference)
    with site.open() as session:
        made = session.scalar(select(func.count()).select_from(BadgeRequest).where(BadgeRequest.state == "approved"))
    assert made == ROUNDS * REQUESTS + 2, made
    return at_most("a decision in a queue of 500", site.engine_name, shown(spent), shown(bare), spent / bare, 5.5)


Ask = Callable[[], bytes]


def asking(app: Flask, path: str, cookie: str, form: dict[str, str] | None = None) -> Ask:
    """A request handed straight to the site: no server, no client, only what the site itself does."""
    sent = urlencode(form).encode() if form else b""
    asked = EnvironBuilder(path=path, base_url="http://127.0.0.1", headers={"Cookie": cookie} if cookie else {},
                           method="POST" if form else "GET", input_stream=io.BytesIO(sent), content_length=len(sent),
                           content_type="application/x-www-form-urlencoded" if form else None)  # fmt: skip
    environ = asked.get_environ()

    def ask() -> bytes:
        answered: list[str] = []
        body = app(
            {**environ, "wsgi.input": io.BytesIO(sent)}, lambda status, _headers, _exc=None: answered.append(status)
        )  # type: ignore[arg-type, misc, return-value]
        try:
            content = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        assert answered[0].startswith("303" if form else "200"), (path, answered)
        return content

    return ask


def in_turn(site: Site, ask: Ask, reference: Ask) -> tuple[float, float]:
    """CPU seconds a request of both, in alternating blocks so that the same weather meets them."""
    for warm in (ask, reference):
        warm()
        warm()
    spent = bare = 0.0
    for _ in range(ROUNDS):
        began = site.cpu()
        for _ in range(REQUESTS):
            ask()
        between = site.cpu()
        for _ in range(REQUESTS):
            reference()
        spent, bare = spent + between - began, bare + site.cpu() - between
    return spent / ROUNDS / REQUESTS, bare / ROUNDS / REQUESTS


def statements(site: Site, ask: Ask) -> int:
    """How many statements a request asks the database."""
    with counted(site) as found:
        ask()
    return len(found)


@contextmanager
def counted(site: Site) -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(site.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(site.engine, "before_cursor_execute", note)


# --- the community that is shown ---------------------------------------------------------------


def _furnish(site: Site) -> dict[str, object]:
    """Threads of twenty posts among forty members, with what earns points and badges."""
    chance = Random(7)
    began = now() - timedelta(days=60)
    with site.open() as session:
        members = [
            Member(username=f"member{i}", username_key=f"member{i}", name=f"Member {i}", title="Glider pilot",
                   about="Flies at weekends.", about_html="<p>Flies at weekends.</p>", joined_at=began,
                   email_verified_at=began)
            for i in range(1, 41)
        ]  # fmt: skip
        category = Category(slug="help", name="Help")
        session.add_all([*members, category])
        session.flush()
        for i in range(THREADS):
            start = began + timedelta(days=i)
            thread = posts.start_thread(session, members[i], category, kind="question", title=f"Question {i}: {WORDS[3:40]}",
                                        body=WORDS[3:-4], tagged=("trim", "wheel"), at=start)  # fmt: skip
            written = [
                posts.post_reply(session, thread, members[(i + j) % 40], WORDS[3:-4], at=start + timedelta(hours=j))
                for j in range(1, POSTS if i == THREADS - 1 else 4)
            ]
            for post in written:
                for reader in chance.sample(members, 4):
                    if reader is not post.author:
                        reactions.react(session, post, reader, chance.choice(["upvote", "insightful"]))
            acceptance.accept(session, written[i % 3], members[i], at=start + timedelta(days=1))
            for reader in members[:10]:
                reads.record(session, thread, reader, at=start + timedelta(days=2))
            for member in members[:10]:
                visits.record(session, member, at=start)
    evaluator.run(site.open)
    return {"thread": thread.id, "slug": thread.slug, "request": _wish(site)}


def _wish(site: Site) -> int:
    """A moderator, and a full queue: what other members ask for, with links. One of the requests."""
    with site.open() as session:
        session.add(Member(username=MODERATOR, username_key=MODERATOR, name="Mia", role=Role.MODERATOR))
        wanted = [it for it in session.scalars(select(Badge).order_by(Badge.id)) if "request" in it.ways]
        crowd = [Member(username=f"guest{i}", username_key=f"guest{i}", name=f"Guest {i}") for i in range(QUEUE // 5)]
        session.add_all(crowd)
        session.flush()
        wishes = [
            BadgeRequest(badge_id=wanted[i // len(crowd)].id, member_id=it.id, by_id=it.id, note=WORDS[3:-4],
                         sent_at=now() - timedelta(minutes=QUEUE - i))
            for i, it in enumerate(crowd * 5)
        ]  # fmt: skip
        session.add_all(wishes)
        session.flush()
        for it in wishes:
            session.add(RequestEntry(request_id=it.id, by_id=it.by_id, what="sent", text=it.note))
            session.add(RequestLink(request_id=it.id, address="https://slides.example/talk"))
        return wishes[QUEUE // 2].id


def sign_in(site: Site, username: str = "member1") -> str:
    """The cookie of a member who is signed in."""
    with site.open() as session:
        secret = sessions.start(session, session.scalars(select(Member).filter_by(username=username)).one())
    client = site.app.test_client()
    with client.session_transaction() as cookie:
        cookie["log_in"] = secret
    client.get("/appearance")  # browsers keep what the first page gave them for its forms
    found = client.get_cookie("session")
    assert found is not None
    return f"session={found.value}"


# --- the reference -----------------------------------------------------------------------------

MEMORY = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head><body>
<header><a href="/">Home</a><nav>{% for name in tags %}<a href="/c/{{ name }}">{{ name }}</a>{% endfor %}</nav></header>
<main><h1>{{ title }}</h1>{% for post in posts %}
<article id="post-{{ post.id }}" data-post="{{ post.id }}"><header><a href="/u/{{ post.author }}">{{ post.name }}</a>
<span title="{{ post.rank }}">{{ post.stars }}</span> <time datetime="{{ post.at.isoformat() }}">{{ post.at.strftime('%d %B %Y') }}</time>
{% if post.accepted %}<strong>Accepted</strong>{% endif %}</header>{{ post.html|safe }}
<footer>{% for kind, count in post.reactions %}<form method="post" action="/p/{{ post.id }}/reactions/{{ kind }}">
<button data-reaction="{{ kind }}" data-count="{{ count }}">{{ kind }} {{ count }}</button></form>{% endfor %}
<a href="/p/{{ post.id }}/flags">Flag</a> <a href="/p/{{ post.id }}">Link</a></footer></article>{% endfor %}</main></body></html>"""


def page_from_memory() -> Flask:
    """The same Flask and Jinja, a page of twenty posts whose rows are already there."""
    app = Flask("memory")
    rows = [
        {"id": i, "author": f"member{i}", "name": f"Member {i}", "rank": "Captain", "stars": "★★★", "at": now(),
         "accepted": i == 1, "html": WORDS + WORDS, "reactions": (("insightful", i), ("upvote", 2 * i))}
        for i in range(1, POSTS + 1)
    ]  # fmt: skip
    app.jinja_loader = DictLoader({"page.html": MEMORY})
    app.add_url_rule(
        "/", "page", lambda: render_template("page.html", title="A page", tags=("trim", "wheel"), posts=rows)
    )
    return app
