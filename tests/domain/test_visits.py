"""Visits and reads: once a day, once a thread."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.db import transaction
from app.domain.base import now
from app.domain.forum import reads, visits
from app.domain.people.members import Member, Visit
from app.domain.record.activities import Activity
from tests.domain.test_posts import sums
from tests.domain.test_reactions import at_once
from tests.factories import make_member, make_thread

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_visit_counts_once_a_day(session):
    ada = make_member(session)
    assert visits.record(session, ada, at=NOON)
    assert not visits.record(session, ada, at=NOON + timedelta(hours=3))
    assert visits.record(session, ada, at=NOON + timedelta(days=1))
    assert sums(session, ada) == {"visited": 2}


def test_the_day_is_that_of_where_the_member_lives(session):
    here, there = make_member(session), make_member(session, zone="Pacific/Auckland")
    for member in (here, there):
        visits.record(session, member, at=NOON - timedelta(minutes=1))
        visits.record(session, member, at=NOON + timedelta(minutes=1))
    assert (sums(session, here), sums(session, there)) == ({"visited": 1}, {"visited": 2})
    days = session.scalars(select(Activity.local_day).where(Activity.member_id == there.id).order_by(Activity.id))
    assert list(days) == list(session.scalars(select(Visit.day).where(Visit.member_id == there.id).order_by(Visit.day)))


def test_two_first_visits_at_once_are_one(engine):
    with transaction(engine) as session:
        ada = make_member(session)

    def come():
        with transaction(engine) as session:
            return visits.record(session, session.get(Member, ada.id), at=NOON)

    assert at_once([come] * 8).count(True) == 1


def test_a_thread_is_read_once_and_viewed_once_by_the_same_member(session):
    ada, ben, cleo = (make_member(session) for _ in range(3))
    thread = make_thread(session, by=ada)
    assert [reads.record(session, thread, who) for who in (ben, ben, cleo)] == [True, False, True]
    session.refresh(thread)
    assert thread.views == 2
    assert (sums(session, ada), sums(session, ben)) == ({"asked": 1, "viewed": 2}, {"thread_read": 1})


def test_reading_ones_own_or_a_removed_thread_counts_for_nothing(session):
    ada = make_member(session)
    own, gone = make_thread(session, by=ada), make_thread(session)
    gone.deleted_at = now()
    assert not reads.record(session, own, ada)
    assert not reads.record(session, gone, ada)
    assert sums(session, ada) == {"asked": 1}
