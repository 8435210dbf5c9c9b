"""Quizzes at the end of texts, lessons, and checklists."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import evaluator
from app.domain.badging import checklists
from app.domain.badging.badges import Award, Badge
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.site import quizzes, texts
from app.domain.ways import lessons
from app.domain.ways.lessons import LessonPass
from app.domain.writing import reactions
from tests.factories import make_member, make_thread
from tests.web.scenery import make_post

TEXT = "# Trim\n\nTurn it slowly.\n\n? How fast?\n- Quickly\n+ Slowly\n! It sticks.\n\n? Which way?\n+ Both\n- None\n"
RIGHT = {0: 1, 1: 0}


@pytest.fixture
def trim(session):
    """A lesson of the site's own with two questions, on offer."""
    boss = make_member(session, "boss", role="administrator")
    lessons.add(session, boss, "Trim")
    texts.change(session, "lesson-trim", boss, TEXT, seen=1)
    lessons.offer(session, "trim", boss, True)
    return lessons.find(session, "trim")


def passes(session):
    return session.scalar(select(func.count()).select_from(LessonPass))


def test_questions_stand_below_the_text_and_are_no_part_of_it():
    first, second = quizzes.questions(TEXT)
    assert first == ("How fast?", ("Quickly", "Slowly"), 1, "It sticks.")
    assert (second.right, second.because) == (0, "")
    assert quizzes.reading(TEXT).endswith("slowly.")
    assert quizzes.questions("Is this a question?\n- no") == ()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("? Why\n- a\n- b", "Mark one answer"),
        ("? Why\n+ a\n+ b", "Mark one answer"),
        ("? Why\n+ a", "two to 8 answers"),
        ("? Why\n+ a\n- b\nand then", "begin “and then”"),
        ("? Why\n+ a\n- " + "b" * 300, "Shorten the lines"),
        ("\n".join(["? Why", "+ a", "- b"] * 21), "at most 20"),
    ],
)
def test_a_question_that_cannot_be_answered_is_not_saved(session, trim, body, told):
    with pytest.raises(Invalid, match=told):
        texts.change(session, "lesson-trim", make_member(session, role="administrator"), body, seen=trim.text.number)
    assert lessons.find(session, "trim").text.body == TEXT.strip()


def test_every_site_has_its_guidelines_and_the_flight_catalogue_brings_lessons(session):
    assert [it.slug for it in lessons.every(session)] == ["guidelines"]
    catalogue.load(session, catalogue.shipped("flight"))
    found = lessons.every(session)
    assert [it.slug for it in found] == ["guidelines", "asking", "answering", "writing", "thanking"]
    assert all(it.questions and it.title for it in found)


def test_right_answers_count_once(session, trim):
    ada = make_member(session, "ada")
    for _ in range(2):
        assert lessons.answer(session, ada, "trim", RIGHT, seen=trim.text.number) == {}
    deeds = session.execute(select(Activity.kind, Activity.object)).all()
    assert deeds == [("lesson_passed", "trim")]
    assert passes(session) == 1


@pytest.mark.parametrize(("answers", "wrong"), [({0: 0, 1: 0}, {"q1"}), ({0: 1}, {"q2"}), ({0: 9, 1: 7}, {"q1", "q2"})])
def test_a_wrong_or_missing_answer_does_not_count(session, trim, answers, wrong):
    assert set(lessons.answer(session, make_member(session), "trim", answers, seen=trim.text.number)) == wrong
    assert passes(session) == 0


def test_trying_everything_by_machine_is_slowed(session, trim):
    ada = make_member(session, "ada")
    for _ in range(lessons.TRIES.most):
        lessons.answer(session, ada, "trim", {}, seen=trim.text.number)
    with pytest.raises(Invalid, match="Take a breath"):
        lessons.answer(session, ada, "trim", RIGHT, seen=trim.text.number)
    assert lessons.answer(session, make_member(session, "ben"), "trim", RIGHT, seen=trim.text.number) == {}


def test_a_lesson_rewritten_meanwhile_is_read_again(session, trim):
    with pytest.raises(Conflict, match="rewritten"):
        lessons.answer(session, make_member(session), "trim", RIGHT, seen=trim.text.number - 1)


def test_a_lesson_no_longer_offered_keeps_counting_for_who_finished_it(session, trim):
    ada, boss = make_member(session, "ada"), make_member(session, role="administrator")
    lessons.answer(session, ada, "trim", RIGHT, seen=trim.text.number)
    lessons.offer(session, "trim", boss, False)
    assert "trim" not in [it.slug for it in lessons.every(session)]
    assert lessons.find(session, "trim", ada.id).passed_at
    with pytest.raises(Refused):
        lessons.answer(session, boss, "trim", RIGHT, seen=trim.text.number)


def test_a_lesson_without_questions_is_not_offered(session):
    boss = make_member(session, role="administrator")
    lessons.add(session, boss, "Empty")
    with pytest.raises(Invalid, match="Write questions"):
        lessons.offer(session, "empty", boss, True)
    for title in ("", "!!!", "Empty", "Guidelines", "x" * 81):
        with pytest.raises(Invalid):
            lessons.add(session, boss, title)


def test_the_checklist_is_the_badges_own_rule(session, engine):
    catalogue.load(session, catalogue.shipped("flight"))
    ada, ben = make_member(session, "ada"), make_member(session, "ben")
    session.commit()
    [welcome] = checklists.every(session, ada.id)
    assert (welcome.badge.slug, welcome.done, len(welcome.steps)) == ("preflight-check", 0, 6)

    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    reactions.react(session, make_post(session, make_thread(session), ben), ada, "upvote", at=at)
    session.commit()
    evaluator.run(partial(transaction, engine))
    session.expire_all()
    [welcome] = checklists.every(session, ada.id)
    assert [list(it.kinds) for it in welcome.steps if it.progress.done] == [["insightful_given", "upvote_given"]]
    badge = session.scalars(select(Badge).filter_by(slug="preflight-check")).one()
    assert session.scalar(select(func.count()).select_from(Award).where(Award.badge_id == badge.id)) == 0
    [nobody] = checklists.every(session, None)
    assert nobody.done == 0
