"""Who may use which address: the whole table. An address missing here is an address nobody thought about."""

from __future__ import annotations

from contextlib import suppress

from werkzeug.exceptions import NotFound

from app.db import transaction
from app.web import audience
from tests.factories import make_member
from tests.web.addresses import AUDIENCES, MACHINES
from tests.web.scenery import sign_in


def addresses(app):
    """Each address with its method, and the audience that its view states."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield f"{method} {rule.rule}", audience.of(app.view_functions[rule.endpoint])


def test_every_address_has_the_audience_of_the_table(app):
    found = {address: who for address, who in addresses(app) if address not in MACHINES}
    assert found == {address: who for who, those in AUDIENCES.items() for address in those}


def test_views_for_members_and_staff_let_nobody_else_in(app, engine):
    app_views = {
        "members": audience.members_only(lambda: "in"),
        "staff": audience.staff_only(lambda: "in"),
        "administrators": audience.administrators_only(lambda: "in"),
    }
    with transaction(engine) as session:
        people = {role: make_member(session, role=role) for role in ("member", "moderator", "administrator")}

    def may(view, person):
        browser = app.test_client()
        if person:
            sign_in(browser, engine, person)
        cookies = "; ".join(f"{it.key}={it.value}" for it in browser._cookies.values())
        with app.test_request_context("/x", headers={"Cookie": cookies}), suppress(NotFound):
            return view() == "in"
        return False

    allowed = {
        name: [role for role in (None, *people) if may(view, people.get(role))] for name, view in app_views.items()
    }
    assert allowed == {
        "members": ["member", "moderator", "administrator"],
        "staff": ["moderator", "administrator"],
        "administrators": ["administrator"],
    }
