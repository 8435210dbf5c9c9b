"""Corrections: staff take back what was given in error, and put right what was wrongly taken."""

from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain.awarding import awards, backfill, evaluator, export
from app.domain.badging import library, profiles
from app.domain.badging.badges import Award, Badge
from app.domain.finding import feeds
from app.domain.notices.notifications import Delivery, Notification
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import activities
from app.domain.record.audit_log import AuditEntry
from tests.domain.rules import make_badge
from tests.factories import make_member

MAY = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def mia(session):
    return make_member(session, "mia", role="moderator")


@pytest.fixture
def ada(session):
    return make_member(session, "ada")


@pytest.fixture
def open_transaction(engine):
    return partial(transaction, engine)


def earn(session, open_transaction, ada):
    """A badge that ada earned by a rule, the same as by hand: visiting on three days."""
    make_badge(session, "three-days", {"count": "visited", "n": 3})
    for day in range(3):
        activities.note(session, "visited", ada, at=MAY + timedelta(days=day))
    session.commit()
    evaluator.run(open_transaction)
    return session.scalars(select(Award)).one()


def shown(session, award):
    """Where the public sees an award: its page, the holders and their number, the profile, the feed, the list."""
    badge = session.get_one(Badge, award.badge_id, populate_existing=True)
    return (
        library.award(session, award.id) is not None,
        [it.id for it in library.holders(session, badge.id, 1)[0]],
        badge.holders,
        [it.id for it in profiles.latest_awards(session, award.member_id)],
        [it.id for it in feeds.latest_awards(session, badge.id)],
        list(library.held(session, award.member_id)),
        [member for member, *_ in export.awards(session)],
    )


def test_what_was_taken_back_is_in_no_list_and_no_count_and_comes_back_with_its_old_date(session, mia, ada):
    award = awards.grant(session, make_badge(session, "speaker"), ada, at=MAY)
    before = shown(session, award)
    assert before == (True, [award.id], 1, [award.id], [award.id], [award.badge_id], ["ada"])
    awards.revoke(session, award, mia, "The talk was somebody else’s.", at=MAY + timedelta(days=5))
    assert shown(session, award) == (False, [], 0, [], [], [], [])
    assert (award.revoked_by_id, award.revoked_because) == (mia.id, "The talk was somebody else’s.")
    awards.give_back(session, award, mia, "It was hers after all.")
    assert shown(session, award) == before
    assert (award.earned_at, award.revoked_at, award.revoked_because) == (MAY, None, "")


def test_each_correction_is_told_with_its_reason_and_written_in_the_log(session, mia, ada):
    award = awards.grant(session, make_badge(session, "speaker"), ada)
    for deed, reason in (
        (awards.revoke, "Wrong Ada."),
        (awards.give_back, "Right Ada."),
        (awards.revoke, "No, wrong."),
    ):
        deed(session, award, mia, f"  {reason} ")
    told = session.scalars(select(Notification).where(Notification.actor_id == mia.id).order_by(Notification.id)).all()
    assert [(it.kind, it.facts["reason"], it.member_id) for it in told] == [
        ("badge_revoked", "Wrong Ada.", ada.id),
        ("badge_given_back", "Right Ada.", ada.id),
        ("badge_revoked", "No, wrong.", ada.id),
    ]
    log = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(it.what, it.reason, it.member_id, it.by_id) for it in log] == [
        ("revoke", "Wrong Ada.", ada.id, mia.id),
        ("give-back", "Right Ada.", ada.id, mia.id),
        ("revoke", "No, wrong.", ada.id, mia.id),
    ]


def test_what_was_told_of_an_award_is_no_news_once_it_was_taken_back(session, mia, ada):
    badges = [make_badge(session, slug) for slug in ("speaker", "guest")]
    award, kept = (awards.grant(session, badge, ada) for badge in badges)
    awards.revoke(session, award, mia, "Not you.")
    news = select(Notification.award_id).where(Notification.kind == "badge_earned", Notification.read_at.is_(None))
    assert session.scalars(news).all() == [kept.id]


@pytest.mark.parametrize("reason", ["", "  \n", "\x00", "x" * 501])
def test_a_correction_needs_a_reason_of_bearable_length(session, mia, ada, reason):
    award = awards.grant(session, make_badge(session, "speaker"), ada)
    with pytest.raises(Invalid):
        awards.revoke(session, award, mia, reason)
    assert award.revoked_at is None
    awards.revoke(session, award, mia, "x" * 500)
    with pytest.raises(Invalid):
        awards.give_back(session, award, mia, reason)
    assert award.revoked_at is not None


def test_nobody_corrects_their_own_awards(session, mia):
    award = awards.grant(session, make_badge(session, "speaker"), mia)
    with pytest.raises(Refused, match="your own"):
        awards.revoke(session, award, mia, "Too modest.")
    awards.revoke(session, award, make_member(session, "max", role="moderator"), "Not hers.")
    with pytest.raises(Refused, match="your own"):
        awards.give_back(session, award, mia, "It is mine.")


def test_a_correction_is_made_once(session, mia, ada):
    award = awards.grant(session, make_badge(session, "speaker"), ada)
    with pytest.raises(Conflict, match="given this award back already"):
        awards.give_back(session, award, mia, "Never taken.")
    awards.revoke(session, award, mia, "Wrong Ada.")
    with pytest.raises(Conflict, match="taken this award back already"):
        awards.revoke(session, award, mia, "Wrong Ada.")


def test_two_moderators_who_take_back_at_once_take_back_once(session, engine, mia, ada):
    award_id = awards.grant(session, make_badge(session, "speaker"), ada).id
    session.commit()
    barrier, outcomes = Barrier(8), []

    def take_back():
        barrier.wait()
        try:
            with transaction(engine) as own:
                awards.revoke(own, own.get_one(Award, award_id), own.merge(mia), "Wrong Ada.")
            outcomes.append("taken")
        except Conflict:
            outcomes.append("late")

    threads = [Thread(target=take_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["late"] * 7 + ["taken"]
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_no_rule_gives_again_what_people_took_back(session, open_transaction, mia, ada):
    award = earn(session, open_transaction, ada)
    awards.revoke(session, award, mia, "A script visited for her.")
    activities.note(session, "visited", ada, at=MAY + timedelta(days=7))
    session.commit()
    evaluator.run(open_transaction)
    assert [gain.slug for gain in backfill.run(open_transaction)] == []
    session.expire_all()
    assert [it.revoked_because for it in session.scalars(select(Award))] == ["A script visited for her."]
    assert session.scalars(select(Badge.holders)).one() == 0
    assert session.scalars(select(Notification.kind).order_by(Notification.id)).all() == [
        "badge_earned",
        "badge_revoked",
    ]


def test_a_rule_gives_to_others_what_people_took_back_from_one(session, open_transaction, mia, ada):
    awards.revoke(session, earn(session, open_transaction, ada), mia, "A script visited for her.")
    ben = make_member(session, "ben")
    for day in range(3):
        activities.note(session, "visited", ben, at=MAY + timedelta(days=day))
    session.commit()
    evaluator.run(open_transaction)
    standing = select(Award.member_id).where(Award.revoked_at.is_(None))
    assert session.scalars(standing).all() == [ben.id]
    assert session.scalars(select(Badge.holders)).one() == 1


def test_a_given_badge_counts_as_given_only_while_it_stands(session, mia, ada):
    award = awards.grant(session, make_badge(session, "speaker"), ada, at=MAY)

    def given():
        return [it.happened_at for it in activities.standing(session, kind="badge_granted", member_id=ada.id)]

    assert given() == [MAY]
    awards.revoke(session, award, mia, "Wrong Ada.")
    assert given() == []
    awards.give_back(session, award, mia, "Right Ada.")
    assert given() == [MAY]


def test_a_badge_that_was_taken_back_is_not_given_anew_but_given_back(session, mia, ada):
    badge = make_badge(session, "speaker")
    award = awards.grant(session, badge, ada)
    awards.revoke(session, award, mia, "Wrong Ada.")
    with pytest.raises(Refused, match=f"was taken back from ada. It can be given back at /awards/{award.id}"):
        awards.grant(session, badge, ada)
    assert awards.grant(session, badge, make_member(session, "ben"))


def test_a_retired_badge_stays_with_its_holders(session, ada):
    badge = make_badge(session, "speaker")
    award = awards.grant(session, badge, ada)
    badge.state = "legacy"
    session.flush()
    assert shown(session, award)[:3] == (True, [award.id], 1)


def test_a_letter_is_owed_for_a_correction_where_one_can_arrive(session, mia, ada):
    stranger = make_member(session, "stranger", email_verified_at=None)
    badge = make_badge(session, "speaker")
    for member in (ada, stranger):
        awards.revoke(session, awards.grant(session, badge, member), mia, "Wrong.")
    owed = select(Delivery.member_id).where(Delivery.kind == "badge_revoked")
    assert session.scalars(owed).all() == [ada.id]
