"""A small community with the flight badges, seen through Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import Engine

from app.db import transaction
from app.domain import catalogue, markup
from app.domain.badging.badges import Badge
from app.domain.people.members import Member
from tests.factories import make_category, make_member
from tests.web.scenery import make_award, make_entry, make_post, make_thread_of, sign_in

BODY = "Some `code` and\n\n```\na very long line of code = that does not wrap at all, whatever the width of the window is\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n> quoted"


@pytest.fixture
def ada(engine: Engine) -> Member:
    """Ada, who has asked, answered, and earned two badges."""
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        ada, ben = make_member(session, "ada", points=120, rank=1), make_member(session, "ben")
        lounge = make_category(session, slug="lounge", name="Lounge", about="For everything else.")
        thread = make_thread_of(session, ada, 22, category=lounge, title="Which gate? " + "Averylongword" * 12)
        answer = make_post(session, thread, ben, upvotes=4, insightfuls=2)
        answer.html = markup.render(BODY)
        thread.accepted_post_id = answer.id
        make_post(session, thread, ada, kind="comment", parent_id=answer.id, upvotes=1)
        make_thread_of(session, ben, 0, category=lounge, title="Nobody knows")
        for slug in ("smooth-landing", "chocks-away"):
            make_award(session, session.query(Badge).filter_by(slug=slug).one(), ada)
        entry = make_entry(session, ada, 15, post_id=answer.id)
        make_entry(session, ada, -15, reverses_id=entry.id)
    return ada


@pytest.fixture
def window(browser: Browser, live_server: str, engine: Engine, app) -> Iterator[Callable[..., Page]]:
    """Opens windows: with a look, a width, with or without script, as a member or nobody.

    Whatever any of them says on its console fails the test: the policy speaks there too.
    """
    opened: list[BrowserContext] = []
    said: list[str] = []

    def open_window(width: int = 1280, look: str = "light", script: bool = True, viewer: Member | None = None) -> Page:
        context = browser.new_context(
            base_url=live_server, viewport={"width": width, "height": 800}, color_scheme=look,
            java_script_enabled=script, reduced_motion="reduce", has_touch=width < 500,
        )  # fmt: skip
        opened.append(context)
        if viewer:
            client = sign_in(app.test_client(), engine, viewer)
            cookie = client.get_cookie("session")
            context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server}])
        page = context.new_page()
        # That a form came back with a 422 is not amiss: it is how a form comes back.
        page.on("console", lambda message: said.append(message.text) if "status of 422" not in message.text else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_window
    for context in opened:
        context.close()
    assert said == []
