"""Deeds that could not be counted, as administrators, machines and commands see them."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.awarding import backfill
from app.domain.awarding.stumbles import TRIES, Stumble
from app.domain.badging.totals import Lease
from app.domain.base import now
from app.domain.record import activities
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from tests.factories import make_member
from tests.web.forms import send, soup, toast

PAGE = "/staff/deeds"
LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


def stumble(engine, name, *, aside=True, why="DataError: <b>too</b> large"):
    """A deed of somebody's that could not be counted, long ago."""
    with transaction(engine) as session:
        deed = activities.note(session, "visited", make_member(session, name))
        session.flush()
        due = None if aside else now()
        session.add(Stumble(activity_id=deed.id, tries=TRIES if aside else 1, why=why, tried_at=now(), due_at=due))
        return deed.id


def waits(engine):
    with Session(engine) as session:
        return session.scalars(select(Activity.id).where(Activity.seq.is_(None))).all()


def numbers(client):
    lines = client.get("/metrics", environ_base=LOCAL).text.splitlines()
    return {
        name: float(value) for name, value in (it.split(" ") for it in lines if "_activities " in it and it[0] != "#")
    }


def test_where_everything_was_counted_the_page_says_so(client, boss):
    assert "Everything was counted" in soup(client.get(PAGE)).main.text
    assert not soup(client.get("/staff")).select_one(f'main .note a[href="{PAGE}"]')


def test_what_was_set_aside_is_told_with_its_reason_and_can_be_tried_again(client, engine, boss, work):
    deed, other = stumble(engine, "ada"), stumble(engine, "ben")
    assert "2 deeds are set aside" in soup(client.get("/staff")).main.text
    page = soup(client.get(PAGE))
    assert page.select_one("[data-aside]")["data-aside"] == "2"
    told = page.select_one(f'[data-deed="{deed}"]')
    assert "DataError: <b>too</b> large · Tried 5 times." in told.get_text(" ", strip=True)
    assert toast(client, send(client, PAGE, f'form[action="{PAGE}/{deed}/retry"]')) == "It is tried again."
    work()
    assert waits(engine) == [other]
    assert client.get(PAGE).text.count("data-deed=") == 1
    assert toast(client, send(client, PAGE, f'form[action="{PAGE}/retry"]')) == "One deed is tried again."
    work()
    assert waits(engine) == []
    with Session(engine) as session:
        said = session.scalars(select(AuditEntry.subject).where(AuditEntry.what == "deed")).all()
        assert said == ["one deed was tried again"] * 2


def test_one_that_is_tried_again_by_itself_needs_nobody(client, engine, boss):
    deed = stumble(engine, "ada", aside=False)
    page = soup(client.get(PAGE))
    assert "tried again soon" in page.select_one(f'[data-deed="{deed}"]').text
    assert not page.select_one(f'form[action^="{PAGE}"]')


def test_a_deed_that_was_counted_meanwhile_is_told_kindly(client, engine, boss, work):
    deed = stumble(engine, "ada")
    page = soup(client.get(PAGE))
    form = page.select_one(f'form[action="{PAGE}/{deed}/retry"]')
    token = {"csrf_token": form.select_one("[name=csrf_token]")["value"]}
    assert client.post(form["action"], data=token).status_code == 303
    assert client.post(form["action"], data=token).status_code == 409
    work()
    assert client.post(form["action"], data=token).status_code == 404


def test_machines_and_commands_are_told_and_the_site_stays_ready(app, client, engine, boss):
    assert (numbers(client)["contrail_set_aside_activities"], numbers(client)["contrail_stumbled_activities"]) == (0, 0)
    doctor = app.test_cli_runner().invoke(args=["doctor"])
    assert "could not be counted" not in doctor.output
    stumble(engine, "ada")
    stumble(engine, "ben", aside=False)
    with transaction(engine) as session:
        for it in session.scalars(select(Activity)):
            it.noted_at = it.noted_at.replace(year=2020)
    assert (numbers(client)["contrail_set_aside_activities"], numbers(client)["contrail_stumbled_activities"]) == (1, 1)
    assert numbers(client)["contrail_waiting_activities"] == 0
    assert client.get("/readyz").status_code == 200
    doctor = app.test_cli_runner().invoke(args=["doctor"])
    assert "1 activities could not be counted: see /staff/deeds" in doctor.output
    assert doctor.exit_code == 1


def test_a_deed_that_only_waits_too_long_makes_the_site_unready(client, engine):
    with transaction(engine) as session:
        activities.note(session, "visited", make_member(session, "ada")).noted_at = now().replace(year=2020)
    assert client.get("/readyz").status_code == 503


def test_a_retroactive_run_that_cannot_be_finished_is_told_to_machines_and_commands(app, client, engine, boss):
    with transaction(engine) as session:
        backfill.owe(session, None)
    doctor = app.test_cli_runner().invoke(args=["doctor"])
    assert "retroactive" not in doctor.output
    with transaction(engine) as session:
        session.execute(update(Lease).values(deaths=3))
    assert "contrail_retroactive_failures 3.0" in client.get("/metrics", environ_base=LOCAL).text
    doctor = app.test_cli_runner().invoke(args=["doctor"])
    assert "a retroactive run failed 3 times" in doctor.output
    assert doctor.exit_code == 1
