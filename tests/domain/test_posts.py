"""Writing: threads, answers, replies, comments, and what they count for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.forum import tags
from app.domain.forum.threads import Edit, Mention, Post, Thread
from app.domain.people.members import Member, Role
from app.domain.problems import Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.writing import edits, posts
from tests.factories import make_answer, make_category, make_member, make_thread


def sums(session: Session, member: Member) -> dict[str, int]:
    """What stands for a member, by kind; what was withdrawn is not there."""
    session.flush()
    total: Counter[str] = Counter()
    for kind, amount in session.execute(select(Activity.kind, Activity.amount).where(Activity.member_id == member.id)):
        total[kind] += amount
    return {kind: amount for kind, amount in total.items() if amount}


def test_a_question_counts_as_asked(session):
    ada = make_member(session)
    thread = make_thread(session, by=ada)
    assert sums(session, ada) == {"asked": 1}
    assert (thread.slug, thread.answers, thread.replies) == ("a-thread", 0, 0)


@pytest.mark.parametrize("kind", ["discussion", "idea"])
def test_a_discussion_or_idea_counts_as_started(session, kind):
    ada = make_member(session)
    make_thread(session, by=ada, kind=kind)
    assert sums(session, ada) == {"started": 1}


def test_an_announcement_is_the_teams_and_counts_for_nothing(session):
    mia = make_member(session, role=Role.MODERATOR)
    make_thread(session, by=mia, kind="announcement")
    assert sums(session, mia) == {}
    with pytest.raises(Refused):
        make_thread(session, kind="announcement")


def test_only_the_team_starts_threads_in_a_staff_category(session):
    category = make_category(session, staff_only=True)
    mia, ada = make_member(session, role=Role.MODERATOR), make_member(session)
    posts.start_thread(session, mia, category, kind="discussion", title="News", body="Read this.")
    with pytest.raises(Refused):
        posts.start_thread(session, ada, category, kind="discussion", title="News", body="Read this.")


def test_an_answer_counts_and_knows_how_it_came_to_be(session):
    ada, ben = make_member(session), make_member(session)
    thread = make_thread(session, by=ada)
    thread.created_at = now() - timedelta(days=40)
    first, again, own = (make_answer(session, by=who, thread=thread) for who in (ben, ben, ada))
    assert [(it.nth, it.by_other, it.again, it.waited) for it in (first, again, own)] == [
        (1, True, False, 40), (2, True, True, 40), (3, False, False, 40),
    ]  # fmt: skip
    assert sums(session, ben) == {"answered": 2}
    assert (thread.answers, thread.replies, thread.active_at) == (3, 3, own.created_at)


def test_what_is_written_in_a_discussion_is_a_reply_and_no_answer(session):
    ben, thread = make_member(session), make_thread(session, kind="discussion")
    reply = posts.post_reply(session, thread, ben, "I agree.")
    assert (reply.kind, reply.nth) == ("reply", 0)
    assert sums(session, ben) == {"replied": 1}
    assert (thread.answers, thread.replies) == (0, 1)


def test_a_comment_on_a_comment_stands_under_the_same_answer(session):
    ada, answer = make_member(session), make_answer(session)
    first = posts.comment(session, answer, ada, "Thanks")
    second = posts.comment(session, first, ada, "It works")
    assert first.parent_id == second.parent_id == answer.id
    assert sums(session, ada) == {"commented": 2}
    assert (answer.thread.answers, answer.thread.replies) == (1, 3)


def test_nothing_is_written_in_a_locked_thread(session):
    thread = make_thread(session)
    thread.locked_at = now()
    with pytest.raises(Refused, match="locked"):
        make_answer(session, thread=thread)
    assert thread.answers == 0


def test_a_closed_question_takes_comments_but_no_answers(session):
    ada, answer = make_member(session), make_answer(session)
    answer.thread.closed_at = now()
    posts.comment(session, answer, ada, "Still true")
    with pytest.raises(Refused, match="closed"):
        make_answer(session, thread=answer.thread)


@pytest.mark.parametrize(
    ("field", "title", "body"),
    [("title", " \n ", "Why?"), ("title", "x" * 201, "Why?"), ("body", "Why", "  "), ("body", "Why", "x" * 20_001)],
)
def test_too_little_or_too_much_is_refused_by_field(session, field, title, body):
    ada, category = make_member(session), make_category(session)
    with pytest.raises(Invalid) as no:
        posts.start_thread(session, ada, category, kind="question", title=title, body=body)
    assert list(no.value.fields) == [field]
    assert session.scalar(select(Thread.id)) is None


@pytest.mark.parametrize(
    "state",
    [{"deleted_at": now()}, {"suspended_until": now() + timedelta(days=1)}, {"email_verified_at": None}],
    ids=lambda it: next(iter(it)),
)
def test_who_may_not_take_part_writes_nothing(session, state):
    thread, eve = make_thread(session), make_member(session, **state)
    with pytest.raises(Refused):
        make_answer(session, by=eve, thread=thread)
    assert thread.replies == 0


def test_somebody_whose_suspension_is_over_writes_again(session):
    ben = make_member(session, suspended_until=now() - timedelta(minutes=1))
    assert make_answer(session, by=ben).author is ben


def test_mentions_count_for_both_sides_once(session):
    ada, ben = make_member(session, "ada"), make_member(session, "Ben.Dover")
    make_thread(session, by=ada, body="Hello @ben.dover, and again @Ben.Dover. Not @nobody.")
    assert sums(session, ada) == {"asked": 1, "mentioning": 1}
    assert sums(session, ben) == {"mentioned": 1}


@pytest.mark.parametrize("body", ["I am @ada", "`@ben`", "```\n@ben\n```", "mail me at x@ben", "[@ben](/u/ben)"])
def test_who_writes_their_own_name_or_code_mentions_nobody(session, body):
    ada, ben = make_member(session, "ada"), make_member(session, "ben")
    make_thread(session, by=ada, body=body)
    assert sums(session, ada) == {"asked": 1}
    assert sums(session, ben) == {}


def test_eleven_mentions_are_too_many(session):
    people = [make_member(session) for _ in range(11)]
    with pytest.raises(Invalid, match="at most 10"):
        make_thread(session, body=" ".join(f"@{it.username}" for it in people))


def test_an_edit_keeps_what_it_replaced(session):
    ada = make_member(session)
    thread = make_thread(session, by=ada)
    opening = session.scalars(select(posts.Post)).one()
    assert edits.edit(session, opening, ada, title="A better title", body="Why not?", tagged=["Sky High"])
    assert (thread.title, thread.slug, opening.html) == ("A better title", "a-better-title", "<p>Why not?</p>\n")
    kept = {row.part: row.before for row in session.scalars(select(Edit))}
    assert kept == {"title": "A thread", "body": "Why?", "tags": ""}
    assert tags.of(session, thread) == ["sky-high"]
    assert sums(session, ada) == {"asked": 1, "edited": 1, "retagged": 1}


def test_an_edit_that_changes_nothing_counts_for_nothing(session):
    ada = make_member(session)
    make_thread(session, by=ada)
    opening = session.scalars(select(posts.Post)).one()
    assert not edits.edit(session, opening, ada, title="A thread", body=" Why? ", tagged=[])
    assert sums(session, ada) == {"asked": 1}
    assert opening.edited_at is None


def test_a_moderator_edits_anybodys_post_and_a_stranger_does_not(session):
    answer = make_answer(session)
    mia, eve = make_member(session, role=Role.MODERATOR), make_member(session)
    with pytest.raises(Refused, match="author"):
        edits.edit(session, answer, eve, body="Ha!")
    assert edits.edit(session, answer, mia, body="Because of the wind.")
    assert sums(session, mia) == {"edited": 1}


def test_a_name_edited_out_is_withdrawn_and_one_edited_in_counts(session):
    ada, ben, cleo = (make_member(session, name) for name in ("ada", "ben", "cleo"))
    answer = make_answer(session, by=ada)
    edits.edit(session, answer, ada, body="Ask @ben")
    edits.edit(session, answer, ada, body="Ask @cleo")
    assert (sums(session, ben), sums(session, cleo)) == ({}, {"mentioned": 1})
    assert sums(session, ada)["mentioning"] == 1
    assert session.scalars(select(Mention.member_id)).all() == [cleo.id]


def test_six_tags_are_too_many(session):
    ada, category = make_member(session), make_category(session)
    with pytest.raises(Invalid, match="at most 5"):
        posts.start_thread(session, ada, category, kind="idea", title="Tags", body="Many.", tagged=list("abcdef"))


def test_a_mention_links_to_the_member_and_other_names_stay_text(session):
    make_member(session, "ben.k")
    thread = make_thread(session, body="Thanks @Ben.K. and @nobody, see `@ben.k` or [@ben.k](https://a.example)")
    html = session.scalar(select(Post.html).where(Post.thread_id == thread.id))
    assert html.count('href="/u/ben.k"') == 1
    assert ">@Ben.K</a>. and @nobody" in html
