"""An award's page, its picture, and how staff take an award back and give it back."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app import cards
from app.db import transaction
from app.domain.badging.badges import Award, BadgeVersion
from app.domain.base import now
from app.domain.record.activities import Activity
from tests.factories import make_member
from tests.web.forms import fill_in, problems, soup, text_of, toast
from tests.web.scenery import NOON, days, make_award, make_badge, make_post, make_ranks, make_thread_of, sign_in


@pytest.fixture
def ada(engine):
    with transaction(engine) as session:
        make_ranks(session)
        return make_member(session, "ada")


@pytest.fixture
def mia(engine, ada):
    with transaction(engine) as session:
        return make_member(session, "mia", role="moderator")


@pytest.fixture
def award(engine, ada):
    with transaction(engine) as session:
        return make_award(session, make_badge(session, "speaker", ways=["request"]), ada, way="request")


def completed(engine, ada, **more):
    """An award that an activity on a post completed, with whatever became of thread and post."""
    with transaction(engine) as session:
        thread = make_thread_of(session, ada, 0, title="Which gate?", **more.pop("thread", {}))
        post = make_post(session, thread, ada, **more.pop("post", {}))
        deed = Activity(kind="accepted", member_id=ada.id, actor_id=ada.id, post_id=post.id, happened_at=NOON, local_day=1, seq=5)  # fmt: skip
        session.add(deed)
        return make_award(session, make_badge(session, "landing"), ada, seq=5), post


@pytest.mark.parametrize("gone", ["post", "thread"])
def test_what_completed_an_award_is_linked_only_while_it_can_be_read(client, engine, ada, gone):
    award, post = completed(engine, ada)
    assert soup(client.get(f"/awards/{award.id}")).select_one(f'main a[href="/p/{post.id}"]')
    with transaction(engine) as session:
        found = session.merge(post)
        (found if gone == "post" else found.thread).deleted_at = now()
    page = soup(client.get(f"/awards/{award.id}"))
    assert not page.select_one(f'a[href="/p/{post.id}"]')
    assert "Which gate?" not in page.text


def test_an_award_of_an_earlier_rule_says_so(client, engine, ada):
    with transaction(engine) as session:
        badge = make_badge(session, "speaker", how="Speak once.")
        first = session.get_one(BadgeVersion, badge.version_id)
        first.published_at = NOON - days(600)
        old = make_award(session, badge, ada, NOON - days(500))
        second = BadgeVersion(badge_id=badge.id, number=2, how="Speak twice.", published_at=NOON - days(10))
        session.add(second)
        session.flush()
        badge.version_id = second.id
        new = make_award(session, badge, make_member(session, "ben"))
    assert "Speak once. Earned under the 2025 rule." in text_of(client.get(f"/awards/{old.id}"))
    page = text_of(client.get(f"/awards/{new.id}"))
    assert "Speak twice." in page
    assert "Earned under" not in page
    badge_page = soup(client.get("/badges/speaker"))
    assert [("2025 rule" in it.text) for it in badge_page.select(".holders li")] == [False, True]
    assert "Speak once." in badge_page.select_one("#rules").text
    assert "the 2025 rule" in text_of(sign_in(client, engine, ada).get("/badges/speaker"))


def test_two_rules_of_one_year_are_told_apart_by_their_days(client, engine, ada):
    with transaction(engine) as session:
        badge = make_badge(session, "speaker")
        session.get_one(BadgeVersion, badge.version_id).published_at = NOON - days(60)
        award = make_award(session, badge, ada)
        second = BadgeVersion(badge_id=badge.id, number=2, how="Twice.", published_at=NOON)
        session.add(second)
        session.flush()
        badge.version_id = second.id
    assert "the rule of 2 Sep 2026" in text_of(client.get(f"/awards/{award.id}"))


def test_the_page_has_a_link_to_copy_and_a_preview(client, award):
    page = soup(client.get(f"/awards/{award.id}"))
    here = page.select_one('link[rel="canonical"]')["href"]
    assert here.endswith(f"/awards/{award.id}")
    assert page.select_one("#address")["value"] == here
    preview = {it["property"]: it["content"] for it in page.select("meta[property]")}
    assert preview["og:image"] == f"{here}.png"
    assert (preview["og:image:width"], preview["og:image:height"]) == ("1200", "630")
    assert preview["og:title"] == "ada earned the Speaker badge"


def picture(answer):
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    return Image.open(BytesIO(answer.data))


def test_the_picture_is_large_enough_for_a_preview_and_kept_by_caches(client, award):
    answer = client.get(f"/awards/{award.id}.png")
    assert picture(answer).size == (1200, 630)
    assert "public" in answer.headers["Cache-Control"]
    again = client.get(f"/awards/{award.id}.png", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/awards/999.png").status_code == 404


def test_the_plate_of_the_badge_stands_out_on_the_ground_of_the_picture(client, award):
    drawn = picture(client.get(f"/awards/{award.id}.png")).convert("RGB")
    assert drawn.getpixel((247, 452)) != drawn.getpixel((247, 600))  # beside the stripe, and far below


@pytest.mark.parametrize(
    "name", ['<script>"&</script>', "Дмитрий Иванов", "محمد علي", "Nguyễn Văn Ổn", "x" * 80, "Zoë \x01 🛩"]
)
def test_a_picture_is_drawn_for_every_name(client, engine, ada, award, name):
    plain = client.get(f"/awards/{award.id}.png").data
    with transaction(engine) as session:
        session.merge(ada).name = name
    drawn = client.get(f"/awards/{award.id}.png")
    assert picture(drawn).size == (1200, 630)
    assert drawn.data != plain


def test_a_name_that_no_font_here_has_is_left_out_of_the_picture(client, engine, ada, award):
    assert cards.can_draw("Zoë 🛩")
    assert not cards.can_draw("李小龍")
    with transaction(engine) as session:
        session.merge(ada).name = "李小龍"
    without = client.get(f"/awards/{award.id}.png").data
    with transaction(engine) as session:
        session.merge(ada).deleted_at = now()
    assert client.get(f"/awards/{award.id}.png").data == without


def test_whoever_left_is_named_nowhere_on_the_page(client, engine, ada, award):
    assert "ada" in client.get(f"/awards/{award.id}").text
    with transaction(engine) as session:
        session.merge(ada).deleted_at = now()
    page = client.get(f"/awards/{award.id}")
    assert "Former member" in text_of(page)
    assert not re.search(r"\bada\b", page.text, re.IGNORECASE)  # as a word: a token may well contain the letters


def test_staff_take_an_award_back_and_give_it_back(app, client, engine, ada, mia, award):
    here, staff, holder = f"/awards/{award.id}", sign_in(app.test_client(), engine, mia), sign_in(app.test_client(), engine, ada)  # fmt: skip
    assert "Taken back" in toast(staff, fill_in(staff, here, f"{here}/revocation", reason="Wrong <b>Ada</b>."))

    assert [client.get(it).status_code for it in (here, f"{here}.png")] == [404, 404]
    page = soup(client.get("/badges/speaker"))
    assert page.select_one("[data-holders]")["data-holders"] == "0"
    assert not page.select(".holders li")
    assert not soup(client.get("/u/ada")).select("[data-recent-badge]")
    assert soup(client.get("/u/ada/badges")).select_one('[data-badge="speaker"]')["data-state"] == "requestable"
    assert not soup(client.get("/u/ada/badges")).select("[data-taken-back]")

    for address in (here, "/badges/speaker", "/u/ada/badges"):
        assert "Wrong <b>Ada</b>." in text_of(holder.get(address))
    assert soup(holder.get("/u/ada/badges")).select_one('[data-taken-back="speaker"]')
    assert "took back a badge" in text_of(staff.get("/staff/log"))

    assert "Given back" in toast(staff, fill_in(staff, here, f"{here}/return", reason="Right Ada."))
    assert "1 Nov 2026" in text_of(client.get(here))
    assert soup(client.get("/badges/speaker")).select_one("[data-holders]")["data-holders"] == "1"
    assert not soup(holder.get("/u/ada/badges")).select("[data-taken-back]")


def test_a_correction_without_a_reason_keeps_what_was_typed(client, engine, mia, award):
    here = f"/awards/{award.id}"
    sign_in(client, engine, mia)
    answer = fill_in(client, here, f"{here}/revocation", reason=" ")
    assert answer.status_code == 422
    assert problems(answer)["reason"].startswith("Write why")
    long = fill_in(client, here, f"{here}/revocation", reason="x" * 501)
    assert (long.status_code, soup(long).textarea.text.strip()) == (422, "x" * 501)
    assert client.get(here).status_code == 200


def test_the_second_to_take_back_is_told(app, client, engine, mia, award):
    here = f"/awards/{award.id}"
    sign_in(client, engine, mia)
    form = {"reason": "Wrong.", "csrf_token": soup(client.get(here)).select_one("#correction input")["value"]}
    assert client.post(f"{here}/revocation", data=form).status_code == 303
    answer = client.post(f"{here}/revocation", data=form)
    assert answer.status_code == 409
    assert "already" in text_of(answer)


def test_nobody_corrects_what_is_their_own_or_without_being_staff(app, client, engine, ada, mia, award):
    with transaction(engine) as session:
        own = make_award(session, make_badge(session, "tower"), mia)
    staff = sign_in(app.test_client(), engine, mia)
    assert soup(staff.get(f"/awards/{award.id}")).select("#correction")
    assert not soup(staff.get(f"/awards/{own.id}")).select("#correction")
    assert not soup(client.get(f"/awards/{award.id}")).select("#correction")
    form = {"reason": "Mine.", "csrf_token": soup(staff.get(f"/awards/{award.id}")).select_one("#correction input")["value"]}  # fmt: skip
    assert staff.post(f"/awards/{own.id}/revocation", data=form).status_code == 403
    sign_in(client, engine, ada)
    form["csrf_token"] = soup(client.get("/feedback")).select_one("#feedback input")["value"]
    assert client.post(f"/awards/{award.id}/revocation", data=form).status_code == 404
    with transaction(engine) as session:
        assert session.scalars(select(Award.revoked_at)).all() == [None, None]
