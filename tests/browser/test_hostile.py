"""The same in a real browser: every page that there is, with bad intentions in every text of the database."""

from __future__ import annotations

import pytest

from app.db import transaction
from tests.web.poison import poison_everything
from tests.web.world import make_world

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
ALIVE = """() => [...document.querySelectorAll('*')].filter(it => [...it.attributes].some(at => at.name.startsWith('on')))
    .map(it => it.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("role", ["nobody", "ada", "administrator"])
def test_no_page_runs_anything_or_speaks_on_the_console(window, app, engine, role):
    """The window fails by itself where the console speaks, as the policy does when something tries to run."""
    world = make_world(app, engine)
    with transaction(engine) as session:
        poison_everything(session)
    page, alive, opened = window(viewer=world.people.get(role)), {}, 0
    page.on("dialog", lambda dialog: alive.setdefault("dialog", dialog.message) and dialog.dismiss())
    for rule, audience in world.addresses("GET"):
        address = world.path(rule)
        if (
            "." in rule
            or address.startswith("/-/")
            or (role != "administrator" and audience in ("staff", "administrators"))
        ):
            continue  # no page, or one that is not there
        if page.request.get(address).status < 400 and "html" in page.request.get(address).headers["content-type"]:
            opened += page.goto(address).ok
            if found := page.evaluate(ALIVE):
                alive[address] = found
    assert alive == {}
    assert opened > 20
