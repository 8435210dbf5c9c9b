"""What a cache on the way may keep, and what a browser may: nothing that one visitor sees and another must not."""

from __future__ import annotations

import pytest

from app.db import transaction
from tests.factories import give_password, make_member
from tests.web.forms import fields, form_at
from tests.web.world import ROLES, make_world

HTTPS = "https://community.example"
PASSWORD = "seventeen wild geese"
SEEN_BY = ("nobody", "ada", "moderator", "administrator")


@pytest.fixture
def world(app, engine):
    return make_world(app, engine)


def look(world, role, rule):
    with world.visitor(role).get(world.path(rule)) as answer:
        return answer.status_code, dict(answer.headers), answer.data


def may_be_shared(headers):
    said = headers.get("Cache-Control", "")
    return not ("private" in said or "no-store" in said)


def test_what_a_shared_cache_may_keep_is_the_same_for_everybody_and_sets_no_cookie(world):
    mistakes, shared = [], set()
    for rule, _audience in world.addresses("GET"):
        seen = {role: look(world, role, rule) for role in SEEN_BY}
        if not any(may_be_shared(headers) for _code, headers, _body in seen.values()):
            continue
        shared.add(rule)
        if len({body for _code, _headers, body in seen.values()}) > 1:
            mistakes.append(f"{rule} differs from one visitor to the next")
        if any("Set-Cookie" in headers for _code, headers, _body in seen.values()):
            mistakes.append(f"{rule} sets a cookie")
    assert not mistakes, "\n".join(mistakes)
    assert "/pictures/<name>.webp" in shared


def test_whatever_a_member_sees_is_kept_by_nobody_and_varies_with_who_asks(world):
    mistakes, cells = [], 0
    for rule, _audience in world.addresses("GET"):
        of_nobody = look(world, "nobody", rule)
        for role in ROLES:
            code, headers, body = look(world, role, rule)
            if may_be_shared(headers):
                continue
            cells += 1
            as_all = (code, body) == (of_nobody[0], of_nobody[2])
            wanted = {"no-store", "no-cache"} if as_all or role in ("nobody", "suspended") else {"no-store"}
            if not wanted & {it.strip() for it in headers["Cache-Control"].split(",")}:
                mistakes.append(f"{role} at {rule}: {headers['Cache-Control']}")
            if not {"Cookie", "HX-Request", "HX-Request-Type"} <= {it.strip() for it in headers["Vary"].split(",")}:
                mistakes.append(f"{role} at {rule}: Vary {headers['Vary']}")
    assert not mistakes, "\n".join(mistakes)
    assert cells >= 600
    assert look(world, "ada", "/settings/account")[1]["Cache-Control"] == "private, no-store"


@pytest.fixture
def secure(make_app, engine):
    """A browser at the site as it runs in production, behind https."""
    with transaction(engine) as session:
        give_password(session, make_member(session, "ada"), PASSWORD)
        mia = make_member(session, "mia", role="moderator")
        give_password(session, mia, PASSWORD)
    app = make_app(
        APP_ENV="production", SITE_URL=HTTPS, SECRET_KEY="0123456789abcdef" * 4,
        DATABASE_URL=engine.url.render_as_string(hide_password=False),
    )  # fmt: skip
    return app.test_client()


def send(client, address, **typed):
    form = fields(form_at_https(client, address))
    return client.post(address, base_url=HTTPS, data=form | typed, headers={"Referer": HTTPS + address})


def form_at_https(client, address):
    class Browser:
        @staticmethod
        def get(path):
            return client.get(path, base_url=HTTPS)

    return form_at(Browser, address)


def cookies(answer):
    """Each cookie that an answer sets, with what is said of it."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        name, *said = (it.strip() for it in line.split(";"))
        found[name.partition("=")[0]] = {it.partition("=")[0].lower(): it.partition("=")[2] for it in said}
    return found


def test_every_cookie_in_production_is_for_this_host_over_https_and_not_for_scripts(secure):
    set_by = {}
    set_by |= cookies(secure.get("/login", base_url=HTTPS))
    answer = send(secure, "/login", username="ada", password=PASSWORD)
    assert answer.status_code == 303
    set_by |= cookies(answer)
    answer = send(secure, "/appearance", theme="dark")
    assert answer.status_code == 303
    set_by |= cookies(answer)
    assert {"__Host-session", "__Host-device"} <= set_by.keys()
    assert len(set_by) == 3
    for name, said in set_by.items():
        assert {"secure", "httponly"} <= said.keys(), name
        assert (said["samesite"], said["path"]) == ("Lax", "/"), name
        assert "domain" not in said, name


def test_a_log_in_takes_a_new_cookie_and_the_one_from_before_is_worth_nothing(secure):
    secure.get("/login", base_url=HTTPS)
    before = secure.get_cookie("__Host-session", domain="community.example").value
    send(secure, "/login", username="ada", password=PASSWORD)
    after = secure.get_cookie("__Host-session", domain="community.example").value
    assert before != after
    assert secure.get("/settings/account", base_url=HTTPS).status_code == 200
    secure.set_cookie("__Host-session", before, domain="community.example", secure=True)
    assert secure.get("/settings/account", base_url=HTTPS).status_code == 303


def test_a_form_sent_from_another_site_is_refused_over_https_too(secure):
    form = fields(form_at_https(secure, "/login"))
    typed = form | {"username": "ada", "password": PASSWORD}
    for referrer in ("https://evil.example/", ""):
        answer = secure.post("/login", base_url=HTTPS, data=typed, headers={"Referer": referrer})
        assert answer.status_code == 400
    assert send(secure, "/login", username="ada", password=PASSWORD).status_code == 303


def test_staff_in_production_see_nothing_before_their_second_factor(secure):
    assert send(secure, "/login", username="mia", password=PASSWORD).status_code == 303
    for address in ("/", "/staff", "/moderation/flags"):
        answer = secure.get(address, base_url=HTTPS)
        assert answer.status_code == 303
        assert answer.location.startswith("/settings/second-factor")
