"""`flask members`: accounts and roles from the command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain.forum.threads import Category
from app.domain.membership import accounts, second_factors, sessions
from app.domain.membership.second_factors import SecondFactor
from app.domain.people.members import Member
from tests.factories import make_category, make_member
from tests.servers import ROOT
from tests.web.scenery import sign_in
from tests.web.writing import send

PASSWORD = "seventeen wild geese"


@pytest.fixture
def flask(app):
    """Runs a command; gives its status and what it said."""
    return lambda *words, **more: app.test_cli_runner().invoke(args=words, **more)


def test_an_account_is_made_with_a_confirmed_address_and_the_password_given(flask, session):
    done = flask(
        "members",
        "create",
        "ada",
        "ada@members.example",
        "--role",
        "moderator",
        "--password-stdin",
        input=PASSWORD + "\n",
    )
    assert (done.exit_code, done.output) == (0, "ada can log in as moderator.\n")
    ada = accounts.find(session, "ada")
    assert accounts.matches(ada, PASSWORD)
    assert (ada.role, ada.is_reachable) == ("moderator", True)


def test_on_a_new_site_whoever_comes_first_can_start_a_thread(flask, client, engine):
    for name in ("ada", "ben"):
        flask("members", "create", name, f"{name}@members.example", "--password-stdin", input=PASSWORD + "\n")
    with transaction(engine) as session:
        assert session.scalars(select(Category.slug)).all() == ["general"]
        ada = accounts.find(session, "ada")
    answer = send(sign_in(client, engine, ada), "/t/new", "/t/new", title="How do I land in fog?", body="It is dense.")
    assert (answer.status_code, answer.location) == (303, "/t/1/how-do-i-land-in-fog")


def test_a_site_that_has_categories_gets_none(flask, session, engine):
    with transaction(engine) as writing:
        make_category(writing, slug="lounge", name="Lounge")
    flask("members", "create", "ada", "ada@members.example")
    assert session.scalars(select(Category.slug)).all() == ["lounge"]


def test_without_a_password_there_is_a_link_that_works_once(flask, client, session):
    said = flask("members", "create", "ada", "ada@members.example").output
    path = re.search(r"/password-reset/\S+", said).group()
    assert client.get(path).status_code == 200
    assert not accounts.matches(accounts.find(session, "ada"), "")


@pytest.mark.parametrize(
    ("name", "email", "problem"),
    [
        ("ada", "new@members.example", "already"),
        ("a b", "new@members.example", "2 to 30"),
        ("new", "nowhere", "not an e-mail"),
    ],
)
def test_a_problem_is_one_line_and_status_1(flask, session, name, email, problem):
    make_member(session, "ada")
    session.commit()
    done = flask("members", "create", name, email)
    assert (done.exit_code, done.output.count("\n")) == (1, 1)
    assert problem in done.output
    assert session.query(Member).count() == 1


def test_a_bad_password_makes_no_account(flask, session):
    done = flask("members", "create", "ada", "ada@members.example", "--password-stdin", input="short\n")
    assert done.exit_code == 1
    assert session.query(Member).count() == 0


def test_a_new_role_ends_the_log_ins_of_the_old(flask, session):
    ada = make_member(session, "ada")
    secret = sessions.start(session, ada)
    session.commit()
    assert flask("members", "role", "ADA", "administrator").output == "ada is now administrator.\n"
    assert flask("members", "role", "ada", "administrator").output == "ada is already administrator.\n"
    assert flask("members", "role", "eve", "member").output == "Error: There is no member eve.\n"
    assert sessions.find(session, secret) is None


def test_wrong_use_is_status_2(flask):
    assert flask("members", "role", "ada", "emperor").exit_code == 2
    assert flask("members", "create", "ada").exit_code == 2


def test_who_lost_phone_and_recovery_codes_is_let_in_with_the_password_alone(flask, session):
    ada = make_member(session, "ada")
    session.add(SecondFactor(member_id=ada.id, sealed="x", latest_step=1))
    secret = sessions.start(session, ada)
    session.commit()
    done = flask("members", "forget-second-factor", "ada")
    assert (done.exit_code, done.output) == (0, "ada logs in with the password alone now.\n")
    session.expire_all()
    assert second_factors.find(session, ada) is None
    assert sessions.find(session, secret) is None
    session.rollback()
    assert flask("members", "forget-second-factor", "ada").output == "ada had no second factor.\n"
    assert flask("members", "forget-second-factor", "eve").exit_code == 1


def test_beside_a_site_that_is_not_running_a_command_says_what_it_did_and_nothing_else(tmp_path):
    environ = {it: os.environ[it] for it in os.environ.keys() - {"REDIS_URL", "DATABASE_URL", "APP_ENV"}}
    environ["INSTANCE_DIR"] = str(tmp_path)

    def typed(*words):
        command = [sys.executable, "-m", "flask", *words]
        return subprocess.run(command, cwd=ROOT, env=environ, input=PASSWORD, capture_output=True, text=True)

    assert typed("db", "upgrade").returncode == 0
    done = typed("members", "create", "ada", "ada@members.example", "--password-stdin")
    assert (done.returncode, done.stdout, done.stderr) == (0, "ada can log in as member.\n", "")
