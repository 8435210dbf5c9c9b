"""Starting threads, answering, commenting, quoting: with script and without, and when it cannot be done."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import now
from app.domain.forum.drafts import Draft
from app.domain.forum.threads import Mention, Post, Thread
from app.domain.people.pictures import Picture
from app.domain.record.points import Rank
from app.domain.writing import posts
from tests.factories import make_answer, make_category, make_member, make_thread
from tests.web.scenery import make_thread_of, sign_in
from tests.web.writing import HTMX, fields, form_to, send, soup


@pytest.fixture
def cast(engine):
    with transaction(engine) as session:
        ada, ben, mia = (make_member(session, name) for name in ("ada", "ben", "mia"))
        mia.role = "moderator"
        thread = make_thread(session, ada)
        make_category(session, slug="news", name="News", staff_only=True, position=-1)
        make_category(session, slug="lounge", name="Lounge")
    return {"ada": ada, "ben": ben, "mia": mia, "thread": thread, "path": f"/t/{thread.id}/{thread.slug}"}


@pytest.fixture
def as_(app, engine, cast):
    return lambda name: sign_in(app.test_client(), engine, cast[name])


@pytest.fixture
def look(engine):
    """A session to look with, which holds nothing: the site writes meanwhile."""
    with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as looking:
        yield looking


def picture(kind="PNG"):
    file = BytesIO()
    Image.new("RGB", (20, 10), "red").save(file, kind)
    file.seek(0)
    return file, f"holiday.{kind.lower()}"


def count(look, model):
    return look.scalar(select(func.count()).select_from(model))


def test_a_thread_is_started_and_shown(as_, cast, look):
    answer = send(as_("ben"), "/t/new", "/t/new", title="How high?", body="How **high**?", tags="sky, Wide Sky")
    assert answer.status_code == 303
    page = soup(as_("ada").get(answer.location))
    assert page.h1.text == "How high?"
    assert page.select_one("[data-post] .prose strong").text == "high"
    assert look.scalars(select(Thread.kind).where(Thread.title == "How high?")).one() == "question"


def test_the_first_category_offered_is_open_to_every_member(as_, cast):
    page = soup(as_("ben").get("/t/new"))
    offered = [it["value"] for it in page.select("#category option")]
    assert "news" not in offered
    assert "lounge" in offered
    assert page.select_one('[name=kind][value="announcement"]') is None
    assert page.select_one("[name=kind][checked]")["value"] == "question"
    staff = soup(as_("mia").get("/t/new"))
    assert staff.select_one("#category option")["value"] != "news"
    assert staff.select_one('#category [value="news"]')
    assert staff.select_one('[name=kind][value="announcement"]')


def test_a_category_can_be_chosen_by_the_address(as_, cast):
    assert soup(as_("ben").get("/t/new?category=lounge")).select_one("option[selected]")["value"] == "lounge"


@pytest.mark.parametrize("wrong", [{"category": "news"}, {"category": "nowhere"}, {"kind": "announcement"}])
def test_what_is_for_staff_is_refused_to_others_whatever_they_send(as_, cast, look, wrong):
    before = count(look, Thread)
    answer = send(as_("ben"), "/t/new", "/t/new", **({"title": "News", "body": "Big news"} | wrong))
    assert answer.status_code in (403, 422)
    assert "Big news" in soup(answer).select_one("textarea").text
    assert count(look, Thread) == before


def test_staff_announce(as_, cast, look):
    answer = send(as_("mia"), "/t/new", "/t/new", title="News", body="Big", category="news", kind="announcement")
    assert answer.status_code == 303


def test_everything_wrong_with_a_new_thread_is_said_at_once_and_kept(as_, cast):
    answer = send(as_("ben"), "/t/new", "/t/new", title="x" * 201, body="", tags="a, b")
    assert answer.status_code == 422
    page = soup(answer)
    assert page.select_one("#title")["aria-describedby"].endswith("title-problem")
    assert page.select_one("#body")["aria-invalid"] == "true"
    assert page.select_one("#title")["value"] == "x" * 201
    assert page.select_one("#tags")["value"] == "a, b"
    assert page.select_one("[role=alert]")


def test_an_answer_is_posted_and_one_is_led_to_it(as_, cast, look):
    ben = as_("ben")
    answer = send(ben, cast["path"], f"/t/{cast['thread'].id}/replies", body="Because it **is**.")
    post = look.scalars(select(Post).where(Post.kind == "answer")).one()
    assert (answer.status_code, answer.location) == (303, f"/p/{post.id}")
    assert ben.get(answer.location).location == f"{cast['path']}#post-{post.id}"
    assert soup(ben.get(cast["path"])).select_one(f"#post-{post.id} strong").text == "is"


def test_htmx_gets_the_new_post_and_an_empty_form(as_, cast):
    answer = send(as_("ben"), cast["path"], f"/t/{cast['thread'].id}/replies", HTMX, body="Because.")
    assert answer.status_code == 200
    page = soup(answer)
    assert page.select_one('[hx-target="#posts"] article[data-post]').select_one(".prose").text.strip() == "Because."
    assert fields(page.select_one("form.composer"))["body"] == ""
    assert page.select_one('[hx-target="#live"]').text == "Your answer is posted."
    assert "1 answer" in page.select_one('[hx-target="#answers"]').text


def test_nothing_written_comes_back_with_what_to_do(as_, cast):
    for headers in ({}, HTMX):
        answer = send(as_("ben"), cast["path"], f"/t/{cast['thread'].id}/replies", headers, body="  ")
        assert answer.status_code == 422
        assert "Write something first." in answer.text
        assert soup(answer).select_one("textarea")["aria-invalid"] == "true"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_form_sent_twice_makes_one_post_and_answers_the_same(as_, cast, look, headers):
    ben, action = as_("ben"), f"/t/{cast['thread'].id}/replies"
    filled = fields(form_to(soup(ben.get(cast["path"])), action)) | {"body": "Once."}
    first, second = (ben.post(action, data=filled, headers=headers) for _ in range(2))
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert look.scalar(select(func.count()).where(Post.kind == "answer")) == 1
    ben.post(action, data=filled | {"sending": "another-key-of-another-form", "body": "Twice."})
    assert look.scalar(select(func.count()).where(Post.kind == "answer")) == 2


def test_a_new_thread_sent_twice_is_one(as_, cast, look):
    ben = as_("ben")
    filled = fields(form_to(soup(ben.get("/t/new")), "/t/new")) | {"title": "Once", "body": "Only"}
    first, second = (ben.post("/t/new", data=filled) for _ in range(2))
    assert first.location == second.location
    assert look.scalar(select(func.count()).where(Thread.title == "Once")) == 1


def test_somebody_elses_key_is_of_no_use(as_, cast, look):
    action = f"/t/{cast['thread'].id}/replies"
    for name in ("ben", "mia"):
        browser = as_(name)
        filled = fields(form_to(soup(browser.get(cast["path"])), action))
        browser.post(action, data=filled | {"body": f"By {name}", "sending": "the-very-same-key-1234"})
    assert look.scalar(select(func.count()).where(Post.kind == "answer")) == 2


def test_a_comment_is_written_under_a_post_without_script(as_, cast, engine, look):
    with transaction(engine) as writing:
        answer = make_answer(writing, thread=writing.get_one(Thread, cast["thread"].id))
    ben = as_("ben")
    where = ben.get(f"/p/{answer.id}?to=comment").location
    assert where.endswith(f"comment={answer.id}#slot-{answer.id}")
    form = soup(ben.get(where.partition("#")[0])).select_one(f"#slot-{answer.id} form")
    sent = ben.post(form["action"], data=fields(form) | {"body": "Small remark"})
    assert sent.status_code == 303
    comment = look.scalars(select(Post).where(Post.kind == "comment")).one()
    assert (comment.parent_id, comment.body) == (answer.id, "Small remark")


def test_htmx_gets_the_comment_and_the_form_is_gone(as_, cast, look):
    post = look.scalars(select(Post).where(Post.thread_id == cast["thread"].id)).one()
    ben = as_("ben")
    form = soup(ben.get(f"/-/posts/{post.id}/comment")).form
    page = soup(ben.post(form["action"], data=fields(form) | {"body": "Remark"}, headers=HTMX))
    assert page.select_one(f'[hx-target="#comments-{post.id}"] li[data-post] .prose').text.strip() == "Remark"
    assert page.select_one(f'[hx-target="#compose-c-{post.id}"]')["hx-swap"] == "delete"


def test_a_comment_on_a_post_of_another_thread_is_refused(as_, cast, engine, look):
    with transaction(engine) as writing:
        other = make_answer(writing)
    for parent in (other.id, 10**15, "x", "-1", "1e3"):
        answer = send(as_("ben"), cast["path"], f"/t/{cast['thread'].id}/replies", body="Hm", parent=str(parent))
        assert answer.status_code in (400, 404)
    assert look.scalar(select(func.count()).where(Post.kind == "comment")) == 0


@pytest.mark.parametrize("state", ["locked_at", "deleted_at", "closed_at"])
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_thread_that_takes_nothing_refuses_on_every_path(as_, cast, engine, look, state, headers):
    ben, action = as_("ben"), f"/t/{cast['thread'].id}/replies"
    post = look.scalars(select(Post).where(Post.thread_id == cast["thread"].id)).one()
    filled = fields(form_to(soup(ben.get(cast["path"])), action)) | {"body": "Too late"}
    with transaction(engine) as writing:
        setattr(writing.get_one(Thread, cast["thread"].id), state, now())
    answer = ben.post(action, data=filled, headers=headers)
    assert answer.status_code == (404 if state == "deleted_at" else 403)
    if state != "deleted_at":
        assert "Too late" in soup(answer).select_one("textarea").text
        assert soup(ben.get(cast["path"])).select_one("form.composer") is None
        reason = "locked" if state == "locked_at" else "closed"
        assert reason in soup(ben.get(cast["path"])).select_one("main .note").text
    comment = ben.post(action, data=filled | {"parent": post.id, "sending": "x" * 20}, headers=headers)
    assert comment.status_code == {"locked_at": 403, "deleted_at": 404, "closed_at": 303}[state] or (
        state == "closed_at" and headers and comment.status_code == 200
    )
    look.expire_all()
    assert look.scalar(select(func.count()).where(Post.kind == "answer")) == 0


def test_a_thread_whose_first_post_is_gone_takes_nothing_either(as_, cast, engine):
    with transaction(engine) as writing:
        posts.opening(writing, writing.get_one(Thread, cast["thread"].id)).deleted_at = now()
        writing.get_one(Thread, cast["thread"].id).deleted_at = now()
    ben = as_("ben")
    token = soup(ben.get("/t/new")).select_one("[name=csrf_token]")["value"]
    answer = ben.post(f"/t/{cast['thread'].id}/replies", data={"csrf_token": token, "body": "Still?"})
    assert answer.status_code == 404


def test_a_refused_answer_is_kept_as_a_draft(as_, cast, engine, look):
    ben, action = as_("ben"), f"/t/{cast['thread'].id}/replies"
    filled = fields(form_to(soup(ben.get(cast["path"])), action)) | {"body": "Long work"}
    with transaction(engine) as writing:
        writing.get_one(Thread, cast["thread"].id).locked_at = now()
    ben.post(action, data=filled)
    assert look.scalars(select(Draft.body)).one() == "Long work"


def test_the_preview_shows_what_posting_will(as_, cast):
    ben, body = as_("ben"), "**Hello** @ada\n\n| a |\n|---|\n| 1 |\n"
    token = soup(ben.get("/t/new")).select_one("[name=csrf_token]")["value"]
    shown = soup(ben.post("/-/preview", data={"csrf_token": token, "body": body}, headers=HTMX)).select_one(".prose")
    send(ben, cast["path"], f"/t/{cast['thread'].id}/replies", body=body)
    posted = soup(ben.get(cast["path"])).select_one("#posts .prose")
    assert shown.decode_contents() == posted.decode_contents()
    assert shown.select_one('a[href="/u/ada"]')


def test_a_look_without_script_brings_the_form_back_and_posts_nothing(as_, cast, look):
    answer = send(as_("ben"), "/t/new", "/t/new", title="T", body="**B**", act="preview")
    page = soup(answer)
    assert answer.status_code == 200
    assert page.select_one(".preview strong").text == "B"
    assert fields(form_to(page, "/t/new"))["body"] == "**B**"
    assert look.scalar(select(func.count()).where(Thread.title == "T")) == 0


def test_a_mention_is_told_apart_from_an_address(as_, cast, look):
    send(as_("ben"), cast["path"], f"/t/{cast['thread'].id}/replies", body="Ask @mia, not ada@mia.example")
    assert look.scalars(select(Mention.member_id)).all() == [cast["mia"].id]


def test_names_are_suggested_by_their_beginning(as_, cast):
    ben = as_("ben")
    assert ben.get("/-/mentions?q=AD").json == [{"username": "ada", "name": "ada"}]
    for nothing in ("", "zz", "%", "_"):
        assert ben.get("/-/mentions", query_string={"q": nothing}).json == []


def test_a_quotation_fills_the_form_and_leads_back(as_, cast, look):
    post = look.scalars(select(Post).where(Post.thread_id == cast["thread"].id)).one()
    ben = as_("ben")
    where = ben.get(f"/p/{post.id}?to=quote").location
    text = soup(ben.get(where.partition("#")[0])).select_one("textarea#body").text
    assert "> Why?" in text
    assert f"[ada](/p/{post.id})" in text
    part = ben.get(f"/-/posts/{post.id}/quote?said=only%0Athis").text
    assert part.startswith("> only\n> this\n")


def test_what_is_removed_is_not_quoted(as_, cast, engine):
    with transaction(engine) as writing:
        answer = make_answer(writing, thread=writing.get_one(Thread, cast["thread"].id))
        answer.deleted_at = now()
    assert as_("ben").get(f"/-/posts/{answer.id}/quote").status_code == 404
    assert as_("ben").get(f"{cast['path']}?quote={answer.id}").status_code == 404


@pytest.fixture
def ranks(engine):
    with transaction(engine) as writing:
        for position, unlocks in enumerate(([], ["images"])):
            writing.add(
                Rank(
                    position=position,
                    slug=f"r{position}",
                    name=f"Rank {position}",
                    points=position * 100,
                    stars=0,
                    unlocks=unlocks,
                )
            )


def upload(browser, **more):
    token = soup(browser.get("/t/new")).select_one("[name=csrf_token]")["value"]
    return browser.post("/-/pictures", data={"csrf_token": token, "picture": picture(), **more})


def test_a_picture_is_uploaded_and_shown(as_, cast):
    ben = as_("ben")
    markdown = upload(ben).text
    assert markdown.startswith("![picture](/pictures/")
    send(ben, cast["path"], f"/t/{cast['thread'].id}/replies", body=markdown)
    shown = soup(ben.get(cast["path"])).select_one("#posts .prose img")
    assert ben.get(shown["src"]).content_type == "image/webp"
    assert "holiday" not in markdown


def test_pictures_wait_for_their_rank(as_, cast, ranks, look):
    ben = as_("ben")
    page = soup(ben.get(cast["path"]))
    locked = page.select_one('[data-tool="locked"]')
    assert locked["aria-disabled"] == "true"
    assert "Rank 1" in page.select_one(f"#{locked['aria-describedby']}").text
    assert "100 more points" in page.select_one(f"#{locked['aria-describedby']}").text
    answer = upload(ben)
    assert answer.status_code == 403
    assert "Rank 1" in answer.text
    refused = send(ben, "/t/new", "/t/new", title="T", body="B", act="picture", picture=picture())
    assert refused.status_code == 422
    assert count(look, Picture) == 0


def test_the_rank_opens_pictures(as_, cast, ranks, engine):
    with transaction(engine) as writing:
        writing.merge(cast["ben"]).rank = 1
    assert soup(as_("ben").get(cast["path"])).select_one('[data-tool="picture"]')
    assert upload(as_("ben")).status_code == 200


def test_a_picture_is_added_without_script(as_, cast, look):
    answer = send(as_("ben"), "/t/new", "/t/new", title="T", body="Look:", act="picture", picture=picture("JPEG"))
    text = fields(form_to(soup(answer), "/t/new"))["body"]
    assert text.startswith("Look:\n\n![picture](/pictures/")
    assert soup(answer).select_one(".preview img")


def test_a_picture_that_was_chosen_but_not_added_is_not_lost_by_posting(as_, cast, look):
    answer = send(as_("ben"), "/t/new", "/t/new", title="T", body="Look:", picture=picture())
    assert answer.status_code == 200
    assert "/pictures/" in fields(form_to(soup(answer), "/t/new"))["body"]
    assert look.scalar(select(func.count()).where(Thread.title == "T")) == 0


@pytest.mark.parametrize("content", [b"", b"no picture", b"<svg/>"])
def test_what_is_no_picture_is_refused_with_the_reason_and_the_text_kept(as_, cast, content):
    answer = send(
        as_("ben"), "/t/new", "/t/new", title="T", body="Kept", act="picture", picture=(BytesIO(content), "x.png")
    )
    assert answer.status_code == 422
    assert soup(answer).select_one(".error").text
    assert fields(form_to(soup(answer), "/t/new"))["body"] == "Kept"


@pytest.mark.parametrize(
    "field", ["is_staff", "points", "role", "author_id", "user_id", "created_at", "kind", "thread_id", "deleted_at"]
)
def test_fields_that_no_form_has_change_nothing(as_, cast, look, field):
    send(as_("ben"), cast["path"], f"/t/{cast['thread'].id}/replies", body="Because.", **{field: "1"})
    post = look.scalars(select(Post).where(Post.kind == "answer")).one()
    assert (post.author_id, post.thread_id, post.deleted_at) == (cast["ben"].id, cast["thread"].id, None)
    assert look.get(type(cast["ben"]), cast["ben"].id).role == "member"


@pytest.mark.parametrize(
    "data",
    [
        {"body": ["a", "b"]}, {"body[]": "a"}, {"body": "x" * 20_001}, {"body": "ok", "parent": ["1", "2"]},
        {"body": b"\xff\xfe"}, {"body": "a", "parent": "9" * 40}, {"body": "a", "sending": "'" * 300}, {"act": "explode", "body": "a"},
    ],
)  # fmt: skip
def test_confusing_fields_break_nothing(as_, cast, data):
    ben, action = as_("ben"), f"/t/{cast['thread'].id}/replies"
    token = soup(ben.get(cast["path"])).select_one("[name=csrf_token]")["value"]
    assert ben.post(action, data={"csrf_token": token, **data}).status_code < 500


def test_a_character_that_no_text_has_is_refused(as_, cast):
    assert send(as_("ben"), cast["path"], f"/t/{cast['thread'].id}/replies", body="a\x00b").status_code == 400


def test_similar_threads_are_offered_for_a_title_and_nothing_where_there_is_none(as_, cast, engine):
    with transaction(engine) as session:
        thread = make_thread_of(session, make_member(session, "dan"), 0, title="Landing <gliders> at night")
    found = soup(as_("ada").get("/-/similar?title=Gliders at night, how"))
    [link] = found.select("a")
    assert link["href"] == f"/t/{thread.id}/{thread.slug}"
    assert "Landing <gliders> at night" in link.text
    assert as_("ada").get("/-/similar?title=Balloons").text.strip() == ""
    assert as_("ada").get("/-/similar").text.strip() == ""


def test_the_form_of_a_new_thread_is_whole_without_them(as_, cast):
    place = soup(as_("ada").get("/t/new")).select_one("#similar")
    assert place.get_text(strip=True) == ""
