"""Reactions and acceptance: what others think of a post, each counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import now
from app.domain.forum.threads import Post, Reaction, Thread
from app.domain.people.members import Member, Role
from app.domain.problems import Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.writing import acceptance, reactions
from tests.domain.test_posts import sums
from tests.factories import make_answer, make_member, make_thread


@pytest.mark.parametrize(("kind", "column"), [("upvote", "upvotes"), ("insightful", "insightfuls")])
def test_a_reaction_counts_for_giver_and_author(session, kind, column):
    ada, ben = make_member(session), make_member(session)
    answer = make_answer(session, by=ben)
    assert reactions.react(session, answer, ada, kind)
    assert getattr(answer, column) == 1
    assert sums(session, ada) == {f"{kind}_given": 1}
    assert sums(session, ben) == {"answered": 1, f"{kind}_received": 1}


def test_the_same_reaction_again_is_none(session):
    ada, answer = make_member(session), make_answer(session)
    reactions.react(session, answer, ada, "upvote")
    assert not reactions.react(session, answer, ada, "upvote")
    assert (answer.upvotes, sums(session, ada)) == (1, {"upvote_given": 1})


def test_a_reaction_taken_back_counts_for_nobody_and_can_be_given_anew(session):
    ada, ben = make_member(session), make_member(session)
    answer = make_answer(session, by=ben)
    for _ in range(3):
        reactions.react(session, answer, ada, "upvote")
        assert reactions.unreact(session, answer, ada, "upvote")
    assert not reactions.unreact(session, answer, ada, "upvote")
    assert (answer.upvotes, sums(session, ada), sums(session, ben)) == (0, {}, {"answered": 1})
    assert reactions.react(session, answer, ada, "upvote")
    assert sums(session, ada) == {"upvote_given": 1}


def test_taking_one_reaction_back_leaves_the_other_and_other_peoples(session):
    ada, cleo, answer = make_member(session), make_member(session), make_answer(session)
    for who, kind in ((ada, "upvote"), (ada, "insightful"), (cleo, "upvote")):
        reactions.react(session, answer, who, kind)
    reactions.unreact(session, answer, ada, "upvote")
    assert (answer.upvotes, answer.insightfuls) == (1, 1)
    assert sums(session, ada) == {"insightful_given": 1}
    assert sums(session, cleo) == {"upvote_given": 1}


def test_nobody_reacts_to_their_own_post(session):
    ben = make_member(session)
    answer = make_answer(session, by=ben)
    with pytest.raises(Refused, match="own"):
        reactions.react(session, answer, ben, "upvote")
    assert answer.upvotes == 0


def test_a_down_vote_is_nothing_one_can_give(session):
    with pytest.raises(Invalid):
        reactions.react(session, make_answer(session), make_member(session), "downvote")


def test_a_threads_score_is_that_of_its_first_post_only(session):
    ada, answer = make_member(session), make_answer(session)
    opening = session.scalars(select(Post).where(Post.kind == "question")).one()
    for post, kind in ((answer, "upvote"), (opening, "insightful"), (opening, "upvote")):
        reactions.react(session, post, ada, kind)
    assert answer.thread.score == 1
    reactions.unreact(session, opening, ada, "upvote")
    assert answer.thread.score == 0


def test_a_removed_post_takes_no_reactions(session):
    answer = make_answer(session)
    answer.deleted_at = now()
    with pytest.raises(Refused, match="removed"):
        reactions.react(session, answer, make_member(session), "upvote")


def test_an_accepted_answer_counts_for_author_and_asker(session):
    ada, ben = make_member(session), make_member(session)
    answer = make_answer(session, by=ben, thread=make_thread(session, by=ada))
    assert acceptance.accept(session, answer, ada)
    assert not acceptance.accept(session, answer, ada)
    assert answer.thread.accepted_post_id == answer.id
    assert sums(session, ben) == {"answered": 1, "accepted": 1}
    assert sums(session, ada) == {"asked": 1, "accepting": 1}


def test_accepting_ones_own_answer_is_possible_but_counts_for_nothing(session):
    ada = make_member(session)
    answer = make_answer(session, by=ada, thread=make_thread(session, by=ada))
    assert acceptance.accept(session, answer, ada)
    assert sums(session, ada) == {"asked": 1, "answered": 1}


def test_a_moderator_accepts_for_the_author_not_for_the_asker(session):
    ada, ben, mia = make_member(session), make_member(session), make_member(session, role=Role.MODERATOR)
    answer = make_answer(session, by=ben, thread=make_thread(session, by=ada))
    acceptance.accept(session, answer, mia)
    assert sums(session, ben) == {"answered": 1, "accepted": 1}
    assert (sums(session, ada), sums(session, mia)) == ({"asked": 1}, {})


def test_a_stranger_accepts_nothing(session):
    answer = make_answer(session)
    with pytest.raises(Refused, match="Only who asked"):
        acceptance.accept(session, answer, make_member(session))
    assert answer.thread.accepted_post_id is None


def test_a_question_or_a_reply_cannot_be_accepted(session):
    ada = make_member(session)
    make_thread(session, by=ada)
    opening = session.scalars(select(Post)).one()
    with pytest.raises(Refused, match="Only an answer"):
        acceptance.accept(session, opening, ada)


def test_a_moved_acceptance_leaves_the_first_author_without(session):
    ada, ben, cleo = make_member(session), make_member(session), make_member(session)
    thread = make_thread(session, by=ada)
    first, second = make_answer(session, by=ben, thread=thread), make_answer(session, by=cleo, thread=thread)
    acceptance.accept(session, first, ada)
    acceptance.accept(session, second, ada)
    assert thread.accepted_post_id == second.id
    assert sums(session, ben) == {"answered": 1}
    assert sums(session, cleo) == {"answered": 1, "accepted": 1}
    assert sums(session, ada) == {"asked": 1, "accepting": 1}


def test_an_acceptance_taken_back_counts_for_nobody(session):
    ada, ben = make_member(session), make_member(session)
    thread = make_thread(session, by=ada)
    answer, other = make_answer(session, by=ben, thread=thread), make_answer(session, thread=thread)
    acceptance.accept(session, answer, ada)
    assert not acceptance.unaccept(session, other, ada)
    assert acceptance.unaccept(session, answer, ada)
    assert (thread.accepted_post_id, thread.accepted_at) == (None, None)
    assert (sums(session, ada), sums(session, ben)) == ({"asked": 1}, {"answered": 1})


def at_once(deeds):
    """Do everything at the same moment, each in a thread and transaction of its own."""
    gate = Barrier(len(deeds))

    def go(deed):
        gate.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [it.result() for it in [pool.submit(go, deed) for deed in deeds]]


def test_the_same_reaction_64_times_at_once_is_one(engine):
    with transaction(engine) as session:
        ada, answer = make_member(session), make_answer(session)

    def press():
        with transaction(engine) as session:
            return reactions.react(session, session.get(Post, answer.id), session.get(Member, ada.id), "upvote")

    new = at_once([press] * 64)
    assert new.count(True) == 1
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Reaction)) == 1
        assert session.get(Post, answer.id).upvotes == 1
        assert sums(session, session.get(Member, ada.id)) == {"upvote_given": 1}


def test_giving_and_taking_back_at_once_leaves_one_or_none(engine):
    with transaction(engine) as session:
        ada, answer = make_member(session), make_answer(session)

    def press(verb):
        with transaction(engine) as session:
            return verb(session, session.get(Post, answer.id), session.get(Member, ada.id), "insightful")

    at_once([lambda verb=verb: press(verb) for verb in (reactions.react, reactions.unreact) * 4])
    with Session(engine) as session:
        rows = session.scalar(select(func.count()).select_from(Reaction))
        assert session.get(Post, answer.id).insightfuls == rows
        assert sums(session, session.get(Member, ada.id)).get("insightful_given", 0) == rows


def test_two_acceptances_at_once_leave_one_that_counts(engine):
    with transaction(engine) as session:
        ada = make_member(session)
        thread = make_thread(session, by=ada)
        answers = [make_answer(session, thread=thread) for _ in range(8)]

    def accept(answer_id):
        with transaction(engine) as session:
            return acceptance.accept(session, session.get(Post, answer_id), session.get(Member, ada.id))

    assert at_once([lambda it=it.id: accept(it) for it in answers]) == [True] * 8
    with Session(engine) as session:
        standing = select(func.sum(Activity.amount)).where(Activity.kind == "accepted")
        assert session.scalar(standing) == 1
        winner = session.get(Thread, thread.id).accepted_post_id
        assert session.scalar(standing.where(Activity.post_id == winner)) == 1


def test_answers_at_once_are_numbered_without_gap(engine):
    with transaction(engine) as session:
        ben, thread = make_member(session), make_thread(session)

    def answer():
        with transaction(engine) as session:
            return make_answer(session, by=session.get(Member, ben.id), thread=session.get(Thread, thread.id)).nth

    assert sorted(at_once([answer] * 8)) == [1, 2, 3, 4, 5, 6, 7, 8]
    with Session(engine) as session:
        assert session.get(Thread, thread.id).answers == 8
