"""Notices: who is told of what, once, and what of it can still be opened."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from app.domain.awarding import awards, evaluator, leaders
from app.domain.badging.badges import Award
from app.domain.base import now
from app.domain.correspondence import inbox, tidings
from app.domain.forum import bookmarks, follows
from app.domain.mail.deliveries import Delivery
from app.domain.notices import announcements, hearers, notifications
from app.domain.notices.notifications import Notification
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.record import activities, scores
from app.domain.record.scores import EVERYWHERE, WEEK, Score
from app.domain.writing import acceptance, edits, posts, reactions, removals
from tests.factories import make_answer, make_category, make_member, make_thread
from tests.web.scenery import make_award, make_badge, make_ranks

NOBODY = Member.id == 0


@pytest.fixture
def people(session):
    """Ada asks, Ben answers, Eve is a stranger, Mia of the staff."""
    return [make_member(session, name) for name in ("ada", "ben", "eve")] + [
        make_member(session, "mia", role="moderator")
    ]


def told(session, member):
    """What a member's inbox says, the latest first."""
    session.flush()
    rows, _more = inbox.page(session, member.id)
    return [it.text for it in tidings.of(session, rows)]


def written(session, member):
    """The kinds of all notices a member ever got, the oldest first."""
    session.flush()
    mine = select(Notification.kind).where(Notification.member_id == member.id).order_by(Notification.id)
    return session.scalars(mine).all()


def unread(session, member):
    return inbox.unread(session, member.id, Notification.id == 0)


# --- posts -------------------------------------------------------------------------------------


def test_who_asked_is_told_of_an_answer_and_who_answered_is_not(session, people):
    ada, ben, *_ = people
    make_answer(session, by=ben, thread=make_thread(session, by=ada))
    assert told(session, ada) == ["ben answered your question “A thread”"]
    assert told(session, ben) == []


def test_one_post_tells_a_member_once_and_the_strongest_reason_wins(session, people):
    ada, ben, eve, mia = people
    thread = make_thread(session, by=ada)
    for it in (ada, eve, mia):
        follows.follow(session, it, thread)
        follows.follow(session, it, ben)
    posts.post_reply(session, thread, ben, "Look here, @eve and @ada.")
    assert written(session, ada) == ["mention"]
    assert written(session, eve) == ["mention"]
    assert written(session, mia) == ["reply"]
    posts.post_reply(session, thread, ben, "Because.")
    assert written(session, ada) == ["mention", "answer"]


def test_a_comment_tells_whoever_it_answers_and_who_follows_the_thread(session, people):
    ada, ben, eve, mia = people
    answer = make_answer(session, by=ben, thread=make_thread(session, by=ada))
    first = posts.comment(session, answer, eve, "Are you sure?")
    assert told(session, ben) == ["eve commented on what you wrote in “A thread”"]
    assert told(session, ada)[0] == "eve wrote in “A thread”"
    posts.comment(session, first, mia, "I am.")
    assert told(session, eve) == ["mia commented on what you wrote in “A thread”"]
    assert len(told(session, ben)) == 2


def test_new_threads_are_told_to_who_follows_the_category_or_the_author(session, people):
    ada, ben, eve, mia = people
    lounge = make_category(session, name="Lounge")
    follows.follow(session, ben, lounge)
    follows.follow(session, eve, ada)
    posts.start_thread(session, ada, lounge, kind="discussion", title="Hello", body="All.")
    assert told(session, ben) == ["ada started “Hello” in Lounge"]
    assert told(session, eve) == ["ada started “Hello”"]
    assert told(session, mia) == []


def test_an_announcement_is_told_to_every_member_but_who_made_it(session, people):
    ada, ben, _eve, mia = people
    ada.deleted_at = now()
    ben.email_verified_at = None
    desk = make_category(session, staff_only=True)
    posts.start_thread(session, mia, desk, kind="discussion", title="We moved", body="To a new host.")
    announcements.tell(lambda: nullcontext(session))
    assert [len(written(session, it)) for it in people] == [0, 0, 1, 0]
    assert told(session, people[2]) == ["News from the team: “We moved”"]


def test_whoever_left_is_suspended_or_has_blocked_the_author_hears_nothing(session, people):
    ada, ben, eve, mia = people
    thread = make_thread(session, by=ada)
    others = [make_member(session) for _ in range(3)]
    for it in (eve, *others):
        follows.follow(session, it, thread)
    others[0].deleted_at = now()
    others[1].suspended_until = now() + timedelta(days=1)
    blocks.block(session, others[2], ben)
    make_answer(session, by=ben, thread=thread)
    assert written(session, eve) == ["reply"]
    assert [written(session, it) for it in others] == [[], [], []]
    make_answer(session, by=mia, thread=thread)
    assert written(session, others[2]) == ["reply"]


def test_an_edit_tells_only_whom_it_adds(session, people):
    ada, ben, eve, _mia = people
    thread = make_thread(session, by=ada, body="Ask @ben.")
    opening = posts.opening(session, thread)
    for body in ("Ask @ben or @eve.", "Ask @eve.", "Ask @ben or @eve!"):
        edits.edit(session, opening, ada, body=body)
    assert written(session, ben) == ["mention"]
    assert written(session, eve) == ["mention"]


def test_who_edits_the_post_of_another_does_not_mention_themselves(session, people):
    ada, _ben, eve, mia = people
    opening = posts.opening(session, make_thread(session, by=ada))
    edits.edit(session, opening, mia, body="Ask @mia or @eve.")
    assert written(session, mia) == []
    assert written(session, eve) == ["mention"]


def test_a_mention_that_was_taken_out_is_not_there_any_more(session, people):
    ada, ben, *_ = people
    opening = posts.opening(session, make_thread(session, by=ada, body="Ask @ben."))
    assert told(session, ben) == ["ada mentioned you in “A thread”"]
    edits.edit(session, opening, ada, body="Ask somebody.")
    assert told(session, ben) == []


def test_a_removed_post_leaves_the_inbox_and_comes_back_without_being_told_again(session, people):
    ada, ben, *_ = people
    answer = make_answer(session, by=ben, thread=make_thread(session, by=ada))
    removals.remove(session, answer, ben)
    assert (told(session, ada), unread(session, ada)) == ([], 0)
    removals.restore(session, answer, ben)
    assert (len(told(session, ada)), unread(session, ada)) == (1, 1)
    assert written(session, ada) == ["answer"]


def test_what_somebody_wrote_whom_one_blocked_since_is_not_there_any_more(session, people):
    ada, ben, eve, _mia = people
    thread = make_thread(session, by=ada)
    for it in (ben, eve):
        make_answer(session, by=it, thread=thread)
    blocks.block(session, ada, ben)
    assert told(session, ada) == ["eve answered your question “A thread”"]
    assert unread(session, ada) == 1


def test_who_left_since_is_not_named(session, people):
    ada, ben, *_ = people
    make_answer(session, by=ben, thread=make_thread(session, by=ada))
    ben.deleted_at = now()
    assert told(session, ada) == ["Former member answered your question “A thread”"]


def test_a_post_costs_as_many_statements_for_many_followers_as_for_one(session, people, engine):
    ada, ben, *_ = people
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *it: asked.append(it[2]))
    thread, costs = make_thread(session, by=ada), []
    posts.post_reply(session, thread, ben, "Because.")
    for followers in (1, 40):
        for _ in range(followers):
            follows.follow(session, make_member(session), thread)
        session.flush()
        asked.clear()
        posts.post_reply(session, thread, ben, "Because.")
        session.flush()
        costs.append(len(asked))
    assert costs[0] == costs[1]


def test_in_silence_nobody_is_told(session, people):
    ada, ben, *_ = people
    thread = make_thread(session, by=ada)
    with hearers.silence(session):
        answer = make_answer(session, by=ben, thread=thread)
        reactions.react(session, answer, ada, "upvote")
        acceptance.accept(session, answer, ada)
    assert written(session, ada) + written(session, ben) == []
    make_answer(session, by=ben, thread=thread)
    assert written(session, ada) == ["answer"]


# --- reactions and acceptance ------------------------------------------------------------------


def test_reactions_are_one_notice_that_counts_those_that_stand(session, people):
    ada, ben, eve, mia = people
    answer = make_answer(session, by=ben)
    for it in (ada, eve, mia):
        reactions.react(session, answer, it, "insightful")
    assert told(session, ben) == ["mia and 2 others found your answer insightful: “A thread”"]
    reactions.unreact(session, answer, mia, "insightful")
    assert told(session, ben) == ["eve and 1 other found your answer insightful: “A thread”"]
    reactions.unreact(session, answer, eve, "insightful")
    assert told(session, ben) == ["ada found your answer insightful: “A thread”"]
    reactions.unreact(session, answer, ada, "insightful")
    assert (told(session, ben), unread(session, ben)) == ([], 0)


def test_upvotes_and_insightfuls_are_told_apart(session, people):
    ada, ben, *_ = people
    answer = make_answer(session, by=ben)
    reactions.react(session, answer, ada, "insightful")
    reactions.react(session, answer, ada, "upvote")
    assert [it.split(" your")[0] for it in told(session, ben)] == ["ada upvoted", "ada found"]


def test_a_reaction_given_again_is_no_news_even_after_the_first_was_read(session, people):
    ada, ben, *_ = people
    answer = make_answer(session, by=ben)
    for _ in range(2):
        reactions.react(session, answer, ada, "upvote")
        session.flush()
        notifications.read(session, ben.id, inbox.of_posts([answer.id]))
        reactions.unreact(session, answer, ada, "upvote")
    assert written(session, ben) == ["reaction"]


def test_after_the_first_were_read_new_ones_are_told_apart(session, people):
    ada, ben, eve, mia = people
    answer, moment = make_answer(session, by=ben), now()
    reactions.react(session, answer, ada, "upvote", at=moment)
    session.flush()
    notifications.read(session, ben.id, inbox.of_posts([answer.id]))
    for later, it in enumerate((eve, mia), start=1):
        reactions.react(session, answer, it, "upvote", at=moment + timedelta(seconds=later))
    assert told(session, ben) == [
        "mia and 1 other upvoted your answer: “A thread”", "ada upvoted your answer: “A thread”"
    ]  # fmt: skip
    assert unread(session, ben) == 1
    reactions.unreact(session, answer, ada, "upvote")
    assert len(told(session, ben)) == 1


def test_reactions_of_who_is_blocked_do_not_count(session, people):
    ada, ben, eve, _mia = people
    answer = make_answer(session, by=ben)
    for it in (ada, eve):
        reactions.react(session, answer, it, "upvote")
    blocks.block(session, ben, eve)
    assert told(session, ben) == ["ada upvoted your answer: “A thread”"]


def test_an_acceptance_is_told_once_and_only_while_it_holds(session, people):
    ada, ben, *_ = people
    answer = make_answer(session, by=ben, thread=make_thread(session, by=ada))
    acceptance.accept(session, answer, ada)
    assert told(session, ben) == ["ada accepted your answer to “A thread”"]
    acceptance.unaccept(session, answer, ada)
    assert told(session, ben) == []
    acceptance.accept(session, answer, ada)
    assert (written(session, ben), len(told(session, ben))) == (["accepted"], 1)


def test_who_marked_the_question_or_the_answer_is_told_of_the_solution(session, people):
    ada, ben, eve, mia = people
    thread = make_thread(session, by=ada)
    answer, other = (make_answer(session, by=ben, thread=thread) for _ in range(2))
    third = make_member(session)
    for member, post in ((eve, posts.opening(session, thread)), (mia, answer), (ben, answer), (third, other)):
        bookmarks.toggle(session, member, post)
    acceptance.accept(session, answer, ada)
    for it in (eve, mia):
        assert told(session, it) == ["ada accepted an answer to “A thread”, which you marked"]
    assert [written(session, it) for it in (ada, ben, third)] == [["answer"] * 2, ["accepted"], []]
    acceptance.unaccept(session, answer, ada)
    assert told(session, eve) == []
    acceptance.accept(session, answer, ada)
    assert written(session, eve) == ["reply"]


def test_who_accepts_their_own_answer_is_not_told(session, people):
    ada, *_ = people
    acceptance.accept(session, make_answer(session, by=ada, thread=make_thread(session, by=ada)), ada)
    assert written(session, ada) == []


# --- badges and leaders ------------------------------------------------------------------------


@pytest.fixture
def evaluate(session):
    """Books and evaluates what waits in this session, whatever the badges ask by now."""

    def run():
        session.flush()
        rules = evaluator.programme.current(session)
        booked = session.scalar(select(evaluator.func.max(evaluator.Activity.seq))) or 0
        evaluator.evaluate(session, rules, evaluator.book(session, booked, 500))
        session.flush()

    return run


def test_who_gave_what_completed_a_badge_is_quietly_thanked(session, people, evaluate):
    ada, ben, *_ = people
    make_ranks(session)
    make_badge(session, "beacon", earn={"count": "insightful_received", "n": 1})
    reactions.react(session, make_answer(session, by=ben), ada, "insightful")
    evaluate()
    assert "You earned Beacon" in told(session, ben)
    assert told(session, ada) == ["Your Insightful completed ben’s Beacon"]
    assert written(session, ada) == ["reaction"]


def test_a_badge_for_one_post_names_it_while_it_is_there(session, people, evaluate):
    ada, ben, *_ = people
    make_ranks(session)
    make_badge(session, "good-answer", earn={"count": "insightful_received", "n": 1, "each": "post"})
    make_badge(session, "beacon", earn={"count": "insightful_received", "n": 1})
    answer = make_answer(session, by=ben)
    reactions.react(session, answer, ada, "insightful")
    evaluate()
    earned = [it for it in told(session, ben) if "earned" in it]
    assert sorted(earned) == ["You earned Beacon", "You earned Good Answer in “A thread”"]
    removals.remove(session, answer, ben)
    assert "You earned Good Answer" in told(session, ben)


def test_nobody_is_thanked_for_what_a_member_did_alone(session, people, evaluate):
    ada, *_ = people
    make_ranks(session)
    make_badge(session, "first-word", earn={"count": "asked", "n": 1})
    make_thread(session, by=ada)
    evaluate()
    assert session.scalars(select(Notification.kind)).all() == ["badge_earned"]


def test_nobody_thanks_themselves(session, people, evaluate):
    ada, *_ = people
    make_ranks(session)
    make_badge(session, "landed", earn={"count": "accepted", "n": 1})
    activities.note(session, "accepted", ada, post=make_answer(session, by=ada))
    evaluate()
    assert written(session, ada) == ["badge_earned"]


def test_a_gift_of_long_ago_is_not_thanked_for(session, people, evaluate):
    ada, ben, *_ = people
    make_ranks(session)
    make_badge(session, "beacon", earn={"count": "insightful_received", "n": 1})
    reactions.react(session, make_answer(session, by=ben), ada, "insightful", at=now() - timedelta(days=30))
    evaluate()
    assert written(session, ada) == []
    assert "badge_earned" in written(session, ben)


def test_a_badge_given_by_somebody_comes_with_their_words(session, people):
    ada, _ben, _eve, mia = people
    awards.grant(session, make_badge(session, "speaker"), ada, by=mia, way="request", reason="Great talk!")
    assert told(session, ada) == ["You earned Speaker. mia: “Great talk!”"]


def test_a_revoked_badge_is_not_in_the_inbox(session, people):
    ada, *_ = people
    award = awards.grant(session, make_badge(session, "speaker"), ada)
    assert told(session, ada) == ["You earned Speaker"]
    session.execute(update(Award).where(Award.id == award.id).values(revoked_at=now()))
    assert (told(session, ada), unread(session, ada)) == ([], 0)


def board(session, week, **points):
    """A week in which members earned so much."""
    for seq, (name, earned) in enumerate(points.items()):
        who = session.scalars(select(Member).where(Member.username == name)).one()
        place = {"span": WEEK, "number": week, "category_id": EVERYWHERE, "seq": seq}
        session.add(Score(**place, member_id=who.id, points=earned, accepted=0))
    session.flush()


def test_the_first_of_a_week_are_told_when_it_closes(session, people):
    _ada, _ben, eve, _mia = people
    eve.unlisted_at = now()
    week = scores.week_at(now(), "UTC") - 1
    board(session, week, ada=50, ben=70, eve=90, mia=100)
    assert leaders.close_next(session, at=scores.begins(week + 1, "UTC") + timedelta(hours=1))
    assert [told(session, it) for it in people] == [
        ["You came 2nd on the board of last week"], ["You came 1st on the board of last week"], [], []
    ]  # fmt: skip


def test_weeks_of_long_ago_close_without_a_word(session, people):
    board(session, scores.week_at(now(), "UTC") - 20, ada=50)
    assert leaders.close_next(session)
    assert written(session, people[0]) == []


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (22, "22nd")]
)
def test_places_are_said_as_people_say_them(number, said):
    assert tidings.place(number) == said


# --- keeping and forgetting --------------------------------------------------------------------


def test_read_notices_are_forgotten_after_half_a_year_with_their_letters(session, people):
    ada, ben, *_ = people
    award = make_award(session, make_badge(session, "speaker"), ada)
    notifications.tell_of_awards(session, [award.id])
    long_ago = now() - timedelta(days=181)
    for it in (ada, ben):
        notifications.tell(session, [{"member_id": it.id, "kind": "message", "key": "message:1"}], at=long_ago)
    notifications.read(session, ada.id, inbox.of_kind("message", "badge_earned"))
    session.execute(update(Delivery).values(state="sent"))
    assert notifications.forget_old(session) == 1
    assert written(session, ada) == ["badge_earned"]
    assert written(session, ben) == ["message"]


def test_a_notice_whose_letter_is_on_its_way_is_kept(session, people):
    ada, *_ = people
    long_ago = now() - timedelta(days=181)
    notifications.tell(session, [{"member_id": ada.id, "kind": "message", "key": "message:1"}], at=long_ago)
    notifications.read(session, ada.id, inbox.of_kind("message"))
    assert notifications.forget_old(session) == 0


def test_the_bell_counts_no_further_than_it_shows(session, people):
    ada, *_ = people
    for number in range(12):
        notifications.tell(session, [{"member_id": ada.id, "kind": "leaders", "key": f"leaders:{number}"}])
    assert unread(session, ada) == 10
    session.expire_all()
    assert session.get_one(Member, ada.id).unread_notices == 10
