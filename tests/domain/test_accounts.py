"""Accounts, log-ins, password links and limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain import limits
from app.domain.base import now
from app.domain.limits import Limit
from app.domain.membership import accounts, links, passwords, sessions
from app.domain.membership.links import Purpose
from app.domain.membership.sessions import LogIn
from app.domain.people.members import Member, Role
from app.domain.problems import Conflict, Invalid
from tests.domain.test_posts import sums
from tests.domain.test_reactions import at_once
from tests.factories import give_password, make_member

PASSWORD = "seventeen wild geese"


def test_an_account_is_found_by_name_and_address_however_capitalised(session):
    ada = accounts.create(session, "Ada", "Ada@Members.Example")
    assert accounts.find(session, "aDA ") is ada
    assert accounts.find(session, "ADA@members.example") is ada
    assert accounts.find(session, "ad") is None
    assert (ada.email_verified_at, ada.role) == (None, "member")


@pytest.mark.parametrize(("username", "email"), [("ADA", "other@members.example"), ("other", "ADA@members.example")])
def test_a_name_or_address_is_taken_once(session, username, email):
    accounts.create(session, "ada", "ada@members.example")
    with pytest.raises(Conflict):
        accounts.create(session, username, email)
    assert len(session.scalars(select(Member)).all()) == 1


@pytest.mark.parametrize("username", ["a", "x" * 31, "a b", "ádá", "a/b", "..", "a\n", "@ada"])
def test_a_name_of_other_characters_is_refused(session, username):
    with pytest.raises(Invalid) as no:
        accounts.create(session, username, "ada@members.example")
    assert list(no.value.fields) == ["username"]


@pytest.mark.parametrize(
    "email", ["ada", "a@b", "a b@c.example", "a@b@c.example", "@c.example", "a@" + "b" * 250 + ".example"]
)
def test_what_is_no_address_is_refused(session, email):
    with pytest.raises(Invalid) as no:
        accounts.create(session, "ada", email)
    assert list(no.value.fields) == ["email"]


@pytest.mark.parametrize("password", ["short", "x" * 129, "ada.lovelace", "aaaaaaaaaaaa", "ecalevol.ada"])
def test_a_password_that_is_easy_to_guess_is_refused(password):
    with pytest.raises(Invalid) as no:
        accounts.hashed_password(password, "ada.lovelace", "ada@members.example")
    assert list(no.value.fields) == ["password"]


def test_a_password_matches_only_itself(session):
    ada = accounts.create(
        session, "ada", "ada@members.example", password=accounts.hashed_password(PASSWORD, "ada", "ada@members.example")
    )
    assert accounts.matches(ada, PASSWORD)
    assert not accounts.matches(ada, PASSWORD.upper())
    assert not accounts.matches(ada, "")
    assert not accounts.matches(None, PASSWORD)
    assert not accounts.matches(make_member(session), PASSWORD)


def test_the_first_confirmed_address_counts_once(session):
    ada = accounts.create(session, "ada", "ada@members.example")
    assert accounts.verify_email(session, ada)
    assert not accounts.verify_email(session, ada)
    assert sums(session, ada) == {"email_verified": 1}


def test_only_the_hash_of_a_log_in_is_kept(session):
    ada = make_member(session)
    secret = sessions.start(session, ada)
    member, row = sessions.find(session, secret)
    assert member is ada
    assert secret not in row.secret_hash
    assert sessions.find(session, row.secret_hash) is None


def test_a_log_in_ends_by_itself_and_alone(session):
    ada = make_member(session)
    here, elsewhere = sessions.start(session, ada), sessions.start(session, ada)
    assert sessions.end(session, here)
    assert not sessions.end(session, here)
    assert sessions.find(session, here) is None
    assert sessions.find(session, elsewhere)


def test_a_new_password_or_role_ends_every_log_in(session):
    ada, ben = make_member(session), make_member(session)
    others = sessions.start(session, ben)
    for deed in (
        lambda: give_password(session, ada, PASSWORD),
        lambda: accounts.set_role(session, ada, "moderator"),
    ):
        secrets = [sessions.start(session, ada) for _ in range(2)]
        deed()
        assert [sessions.find(session, it) for it in secrets] == [None, None]
    assert sessions.find(session, others)


@pytest.mark.parametrize(
    ("role", "age", "idle", "lives"),
    [
        ("member", timedelta(days=179), timedelta(days=29), True),
        ("member", timedelta(days=31), timedelta(days=31), False),
        ("member", timedelta(days=181), timedelta(0), False),
        ("moderator", timedelta(hours=11), timedelta(0), True),
        ("moderator", timedelta(hours=13), timedelta(0), False),
        ("administrator", timedelta(hours=13), timedelta(0), False),
    ],
)
def test_a_log_in_lives_so_long(session, role, age, idle, lives):
    secret = sessions.start(session, make_member(session, role=role))
    session.flush()
    row = session.scalars(select(LogIn)).one()
    row.created_at, row.seen_at = now() - age, now() - idle
    assert bool(sessions.find(session, secret)) is lives


@pytest.mark.parametrize("state", [{"deleted_at": now()}, {"suspended_until": now() + timedelta(hours=1)}])
def test_a_log_in_of_somebody_deleted_or_suspended_is_dead(session, state):
    ada = make_member(session)
    secret = sessions.start(session, ada)
    for field, value in state.items():
        setattr(ada, field, value)
    assert sessions.find(session, secret) is None


def test_a_password_link_works_once(session):
    ada = make_member(session)
    logged_in, secret = sessions.start(session, ada), passwords.link_by_hand(session, ada)
    assert links.find(session, secret, Purpose.PASSWORD)[0] is ada
    passwords.choose(session, secret, passwords.chosen(session, secret, PASSWORD))
    assert accounts.matches(ada, PASSWORD)
    assert sessions.find(session, logged_in) is None
    with pytest.raises(Conflict):
        passwords.chosen(session, secret, PASSWORD + "!")


def test_using_a_password_link_ends_its_like_and_a_link_by_hand_dies_after_a_day(session):
    ada = make_member(session)
    old, new = passwords.link_by_hand(session, ada), passwords.link_by_hand(session, ada)
    assert links.find(session, new, Purpose.PASSWORD, at=now() + timedelta(hours=23))
    assert links.find(session, new, Purpose.PASSWORD, at=now() + timedelta(hours=25)) is None
    passwords.choose(session, new, passwords.chosen(session, new, PASSWORD))
    assert links.find(session, old, Purpose.PASSWORD) is None


def test_a_bad_password_does_not_use_up_the_link(session):
    ada = make_member(session)
    secret = passwords.link_by_hand(session, ada)
    with pytest.raises(Invalid):
        passwords.chosen(session, secret, "short")
    assert links.find(session, secret, Purpose.PASSWORD)[0] is ada


def test_a_limit_opens_again_after_a_while(session):
    thrice, start = Limit(3, timedelta(minutes=10)), now()
    for minute in range(3):
        assert limits.wait(session, "door", thrice, at=start + timedelta(minutes=minute)) is None
        limits.spend(session, "door", thrice, at=start + timedelta(minutes=minute))
    assert limits.wait(session, "door", thrice, at=start + timedelta(minutes=4)) == timedelta(minutes=6)
    assert limits.wait(session, "window", thrice, at=start) is None
    assert limits.wait(session, "door", thrice, at=start + timedelta(minutes=10)) is None
    limits.spend(session, "door", thrice, at=start + timedelta(minutes=10))
    assert limits.wait(session, "door", thrice, at=start + timedelta(minutes=11)) is None


def test_uses_at_once_are_all_counted(engine):
    eight = Limit(8, timedelta(minutes=1))

    def use():
        with transaction(engine) as session:
            limits.spend(session, "door", eight)

    at_once([use] * 7)
    with transaction(engine) as session:
        assert limits.wait(session, "door", eight) is None
        limits.spend(session, "door", eight)
        assert limits.wait(session, "door", eight)
        limits.forgive(session, "door")
        assert limits.wait(session, "door", eight) is None


def test_old_limits_are_forgotten(session):
    once = Limit(1, timedelta(minutes=1))
    limits.spend(session, "old", once, at=now() - timedelta(days=2, minutes=1))
    limits.spend(session, "new", once, at=now() - timedelta(days=1))
    assert limits.forget_old(session) == 1


def test_a_moderator_is_a_moderator_by_role_only(session):
    ada = make_member(session, points=1_000_000)
    assert not ada.is_staff
    assert accounts.set_role(session, ada, Role.MODERATOR)
    assert not accounts.set_role(session, ada, "moderator")
    assert ada.is_staff
