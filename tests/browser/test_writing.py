"""Writing in a real browser: by keyboard, with script and without, on a wide screen and a narrow one."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.flaws import broken_rules, too_wide

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
THREAD = "/t/2/a-thread"  # by ben, without answers


def picture():
    file = BytesIO()
    Image.new("RGB", (40, 20), "red").save(file, "PNG")
    return {"name": "p.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_an_answer_is_written_by_keyboard_and_appears_in_place(window, ada):
    page = window(viewer=ada)
    page.goto(THREAD)
    page.evaluate("window.sameWindow = true")
    page.focus("#body")
    page.keyboard.type("Ask @be")
    expect(page.locator("#body-people [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_have_value("Ask @ben ")
    page.keyboard.press("Control+b")
    page.keyboard.type("now")
    expect(page.locator("#body")).to_have_value("Ask @ben **now**")
    page.click("text=Preview")
    expect(page.locator("#preview-t-2 strong")).to_have_text("now")
    page.focus("#body")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#posts [data-post] strong")).to_have_text("now")
    expect(page.locator("#body")).to_have_value("")
    expect(page.locator("#live")).to_have_text("Your answer is posted.")
    expect(page.locator("#posts .empty")).to_be_hidden()
    assert page.evaluate("window.sameWindow")


def test_the_tools_are_one_stop_and_the_arrows_go_on(window, ada):
    page = window(viewer=ada)
    page.goto(THREAD)
    page.fill("#body", "words")
    page.evaluate("document.getElementById('body').select()")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-tool=italic]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#body")).to_have_value("*words*")


def test_reactions_change_in_place_and_keep_the_focus(window, ada):
    page = window(viewer=ada)
    page.goto(THREAD)
    upvote = page.locator("article [data-reaction=upvote]").first
    upvote.focus()
    for pressed, count in (("true", "1"), ("false", "0")):
        page.keyboard.press("Enter")
        expect(upvote).to_have_attribute("aria-pressed", pressed)
        expect(upvote).to_have_attribute("data-count", count)
        expect(upvote).to_be_focused()


def test_a_comment_is_written_where_it_belongs_and_the_menu_opens_beside_its_post(window, ada):
    page = window(viewer=ada)
    page.goto(THREAD)
    page.click("article >> text=Comment")
    expect(page.locator(".slot textarea")).to_be_focused()
    page.keyboard.type("A remark")
    page.click("text=Post comment")
    comment = page.locator(".comments [data-post]")
    expect(comment).to_contain_text("A remark")
    expect(comment).to_be_focused()
    expect(page.locator(".slot form")).to_have_count(0)
    comment.locator(".more").click()
    expect(page.locator("#actions")).to_be_visible()
    expect(page.locator("#actions a").first).to_be_focused()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#actions")).to_be_hidden()


def test_what_is_typed_survives_leaving(window, ada):
    page = window(viewer=ada)
    page.goto("/t/new")
    with page.expect_response(lambda it: "thought" in (it.request.post_data or "")):  # not one for half of it
        page.fill("#title", "Half a title")
        page.fill("#body", "Half a thought")
    expect(page.locator("#saved-new")).to_contain_text("Draft saved")
    page.goto("/")
    page.goto("/t/new")
    expect(page.locator("#title")).to_have_value("Half a title")
    expect(page.locator("#body")).to_have_value("Half a thought")


def test_a_quotation_takes_what_is_marked(window, ada):
    page = window(viewer=ada)
    page.goto(THREAD)
    page.evaluate(
        "getSelection().setBaseAndExtent(document.querySelector('.prose p').firstChild, 0, document.querySelector('.prose p').firstChild, 4)"
    )
    page.click("[data-quote]")
    expect(page.locator("#body")).to_have_value(
        "> word\n>\n> — [ben](/p/" + page.get_attribute("[data-quote]", "data-quote") + ")\n\n"
    )


@pytest.mark.parametrize("script", [True, False])
def test_a_picture_is_added_and_shown(window, ada, engine, script):
    from app.db import transaction

    with transaction(engine) as session:
        session.merge(ada).rank = 5
    page = window(viewer=ada, script=script)
    page.goto(THREAD)
    page.set_input_files("#body-picture", picture())
    if not script:
        page.click("text=Add the picture")
    expect(page.locator("#body")).to_have_value(re.compile(r"!\[picture\]\(/pictures/[\w-]+\.webp\)"))
    page.click("text=Post answer")
    expect(page.locator("#posts img")).to_have_js_property("naturalWidth", 40)


def test_the_whole_way_without_script(window, ada):
    page = window(viewer=ada, script=False)
    page.goto("/t/new")
    page.fill("#title", "Without script")
    page.check("[value=discussion]")
    page.click("text=Post thread")
    page.fill("#body", "Works **too**")
    page.click("text=Preview")
    expect(page.locator(".preview strong")).to_have_text("too")
    page.click("text=Post thread")
    expect(page.locator("h1")).to_have_text("Without script")
    page.click("text=Edit")
    page.fill("#body", "Works as well")
    page.click("text=Save changes")
    page.click("text=edited")
    expect(page.locator("ins").first).to_be_visible()


@pytest.mark.parametrize(("look", "width"), [("light", 1280), ("dark", 390)])
def test_the_pages_of_writing_break_no_rule_and_do_not_scroll_sideways(window, ada, look, width):
    page, broken, wide = window(width=width, look=look, viewer=ada), {}, {}
    page.goto("/t/new")
    page.fill("#body", "x")
    page.click("text=Post thread")
    page.goto(f"{THREAD}")
    page.fill("#body", "A draft")
    expect(page.locator("#saved-t-2")).to_contain_text("Draft saved")
    own = "/t/1/" + "which-gate-averylongword"
    page.goto(own)
    mine = page.get_attribute("article[data-post]", "data-post")
    for address in (
        "/t/new", THREAD, f"/p/{mine}?to=comment", f"/p/{mine}/edit", f"/p/{mine}/history", f"/p/{mine}/actions", f"/p/{mine}/reactions", "/drafts",
    ):  # fmt: skip
        page.goto(address)
        if found := broken_rules(page):
            broken[address] = found
        if found := too_wide(page):
            wide[address] = found
    assert (broken, wide) == ({}, {})


def test_similar_threads_turn_up_quietly_below_a_title_and_are_reached_by_keyboard(window, ada):
    page, asked = window(viewer=ada, width=390, look="dark"), []
    page.on("request", lambda request: asked.append(request.url) if "/-/similar" in request.url else None)
    page.goto("/t/new")
    expect(page.locator("#similar")).to_be_hidden()
    page.fill("#body", "a private thought")
    page.focus("#title")
    with page.expect_response(re.compile("knows.gates$")):  # not one for half of it
        page.keyboard.type("Nobody knows gates")
    expect(page.locator("#similar li")).to_have_count(1)
    expect(page.locator("#title")).to_be_focused()
    assert not [url for url in asked if "private" in url]
    assert too_wide(page) == []
    assert broken_rules(page) == []
    page.keyboard.press("Tab")
    expect(page.locator("#similar a")).to_be_focused()
    with page.expect_popup() as other:
        page.keyboard.press("Enter")
    expect(other.value.locator("h1")).to_contain_text("Nobody knows")
    page.fill("#title", "Something entirely different")
    expect(page.locator("#similar")).to_be_hidden()
    expect(page.locator("#body")).to_have_value("a private thought")
