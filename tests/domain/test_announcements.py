"""Announcements: every member is told once, whoever dies while telling, and the author waits for none of it."""

from __future__ import annotations

import os
from contextlib import nullcontext

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app import jobs, sweep
from app.db import transaction
from app.domain.forum import follows
from app.domain.mail import preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestItem
from app.domain.notices import announcements, hearers
from app.domain.notices.announcements import Announcement
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.writing import posts, removals
from tests.domain.test_notices import told
from tests.domain.test_reactions import at_once
from tests.factories import make_category, make_member

MEMBERS = 10


@pytest.fixture
def few(monkeypatch):
    """So few members are told in one transaction that all of them take several."""
    monkeypatch.setattr(announcements, "AT_ONCE", 3)


def announce(session, body="To a new host.", **more):
    """An announcement of Mia's, to members who were there before her and one who comes later."""
    for nth in range(MEMBERS):
        make_member(session, f"m{nth}")
    mia = make_member(session, "mia", role="moderator")
    desk = make_category(session, **{"name": "Desk", "staff_only": True, **more})
    thread = posts.start_thread(session, mia, desk, kind="announcement", title="We moved", body=body)
    session.flush()
    return thread


def tell(session):
    return announcements.tell(lambda: nullcontext(session))


def whom(session):
    names = select(Member.username).join(Notification, Notification.member_id == Member.id)
    return session.scalars(names.where(Notification.key.startswith("post:")).order_by(Member.id)).all()


EVERYBODY = [f"m{nth}" for nth in range(MEMBERS)]


def test_every_member_is_told_once_in_several_steps(session, few):
    announce(session)
    assert whom(session) == []  # the author has not waited for it
    assert tell(session) == MEMBERS
    assert whom(session) == EVERYBODY
    assert session.scalars(select(Announcement)).all() == []
    assert tell(session) == 0


def test_a_run_ends_after_so_many_steps_and_the_next_goes_on(session, few, monkeypatch):
    monkeypatch.setattr(announcements, "STEPS", 2)
    announce(session)
    assert [tell(session) for _run in range(3)] == [6, 4, 0]
    assert whom(session) == EVERYBODY


def test_who_joined_later_is_not_told_and_who_is_told_already_is_not_again(session, few):
    thread = announce(session)
    make_member(session, "late")
    hearers.of_mentions(
        session, posts.opening(session, thread), thread.author, [named(session, "m5")], thread.created_at
    )
    assert whom(session) == ["m5"]
    assert tell(session) == MEMBERS - 1
    assert whom(session) == EVERYBODY


def test_who_is_named_in_it_or_follows_its_place_is_told_once_for_the_strongest_reason(session, few):
    thread = announce(session, body="Thanks to @m4.")
    for name in ("m4", "m5"):
        follows.follow(session, named(session, name), thread.category)
    tell(session)
    assert told(session, named(session, "m4")) == ["mia mentioned you in “We moved”"]
    assert told(session, named(session, "m5")) == ["News from the team: “We moved”"]


def test_letters_and_digests_follow_what_each_member_chose(session, few):
    announce(session)
    for name, often in (("m1", "immediately"), ("m2", "never"), ("m3", "weekly")):
        preferences.choose(session, named(session, name), {"announcement": often})
    preferences.stop_all(session, named(session, "m4"))
    tell(session)
    letters = session.scalars(select(Delivery.member_id).where(Delivery.kind == "announcement")).all()
    assert letters == [named(session, "m1").id]
    waiting = set(session.scalars(select(DigestItem.member_id)))
    assert waiting == {named(session, name).id for name in EVERYBODY if name not in ("m1", "m2", "m4")}


def test_an_announcement_that_was_removed_meanwhile_is_told_to_nobody(session, few):
    thread = announce(session)
    removals.remove(session, posts.opening(session, thread), thread.author)
    assert tell(session) == 0
    assert whom(session) == []
    assert session.scalars(select(Announcement)).all() == []


def test_what_is_written_in_silence_is_told_to_nobody(session, few):
    with hearers.silence(session):
        announce(session)
    assert tell(session) == 0


def test_only_the_post_that_opens_an_announcement_is_for_everybody(session, few):
    thread = announce(session)
    tell(session)
    posts.post_reply(session, thread, named(session, "m1"), "Good.")
    assert session.scalars(select(Announcement)).all() == []
    make = {"kind": "discussion", "title": "Hello", "body": "All."}
    posts.start_thread(session, named(session, "m1"), make_category(session), **make)
    assert session.scalars(select(Announcement)).all() == []


def test_writing_one_costs_as_many_statements_whether_members_are_few_or_many(session, engine):
    counted = []
    event.listen(engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    numbers = []
    for more in (1, 200):
        for nth in range(more):
            make_member(session, f"n{more}x{nth}")
        mia = make_member(session, f"mia{more}", role="moderator")
        desk = make_category(session, staff_only=True)
        session.flush()
        counted.clear()
        posts.start_thread(session, mia, desk, kind="announcement", title="We moved", body="To a new host.")
        session.flush()
        numbers.append(len(counted))
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("dies_at", [1, 2, 4])
@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_dies_while_telling_leaves_nobody_out_and_tells_nobody_twice(
    app, engine, few, monkeypatch, dies_at, when
):
    with transaction(engine) as session:
        announce(session)
    usual, steps = hearers.of_announcement, []

    def deadly(*given):
        steps.append(given)
        if len(steps) == dies_at and when == "before":
            os._exit(66)
        done = usual(*given)
        if len(steps) == dies_at:
            os._exit(66)  # written, and not committed
        return done

    monkeypatch.setattr(hearers, "of_announcement", deadly)
    assert told_by_a_child(app, engine) == 66
    with Session(engine) as session:
        assert len(whom(session)) == 3 * (dies_at - 1)
    monkeypatch.setattr(hearers, "of_announcement", usual)
    sweep.once(app, [jobs.announce])  # no bell was rung for the rest
    with Session(engine) as session:
        assert whom(session) == EVERYBODY
        owed = select(func.count()).select_from(DigestItem)
        assert session.scalar(owed) == MEMBERS


def test_two_who_tell_at_once_tell_everybody_once(app, engine, few):
    with transaction(engine) as session:
        announce(session)

    def one():
        with app.app_context():
            return jobs.announce()

    assert sum(at_once([one] * 3)) == MEMBERS
    with Session(engine) as session:
        assert whom(session) == EVERYBODY


def test_the_worker_tells_as_soon_as_it_is_written(engine, work):
    with transaction(engine) as session:
        announce(session)
    work()
    with Session(engine) as session:
        assert whom(session) == EVERYBODY


def named(session, name):
    return session.scalars(select(Member).where(Member.username == name)).one()


def told_by_a_child(app, engine):
    """How a process ended that told members."""
    engine.dispose()
    child = os.fork()
    if child == 0:
        with app.app_context():
            jobs.announce()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
