"""A busy thread fills no mailbox: the first answer at once, those that follow soon in one letter."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import now
from app.domain.forum import follows
from app.domain.forum.threads import Post, Thread
from app.domain.mail import preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestDue, DigestItem
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.writing import posts, removals
from tests.factories import make_member
from tests.mail.letters import html_of, text_of
from tests.mail.scene import wait
from tests.mail.test_notices_by_mail import ask

ADA = "ada@members.example"


@pytest.fixture
def cast(engine):
    """Ada has asked; Ben, Cleo and Dag may answer, and Ada wants it all at once."""
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        preferences.choose(session, ada, dict.fromkeys(preferences.KINDS, "immediately"))
        for name in ("ben", "cleo", "dag"):
            make_member(session, name)
        return ask(session, ada).id


@pytest.fixture
def answer(engine, cast):
    """Lets somebody answer Ada's question, or another thread."""

    def answer(name, says="Because.", thread_id=cast):
        with transaction(engine) as session:
            return posts.post_reply(session, session.get_one(Thread, thread_id), who(session, name), says).id

    return answer


def who(session, name):
    return session.scalars(select(Member).where(Member.username == name)).one()


def subjects(outbox, to=ADA):
    return [str(it["Subject"]) for it in outbox(to)]


def later(engine, minutes):
    wait(engine, minutes, older=True)


FIRST = "ben answered your question “How do I land in fog?”"


def test_the_first_comes_at_once_and_what_follows_soon_in_one_letter(engine, answer, work, outbox):
    answer("ben", "Follow the lights.")
    work()
    assert subjects(outbox) == [FIRST]
    answer("cleo", "Wait for the sun.")
    answer("dag", "Go round.")
    work()
    assert subjects(outbox) == [FIRST]  # not yet
    later(engine, 10)
    work()
    assert sorted(subjects(outbox)) == ["2 answers in “How do I land in fog?”", FIRST]
    [together] = [it for it in outbox(ADA) if "2 answers" in it["Subject"]]
    for part in (text_of(together), html_of(together)):
        assert "Wait for the sun." in part
        assert "Go round." in part
        assert "Follow the lights." not in part
    assert text_of(together).index("Wait for the sun.") < text_of(together).index("Go round.")
    later(engine, 60)
    work()
    assert len(subjects(outbox)) == 2


def test_after_a_while_the_next_comes_at_once_again(engine, answer, work, outbox):
    answer("ben")
    work()
    later(engine, 11)
    answer("cleo")
    work()
    assert len(subjects(outbox)) == 2


def test_after_a_letter_of_several_the_next_waits_as_after_any(engine, answer, work, outbox):
    answer("ben")
    answer("cleo")
    later(engine, 10)
    work()
    assert len(subjects(outbox)) == 2
    answer("dag")
    work()
    assert len(subjects(outbox)) == 2
    later(engine, 10)
    work()
    assert len(subjects(outbox)) == 3


def test_one_that_followed_alone_is_an_ordinary_letter(engine, answer, work, outbox):
    answer("ben")
    answer("cleo")
    later(engine, 10)
    work()
    assert sorted(subjects(outbox)) == [FIRST, FIRST.replace("ben", "cleo")]


def test_another_thread_another_member_and_another_kind_wait_for_nothing(engine, cast, answer, work, outbox):
    with transaction(engine) as session:
        ada, ben = who(session, "ada"), who(session, "ben")
        preferences.choose(session, ben, {"reply": "immediately"})
        elsewhere = ask(session, ada, "What is a contrail?").id
        follows.follow(session, ben, session.get_one(Thread, cast))
    answer("cleo")
    answer("cleo", thread_id=elsewhere)
    with transaction(engine) as session:
        question = posts.opening(session, session.get_one(Thread, cast))
        posts.comment(session, question, who(session, "dag"), "Is it so, @ada?")
    work()
    assert len(subjects(outbox)) == 3
    assert subjects(outbox, "ben@members.example") == ["cleo wrote in “How do I land in fog?”"]


def read_all(engine):
    with transaction(engine) as session:
        session.execute(Notification.__table__.update().values(read_at=now()))


def test_what_was_read_on_the_site_meanwhile_is_left_out(engine, answer, work, outbox):
    answer("ben")
    answer("cleo", "Wait for the sun.")
    work()
    read_all(engine)
    answer("dag", "Go round.")
    later(engine, 10)
    work()
    assert len(subjects(outbox)) == 2
    assert "Wait for the sun." not in "".join(text_of(it) for it in outbox(ADA))


def test_where_all_was_read_meanwhile_there_is_no_letter(engine, answer, work, outbox):
    answer("ben")
    answer("cleo")
    work()
    read_all(engine)
    later(engine, 10)
    work()
    assert subjects(outbox) == [FIRST]
    with Session(engine) as session:
        assert set(session.scalars(select(Delivery.state))) == {"sent", "dropped"}


@pytest.mark.parametrize(("minutes", "letters"), [(0, 1), (1, 0)])
def test_a_first_letter_that_was_held_up_is_not_sent_to_who_has_read_of_it(
    engine, answer, work, outbox, minutes, letters
):
    answer("ben")
    read_all(engine)
    later(engine, minutes)
    work()
    assert len(subjects(outbox)) == letters


def test_what_is_removed_meanwhile_is_left_out(engine, answer, work, outbox):
    answer("ben")
    answer("cleo", "Wait for the sun.")
    gone = answer("dag", "Go round.")
    with transaction(engine) as session:
        removals.remove(session, session.get_one(Post, gone), who(session, "dag"))
    later(engine, 10)
    work()
    assert sorted(subjects(outbox)) == [FIRST, FIRST.replace("ben", "cleo")]


def test_a_stop_meanwhile_holds_for_what_waits(engine, answer, work, outbox):
    answer("ben")
    work()
    answer("cleo")
    with transaction(engine) as session:
        preferences.choose(session, who(session, "ada"), {"answer": "never"})
    later(engine, 10)
    work()
    assert subjects(outbox) == [FIRST]


def test_a_choice_of_less_often_moves_what_waits_into_the_digest(engine, answer, work, outbox):
    answer("ben")
    work()
    answer("cleo")
    answer("dag")
    with transaction(engine) as session:
        preferences.choose(session, who(session, "ada"), {"answer": "weekly"})
    later(engine, 10)
    work()
    assert subjects(outbox) == [FIRST]
    with Session(engine) as session:
        ada = who(session, "ada").id
        hers = (DigestItem.delivery_id.is_(None), DigestItem.member_id == ada)
        assert session.scalars(select(DigestItem.kind).where(*hers)).all() == ["answer", "answer"]
        assert session.scalars(select(DigestDue.period).where(DigestDue.member_id == ada)).all() == ["weekly"]


def test_while_no_letter_leaves_all_that_follows_comes_in_one(engine, answer, work, outbox):
    answer("ben")
    for _ in range(4):
        answer("cleo")
        answer("dag")
        later(engine, 20)
    work()
    assert sorted(subjects(outbox)) == ["8 answers in “How do I land in fog?”", FIRST]


def test_a_letter_of_several_that_may_have_left_is_sent_once_more_under_its_name(engine, answer, work, outbox):
    answer("ben")
    answer("cleo")
    answer("dag")
    later(engine, 10)
    with transaction(engine) as session:
        row = session.scalars(select(Delivery).where(Delivery.period == "thread")).one()
        row.state, row.handovers = "uncertain", 1
    work()
    assert "2 answers in “How do I land in fog?”" in subjects(outbox)
    with Session(engine) as session:
        assert {it.state for it in session.scalars(select(Delivery))} == {"sent"}
