"""What becomes of a post: reactions, acceptance, edits and their history, removal, drafts, steering of its thread."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.forum import drafts
from app.domain.forum.threads import Post, Reaction, Thread
from app.domain.membership import sessions
from app.domain.people.members import Member
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from app.domain.writing import posts
from tests.factories import make_answer, make_category, make_member, make_thread
from tests.web.scenery import sign_in
from tests.web.writing import HTMX, fields, form_to, send, soup


@pytest.fixture
def cast(engine):
    with transaction(engine) as session:
        ada, ben, eve, mia = (make_member(session, name) for name in ("ada", "ben", "eve", "mia"))
        mia.role = "moderator"
        thread = make_thread(session, ada)
        answer = make_answer(session, ben, thread)
        opening = posts.opening(session, thread)
        make_category(session, slug="lounge", name="Lounge")
    path = f"/t/{thread.id}/{thread.slug}"
    return {
        "ada": ada,
        "ben": ben,
        "eve": eve,
        "mia": mia,
        "thread": thread,
        "answer": answer,
        "opening": opening,
        "path": path,
    }


@pytest.fixture
def as_(app, engine, cast):
    return lambda name: sign_in(app.test_client(), engine, cast[name])


@pytest.fixture
def look(engine):
    """A session to look with, which holds nothing: the site writes meanwhile."""
    with Session(engine.execution_options(isolation_level="AUTOCOMMIT")) as looking:
        yield looking


def button(page, post, kind):
    return page.select_one(f'#post-{post.id} > .controls [data-reaction="{kind}"]')


@pytest.mark.parametrize("kind", ["insightful", "upvote"])
def test_a_reaction_is_given_and_taken_back(as_, cast, look, kind):
    eve, path = as_("eve"), f"/p/{cast['answer'].id}/reactions/{kind}"
    assert button(soup(eve.get(cast["path"])), cast["answer"], kind)["aria-pressed"] == "false"
    assert send(eve, cast["path"], path).status_code == 303
    pressed = button(soup(eve.get(cast["path"])), cast["answer"], kind)
    assert (pressed["aria-pressed"], pressed["data-count"]) == ("true", "1")
    assert button(soup(as_("ada").get(cast["path"])), cast["answer"], kind)["aria-pressed"] == "false"
    send(eve, cast["path"], path)
    assert button(soup(eve.get(cast["path"])), cast["answer"], kind)["data-count"] == "0"
    assert look.scalar(select(func.count()).select_from(Reaction)) == 0


def test_htmx_gets_the_very_button_of_the_page(as_, cast):
    eve, path = as_("eve"), f"/p/{cast['answer'].id}/reactions/upvote"
    part = soup(send(eve, cast["path"], path, HTMX)).select_one("button")
    whole = button(soup(eve.get(cast["path"])), cast["answer"], "upvote")
    assert str(part) == str(whole)


def test_ones_own_post_shows_counts_and_takes_no_reaction(as_, cast, look):
    ben, path = as_("ben"), f"/p/{cast['answer'].id}/reactions/upvote"
    own = button(soup(ben.get(cast["path"])), cast["answer"], "upvote")
    assert own.name == "span"
    assert not own.has_attr("aria-pressed")
    token = soup(ben.get(cast["path"])).select_one("[name=csrf_token]")["value"]
    assert ben.post(path, data={"csrf_token": token}).status_code == 403
    assert look.scalar(select(func.count()).select_from(Reaction)) == 0


def test_whoever_is_signed_out_is_led_to_sign_in(client, cast):
    link = button(soup(client.get(cast["path"])), cast["answer"], "upvote")
    assert link["href"].startswith("/login?next=")
    assert not link.has_attr("aria-pressed")


@pytest.mark.parametrize("kind", ["downvote", "favorite", "x"])
def test_there_are_no_other_reactions(as_, cast, kind):
    eve = as_("eve")
    token = soup(eve.get(cast["path"])).select_one("[name=csrf_token]")["value"]
    assert eve.post(f"/p/{cast['answer'].id}/reactions/{kind}", data={"csrf_token": token}).status_code == 404


def test_who_reacted_is_told_on_demand(as_, cast, client):
    send(as_("eve"), cast["path"], f"/p/{cast['answer'].id}/reactions/insightful")
    page = soup(client.get(f"/p/{cast['answer'].id}/reactions"))
    assert [it["data-member"] for it in page.select("main [data-member]")] == ["eve"]


def test_the_asker_accepts_and_takes_it_back(as_, cast, look):
    ada, path = as_("ada"), f"/p/{cast['answer'].id}/acceptance"
    send(ada, cast["path"], path)
    assert soup(ada.get(cast["path"])).select_one(f"#post-{cast['answer'].id}.accepted .landed")
    send(ada, cast["path"], path)
    assert soup(ada.get(cast["path"])).select_one(".accepted") is None


def test_accepting_in_place_brings_both_answers_anew(as_, cast, engine):
    with transaction(engine) as writing:
        other = make_answer(writing, cast["eve"], writing.get_one(Thread, cast["thread"].id))
    ada = as_("ada")
    send(ada, cast["path"], f"/p/{cast['answer'].id}/acceptance")
    page = soup(send(ada, cast["path"], f"/p/{other.id}/acceptance", HTMX))
    drawn = {it["id"]: "accepted" in it["class"] for it in page.select("article")}
    assert drawn == {f"post-{other.id}": True, f"post-{cast['answer'].id}": False}
    assert page.select_one(f"#accept-{other.id}")["aria-pressed"] == "true"


def test_only_asker_and_moderators_can_accept(as_, cast, look):
    for name, allowed in (("eve", False), ("ben", False), ("mia", True), ("ada", True)):
        page = soup(as_(name).get(cast["path"]))
        assert bool(page.select_one(f"#accept-{cast['answer'].id}")) == allowed
    eve = as_("eve")
    token = soup(eve.get(cast["path"])).select_one("[name=csrf_token]")["value"]
    assert eve.post(f"/p/{cast['answer'].id}/acceptance", data={"csrf_token": token}).status_code == 403


def test_an_edit_is_marked_and_its_history_shows_the_change(as_, cast, client):
    ben, path = as_("ben"), f"/p/{cast['answer'].id}/edit"
    assert send(ben, path, path, body="Because it rains.").status_code == 303
    page = soup(client.get(cast["path"]))
    link = page.select_one(f'#post-{cast["answer"].id} a[href="/p/{cast["answer"].id}/history"]')
    assert "edited" in link.text
    history = soup(client.get(link["href"]))
    assert history.select_one("ins").text == " it rains"
    assert history.select_one("[data-member=ben]")


def test_a_first_post_is_edited_with_title_and_tags(as_, cast):
    path = f"/p/{cast['opening'].id}/edit"
    send(as_("ada"), path, path, title="Another title", tags="sky wind", body="Why so?")
    page = soup(as_("ada").get(f"/t/{cast['thread'].id}/another-title"))
    assert page.h1.text == "Another title"
    assert [it.text for it in page.select("article .row > .chip")][1:] == ["sky", "wind"]


def test_an_edit_keeps_what_somebody_else_wrote_meanwhile(as_, cast, look):
    ben, mia, path = as_("ben"), as_("mia"), f"/p/{cast['answer'].id}/edit"
    mine = fields(form_to(soup(ben.get(path)), path))
    send(mia, path, path, body="Moderated.")
    answer = ben.post(path, data=mine | {"body": "My version"})
    page = soup(answer)
    assert answer.status_code == 409
    assert page.select_one("textarea").text.strip() == "My version"
    assert page.select_one(".theirs").text == "Moderated."
    assert look.scalar(select(Post.body).where(Post.id == cast["answer"].id)) == "Moderated."
    again = ben.post(path, data=fields(form_to(page, path)))
    assert again.status_code == 303
    look.expire_all()
    assert look.scalar(select(Post.body).where(Post.id == cast["answer"].id)) == "My version"


def test_strangers_do_not_edit_and_moderators_are_written_down(as_, cast, look):
    path = f"/p/{cast['answer'].id}/edit"
    assert as_("eve").get(path).status_code == 403
    assert soup(as_("eve").get(cast["path"])).select_one(f'a[href="{path}"]') is None
    send(as_("mia"), path, path, body="Tidied.")
    assert look.scalars(select(AuditEntry.what)).all() == ["edit"]


def test_a_removed_post_is_gone_but_for_who_may_bring_it_back(as_, cast, client):
    ben, path = as_("ben"), f"/p/{cast['answer'].id}/deletion"
    menu = f"/p/{cast['answer'].id}/actions"
    assert send(ben, menu, path).status_code == 303
    for name, seen in (("ben", True), ("mia", True), ("eve", False), ("ada", False)):
        page = soup(as_(name).get(cast["path"]))
        assert page.select_one(f"#post-{cast['answer'].id}") is None
        assert bool(page.select_one("#removed")) == seen
    assert "Because." not in client.get(cast["path"]).text
    send(ben, cast["path"], path)
    assert soup(client.get(cast["path"])).select_one(f"#post-{cast['answer'].id}")


def test_strangers_neither_remove_nor_restore(as_, cast, look):
    eve, path = as_("eve"), f"/p/{cast['answer'].id}/deletion"
    token = soup(eve.get(cast["path"])).select_one("[name=csrf_token]")["value"]
    assert eve.post(path, data={"csrf_token": token}).status_code == 403
    send(as_("ben"), f"/p/{cast['answer'].id}/actions", path)
    assert eve.post(path, data={"csrf_token": token}).status_code == 404
    assert look.scalar(select(Post.deleted_at).where(Post.id == cast["answer"].id)) is not None


def test_a_removed_thread_can_be_brought_back_by_staff(as_, cast, client):
    mia, path = as_("mia"), f"/p/{cast['opening'].id}/deletion"
    send(mia, f"/p/{cast['opening'].id}/actions", path)
    assert client.get(cast["path"]).status_code == as_("eve").get(cast["path"]).status_code == 404
    gone = mia.get(cast["path"])
    assert gone.status_code == 410
    mia.post(path, data=fields(form_to(soup(gone), path)))
    assert client.get(cast["path"]).status_code == 200


@pytest.mark.parametrize("there", ["history", "actions", "reactions", "edit"])
def test_nothing_tells_of_a_removed_post(as_, cast, there):
    send(as_("ben"), f"/p/{cast['answer'].id}/actions", f"/p/{cast['answer'].id}/deletion")
    assert as_("eve").get(f"/p/{cast['answer'].id}/{there}").status_code == 404


@pytest.mark.parametrize(("deed", "back", "column"), [("lock", "unlock", "locked_at"), ("pin", "unpin", "pinned_at"), ("close", "reopen", "closed_at")])  # fmt: skip
def test_moderators_steer_a_thread_there_and_back(as_, cast, look, deed, back, column):
    mia, path = as_("mia"), f"/t/{cast['thread'].id}/steering"
    for wanted, is_set in ((deed, True), (back, False)):
        page = soup(mia.get(cast["path"]))
        form = next(it for it in page.select(f'form[action="{path}"]') if it.select_one(f'[value="{wanted}"]'))
        assert mia.post(path, data=fields(form)).status_code == 303
        look.expire_all()
        assert (
            look.scalar(select(getattr(Thread, column)).where(Thread.id == cast["thread"].id)) is not None
        ) == is_set
    assert sorted(look.scalars(select(AuditEntry.what))) == sorted([deed, back])


def test_a_thread_is_moved_and_members_do_none_of_this(as_, cast, look):
    send(as_("mia"), cast["path"], f"/t/{cast['thread'].id}/category", category="lounge")
    page = soup(as_("eve").get(cast["path"]))
    assert page.select_one("nav.meta a[href='/c/lounge']")
    assert page.select_one(f'form[action="/t/{cast["thread"].id}/steering"]') is None
    eve = as_("eve")
    data = {"csrf_token": soup(eve.get("/t/new")).select_one("[name=csrf_token]")["value"], "deed": "lock"}
    assert eve.post(f"/t/{cast['thread'].id}/steering", data=data).status_code == 404


def keep(browser, place, **typed):
    token = soup(browser.get("/t/new")).select_one("[name=csrf_token]")["value"]
    return browser.post("/-/drafts", data={"csrf_token": token, "place": place, **typed})


def test_what_is_typed_is_kept_and_comes_back(as_, cast):
    ben = as_("ben")
    assert keep(ben, f"t-{cast['thread'].id}", body="Half a thought").status_code == 200
    assert keep(ben, "new", body="Body", title="Title", kind="idea", category="lounge").status_code == 200
    assert soup(ben.get(cast["path"])).select_one("#body").text.strip() == "Half a thought"
    page = soup(ben.get("/t/new"))
    assert page.select_one("#title")["value"] == "Title"
    assert page.select_one("[name=kind][checked]")["value"] == "idea"
    assert page.select_one("option[selected]")["value"] == "lounge"
    assert soup(as_("eve").get(cast["path"])).select_one("#body").text.strip() == ""


def test_who_was_signed_out_meanwhile_is_told_and_stays_with_what_is_typed(as_, engine, cast, look):
    ben = as_("ben")
    token = soup(ben.get("/t/new")).select_one("[name=csrf_token]")["value"]
    with transaction(engine) as session:
        sessions.end_all(session, session.get_one(Member, cast["ben"].id))
    answer = ben.post("/-/drafts", data={"csrf_token": token, "place": "new", "body": "Half a thought"}, headers=HTMX)
    assert "you are signed out" in answer.text
    assert "HX-Redirect" not in answer.headers
    assert look.scalar(select(func.count()).select_from(drafts.Draft)) == 0


def test_an_old_form_of_who_was_signed_out_asks_to_sign_in_and_an_open_page_stays(as_, app, cast):
    path = f"/t/{cast['thread'].id}/replies"
    typed = {"csrf_token": soup(as_("ben").get(cast["path"])).select_one("[name=csrf_token]")["value"], "body": "Ice."}
    stranger = app.test_client()
    answer = stranger.post(path, data=typed, headers={"Referer": f"http://localhost{cast['path']}"})
    assert (answer.status_code, answer.location) == (303, f"/login?next={cast['path']}")
    answer = stranger.post(path, data=typed, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (400, "#problem")


def test_drafts_are_listed_continued_and_thrown_away(as_, cast, look):
    ben = as_("ben")
    keep(ben, f"t-{cast['thread'].id}", body="Half a thought")
    keep(ben, f"c-{cast['answer'].id}", body="Half a remark")
    keep(ben, f"e-{cast['answer'].id}", body="Half an edit")
    page = soup(ben.get("/drafts"))
    assert [it.text.strip() for it in page.select(".excerpt")] == ["Half an edit", "Half a remark", "Half a thought"]
    for link in page.select(".drafts a.btn"):
        where = link["href"].partition("#")[0]
        assert "Half a" in soup(ben.get(where, follow_redirects=True)).select_one("form.composer textarea").text
    send(ben, "/drafts", f"/drafts/e-{cast['answer'].id}/deletion")
    assert len(soup(ben.get("/drafts")).select(".excerpt")) == 2
    assert soup(as_("eve").get("/drafts")).select_one(".empty")


def test_posting_ends_the_draft_and_a_late_save_does_not_bring_it_back(as_, cast, look):
    ben, action = as_("ben"), f"/t/{cast['thread'].id}/replies"
    keep(ben, f"t-{cast['thread'].id}", body="Half")
    form = fields(form_to(soup(ben.get(cast["path"])), action))
    ben.post(action, data=form | {"body": "Whole"})
    keep(ben, f"t-{cast['thread'].id}", body="Half", sending=form["sending"])
    assert look.scalar(select(func.count()).select_from(drafts.Draft)) == 0


def test_an_emptied_draft_is_gone(as_, cast, look):
    ben = as_("ben")
    keep(ben, "new", body="x")
    keep(ben, "new", body="  ")
    assert look.scalar(select(func.count()).select_from(drafts.Draft)) == 0


@pytest.mark.parametrize("place", ["", "x", "t-0", "t-x", "t-1'", "c-" + "9" * 30])
def test_a_draft_needs_a_place(as_, cast, place):
    assert keep(as_("ben"), place, body="x").status_code == 422


def test_a_deed_without_a_token_does_nothing(as_, cast, look):
    before = look.scalar(select(func.count()).select_from(Activity))
    eve, answer, thread = as_("eve"), cast["answer"].id, cast["thread"].id
    for path in (
        f"/t/{thread}/replies", "/t/new", f"/p/{answer}/edit", f"/p/{answer}/deletion", f"/p/{answer}/acceptance",
        f"/p/{answer}/reactions/upvote", "/-/preview", "/-/pictures", "/-/drafts", "/drafts/new/deletion",
    ):  # fmt: skip
        for headers in ({}, HTMX):
            assert eve.post(path, data={"body": "x"}, headers=headers).status_code == 400
    assert look.scalar(select(func.count()).select_from(Activity)) == before
