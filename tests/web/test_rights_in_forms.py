"""Fields that no form has, sent with every form there is: nobody writes rights, points or dates of their own."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.people.members import Member
from tests.web.forms import fields, soup
from tests.web.world import make_world

FORGED = {
    "is_staff": "1", "role": "administrator", "points": "99999", "rank": "2", "state": "approved", "user_id": "1",
    "member_id": "1", "author_id": "1", "by_id": "1", "created_at": "2001-01-01", "joined_at": "2001-01-01",
    "email_verified": "1", "email_verified_at": "2001-01-01", "deleted_at": "", "suspended_until": "", "password_hash": "x",
    "secret_hash": "x", "approved": "1", "is_set_up": "1", "upvotes": "99", "holders": "99", "imported_from": "x",
}  # fmt: skip
RIGHTS = (Member.username, Member.role, Member.points, Member.rank, Member.joined_at, Member.email, Member.email_verified_at,
          Member.password_hash, Member.imported_from)  # fmt: skip
# Whoever sent these sends nothing after; and what a secret link opens is for whoever has it.
ENDS = ("/logout", "/settings/deletion", "/settings/account/devices", "/password-reset/", "/verify/", "/undo-address/")


@pytest.fixture
def world(app, engine):
    return make_world(app, engine)


def rights(engine):
    with Session(engine) as session:
        return session.execute(select(*RIGHTS).order_by(Member.id)).all()


def forms_seen_by(visitor, world):
    """Every form on every page, by its address, with the fields it would send."""
    found = {}
    for rule, _audience in world.addresses("GET"):
        with visitor.get(world.path(rule)) as answer:
            page = soup(answer) if answer.mimetype == "text/html" else None
        for form in page.select("form[method=post]") if page else ():
            found[urljoin(world.path(rule), form["action"])] = fields(form)
    return {address: sent for address, sent in found.items() if not address.startswith(ENDS)}


@pytest.mark.parametrize("role", ["unverified", "stranger", "ada", "moderator"])
def test_no_form_takes_a_right_that_it_does_not_offer(world, engine, role):
    visitor = world.visitor(role)
    forms, before = forms_seen_by(visitor, world), rights(engine)
    answers = []
    for address, sent in forms.items():
        typed = {name: value or "So it is" for name, value in sent.items()}
        with visitor.post(address, data=FORGED | typed) as answer:
            answers.append(answer.status_code)
            assert answer.status_code < 500, address
    assert answers.count(303) > 5, "nothing was taken, so nothing was tried"
    assert len(forms) > 15
    assert rights(engine) == before
