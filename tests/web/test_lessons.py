"""Lessons and the checklist as pages."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import evaluator
from app.domain.badging.badges import Award, Badge
from app.domain.people.members import Role
from app.domain.record import activities
from app.domain.record.activities import Activity
from app.domain.site import quizzes, texts
from tests.factories import make_member
from tests.web.forms import soup, toast
from tests.web.scenery import sign_in
from tests.web.visitors import Visitor


@pytest.fixture
def people(engine):
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        return {"ada": make_member(session, "ada"), "boss": make_member(session, "boss", role=Role.ADMINISTRATOR)}


@pytest.fixture
def ada(app, engine, people):
    return Visitor(sign_in(app.test_client(), engine, people["ada"]))


@pytest.fixture
def boss(app, engine, people):
    return Visitor(sign_in(app.test_client(), engine, people["boss"]))


def right(slug):
    """The right answers of a lesson that ships, as its form sends them."""
    brought = {it.slug: it.text for it in catalogue.shipped("flight").extras["lesson"]}
    text = brought[slug] if slug in brought else texts.shipped(slug).body
    return {f"q{n + 1}": it.right for n, it in enumerate(quizzes.questions(text))}


def test_the_guidelines_are_a_lesson_that_earns_its_badge(ada, engine):
    answer = ada.send("/guidelines", "#questions form", **right("guidelines"))
    assert (answer.status_code, toast(ada.client, answer)) == (303, "Well done: you have finished this lesson.")
    assert "You finished this lesson on" in ada.get("/guidelines").select_one("#questions").text
    assert not ada.get("/guidelines").select_one("#questions form")
    evaluator.run(partial(transaction, engine))
    assert ada.get("/u/ada").select_one('[data-recent-badge="safety-card"]')


def test_a_wrong_answer_comes_back_with_what_was_chosen(ada, engine):
    answers = right("asking") | {"q1": 0}
    answer = ada.send("/lessons/asking", "#questions form", **answers)
    page = soup(answer)
    assert answer.status_code == 422
    assert "Not quite" in page.select_one("#q1-problem").text
    assert [it["value"] for it in page.select('[name="q2"][checked]')] == [str(answers["q2"])]
    assert "Others can try a small example" in page.select_one("#q2").text
    with transaction(engine) as session:
        assert session.scalars(select(Activity.kind)).all() == []


def test_what_is_no_answer_is_asked_for_again(ada):
    for nonsense in ("", "x", "-1", "9" * 5000, "\u0663"):
        assert ada.send("/lessons/asking", "#questions form", q1=nonsense).status_code == 422
    assert ada.send("/lessons/asking", "#questions form", **right("asking"), seen="9" * 5000).status_code == 409


def test_visitors_read_and_are_asked_to_sign_in_for_the_questions(client, people):
    page = Visitor(client).get("/lessons/asking")
    assert page.select_one('#questions a[href="/login?next=/lessons/asking%23questions"]')
    assert not page.select_one("#questions form")
    Visitor(client).get("/lessons/nothing", status=404)


def test_the_list_tells_what_is_finished(ada):
    ada.send("/lessons/asking", "#questions form", **right("asking"))
    page = ada.get("/lessons")
    finished = {it["data-lesson"] for it in page.select("[data-lesson]") if it.select_one(".chip.ok")}
    assert finished == {"asking"}
    assert len(page.select("[data-lesson]")) == 5


def test_an_administrator_writes_a_lesson_and_offers_it(boss, ada):
    boss.send("/staff/lessons", "#add", title="Trim tabs")
    ada.get("/lessons/trim-tabs", status=404)
    assert boss.send("/staff/lessons", '[action="/staff/lessons/trim-tabs/offering"]').status_code == 422
    body = "# Trim tabs\n\nSlowly.\n\n? How?\n+ Slowly\n- Quickly"
    assert boss.send("/staff/texts/lesson-trim-tabs", "#edit-text", body=body).status_code == 303
    boss.send("/staff/lessons", '[action="/staff/lessons/trim-tabs/offering"]')
    page = ada.get("/lessons/trim-tabs")
    assert (page.h1.text, page.select_one(".prose").text.strip()) == ("Trim tabs", "Slowly.")
    assert ada.send("/lessons/trim-tabs", "#questions form", q1=0).status_code == 303


def test_the_checklist_is_on_the_home_page_until_it_is_done(ada, engine, people):
    assert "0 of 6 steps done" in ada.get("/").select_one("#checklist-preflight-check").parent.text
    [welcome] = ada.get("/checklist").select("[data-checklist]")
    places = [it["href"] for it in welcome.select('[data-step="open"] a[href]')]
    assert len(places) == 6
    assert "/lessons/guidelines" in places
    assert [ada.client.get(it, follow_redirects=True).status_code for it in places] == [200] * 6
    with transaction(engine) as session:
        for kind in ("email_verified", "profile_completed", "upvote_given", "asked"):
            activities.note(session, kind, people["ada"])
        activities.note(session, "lesson_passed", people["ada"], object="guidelines")
    evaluator.run(partial(transaction, engine))
    [welcome] = ada.get("/checklist").select("[data-checklist]")
    assert "5 of 6 steps done" in welcome.text
    assert "0 of 5" in welcome.select_one('[data-step="open"]').text

    with transaction(engine) as session:
        badge = session.scalars(select(Badge).filter_by(slug="preflight-check")).one()
        session.add(Award(badge_id=badge.id, version_id=badge.version_id, member_id=people["ada"].id,
                          earned_at=people["ada"].joined_at))  # fmt: skip
    assert "All done" in ada.get("/checklist").select_one("[data-checklist]").text
    assert not ada.get("/").select_one("#checklist-preflight-check")


def test_visitors_see_the_steps_and_no_numbers(client, people):
    [welcome] = Visitor(client).get("/checklist").select("[data-checklist]")
    assert len(welcome.select("[data-step]")) == 6
    assert not welcome.select("progress")
