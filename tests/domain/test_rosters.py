"""Lists of people: whom they name, what they name nobody by, and what cannot be read."""

from __future__ import annotations

import pytest

from app.domain.base import now
from app.domain.problems import Invalid
from app.domain.ways import rosters
from tests.factories import make_member


@pytest.fixture
def people(session):
    """Ada with a confirmed address; Cleo without; Ben has left; an imported member without any."""
    make_member(session, "Ada")
    make_member(session, "cleo", email_verified_at=None)
    make_member(session, "ben", deleted_at=now())
    make_member(session, "user_7", email=None, email_verified_at=None)
    make_member(session, "dot.name")


def names(roster):
    return [it.username for it in roster.members]


@pytest.mark.parametrize(
    "text",
    ["ada", " @ADA ", "ada@members.example", "Ada Lark <ADA@members.example>", "ada;ADA,\r\n\n,ada@members.example"],
)
def test_a_member_is_named_by_username_or_confirmed_address_however_capitalised(session, people, text):
    assert names(rosters.match(session, rosters.pasted(text))) == ["Ada"]


def test_somebody_listed_by_name_and_by_address_counts_once(session, people):
    found = rosters.match(session, rosters.pasted("ada\nada@members.example\nAda\ndot.name"))
    assert (names(found), found.again, found.unmatched) == (["Ada", "dot.name"], 2, {})


def test_what_is_of_nobody_is_listed_once_each_with_its_count(session, people):
    found = rosters.match(session, rosters.pasted("X@x.example, x@x.example, ghost, ada"))
    assert (names(found), found.unmatched) == (["Ada"], {"X@x.example": 2, "ghost": 1})


def test_who_has_left_or_confirmed_no_address_is_nobody_and_who_never_had_one_is_somebody(session, people):
    found = rosters.match(session, rosters.pasted("ben, cleo, cleo@members.example, user_7"))
    assert (names(found), list(found.unmatched)) == (["user_7"], ["ben", "cleo", "cleo@members.example"])


@pytest.mark.parametrize(
    "content",
    [
        b"ada\ndot.name\n", b"Username\nada\ndot.name", b"\xef\xbb\xbfE-mail,Name\nada@members.example,A\ndot.name@members.example,D",
        b"name;email\r\nAda;ada@members.example\r\nD;dot.name@members.example\r\n",
        b'Ada Lark,ada@members.example\n"Name, Dot",dot.name@members.example\n', b"\nada,,\n ,\n  dot.name  ,\n",
        b"Company\tUsername\nghost\tada\ncleo\tdot.name\n",
    ],
)  # fmt: skip
def test_files_of_many_kinds_are_read_and_empty_cells_ignored(session, people, content):
    found = rosters.match(session, rosters.filed(content))
    assert (names(found), found.unmatched) == (["Ada", "dot.name"], {})


def test_a_line_that_names_two_members_is_of_neither(session, people):
    found = rosters.match(
        session, rosters.filed(b"username,email\nada,dot.name@members.example\nada,ada@members.example")
    )
    assert names(found) == ["Ada"]
    assert list(found.unmatched) == ["ada, dot.name@members.example (two different members)"]


def test_a_name_in_another_column_is_not_taken_for_a_username(session, people):
    found = rosters.match(session, rosters.filed(b"email,company\nx@x.example,ada"))
    assert (names(found), list(found.unmatched)) == ([], ["x@x.example"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nobody in it"), (b"username\n", "nobody in it"), (b"ada\nb\xe4n", "Line 2 is not UTF-8"),
        (b"ada\nben,\"x\"y\n", "Line 2 cannot be read"), (b'ada\n"ben\ncleo\n', "Line 2 cannot be read"),
        (b"PK\x03\x04", "not a text file"), (b"a\x00b", "not a text file"), (b"ada\n" * 2001, "these are 2,001"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_with_its_line(content, words):
    with pytest.raises(Invalid, match=words) as no:
        rosters.filed(content)
    assert list(no.value.fields) == ["file"]


def test_as_many_as_the_limit_says_fit(session, people):
    assert len(rosters.pasted("ada\n" * rosters.LINES_MOST)) == rosters.LINES_MOST
    with pytest.raises(Invalid, match="At most 2,000"):
        rosters.pasted("ada\n" * (rosters.LINES_MOST + 1))
