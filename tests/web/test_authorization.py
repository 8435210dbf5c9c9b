"""Every kind of visitor at every address: let in, sent to the log-in, or told there is nothing."""

from __future__ import annotations

import pytest

from tests.web.addresses import OWNED, PRIVATE, WITHOUT_TOKEN
from tests.web.world import ROLES, make_world, token

# Open to everybody, and the log-in is where it goes on from there.
LEADS_TO_LOGIN = {"GET /login/code", "POST /login/code", "POST /verify/<secret>"}
# Comes back as it was typed, with a token that is good for another try.
KEPT_AS_TYPED = {"/badges/<slug>/request"}
OUT = ("nobody", "suspended")  # a suspension ends every log-in
STAFF = ("moderator", "administrator")
INSIDE = {
    "everybody": ROLES,
    "members": tuple(it for it in ROLES if it not in OUT),
    "oneself": ("ada",),
    "staff": STAFF,
    "administrators": ("administrator",),
}


@pytest.fixture
def world(app, engine):
    return make_world(app, engine)


def wrong(role, audience, rule, answer):
    """What is wrong with an answer, in words, or nothing."""
    to_login = answer.status_code == 303 and answer.headers["Location"].startswith("/login")
    if answer.status_code >= 500:
        return "broke"
    if role in INSIDE[audience]:
        to_login = to_login and rule not in LEADS_TO_LOGIN
        owned = (rule in OWNED and role not in ("ada", *STAFF)) or (rule in PRIVATE and role != "ada")
        return "was not let in" if to_login or (answer.status_code == 404) != owned else ""
    if role in OUT and audience in ("members", "oneself"):
        return "" if to_login else "was not asked to sign in"
    return "" if answer.status_code == 404 else "could tell that it exists"


def test_every_role_at_every_address_that_is_looked_at(world):
    cells, mistakes = 0, []
    for role in ROLES:
        visitor = world.visitor(role)
        for rule, audience in world.addresses("GET"):
            cells += 1
            answer = visitor.get(world.path(rule))
            if mistake := wrong(role, audience, f"GET {rule}", answer):
                mistakes.append(f"{role} {mistake} at {rule}: {answer.status_code}")
    assert not mistakes, "\n".join(mistakes)
    assert cells >= 600


def test_every_role_at_every_address_that_is_written_to(app, engine):
    """With an empty form: whoever may write is told what is missing, nobody else gets that far."""
    cells, mistakes = 0, []
    for role in ROLES:
        world = make_world(app, engine)
        for rule, audience in world.addresses("POST"):
            cells += 1
            mistake = write(world, role, audience, rule)
            if mistake and role in INSIDE[audience]:  # what was there may be gone by an earlier write
                world = make_world(app, engine)
                mistake = write(world, role, audience, rule)
            mistakes += [mistake] if mistake else []
    assert not mistakes, "\n".join(mistakes)
    assert cells >= 400


def write(world, role, audience, rule):
    """Send an empty form, and say what is wrong with the answer."""
    visitor = world.visitor(role)
    answer = visitor.post(world.path(rule), data={"csrf_token": token(visitor)})
    mistake = wrong(role, audience, f"POST {rule}", answer)
    return f"{role} {mistake} at {rule}: {answer.status_code}" if mistake else ""


def test_nothing_is_written_without_a_token(world):
    before = world.rows()
    for role in ("nobody", "ada", "administrator"):
        visitor = world.visitor(role)
        for rule, audience in world.addresses("POST"):
            if rule in WITHOUT_TOKEN:
                continue
            signed_out = role == "nobody" and audience in ("members", "oneself") and rule not in KEPT_AS_TYPED
            for form in ({}, {"csrf_token": "0123456789.forged"}):
                answer = visitor.post(world.path(rule), data=form)
                assert answer.status_code == (303 if signed_out else 400), f"{role} at {rule}"
                assert (answer.location or "").startswith("/login?next=") == signed_out
    assert world.rows() == before


def test_the_one_form_without_a_token_is_the_one_we_know(app):
    views = app.extensions["csrf"]._exempt_views
    exempt = [it.rule for it in app.url_map.iter_rules() if _name_of(app.view_functions[it.endpoint]) in views]
    assert {*exempt} == {*WITHOUT_TOKEN}
    assert len(views) == 1
    assert not app.extensions["csrf"]._exempt_blueprints


def _name_of(view):
    return f"{view.__module__}.{view.__name__}"


def test_looking_changes_nothing(world):
    before = world.rows()
    for role in ROLES:
        visitor = world.visitor(role)
        for rule, _ in world.addresses("GET"):
            visitor.get(world.path(rule))
    assert world.rows() == before
