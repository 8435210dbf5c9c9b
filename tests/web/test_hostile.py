"""Every text in the database is hostile, everybody looks at every page: nothing in it comes alive."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import String, func, select, update
from sqlalchemy.exc import IntegrityError

from app.db import transaction
from app.domain import markup
from app.domain.base import Base
from tests.web.world import ROLES, make_world

EVIL = "\"'></textarea></title></style><img src=x onerror=alert(1)><svg onload=alert(1)><b hx-post=/logout hx-trigger=load>{{7*7}}javascript:alert(1)"
POST = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) {{7*7}}\n\n"
    '<div hx-post="/logout" hx-trigger="load" id="main" class="x" style="position:fixed">x</div>\n\n'
    "![x](https://tracker.example/p.png) <form action=/logout><button formaction=/x>x</button></form>"
)
# What is no text but a key, a choice among few, or a number: the domain writes these, people cannot.
NO_TEXT = re.compile(
    r"(^|_)(kind|state|role|slug|key|username|family|tier|glyph|catalogue|zone|hash|secret|token|rule|part|way|measure|listens|version|digest|media_type|fingerprint|held)$|^(alembic)"
)


@pytest.fixture
def world(app, engine):
    world = make_world(app, engine)
    with transaction(engine) as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, String) and not NO_TEXT.search(column.name):
                    poison(session, table, column)
    return world


def poison(session, table, column):
    """Put as much evil into a column as it takes; one that must be unique gets a number before it."""
    if column.name.endswith("html"):
        session.execute(update(table).values({column: markup.clean(POST) + markup.render(POST)}))
        return
    evil = EVIL[: (column.type.length or 500) - 8]
    keys = [key for key in table.primary_key if key is not column]
    for number, row in enumerate(session.execute(select(*keys).distinct()) if keys else []):
        where = [key == value for key, value in zip(keys, row, strict=True)]
        try:
            with session.begin_nested():
                session.execute(update(table).where(*where).values({column: f"{number}{evil}"}))
        except IntegrityError:
            continue  # the database itself allows only some values here


def test_the_poison_is_in_the_database(world, engine):
    with transaction(engine) as session:
        for table, column in (("posts", "body"), ("members", "name"), ("badges", "name"), ("threads", "title")):
            text = Base.metadata.tables[table].c[column]
            assert session.scalar(select(func.count()).where(text.like("%onerror%"))), table


@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_was_written_comes_alive(world, role):
    visitor, seen = world.visitor(role), 0
    for rule, _ in world.addresses("GET"):
        answer = visitor.get(world.path(rule))
        assert answer.status_code < 500, rule
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], rule
        if answer.mimetype == "text/html":
            seen += bool(answer.data)
            assert alive(BeautifulSoup(answer.data, "html.parser")) == [], rule
    assert seen >= 15


def alive(page):
    """The parts of a page that would do something they should not."""
    found = [it for it in page.select("script") if not it.get("src", "").startswith("/static/") or it.text]
    found += [
        it for it in page.select("img") if not re.match(r"/(static|pictures|photos)/|data:image/", it.get("src", ""))
    ]
    found += page.select("[style], [formaction], iframe, object, embed, base, svg[onload], b[hx-post]")
    found += [it for it in page.find_all(True) if any(name.lower().startswith("on") for name in it.attrs)]
    found += page.select(
        '[href^="javascript:" i], [href^="data:" i], [src^="javascript:" i], [action^="javascript:" i]'
    )
    found += [
        it for it in page.select(".prose *") if any(name in ("id", "class") or "hx-" in name for name in it.attrs)
    ]
    found += [it for it in page.select(".prose") if not it.has_attr("hx-ignore")]
    return found + ["49"] * ("49" in page.get_text(" ").split())
