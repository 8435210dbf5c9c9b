"""Filling in forms as a browser does: open the page, send back all its fields with what was typed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def soup(answer: TestResponse) -> BeautifulSoup:
    """The page of an answer."""
    return BeautifulSoup(answer.data, "html.parser")


def form_at(client: FlaskClient, address: str, action: str = "") -> Tag:
    """The form of a page, the one with that action where there are several."""
    return _found(client, address, f'main form[action="{action or address.partition("?")[0]}"]')


def fill_in(client: FlaskClient, address: str, action: str = "", **typed: Any) -> TestResponse:
    """Send a form of a page with all its fields, those typed and those that came with it."""
    form = form_at(client, address, action)
    return client.post(urljoin(address, str(form["action"])), data=fields(form) | typed)


def send(client: FlaskClient, address: str, form: str, **typed: Any) -> TestResponse:
    """The same, for the form that fits a selector."""
    found = _found(client, address, form)
    return client.post(urljoin(address, str(found["action"])), data=fields(found) | typed)


def fields(form: Tag) -> dict[str, str]:
    """What a form would send if nothing were typed."""
    found = {it["name"]: it.get("value", "") for it in form.select("input[name]") if _sends(it)}
    found |= {it["name"]: it.text.removeprefix("\n") for it in form.select("textarea[name]")}
    for it in form.select("select[name]"):
        found[it["name"]] = (it.select_one("option[selected]") or it.option)["value"]
    return {str(name): str(value) for name, value in found.items()}


def problems(answer: TestResponse) -> dict[str, str]:
    """The fields that need another look, with what to do; each is tied to its words."""
    page = soup(answer)
    found = {}
    for it in page.select("[aria-invalid]"):
        told = [page.find(id=name) for name in it["aria-describedby"].split()]
        found[str(it["name"])] = told[-1].get_text(strip=True)
    return found


def text_of(answer: TestResponse) -> str:
    """What a page says in its main part."""
    main = soup(answer).select_one("main")
    return main.get_text(" ", strip=True) if main else ""


def toast(client: FlaskClient, answer: TestResponse) -> str:
    """What the page says that an answer leads on to."""
    assert answer.status_code == 303
    return " ".join(it.get_text(strip=True) for it in soup(client.get(answer.location)).select("#toasts .toast"))


def _found(client: FlaskClient, address: str, form: str) -> Tag:
    page = soup(client.get(address))
    found = page.select_one(form)
    assert found is not None, f"no such form at {address}: {page.get_text(' ', strip=True)[:300]}"
    return found


def _sends(field: Tag) -> bool:
    kind = field.get("type")
    return kind not in ("file", "submit") and (kind not in ("checkbox", "radio") or field.has_attr("checked"))
