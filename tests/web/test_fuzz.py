"""Requests that no browser would send: the answer may be no, it is never an accident."""

from __future__ import annotations

import os
import random

import pytest
from bs4 import BeautifulSoup

from tests.web.world import PLACE, make_world, token

REQUESTS = 10_000 if os.environ.get("FULL") else 500  # on each database
WEIRD = (
    "", " ", "0", "-1", "1e99", "NaN", "9" * 18, "9223372036854775807", "9223372036854775808", "9" * 400, "true", "null",
    "\x00", "a\x00b", "\r\nX-Evil: 1", "..", "../../etc/passwd", "%2e%2e%2f", "%", "%%%s%n", "%" * 1000, "_" * 1000,
    "'", '"', "';--", "' OR 1=1 --", '" OR "" = "', "NEAR(a b)", '"', "a* AND (b", "^x", "-" * 300, "(" * 300, "[" * 3000,
    "<script>alert(1)</script>", "{{7*7}}", "javascript:alert(1)", "//evil.example", "/\\evil.example", "https:evil.example",
    "\u202eabc", "\ufeff", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "ﷺ" * 500, "😀" * 300, "é" * 5000,
    "x" * 70_000, "2026-02-30", "2026-W54", "question", "week", "latest", "@ada", "1", "2", "ada", "on",
)  # fmt: skip
PARTS = (
    "%00",
    "%ff%fe",
    "-1",
    "0",
    "9" * 30,
    "a%2fb",
    "%F0%9F%98%80",
    "..",
    "x" * 2000,
    "'",
    "%25",
    "1",
    "ada",
    "A%CC%81",
)
QUERY = (
    "page",
    "sort",
    "q",
    "next",
    "period",
    "view",
    "show",
    "group",
    "tier",
    "way",
    "earned",
    "comments",
    "week",
    "in",
    "tag",
)
TYPES = (
    "application/x-www-form-urlencoded",
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "x/\xff",
)


@pytest.fixture
def world(app, engine):
    return make_world(app, engine)


def fields(world):
    """The names of all fields of all forms that pages offer."""
    names, visitor = set(), world.visitor("administrator")
    for rule, _ in world.addresses("GET"):
        names |= {
            it["name"] for it in BeautifulSoup(visitor.get(world.path(rule)).data, "html.parser").select("[name]")
        }
    return sorted(names - {"csrf_token"})


def address(world, chance, rule):
    """An address of that rule, as it should be or with something weird in it."""
    path = world.path(rule)
    if PLACE.search(rule) and chance.random() < 0.4:
        path = PLACE.sub(lambda part: f"{part[1]}/{chance.choice(PARTS)}", rule)
    if chance.random() < 0.5:
        path += "?" + "&".join(f"{chance.choice(QUERY)}={chance.choice(PARTS)}" for _ in range(chance.randint(1, 3)))
    return path


def form(chance, names, token):
    """A form with weird values, fields twice, lists where one value is expected."""
    sent = {"csrf_token": token}
    for name in chance.sample(names, min(len(names), chance.randint(0, 8))):
        value = chance.choice(WEIRD)
        sent[name + chance.choice(("", "", "", "[]", "[0]"))] = (
            [value, chance.choice(WEIRD)] if chance.random() < 0.2 else value
        )
    return sent


def test_no_request_makes_the_site_break(world):
    seed = int(os.environ.get("SEED", "20261122"))
    chance, broken = random.Random(seed), []
    names = fields(world)
    rules = {method: [rule for rule, _ in world.addresses(method)] for method in ("GET", "POST")}
    for number in range(REQUESTS):
        if number % 100 == 0:  # some requests end a log-in, or remove what others need
            visitors = {
                role: world.visitor(role) for role in ("nobody", "stranger", "ada", "moderator", "administrator")
            }
            tokens = {role: token(it) for role, it in visitors.items()}
        role, method = chance.choice(list(visitors)), chance.choice(("GET", "POST", "POST"))
        path, headers = address(world, chance, chance.choice(rules[method])), {}
        if chance.random() < 0.3:
            headers["HX-Request"] = "true"
        if method == "GET":
            answer = visitors[role].get(path, headers=headers)
        elif chance.random() < 0.1:
            body = chance.choice(WEIRD).encode() + b"\xff\xfe"
            headers["X-CSRFToken"] = tokens[role]
            answer = visitors[role].post(path, data=body, headers=headers | {"Content-Type": chance.choice(TYPES)})
        else:
            answer = visitors[role].post(path, data=form(chance, names, tokens[role]), headers=headers)
        if answer.status_code >= 500 or b"Traceback" in answer.data:
            broken.append(f"{number}: {role} {method} {path[:120]} -> {answer.status_code}")
    assert broken == [], f"SEED={seed}"
