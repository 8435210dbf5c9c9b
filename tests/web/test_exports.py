"""One's own data: asked for, gathered by the worker, fetched by its member alone, thrown away after a week."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import jobs
from app.db import transaction
from app.domain.base import now
from app.domain.leaving import exports
from app.domain.leaving.exports import Export, ExportPiece
from app.domain.mail import deliveries, preferences
from app.domain.people import introductions
from app.domain.people.members import Member
from tests.factories import give_password, make_answer, make_member, make_thread
from tests.web.forms import problems, send, soup, toast
from tests.web.scenery import make_award, make_badge, sign_in
from tests.web.test_profile_settings import photo

PAGE = "/settings/account"
PASSWORD = "seventeen wild geese"


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        ada = make_member(session, "ada", about="I fly")
        give_password(session, ada, PASSWORD)
    sign_in(client, engine, ada)
    return ada


def ask(client, password=PASSWORD):
    return send(client, PAGE, "#export-form", export_password=password)


def link(client):
    """The way to the file, as the page shows it."""
    found = soup(client.get(PAGE)).select_one("#export a[download]")
    return found and found["href"]


def gather(app):
    """Let the job run as the sweep does."""
    with app.app_context():
        return jobs.make_exports()


def unpack(answer):
    """The lists in the file, by name."""
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    archive = ZipFile(BytesIO(answer.data))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


def test_what_one_chose_to_hear_of_and_the_letters_one_was_sent_are_in_it(client, engine, ada, work):
    with transaction(engine) as session:
        preferences.choose(session, session.get_one(Member, ada.id), {"badge_earned": "never"})
        preferences.choose(session, make_member(session, "ben"), {"reply": "never"})
        deliveries.owe(session, "password_changed", session.get_one(Member, ada.id))
    work()
    ask(client)
    work()
    found = unpack(client.get(link(client)))
    assert [(it["kind"], it["frequency"]) for it in json.loads(found["preferences.json"])] == [
        ("badge_earned", "never")
    ]
    assert [(it["kind"], it["state"]) for it in json.loads(found["letters.json"])] == [("password_changed", "sent")]


def test_a_member_asks_and_fetches_everything_that_is_theirs(client, engine, ada, work, outbox):
    with transaction(engine) as session:
        me = session.get_one(Member, ada.id)
        make_answer(session, me, make_thread(session))
        make_award(session, make_badge(session, "helper"), me)
        introductions.show_photo(session, me, *introductions.draw_photo(photo()[0].read()))
    assert "gathering" in toast(client, ask(client))
    assert link(client) is None
    work()
    found = unpack(client.get(link(client)))
    assert json.loads(found["account.json"])["email"] == "ada@members.example"
    assert json.loads(found["account.json"])["about"] == "I fly"
    assert [it["body"] for it in json.loads(found["posts.json"])] == ["Because."]
    assert [it["badge"] for it in json.loads(found["badges.json"])] == ["Helper"]
    assert json.loads(found["reactions.json"]) == []
    assert len([it for it in found if it.startswith("pictures/")]) == 2
    assert "password" not in found["account.json"].decode()
    [letter] = outbox("ada@members.example")
    assert "data" in letter["Subject"]
    assert "/settings/account#export" in letter.get_body(("plain",)).get_content()


def test_the_file_holds_nothing_of_others(app, client, engine, ada):
    with transaction(engine) as session:
        ben = make_member(session, "ben", about="Canary of Ben")
        make_answer(session, ben, make_thread(session, ben, body="Canary in a post"))
        make_answer(session, session.get_one(Member, ada.id))
    ask(client)
    gather(app)
    found = unpack(client.get(link(client)))
    assert not [name for name, content in found.items() if b"Canary" in content or b"ben@members" in content]


def test_only_its_member_fetches_it_and_only_with_the_link(app, client, engine, ada):
    with transaction(engine) as session:
        eve, mia = make_member(session, "eve"), make_member(session, "mia", role="administrator")
    ask(client)
    gather(app)
    address = link(client)
    for stranger in (eve, mia):
        assert sign_in(app.test_client(), engine, stranger).get(address).status_code == 404
    assert app.test_client().get(address).status_code == 303
    assert client.get(address[:-1] + ("x" if address[-1] != "x" else "y")).status_code == 404
    assert client.get("/settings/exports/%C3%BC").status_code == 404
    assert client.get(address).status_code == 200


def test_after_a_week_it_is_gone(app, client, engine, ada):
    ask(client)
    gather(app)
    address = link(client)
    with transaction(engine) as session:
        session.scalars(select(Export)).one().ready_at -= timedelta(days=7)
    assert client.get(address).status_code == 404
    assert link(client) is None
    with app.app_context():
        jobs.tidy()
    with Session(engine) as session:
        assert session.scalars(select(ExportPiece.number)).all() == []


def test_asking_needs_the_password(client, engine, ada):
    answer = ask(client, "a guess")
    assert (answer.status_code, list(problems(answer))) == (422, ["export_password"])
    with Session(engine) as session:
        assert session.scalars(select(Export)).all() == []


def test_asking_twice_is_asking_once(app, client, engine, ada):
    page = soup(client.get(PAGE)).select_one("#export-form")
    fields = {it["name"]: it.get("value", "") for it in page.select("input")} | {"export_password": PASSWORD}
    assert [client.post(page["action"], data=fields).status_code for _ in range(2)] == [303, 409]
    assert gather(app) == 1
    assert gather(app) == 0


def test_a_new_file_takes_the_place_of_the_old_and_three_a_day_are_enough(app, client, engine, ada):
    addresses = []
    for _ in range(3):
        assert ask(client).status_code == 303
        gather(app)
        addresses.append(link(client))
    assert [client.get(it).status_code for it in addresses] == [404, 404, 200]
    assert ask(client).status_code == 403


def test_two_workers_keep_one_file(app, engine, ada):
    with transaction(engine) as session:
        export = exports.ask(session, session.get_one(Member, ada.id))
    file = BytesIO(b"x" * (exports.PIECE + 1))
    for expected in (True, False):
        file.seek(0, 2)
        with transaction(engine) as session:
            assert exports.keep(session, export.id, file) is expected
    with Session(engine) as session:
        assert sum(map(len, exports.pieces(session, export.id))) == exports.PIECE + 1
        assert session.scalars(select(ExportPiece.number)).all() == [0, 1]


def test_who_left_meanwhile_leaves_no_file(app, engine, ada):
    with transaction(engine) as session:
        export = exports.ask(session, session.get_one(Member, ada.id))
    with transaction(engine) as session:
        exports.forget(session, session.get_one(Member, ada.id))
    file = BytesIO()
    with Session(engine) as session:
        exports.write(session, export.id, file)
        assert not exports.keep(session, export.id, file)
    assert file.getvalue() == b""
    assert gather(app) == 0


def test_one_that_fails_keeps_no_other_waiting(app, client, engine, ada, monkeypatch):
    with transaction(engine) as session:
        exports.ask(session, make_member(session, "ben"), at=now() - timedelta(hours=1))
    ask(client)
    write, first = exports.write, []

    def fails_once(session, export_id, file):
        if not first:
            first.append(export_id)
            raise OSError("no room")
        write(session, export_id, file)

    monkeypatch.setattr(exports, "write", fails_once)
    with pytest.raises(ExceptionGroup):
        gather(app)
    assert link(client)
    assert gather(app) == 1
