"""Names that could be taken for one another: nobody passes for the team."""

from __future__ import annotations

import pytest

from app.domain.membership import accounts
from app.domain.people import introductions
from app.domain.people.likeness import outline
from app.domain.problems import Invalid
from tests.factories import make_member, sign_up

PASSWORD = "seventeen wild geese"


@pytest.fixture
def mia(session):
    return called(make_member(session, "mia.miller", role="moderator"), "Mia Miller")


def called(member, name):
    member.name = name
    return member


def introduce(session, member, name):
    introductions.change(
        session, member, name=name, title="", location="", website="", links="", about="", zone=member.zone
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paul", "PauI"), ("paul", "pau1"), ("ada", "\u0430d\u0430"), ("Bob", "B0b"), ("Mia", "M\u00ed\u00e0"), ("mia", "rnia"),
        ("Mia Miller", "mia_miller"), ("ada", "\uff41\uff44\uff41")
    ],
)  # fmt: skip
def test_names_that_look_alike_have_one_outline(one, other):
    assert outline(one) == outline(other)


@pytest.mark.parametrize(("one", "other"), [("ada", "adam"), ("Mia", "Max"), ("王芳", "李娜"), ("Анна", "Ольга")])
def test_names_that_are_told_apart_have_two(one, other):
    assert outline(one) != outline(other) != ""


@pytest.mark.parametrize("name", ["Mia Miller", "MIA  MILLER", "M\u0456a M\u0456ller", "Mla Mi11er", "mia.miller"])
def test_no_member_takes_a_name_that_passes_for_one_of_the_team(session, mia, name):
    eve = make_member(session, "eve")
    with pytest.raises(Invalid) as no:
        introduce(session, eve, name)
    assert list(no.value.fields) == ["name"]
    assert eve.name == "eve"


def test_other_members_may_share_a_name_and_the_team_keeps_its_own(session, mia):
    ada, eve = called(make_member(session, "ada"), "Ada Smith"), make_member(session, "eve")
    introduce(session, eve, "Ada Smith")
    introduce(session, mia, "Mia  Miller!")
    assert (ada.name, eve.name, mia.name) == ("Ada Smith", "Ada Smith", "Mia Miller!")


def test_whoever_was_called_so_before_can_still_change_the_rest(session):
    eve = called(make_member(session, "eve"), "Mia Miller")
    called(make_member(session, "mia", role="moderator"), "Mia Miller")
    introduce(session, eve, "Mia Miller")
    assert eve.name == "Mia Miller"


@pytest.mark.parametrize("username", ["mia_miller", "rnia.miller", "Mia-Mi1ler", "adm1n", "M0derator", "supp0rt"])
def test_nobody_joins_under_a_name_that_passes_for_the_team(session, mia, username):
    with pytest.raises(Invalid) as no:
        sign_up(session, username, "eve@members.example", PASSWORD)
    assert list(no.value.fields) == ["username"]


def test_a_name_of_ones_own_is_taken(session, mia):
    assert sign_up(session, "max.miller", "max@members.example", PASSWORD).username == "max.miller"
    assert accounts.find(session, "max.miller")
