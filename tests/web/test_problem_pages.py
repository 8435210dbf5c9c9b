"""Pages for what did not work."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import abort
from sqlalchemy.exc import OperationalError

from app.db import transaction
from app.domain.problems import Conflict, Refused
from tests.factories import make_category, make_member
from tests.web.scenery import sign_in
from tests.web.writing import send


def soup(answer):
    return BeautifulSoup(answer.data, "html.parser")


@pytest.mark.parametrize("code", [400, 403, 404, 405, 413, 429, 500, 503])
def test_each_problem_has_a_page_with_its_reference(client, app, monkeypatch, code):
    monkeypatch.setitem(app.view_functions, "guide.ranks", lambda: abort(code))
    answer = client.get("/ranks")
    problem = soup(answer).select_one("[data-reference]")
    assert answer.status_code == code
    assert problem["data-reference"] == answer.headers["X-Request-Reference"]
    assert problem["role"] == "alert"
    assert problem.text.strip()


def test_an_accident_shows_its_reference_and_nothing_else(client, app, monkeypatch, capfd):
    def accident():
        raise RuntimeError("SECRET")

    monkeypatch.setitem(app.view_functions, "guide.ranks", accident)
    monkeypatch.setattr(app, "testing", False)
    answer = client.get("/ranks?typed=ECHO")
    assert answer.status_code == 500
    assert "SECRET" not in answer.text
    assert "ECHO" not in answer.text
    assert soup(answer).select_one("[data-reference]")["data-reference"] == answer.headers["X-Request-Reference"]
    assert answer.headers["X-Request-Reference"] in capfd.readouterr().err


def test_a_database_out_of_reach_is_said_so_on_a_whole_page(client, app, monkeypatch):
    def unreachable():
        raise OperationalError("select", {}, Exception("SECRET"))

    monkeypatch.setitem(app.view_functions, "guide.ranks", unreachable)
    monkeypatch.setattr("app.web.looks.viewer", unreachable)
    answer = client.get("/ranks")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert soup(answer).select_one("h1").text == "We are not ready yet"
    assert soup(answer).select_one("link[rel=stylesheet]")
    assert "SECRET" not in answer.text


def test_what_a_rule_says_to_the_person_is_shown_as_text(client, app, monkeypatch):
    monkeypatch.setitem(app.view_functions, "guide.ranks", lambda: abort(403, "Not <b>you</b>."))
    assert "Not <b>you</b>." in soup(client.get("/ranks")).select_one("[role=alert]").get_text()


def test_a_part_of_a_page_gets_a_part_for_an_answer(client):
    answer = client.get("/nowhere", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert not soup(answer).select("html")
    assert soup(answer).select_one("[data-reference]")


def test_a_wrong_method_says_which_are_right(client):
    answer = client.post("/ranks")
    assert answer.status_code in (400, 405)
    assert client.delete("/appearance").status_code in (400, 405)


def test_a_form_without_its_token_changes_nothing(client):
    answer = client.post("/appearance", data={"theme": "dark"})
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers or "theme=" not in answer.headers["Set-Cookie"]
    assert soup(answer).select_one("[data-reference]")


def test_a_look_is_chosen_by_a_plain_form(client):
    form = soup(client.get("/appearance")).select_one("form")
    token = form.select_one("[name=csrf_token]")["value"]
    assert client.post(form["action"], data={"csrf_token": token, "theme": "neon"}).status_code == 400
    assert client.post(form["action"], data={"csrf_token": token, "theme": "dark"}).status_code == 303
    assert soup(client.get("/")).html["data-theme"] == "dark"
    assert soup(client.get("/appearance")).select_one("[checked]")["value"] == "dark"


def test_a_forged_look_is_ignored(client):
    client.set_cookie("theme", '"><script>')
    page = soup(client.get("/"))
    assert "data-theme" not in page.html.attrs


def stopped_by(problem):
    """A view that the community's rules stop."""

    def view():
        raise problem

    return view


@pytest.mark.parametrize(("problem", "code"), [(Refused, 403), (Conflict, 409)])
def test_what_the_rules_do_not_allow_is_said_in_their_own_words(client, app, monkeypatch, problem, code):
    monkeypatch.setitem(app.view_functions, "guide.ranks", stopped_by(problem("Only on Sundays.")))
    answer = client.get("/ranks")
    assert answer.status_code == code
    assert "Only on Sundays." in soup(answer).select_one("[role=alert]").text


def test_htmx_puts_a_problem_beside_the_page_and_leaves_what_was_typed(client, app, monkeypatch):
    monkeypatch.setitem(app.view_functions, "guide.ranks", stopped_by(Refused("Only on Sundays.")))
    answer = client.get("/ranks", headers={"HX-Request": "true"})
    assert answer.headers["HX-Retarget"] == "#problem"
    assert soup(answer).select_one("#problem, main") is None
    assert soup(client.get("/points")).select_one("#problem") is not None


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("/t/new", {"title": "", "body": "Half a thought"}),
        ("/settings/profile", {"name": "x" * 200}),
        ("/settings/notifications", {"badge_earned": "hourly"}),
        ("/feedback", {"body": ""}),
    ],
)
def test_a_form_that_was_refused_shows_the_reference_that_is_in_the_log(client, engine, page, typed):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        make_category(session)
    answer = send(sign_in(client, engine, ada), page, page, **typed)
    assert answer.status_code == 422
    assert {it["data-reference"] for it in soup(answer).select("[data-reference]")} == {
        answer.headers["X-Request-Reference"]
    }


def test_so_does_a_log_in_that_failed(client):
    answer = send(client, "/login", "/login", username="ada", password="not hers")
    shown = soup(answer).select_one("[role=alert][data-reference]")
    assert (answer.status_code, shown["data-reference"]) == (422, answer.headers["X-Request-Reference"])
