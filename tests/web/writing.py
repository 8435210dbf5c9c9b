"""Writing as a browser without script does it: fetch the page, fill in the form that is there, send it."""

from __future__ import annotations

from bs4 import BeautifulSoup
from flask.testing import FlaskClient

HTMX = {"HX-Request": "true"}


def soup(answer):
    """An answer as one can look into it."""
    return BeautifulSoup(answer.data, "html.parser")


def fields(form):
    """What a form would send as it stands, its buttons left out."""
    found = {}
    for it in form.select("input[name], textarea[name], select[name]"):
        kind = it.get("type")
        if kind == "file" or (kind in ("radio", "checkbox") and not it.has_attr("checked")):
            continue
        if it.name == "textarea":
            found[it["name"]] = it.text.removeprefix("\n")
        elif it.name == "select":
            chosen = it.select_one("option[selected]") or it.select_one("option")
            found[it["name"]] = chosen["value"]
        else:
            found[it["name"]] = it.get("value", "")
    return found


def form_to(page, action):
    """The form of a page that leads to an address."""
    return next(it for it in page.select('form[method="post"]') if it["action"] == action)


def send(client: FlaskClient, where: str, action: str, headers=None, **typed):
    """Fetch a page, fill in one of its forms and send it."""
    form = form_to(soup(client.get(where)), action)
    return client.post(action, data=fields(form) | typed, headers=headers)
