"""A newcomer's first day: joins, asks, is answered, thanks, edits, searches, follows."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.forum.threads import Post, Thread
from app.domain.people.members import Member
from app.domain.writing import posts
from tests.browser.hands import Keyboard, Pointer

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
WAYS = [
    pytest.param(1280, True, Pointer(), id="wide"),
    pytest.param(390, True, Pointer(), id="phone"),
    pytest.param(1280, False, Pointer(), id="without-script"),
    pytest.param(390, False, Pointer(), id="phone-without-script"),
    pytest.param(1280, True, Keyboard(), id="by-keyboard"),
]
PASSWORD = "three gulls on a pier"


@pytest.fixture
def letter_to(work, app):
    """Lets the worker send what is due, and gives the text of the last letter to an address."""

    def read(address: str) -> str:
        work()
        folder = Path(app.config["SETTINGS"].mail_url.removeprefix("file:"))
        letters = [
            email.message_from_bytes(it.read_bytes(), policy=email.policy.default)
            for it in sorted(folder.glob("*.eml"), key=lambda it: it.stat().st_mtime)
        ]
        return next(it for it in reversed(letters) if it["To"] == address).get_body(("plain",)).get_content()

    return read


@pytest.mark.parametrize(("width", "script", "hand"), WAYS)
def test_a_newcomer_finds_their_way(window, ada, letter_to, engine, live_server, app, width, script, hand):
    page = window(width=width, script=script)

    page.goto("/")
    hand.press(page.get_by_role("link", name="Join", exact=True))
    hand.write(page.get_by_label("Username"), "nora")
    hand.write(page.get_by_label("E-mail address"), "nora@members.example")
    hand.write(page.get_by_label("Password"), PASSWORD)
    hand.press(page.locator("main").get_by_role("button", name="Join"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")

    link = re.search(r"https?://\S+/verify/\S+", letter_to("nora@members.example"))[0]
    page.goto(re.sub(r"https?://[^/]+", "", link))
    hand.press(page.get_by_role("button", name="Yes, it is mine"))
    expect(page.get_by_role("button", name="Your menu")).to_be_visible()

    page.goto("/")
    hand.press(page.get_by_role("link", name="Start a thread").first)
    hand.write(page.get_by_label("Title"), "Which runway for gliders?")
    hand.write(page.get_by_label("Text", exact=True), "The long one or the **grass** strip?")
    hand.press(page.get_by_role("button", name="Post thread"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Which runway for gliders?")
    expect(page.locator("[data-post] strong")).to_have_text("grass")

    answer = answer_as_ben(engine)
    page.reload()
    hand.press(page.locator(f"#post-{answer.id}").get_by_role("button", name="Insightful"))
    expect(page.locator(f"#insightful-{answer.id}")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#insightful-{answer.id}")).to_have_attribute("data-count", "1")
    hand.press(page.locator(f"#post-{answer.id}").get_by_role("button", name="Accept"))
    expect(page.locator(f"#post-{answer.id} .landed")).to_contain_text("Accepted answer")

    expect(page.get_by_role("button", name="Follow this thread")).to_have_attribute("aria-pressed", "true")
    page.goto("/u/ben")
    hand.press(page.locator("#follow-member button"))
    expect(page.locator("#follow-member button")).to_have_attribute("aria-pressed", "true")

    page.goto(f"/p/{first_post(engine, answer.thread_id)}/edit")
    hand.write(page.get_by_label("Text", exact=True), "The long one or the grass strip? *Solved.*")
    hand.press(page.get_by_role("button", name="Save changes"))
    expect(page.locator("[data-post]").first).to_contain_text("edited")

    hand.press(page.get_by_role("link", name="Search"))
    hand.write(page.get_by_label("Search for"), "gliders")
    hand.press(page.locator("main").get_by_role("button", name="Search"))
    expect(page.locator("#results").get_by_role("link", name="Which runway for gliders?").first).to_be_visible()


def answer_as_ben(engine):
    """Ben's answer to the newest question."""
    with transaction(engine) as session:
        ben = session.query(Member).filter_by(username="ben").one()
        thread = session.query(Thread).order_by(Thread.id.desc()).first()
        return posts.post_reply(session, thread, ben, "Grass, always: @nora will love it.")


def first_post(engine, thread_id):
    """The id of a thread's first post."""
    with Session(engine) as session:
        return session.scalar(select(func.min(Post.id)).where(Post.thread_id == thread_id))
