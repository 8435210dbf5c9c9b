"""Every text in the database is hostile, everybody looks at every page: nothing in it comes alive."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from app.db import transaction
from app.domain.base import Base
from tests.web.poison import poison_everything
from tests.web.world import ROLES, make_world

OURS = re.compile(r"/(static|pictures|photos|(moderation/)?requests/\d+/pictures)/|data:image/")


@pytest.fixture
def world(app, engine):
    world = make_world(app, engine)
    with transaction(engine) as session:
        poison_everything(session)
    return world


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
            page = BeautifulSoup(answer.data, "html.parser")
            if answer.headers["Content-Security-Policy"].endswith("; sandbox"):
                as_a_letter_may(page)
            assert alive(page) == [], rule
    assert seen >= 15


def as_a_letter_may(page):
    """Take away what a letter brings along, as mail programs want it: its own looks and pictures, in a sandbox."""
    for it in page.select("[style]"):
        del it["style"]
    for it in page.select('img[src^="data:image/png;base64,"]'):
        it.decompose()


ALIVE = {"object", "embed", "base"}  # elements that have no business anywhere
SCRIPT, DATA = "javascript:", "data:"


def alive(page):
    """The parts of a page that would do something they should not."""
    elements = page.find_all(True)
    found = [it for it in elements if is_alive(it)]
    for prose in (it for it in elements if "prose" in it.get("class", ())):
        found += [it for it in prose.find_all(True) if is_bold(it)]
        found += [prose] if not prose.has_attr("hx-ignore") else []
    return found + ["49"] * ("49" in page.get_text(" ").split())


def is_alive(it):
    """Whether an element acts by itself, or its attributes make it act."""
    name, has = it.name, it.attrs
    return (
        name in ALIVE
        or (name == "script" and (not has.get("src", "").startswith("/static/") or it.text))
        or (name == "img" and not OURS.match(has.get("src", "")))
        or (name == "iframe" and has.get("sandbox", "unlocked"))
        or (name == "b" and "hx-post" in has)
        or "style" in has
        or ("formaction" in has and not it.find_parent(class_="decide"))
        or any(attribute.lower().startswith("on") for attribute in has)
        or leads(it, "href", SCRIPT, DATA)
        or leads(it, "src", SCRIPT)
        or leads(it, "action", SCRIPT)
    )


def leads(it, attribute, *schemes):
    """Whether an attribute is an address of one of these schemes."""
    return it.get(attribute, "").lower().startswith(schemes)


def is_bold(it):
    """Whether something a member wrote has what only the site's own pages may have."""
    return any(name in ("id", "class") or "hx-" in name for name in it.attrs)
