"""Stopping letters, from the deed to the letter that then does not leave, as members do it; badges come all the same."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain.badging.badges import Award
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from tests.factories import make_answer, make_member, make_thread
from tests.mail.letters import text_of
from tests.web.forms import fill_in, soup
from tests.web.scenery import make_badge, make_ranks, sign_in

PAGE = "/settings/notifications"


@pytest.fixture
def cast(engine):
    """Ada, who answers, and Ben, whose questions she answers; each accepted answer counts for a badge."""
    with transaction(engine) as session:
        make_ranks(session)
        ada, ben = make_member(session, "ada"), make_member(session, "ben")
        for number in (1, 2):
            make_badge(session, f"landing-{number}", {"count": "accepted", "n": number})
    return ada, ben


@pytest.fixture
def ada_at(app, engine, cast):
    """The browser that Ada is signed in on."""
    return sign_in(app.test_client(), engine, cast[0])


@pytest.fixture
def help_out(app, engine, cast):
    """Ada answers a question of Ben's, and he accepts it."""
    ada, ben = cast
    ben_at = sign_in(app.test_client(), engine, ben)

    def help_out():
        with transaction(engine) as session:
            answer = make_answer(session, by=ada, thread=make_thread(session, by=ben))
        address = f"/t/{answer.thread_id}/a-thread"
        assert fill_in(ben_at, address, f"/p/{answer.id}/acceptance").status_code == 303

    return help_out


@pytest.fixture
def kinds(outbox, cast):
    """The kinds of the letters Ada got so far."""
    return lambda: sorted(it["Message-ID"].strip("< ").partition(".")[0] for it in outbox(cast[0].email))


def earned(client):
    """How many badges are on the profile that everybody sees."""
    return len(soup(client.get("/u/ada")).select("[data-recent-badge]"))


def noticed(engine, cast):
    with transaction(engine) as session:
        return sorted(session.scalars(select(Notification.kind).where(Notification.member_id == cast[0].id)))


def test_who_chose_nothing_gets_a_letter_for_each(client, engine, cast, help_out, work, kinds):
    help_out()
    work()
    assert kinds() == ["accepted", "badge-earned"]
    assert earned(client) == 1
    assert noticed(engine, cast) == ["accepted", "badge_earned"]


def test_who_chose_never_gets_none_of_that_kind_but_the_badge_and_the_notice(
    client, engine, cast, ada_at, help_out, work, kinds
):
    fill_in(ada_at, PAGE, badge_earned="never")
    for _deed in range(2):
        help_out()
        work()
    assert kinds() == ["accepted", "accepted"]
    assert earned(client) == 2
    assert noticed(engine, cast).count("badge_earned") == 2


@pytest.mark.parametrize("summary", ["daily", "weekly"])
def test_who_wants_a_summary_gets_no_letter_at_once(ada_at, help_out, work, kinds, client, summary):
    fill_in(ada_at, PAGE, badge_earned=summary)
    help_out()
    work()
    assert "badge-earned" not in kinds()
    assert earned(client) == 1


def test_who_stopped_all_e_mail_gets_none_and_earns_everything(client, engine, cast, ada_at, help_out, work, kinds):
    fill_in(ada_at, PAGE, f"{PAGE}/stop")
    help_out()
    work()
    assert kinds() == []
    assert earned(client) == 1
    assert noticed(engine, cast) == ["accepted", "badge_earned"]

    fill_in(ada_at, PAGE, f"{PAGE}/resume")
    help_out()
    work()
    assert kinds() == ["accepted", "badge-earned"]


def test_quiet_mode_besides_leaves_the_bell_alone_too(client, ada_at, help_out, work, kinds):
    help_out()
    work()
    assert soup(ada_at.get("/")).select_one("#bell-link .count")
    fill_in(ada_at, PAGE, f"{PAGE}/stop", and_quiet="1")
    help_out()
    work()
    assert soup(ada_at.get("/")).select_one("#bell-link .count") is None
    assert len(kinds()) == 2
    assert earned(client) == 2


def test_a_choice_made_while_the_letter_waits_holds(app, engine, cast, ada_at, outbox, work, kinds):
    with transaction(engine) as session:
        award = Award(badge_id=1, version_id=1, member_id=cast[0].id, earned_at=cast[0].joined_at)
        session.add(award)
        session.flush()
        assert notifications.tell_of_awards(session, [award.id]) == 1
    fill_in(ada_at, PAGE, badge_earned="never")
    work()
    assert kinds() == []


def test_the_link_in_a_letter_stops_the_next_and_its_code_is_known(app, client, help_out, outbox, cast, work, kinds):
    help_out()
    work()
    [letter] = [it for it in outbox(cast[0].email) if "badge" in it["Subject"]]
    code = re.search(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", text_of(letter))[0]
    for typed in (code, letter["Message-ID"]):
        known = soup(client.get("/mail-check", query_string={"code": typed})).select_one("#result")
        assert known["data-known"] == "yes"
        assert "Badges I earn" in known.text

    path = letter["List-Unsubscribe"].strip("<> ").removeprefix(app.config["SETTINGS"].site_url)
    name, value = letter["List-Unsubscribe-Post"].strip().split("=")
    assert app.test_client().post(path, data={name: value}).status_code == 200
    help_out()
    work()
    assert kinds() == ["accepted", "accepted", "badge-earned"]
    assert earned(client) == 2
