"""Removing and restoring: nothing is erased, and numbers follow."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.domain.base import now
from app.domain.forum.threads import Post
from app.domain.people.members import Role
from app.domain.problems import Refused
from app.domain.record.activities import Activity
from app.domain.writing import acceptance, posts, reactions, removals
from tests.domain.test_posts import sums
from tests.factories import make_answer, make_member, make_thread


@pytest.fixture
def cast(session):
    """Ada asks; Ben answers and mentions Cleo; Cleo finds it good; Ada accepts it."""
    ada, ben, cleo = (make_member(session, name) for name in ("ada", "ben", "cleo"))
    answer = posts.post_reply(session, make_thread(session, by=ada), ben, "Ask @cleo")
    reactions.react(session, answer, cleo, "upvote")
    acceptance.accept(session, answer, ada)
    return ada, ben, cleo, answer


def test_a_removed_post_counts_for_nobody(session, cast):
    ada, ben, cleo, answer = cast
    assert removals.remove(session, answer, ben)
    assert (sums(session, ada), sums(session, ben), sums(session, cleo)) == ({"asked": 1}, {}, {})
    thread = answer.thread
    assert (thread.answers, thread.replies, thread.accepted_post_id) == (0, 0, None)
    assert answer.deleted_by_id == ben.id


def test_a_withdrawal_keeps_the_time_of_the_deed(session, cast):
    _, ben, _, answer = cast
    removals.remove(session, answer, ben)
    session.flush()
    for row in session.scalars(select(Activity).where(Activity.amount < 0)):
        original = session.get(Activity, row.reverses_id)
        assert (row.happened_at, row.local_day) == (original.happened_at, original.local_day)


def test_a_restored_post_counts_as_before(session, cast):
    people, answer = cast[:3], cast[3]
    before = [sums(session, it) for it in people]
    removals.remove(session, answer, people[1])
    assert removals.restore(session, answer, people[1])
    assert [sums(session, it) for it in people] == before
    thread = answer.thread
    assert (thread.answers, thread.replies, thread.accepted_post_id) == (1, 1, answer.id)
    assert answer.deleted_at is None


def test_removing_or_restoring_twice_changes_nothing_more(session, cast):
    ben, answer = cast[1], cast[3]
    removals.remove(session, answer, ben)
    assert not removals.remove(session, answer, ben)
    assert answer.thread.replies == 0
    removals.restore(session, answer, ben)
    assert not removals.restore(session, answer, ben)
    assert (answer.thread.replies, sums(session, ben)["answered"]) == (1, 1)


def test_what_was_withdrawn_before_the_removal_stays_withdrawn(session, cast):
    _, ben, cleo, answer = cast
    reactions.unreact(session, answer, cleo, "upvote")
    removals.remove(session, answer, ben)
    removals.restore(session, answer, ben)
    assert "upvote_received" not in sums(session, ben)


def test_a_restored_answer_is_not_accepted_where_another_one_is(session, cast):
    ada, ben, _, answer = cast
    removals.remove(session, answer, ben)
    other = make_answer(session, thread=answer.thread)
    acceptance.accept(session, other, ada)
    removals.restore(session, answer, ben)
    assert answer.thread.accepted_post_id == other.id
    assert "accepted" not in sums(session, ben)
    assert sums(session, ada)["accepting"] == 1


def test_a_removed_thread_takes_all_that_counted_in_it_along_and_brings_it_back(session, cast):
    people, answer = cast[:3], cast[3]
    mia = make_member(session, role=Role.MODERATOR)
    opening = session.scalars(select(Post).where(Post.kind == "question")).one()
    before = [sums(session, it) for it in people]
    removals.remove(session, opening, mia)
    assert [sums(session, it) for it in people] == [{}, {}, {}]
    assert answer.thread.deleted_at is not None
    removals.restore(session, opening, mia)
    assert [sums(session, it) for it in people] == before
    assert answer.thread.deleted_at is None


def test_authors_remove_a_thread_only_while_nobody_else_wrote_in_it(session):
    ada = make_member(session)
    lonely, busy = make_thread(session, by=ada), make_thread(session, by=ada)
    make_answer(session, thread=busy)
    first, second = session.scalars(select(Post).where(Post.kind == "question").order_by(Post.id))
    assert removals.remove(session, first, ada)
    assert lonely.deleted_at is not None
    with pytest.raises(Refused, match="Others have written"):
        removals.remove(session, second, ada)
    assert busy.deleted_at is None


def test_a_stranger_neither_removes_nor_restores(session, cast):
    ben, answer, eve = cast[1], cast[3], make_member(session)
    with pytest.raises(Refused):
        removals.remove(session, answer, eve)
    removals.remove(session, answer, ben)
    with pytest.raises(Refused):
        removals.restore(session, answer, eve)


def test_an_author_does_not_bring_back_what_a_moderator_removed(session, cast):
    ben, answer, mia = cast[1], cast[3], make_member(session, role=Role.MODERATOR)
    removals.remove(session, answer, mia)
    with pytest.raises(Refused, match="moderator"):
        removals.restore(session, answer, ben)
    assert removals.restore(session, answer, mia)


def test_nothing_is_brought_back_into_a_removed_thread(session, cast):
    ben, answer, mia = cast[1], cast[3], make_member(session, role=Role.MODERATOR)
    removals.remove(session, answer, ben)
    answer.thread.deleted_at = now()
    with pytest.raises(Refused, match="thread was removed"):
        removals.restore(session, answer, mia)
