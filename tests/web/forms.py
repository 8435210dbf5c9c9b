"""Filling in the forms of pages as a person does: all fields that are there, and what one types."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def soup(answer: TestResponse) -> BeautifulSoup:
    """The page of an answer."""
    return BeautifulSoup(answer.data, "html.parser")


def fields(form: Tag) -> dict[str, str]:
    """What a form would send if nothing were typed."""
    found = {it["name"]: it.get("value", "") for it in form.select("input[name]") if _sends(it)}
    found |= {it["name"]: it.text.removeprefix("\n") for it in form.select("textarea[name]")}
    for it in form.select("select[name]"):
        found[it["name"]] = (it.select_one("option[selected]") or it.option)["value"]
    return {str(name): str(value) for name, value in found.items()}


def send(client: FlaskClient, page: str, form: str, **typed: object) -> TestResponse:
    """Open a page, type into one of its forms, named by a selector, and send it."""
    found = soup(client.get(page)).select_one(form)
    assert found is not None, f"{page} has no form {form}"
    return client.post(str(found["action"]), data=fields(found) | typed)


def problems(answer: TestResponse) -> dict[str, str]:
    """The fields that need another look, with what to do; each is tied to its words."""
    page = soup(answer)
    found = {}
    for it in page.select("[aria-invalid]"):
        told = [page.find(id=name) for name in it["aria-describedby"].split()]
        found[str(it["name"])] = told[-1].get_text(strip=True)
    return found


def toast(client: FlaskClient, answer: TestResponse) -> str:
    """What the next page says was done."""
    assert answer.status_code == 303
    return soup(client.get(answer.location)).select_one(".toasts").get_text(strip=True)


def _sends(field: Tag) -> bool:
    kind = field.get("type")
    return kind not in ("file", "submit") and (kind not in ("checkbox", "radio") or field.has_attr("checked"))
