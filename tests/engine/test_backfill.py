"""Retroactive runs beside everything else: nobody's deed is lost, a run that died is finished."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from app.db import transaction
from app.domain.awarding import backfill, evaluator, sets
from app.domain.badging.badges import Award, Badge
from app.domain.badging.totals import Lease, Total
from app.domain.badging.totals import Measure as MeasureRow
from app.domain.base import now
from app.domain.mail import leases
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.record import activities
from app.domain.record.points import PointEntry, PointRule
from tests.domain.rules import make_badge
from tests.factories import make_member

MAY = datetime(2026, 5, 1, tzinfo=UTC)
VISITS = {"count": "visited", "n": 2}


@pytest.fixture
def open_transaction(engine):
    return partial(transaction, engine)


def visit(session, member, *days):
    for day in days:
        activities.note(session, "visited", member, at=MAY + timedelta(days=day))
    session.commit()


def held(session):
    found = set(session.scalars(select(Badge.slug).join(Award, Award.badge_id == Badge.id)))
    session.rollback()  # who only looks keeps nobody from writing
    return found


def test_a_run_for_one_badge_loses_no_deed_for_the_others(session, open_transaction):
    make_badge(session, "one", {"count": "visited"})
    make_badge(session, "other", VISITS)
    visit(session, make_member(session), 0, 1)
    backfill.run(open_transaction, only="one")
    assert held(session) == {"one", "other"}


def test_an_unknown_badge_is_refused_before_anything_is_owed(session, open_transaction):
    make_badge(session, "one", {"count": "visited"})
    visit(session, make_member(session), 0)
    with pytest.raises(KeyError):
        backfill.run(open_transaction, only="oen")
    assert session.get(Lease, backfill.OWED) is None
    session.rollback()
    backfill.resume(open_transaction)
    evaluator.run(open_transaction)
    assert held(session) == {"one"}


def test_a_run_that_died_is_finished_though_its_badge_was_withdrawn_meanwhile(session, open_transaction, monkeypatch):
    badge = make_badge(session, "one", {"count": "visited"})
    visit(session, make_member(session), 0)
    with monkeypatch.context() as patch:
        patch.setattr(backfill, "settle", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            backfill.run(open_transaction, only="one")
    badge.state = "legacy"
    session.commit()
    backfill.resume(open_transaction)
    session.expire_all()
    assert session.get(Lease, backfill.OWED) is None


def test_a_run_for_one_badge_pays_the_debt_of_a_run_that_died(session, open_transaction, monkeypatch):
    make_badge(session, "one", {"count": "visited"})
    make_badge(session, "other", VISITS)
    visit(session, make_member(session), 0, 1)
    with monkeypatch.context() as patch:
        patch.setattr(backfill, "rebuild", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            backfill.run(open_transaction)
    backfill.run(open_transaction, only="one")
    assert held(session) == {"one", "other"}


def test_live_evaluation_waits_until_a_run_that_died_is_finished(session, open_transaction, monkeypatch):
    make_badge(session, "two", VISITS)
    ada = make_member(session)
    visit(session, ada, 0, 1)
    with monkeypatch.context() as patch:
        patch.setattr(backfill, "rebuild", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            backfill.run(open_transaction)
    activities.withdraw(session, activities.standing(session, member_id=ada.id)[:1])
    visit(session, ada, 2)
    assert evaluator.run(open_transaction) == 0  # else the badge would be dated by the third visit
    backfill.resume(open_transaction)
    assert session.scalar(select(Award.earned_at)) == MAY + timedelta(days=1)


def fail_to_finish(open_transaction, monkeypatch, times):
    """A run whose last part raises, however often it is tried."""
    with monkeypatch.context() as patch:
        patch.setattr(sets, "steps", lambda *_: [(("Awarding", 0, 1), lambda _session: 1 / 0)])
        for _ in range(times):
            with pytest.raises(ExceptionGroup, match="could not be awarded"):
                backfill.resume(open_transaction)


def begin(session):
    """A retroactive run was begun, and its process died."""
    backfill.owe(session, None)
    session.commit()


def rest(session):
    """The rest of a run that failed too often is over."""
    session.execute(update(Lease).where(Lease.name == backfill.OWED).values(until=now()))
    session.commit()


def test_evaluation_waits_for_some_tries_of_a_run_that_cannot_be_finished_and_no_more(
    session, open_transaction, monkeypatch
):
    make_badge(session, "one", {"count": "visited"})
    begin(session)
    fail_to_finish(open_transaction, monkeypatch, evaluator.PATIENT_TRIES - 1)
    visit(session, make_member(session), 0)
    assert evaluator.run(open_transaction) == 0
    fail_to_finish(open_transaction, monkeypatch, 1)  # books all there is
    visit(session, make_member(session), 0)
    assert evaluator.run(open_transaction) == 1
    assert len(session.scalars(select(Award.id)).all()) == 1


def test_a_run_that_failed_too_often_rests_and_is_tried_again(session, open_transaction, monkeypatch):
    make_badge(session, "one", {"count": "visited"})
    visit(session, make_member(session), 0)
    begin(session)
    fail_to_finish(open_transaction, monkeypatch, evaluator.PATIENT_TRIES)
    backfill.resume(open_transaction)
    assert not held(session)
    rest(session)
    backfill.resume(open_transaction)
    assert held(session) == {"one"}
    assert session.get(Lease, backfill.OWED) is None


def test_what_was_awarded_before_a_run_that_failed_is_dated_right_by_it_and_told_once(
    session, open_transaction, monkeypatch
):
    make_badge(session, "two", VISITS)
    make_badge(session, "after", {"all": [{"has": "two"}, {"count": "visited"}]})
    ada, ben = make_member(session), make_member(session)
    visit(session, ada, 0, 1)
    visit(session, ben, 0, 1)
    begin(session)
    fail_to_finish(open_transaction, monkeypatch, evaluator.PATIENT_TRIES)
    activities.withdraw(session, activities.standing(session, member_id=ada.id)[:1])
    visit(session, ada, 2)
    assert evaluator.run(open_transaction) == 2
    dates = select(Award.member_id, Award.earned_at).order_by(Award.member_id, Award.badge_id)
    assert session.execute(dates).all() == [(ada.id, MAY + timedelta(days=2))] * 2, "nobody knew of the second visit"
    rest(session)
    backfill.resume(open_transaction)
    second = MAY + timedelta(days=1)
    assert session.execute(dates).all() == [(ada.id, second)] * 2 + [(ben.id, second)] * 2
    told = select(Notification.member_id, Notification.key).order_by(Notification.id)
    assert [(member, key.split(":")[0]) for member, key in session.execute(told)] == [
        (ada.id, "award"), (ada.id, "award"), (ben.id, "retroactive"),
    ]  # fmt: skip


def test_finishing_a_run_does_not_wait_for_an_evaluator(session, open_transaction):
    make_badge(session, "one", {"count": "visited"})
    backfill.owe(session, None)
    token = leases.take(session, evaluator.LEASE, 60)
    session.commit()
    backfill.resume(open_transaction)  # returns at once
    assert session.get(Lease, evaluator.LEASE, populate_existing=True).token == token


def test_whoever_dies_with_the_lease_holds_others_up_for_seconds_only(session, open_transaction):
    make_badge(session, "one", {"count": "visited"})
    visit(session, make_member(session), 0)
    leases.take(session, evaluator.LEASE, evaluator.LEASE_SECONDS)
    session.commit()
    assert evaluator.run(open_transaction) == 0
    assert evaluator.LEASE_SECONDS <= 15
    assert backfill.LEASE_SECONDS <= 60
    session.execute(update(Lease).values(until=now()))
    session.commit()
    assert evaluator.run(open_transaction) == 1


def test_totals_of_a_rule_that_rested_are_built_anew_when_it_returns(session, open_transaction):
    badge = make_badge(session, "two", VISITS)
    ada = make_member(session)
    visit(session, ada, 0)
    evaluator.run(open_transaction)
    badge.state = "planned"
    visit(session, ada, 1)
    evaluator.run(open_transaction)
    badge.state = "published"
    visit(session, ada, 2)
    evaluator.run(open_transaction)
    visits = select(Total.value).join(MeasureRow, MeasureRow.id == Total.measure_id)
    assert session.scalars(visits.where(MeasureRow.key.contains("visited"))).all() == [3]


def test_a_changed_point_rule_counts_from_the_next_deed(session, open_transaction):
    rule = PointRule(slug="visit", kind="visited", amount=5, says="Visit", per_day=5)
    session.add(rule)
    ada = make_member(session)
    visit(session, ada, 0)
    evaluator.run(open_transaction)
    rule.per_day = 2
    visit(session, ada, 1)
    evaluator.run(open_transaction)
    assert session.scalars(select(PointEntry.amount).order_by(PointEntry.seq)).all() == [5, 2]


def test_a_member_gets_one_notice_though_the_run_died_half_way(session, open_transaction, monkeypatch):
    make_badge(session, "one", {"count": "visited"})
    make_badge(session, "both", {"all": [{"count": "visited"}, VISITS]})
    visit(session, make_member(session), 0, 1)
    with monkeypatch.context() as patch:
        patch.setattr(sets, "_award", lambda *_: 1 / 0)
        with pytest.raises(ExceptionGroup, match="could not be awarded"):
            backfill.run(open_transaction)
    assert held(session) == {"one"}, "no rule keeps the others waiting"
    backfill.resume(open_transaction)
    assert held(session) == {"one", "both"}
    assert len(session.scalars(select(Notification.id)).all()) == 1


def test_a_run_tells_each_member_once_and_owes_a_letter_to_whom_one_can_reach(session, open_transaction):
    make_badge(session, "one", {"count": "visited"})
    make_badge(session, "two", VISITS)
    ada, ben, eve = (make_member(session, name) for name in ("ada", "ben", "eve"))
    eve.email_verified_at = None
    visit(session, ada, 0, 1)
    visit(session, ben, 0)
    visit(session, eve, 0)
    backfill.run(open_transaction)
    notices = {it.member_id: it for it in session.scalars(select(Notification))}
    assert {member: it.facts for member, it in notices.items()} == {
        ada.id: {"badges": 2}, ben.id: {"badges": 1}, eve.id: {"badges": 1},
    }  # fmt: skip
    assert notices[ada.id].key == "retroactive:0"
    assert notices[ben.id].key == f"award:{notices[ben.id].award_id}"
    assert set(session.scalars(select(Delivery.notification_id))) == {notices[ada.id].id, notices[ben.id].id}
