"""Swag: eligible once, told, claimed with an address that is asked only then and soon forgotten."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import jobs
from app.db import transaction
from app.domain import catalogue
from app.domain.base import now
from app.domain.catalogue import InvalidCatalogue
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.problems import Conflict, Refused
from app.domain.record.audit_log import AuditEntry
from app.domain.rewards import swag
from app.domain.rewards.swag import Milestone, Swag
from tests.factories import make_member
from tests.web.forms import fields, problems, send, soup
from tests.web.scenery import make_award, make_badge, make_ranks

HOME = {"recipient": "Ada Lark", "address": "Elm Lane 7\n12345 Oslo", "country": "Norway", "choice": "M"}


@pytest.fixture
def people(engine):
    """Ada with 1,600 points, Ben with 100; a shirt at 1,500 points and a mug with a badge; Mia of the staff."""
    with transaction(engine) as session:
        make_ranks(session)
        make_badge(session, "safe-hands")
        session.add(Milestone(slug="shirt", name="Shirt", about="With wings.", points=1500, choices=["S", "M"]))
        session.add(Milestone(slug="mug", name="Mug", about="For coffee.", badge="safe-hands", choices=[], position=1))
        return {
            "ada": make_member(session, "ada", points=1600), "ben": make_member(session, "ben", points=100),
            "mia": make_member(session, "mia", role="moderator"),
        }  # fmt: skip


@pytest.fixture
def grant(engine, people):
    """Looks who has reached a milestone."""

    def look_once(**more):
        with transaction(engine) as session:
            return swag.grant(session, **more)

    return look_once


def change(engine, member, **values):
    with transaction(engine) as session:
        for name, value in values.items():
            setattr(session.get_one(Member, member.id), name, value)


def test_who_reaches_a_milestone_is_eligible_once_and_told_once(app, engine, people, look):
    with app.app_context():
        for _look in range(2):
            jobs.look_around()
    (mine,) = look(select(Swag))
    assert (mine.member_id, mine.state) == (people["ada"].id, "eligible")
    (notice,) = look(select(Notification))
    assert (notice.kind, notice.member_id, notice.facts["milestone"]) == ("swag", people["ada"].id, "Shirt")


def test_points_that_are_taken_back_leave_it_and_it_does_not_come_twice(engine, people, grant, look):
    assert grant() == 1
    change(engine, people["ada"], points=3)
    assert grant() == 0
    change(engine, people["ada"], points=1600)
    assert grant() == 0
    assert len(look(select(Swag.id))) == 1


def test_a_badge_makes_eligible_and_one_that_was_taken_back_does_not(engine, people, grant, look):
    with transaction(engine) as session:
        badge = session.scalars(select(swag.Badge)).one()
        make_award(session, badge, session.get_one(Member, people["ben"].id))
        make_award(session, badge, session.get_one(Member, people["mia"].id), revoked_at=now())
    grant()
    mug = select(Swag.member_id).join(Milestone).where(Milestone.slug == "mug")
    assert look(mug) == [people["ben"].id]


def test_who_has_gone_or_cannot_be_reached_yet_is_not_eligible(engine, people, grant):
    change(engine, people["ada"], email_verified_at=None)
    assert grant() == 0
    change(engine, people["ada"], email_verified_at=now(), deleted_at=now())
    assert grant() == 0
    change(engine, people["ada"], deleted_at=None)
    assert grant() == 1


def test_the_address_is_asked_only_of_who_is_eligible(browse, grant, engine, people):
    assert "You need 1,400 more points" in browse("ben").get("/swag").text
    assert not soup(browse("ben").get("/swag/shirt")).select("#claim")
    grant()
    assert "Yours to claim" in browse("ada").get("/swag").text
    assert soup(browse("ada").get("/swag/shirt")).select("#claim")
    with transaction(engine) as session, pytest.raises(Refused, match="not yours yet"):
        swag.claim(session, "shirt", session.get_one(Member, people["ben"].id), HOME)


def test_a_claim_is_looked_through_and_can_be_changed_until_it_is_sent(browse, grant, look):
    grant()
    ada = browse("ada")
    wrong = claim(ada, {"recipient": "Ada", "choice": "XXL"})
    assert set(problems(wrong)) == {"address", "country", "choice"}
    assert claim(ada, HOME).status_code == 303
    assert claim(ada, {"country": "Sweden"}).status_code == 303
    assert look(select(Swag.state)) + look(select(Swag.country)) == ["claimed", "Sweden"]


def claim(client, typed):
    """Fill in the form that asks for the address."""
    return client.post("/swag/shirt", data=fields(soup(client.get("/swag/shirt")).select_one("#claim")) | typed)


@pytest.fixture
def claimed(browse, grant, look):
    """Ada's claim."""
    grant()
    claim(browse("ada"), HOME | {"note": "=HYPERLINK(1)"})
    return look(select(Swag))[0]


def test_staff_see_where_it_shall_go_and_once_it_is_sent_nobody_does(browse, claimed, look, people):
    mia = browse("mia")
    assert "Elm Lane 7" in mia.get("/staff/swag").text
    send(mia, "/staff/swag", f'[action="/staff/swag/{claimed.id}/sent"]')
    (sent,) = look(select(Swag))
    assert (sent.state, sent.settled_by_id) == ("sent", people["mia"].id)
    assert {getattr(sent, field) for field in swag.FORM} == {""}
    assert "Elm Lane" not in mia.get("/staff/swag?state=sent").text
    assert "On its way since" in browse("ada").get("/swag").text
    (entry,) = look(select(AuditEntry))
    assert (entry.what, entry.member_id, entry.subject) == ("swag", people["ada"].id, "Shirt")
    assert "Elm" not in repr((entry.reason, entry.before, entry.after))


def test_declining_needs_a_reason_which_the_member_reads(browse, claimed, look):
    mia, form = browse("mia"), f'[action="/staff/swag/{claimed.id}/refusal"]'
    assert send(mia, "/staff/swag", form).status_code == 422
    assert send(mia, "/staff/swag", form, reason="No post goes there.").status_code == 303
    assert look(select(Swag.address)) == [""]
    assert "No post goes there." in browse("ada").get("/swag").text
    assert len(look(select(Notification.id).where(Notification.key.contains("declined")))) == 1


def test_it_is_sent_once_and_only_when_claimed(engine, claimed, people):
    with transaction(engine) as session:
        it, mia = session.get_one(Swag, claimed.id), session.get_one(Member, people["mia"].id)
        swag.send(session, it, mia)
        with pytest.raises(Conflict):
            swag.send(session, it, mia)
        with pytest.raises(Conflict):
            swag.claim(session, "shirt", session.get_one(Member, people["ada"].id), HOME)


def test_an_address_nobody_used_is_forgotten_after_ninety_days_and_can_be_given_again(engine, claimed, browse, look):
    with transaction(engine) as session:
        assert swag.forget_addresses(session, at=now() + swag.ADDRESS_KEPT - timedelta(hours=1)) == 0
        assert swag.forget_addresses(session, at=now() + swag.ADDRESS_KEPT) == 1
    assert look(select(Swag.address)) + look(select(Swag.state)) == ["", "eligible"]
    assert claim(browse("ada"), HOME).status_code == 303


def test_the_file_holds_no_formulas_and_the_log_keeps_who_took_it(browse, claimed, look):
    answer = send(browse("mia"), "/staff/swag", "#export")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["milestone"], row["member"], row["country"], row["choice"]) == ("Shirt", "ada", "Norway", "M")
    assert row["note"] == "'=HYPERLINK(1)"
    assert row["address"] == HOME["address"]
    assert look(select(AuditEntry.what)) == ["swag-export"]


# --- In the catalogue -----------------------------------------------------------------------

TABLE = '\n[[milestone]]\nslug = "cap"\nname = "Cap"\nabout = "For the sun."\n'


def test_milestones_of_a_file_are_loaded_exported_and_compared(session):
    file = catalogue.shipped("flight")
    catalogue.load(session, file)
    assert [it.slug for it in session.scalars(select(Milestone).order_by(Milestone.position))] == [
        it.slug for it in file.milestones
    ]
    assert catalogue.parse(catalogue.as_toml(catalogue.current(session)), "again").milestones == file.milestones
    assert not catalogue.difference(session, file)
    cheaper = catalogue.parse(catalogue.as_toml(file).replace("points = 5000\nchoices", "points = 4000\nchoices"), "f")
    assert catalogue.difference(session, cheaper).lines() == ["~ milestone crew-shirt: points: 5000 -> 4000"]


def test_a_milestone_no_longer_in_the_file_is_kept_for_who_reached_it(session):
    file = catalogue.shipped("flight")
    catalogue.load(session, file)
    ada, ben = (make_member(session, name, points=1600) for name in ("ada", "ben"))
    swag.grant(session)
    session.execute(Swag.__table__.delete().where(Swag.member_id == ben.id))
    without = catalogue.parse(catalogue.as_toml(file).split("[[milestone]]")[0], "f")
    catalogue.load(session, without)
    assert swag.grant(session) == 0
    assert [it.Milestone.slug for it in swag.of(session, ada)] == ["luggage-tag"]
    assert list(swag.of(session, ben)) == []


@pytest.mark.parametrize(
    ("more", "flaw"),
    [
        ("", "it needs points or a badge"),
        ('points = 5\nbadge = "safe-hands"\n', "one of them alone"),
        ('badge = "safe-hand"\n', "unknown badge 'safe-hand'. Did you mean 'safe-hands'?"),
        ('points = 5\nchoices = ["M", "M"]\n', "names one thing twice"),
        ("points = 5\nchoices = [7]\n", "7 is no choice"),
    ],
)
def test_what_is_wrong_with_a_milestone_is_told(more, flaw):
    with pytest.raises(InvalidCatalogue, match=flaw.replace("?", r"\?")):
        catalogue.parse(catalogue.as_toml(catalogue.shipped("flight")) + TABLE + more, "f")
    assert catalogue.parse(catalogue.as_toml(catalogue.shipped("flight")) + TABLE + "points = 5\n", "f").milestones
