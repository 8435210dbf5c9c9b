"""Prepared replies: what the team keeps to answer requests with."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain import catalogue
from app.domain.people.members import Role
from app.domain.problems import Conflict, Invalid
from app.domain.record.audit_log import AuditEntry
from app.domain.ways import prepared_replies
from tests.factories import make_member
from tests.web.forms import problems, soup, text_of
from tests.web.scenery import sign_in
from tests.web.visitors import Visitor

HERE = "/staff/replies"


@pytest.fixture
def mia(app, engine):
    """A moderator's browser, on a site without replies."""
    with transaction(engine) as session:
        member = make_member(session, "mia", role=Role.MODERATOR)
    return Visitor(sign_in(app.test_client(), engine, member))


def add(mia, name="Thanks", suits="approve", body="Thank you, {member}."):
    return mia.send(HERE, "#new-reply", name=name, suits=suits, body=body)


def test_a_reply_is_added_changed_and_removed_and_the_log_tells(mia, engine):
    assert add(mia).status_code == 303
    page = mia.get(HERE)
    here = page.select_one("[data-reply] a")["href"]
    assert mia.send(here, "#edit-reply", name="Thanks a lot").status_code == 303
    assert "Thanks a lot" in mia.get(HERE).select_one("[data-reply]").text
    assert mia.send(here, "#remove-reply").status_code == 303
    assert not mia.get(HERE).select("[data-reply]")
    mia.get(here, status=404)
    with transaction(engine) as session:
        said = [(it.before, it.after) for it in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    whole = {"name": "Thanks", "suits": "approve", "body": "Thank you, {member}."}
    assert said == [
        (None, whole),
        ({"name": "Thanks"}, {"name": "Thanks a lot"}),
        (whole | {"name": "Thanks a lot"}, None),
    ]


def test_replies_stand_by_what_they_are_for_and_then_by_name(mia):
    for name, suits in (("Later", "decline"), ("Where?", "ask"), ("Hooray", "approve"), ("Again", "decline")):
        add(mia, name, suits)
    assert [it.b.text for it in mia.get(HERE).select("[data-reply]")] == ["Hooray", "Where?", "Again", "Later"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "n" * 61}, "name"),
        ({"suits": "everything"}, "suits"),
        ({"body": "\n"}, "body"),
        ({"body": "b" * 1001}, "body"),
        ({"body": "Dear {name}"}, "body"),
        ({"body": "Dear {0.__class__}"}, "body"),
    ],
)
def test_what_needs_another_look_comes_back_as_typed(mia, typed, field):
    answer = add(mia, **typed)
    assert (answer.status_code, list(problems(answer))) == (422, [field])
    page = soup(answer)
    assert page.select_one("#body").text.strip() == typed.get("body", "Thank you, {member}.").strip()
    assert not mia.get(HERE).select("[data-reply]")


def test_two_replies_have_two_names(mia):
    add(mia)
    assert "Another reply has this name" in problems(add(mia))["name"]
    here = mia.get(HERE).select_one("[data-reply] a")["href"]
    assert mia.send(here, "#edit-reply", body="The same name, other words").status_code == 303


def test_who_saves_an_old_version_reads_the_new_one_and_keeps_what_they_typed(mia, app, engine):
    add(mia)
    here = mia.get(HERE).select_one("[data-reply] a")["href"]
    old = mia.get(here).select_one("#edit-reply [name=version]")["value"]
    mia.send(here, "#edit-reply", body="Mine came first")
    answer = mia.send(here, "#edit-reply", body="Mine came second", version=old)
    assert answer.status_code == 409
    assert "Mine came first" in text_of(answer)
    assert soup(answer).select_one("#body").text.strip() == "Mine came second"
    assert mia.send(here, "#remove-reply", version=old).status_code == 409
    assert "Mine came first" in mia.get(HERE).text


def test_places_are_filled_once_and_facts_are_not_looked_into():
    facts = {"member": "{badge} <b>", "badge": "Meet-up"}
    assert prepared_replies.filled("{member}: {badge}, {again} {", facts) == "{badge} <b>: Meet-up, {again} {"


def test_a_list_to_choose_from_stays_short(session):
    mia = make_member(session, "mia")
    for number in range(prepared_replies.MOST):
        prepared_replies.add(session, mia, name=f"Reply {number}", suits="ask", body="Where?")
    with pytest.raises(Invalid, match="already"):
        prepared_replies.add(session, mia, name="One more", suits="ask", body="Where?")


def test_a_removal_names_the_version_that_was_seen(session):
    mia = make_member(session, "mia")
    reply = prepared_replies.add(session, mia, name="Reply", suits="ask", body="Where?")
    prepared_replies.change(session, reply, mia, seen=1, name="Reply", suits="ask", body="When?")
    with pytest.raises(Conflict):
        prepared_replies.remove(session, reply, mia, seen=1)
    prepared_replies.remove(session, reply, mia, seen=2)


def test_those_that_come_with_the_flight_catalogue_are_as_good_as_those_one_writes(session):
    """A new site has none; those of the catalogue could be saved as they stand."""
    assert not prepared_replies.every(session)
    catalogue.load(session, catalogue.shipped("flight"))
    shipped = prepared_replies.every(session)
    assert {it.suits for it in shipped} == set(prepared_replies.SUITS)
    mia = make_member(session, "mia")
    for it in shipped:
        assert not prepared_replies.change(session, it, mia, seen=1, name=it.name, suits=it.suits, body=it.body)
