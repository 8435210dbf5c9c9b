"""Awards: by rule and by hand, once each, told once, at the dates they were earned."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain import base
from app.domain.awarding import awards, backfill, evaluator
from app.domain.badging import profiles
from app.domain.badging.badges import Award, Badge
from app.domain.badging.totals import Lease
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.problems import Refused
from app.domain.record import activities
from tests.domain.rules import make_badge
from tests.factories import make_member

MAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def open_transaction(engine):
    return partial(transaction, engine)


def note_visits(session, member, days):
    for day in days:
        activities.note(session, "visited", member, at=MAY + timedelta(days=day))


def undone(engine):
    """What a preview finds in a transaction that is then undone."""
    with Session(engine) as trial:
        return backfill.preview(trial)


def held(session):
    rows = session.execute(select(Badge.slug, Award.earned_at).join(Award, Award.badge_id == Badge.id))
    return dict(rows.all())


def test_a_reached_number_earns_the_badge_on_the_day_of_the_deed(session, open_transaction):
    make_badge(session, "three-days", {"count": "visited", "n": 3})
    note_visits(session, make_member(session), range(5))
    session.commit()
    assert evaluator.run(open_transaction) == 5
    assert held(session) == {"three-days": MAY + timedelta(days=2)}


def test_a_number_not_reached_earns_nothing(session, open_transaction):
    make_badge(session, "three-days", {"count": "visited", "n": 3})
    note_visits(session, make_member(session), range(2))
    session.commit()
    evaluator.run(open_transaction)
    assert held(session) == {}


def test_a_withdrawn_deed_no_longer_counts_but_takes_no_badge_away(session, open_transaction):
    make_badge(session, "two", {"count": "visited", "n": 2})
    make_badge(session, "three", {"count": "visited", "n": 3})
    ada = make_member(session)
    note_visits(session, ada, [0, 1])
    session.commit()
    evaluator.run(open_transaction)
    activities.withdraw(session, activities.standing(session, member_id=ada.id)[:1])
    note_visits(session, ada, [2])
    session.commit()
    evaluator.run(open_transaction)
    assert held(session).keys() == {"two"}


def test_a_planned_badge_is_not_awarded(session, open_transaction):
    make_badge(session, "someday", {"count": "visited"}, state="planned")
    note_visits(session, make_member(session), [0])
    session.commit()
    evaluator.run(open_transaction)
    backfill.run(open_transaction)
    assert held(session) == {}


def test_a_badge_given_by_hand_completes_the_rules_that_need_it(session, open_transaction):
    speaker = make_badge(session, "speaker")
    make_badge(session, "star", {"all": [{"has": "speaker"}, {"count": "visited"}]})
    ada = make_member(session)
    note_visits(session, ada, [0])
    awards.grant(session, speaker, ada, reason="A fine talk", at=MAY + timedelta(days=9))
    session.commit()
    evaluator.run(open_transaction)
    assert held(session) == {"speaker": MAY + timedelta(days=9), "star": MAY + timedelta(days=9)}


def test_a_badge_is_given_by_hand_once(session):
    speaker, ada = make_badge(session, "speaker"), make_member(session)
    awards.grant(session, speaker, ada)
    with pytest.raises(Refused, match="already has"):
        awards.grant(session, speaker, ada)
    assert session.get_one(Badge, speaker.id, populate_existing=True).holders == 1


def test_each_award_is_told_once_and_by_letter_only_where_one_can_arrive(session, open_transaction):
    make_badge(session, "first-day", {"count": "visited"})
    ada, old_hand = make_member(session), make_member(session)
    old_hand.email_verified_at = None
    for member in (ada, old_hand):
        note_visits(session, member, [0, 1])
    session.commit()
    evaluator.run(open_transaction)
    backfill.run(open_transaction)
    assert sorted(session.scalars(select(Notification.member_id))) == [ada.id, old_hand.id]
    assert session.scalars(select(Delivery.member_id)).all() == [ada.id]


def test_a_retroactive_run_tells_each_member_once_for_all_of_it(session, open_transaction):
    for n in (1, 2, 3):
        make_badge(session, f"days-{n}", {"count": "visited", "n": n})
    ada = make_member(session)
    note_visits(session, ada, range(4))
    session.commit()
    gains = backfill.run(open_transaction)
    assert [(gain.slug, gain.members, gain.letters) for gain in gains] == [
        ("days-1", 1, 1),
        ("days-2", 1, 1),
        ("days-3", 1, 1),
    ]
    [notice] = session.scalars(select(Notification)).all()
    assert notice.facts == {"badges": 3}
    assert held(session)["days-3"] == MAY + timedelta(days=2)


def test_a_retroactive_run_leaves_nothing_waiting_and_the_next_deed_goes_on_from_there(session, open_transaction):
    make_badge(session, "five", {"count": "visited", "n": 5})
    ada = make_member(session)
    note_visits(session, ada, range(4))
    session.commit()
    backfill.run(open_transaction)
    assert not evaluator.waiting(session)
    note_visits(session, ada, [4])
    session.commit()
    evaluator.run(open_transaction)
    assert held(session) == {"five": MAY + timedelta(days=4)}


def test_a_retroactive_run_for_one_badge_awards_no_other(session, open_transaction):
    note_visits(session, make_member(session), [0])
    session.commit()
    evaluator.run(open_transaction)
    make_badge(session, "one", {"count": "visited"})
    make_badge(session, "other", {"count": "visited"})
    session.commit()
    backfill.run(open_transaction, only="one")
    assert held(session).keys() == {"one"}


def test_a_preview_tells_what_a_run_would_bring_and_changes_nothing(session, engine, open_transaction):
    make_badge(session, "one", {"count": "visited"})
    note_visits(session, make_member(session), [0])
    session.commit()
    [gain] = undone(engine)
    assert (gain.slug, gain.members, gain.earliest) == ("one", 1, MAY)
    assert held(session) == {}
    assert evaluator.waiting(session)


def test_a_run_that_died_is_finished_by_the_next_look(session, open_transaction, monkeypatch):
    make_badge(session, "one", {"count": "visited"})
    note_visits(session, make_member(session), [0])
    session.commit()
    with monkeypatch.context() as patch:
        patch.setattr(backfill, "settle", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            backfill.run(open_transaction)
    backfill.resume(open_transaction)
    assert session.scalar(select(func.count()).select_from(Notification)) == 1
    assert session.get(Lease, backfill.OWED) is None


def test_the_two_latest_awards_are_by_day_earned_then_by_number(session):
    ada = make_member(session)
    for slug, day in (("old", 0), ("newest", 5), ("same-day", 5), ("older", 1)):
        awards.grant(session, make_badge(session, slug), ada, at=MAY + timedelta(days=day))
    assert [it.slug for it in profiles.latest_awards(session, ada.id)][:2] == ["same-day", "newest"]


def test_a_retroactive_run_tells_more_members_than_one_statement_can_name(session, open_transaction, monkeypatch):
    monkeypatch.setattr(base, "CHUNK", 2)
    make_badge(session, "first-day", {"count": "visited"})
    members = [make_member(session) for _ in range(5)]
    for member in members:
        note_visits(session, member, [0])
    session.commit()
    backfill.run(open_transaction)
    assert session.scalar(select(func.count()).select_from(Notification)) == 5
    assert sorted(session.scalars(select(Delivery.member_id))) == [member.id for member in members]
