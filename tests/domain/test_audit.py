"""The audit finds what differs from the ledger, and repairs it; a rank reached is never lost."""

from functools import partial

import pytest
from sqlalchemy import delete, update

from app.db import transaction
from app.domain.awarding import audit, evaluator
from app.domain.people.members import Member
from app.domain.record import activities
from app.domain.record.points import PointEntry, PointRule, Rank
from app.domain.record.scores import WEEK, Score
from tests.factories import make_member
from tests.web.scenery import NOON, make_award, make_badge


@pytest.fixture
def ada(session, engine):
    """A member with 8 points, booked, and the rank that 5 points reach."""
    session.add(PointRule(slug="visit", kind="visited", amount=2, says="Come by"))
    session.add_all(Rank(position=i, slug=f"r{i}", name=f"R{i}", points=5 * i, stars=i, unlocks=[]) for i in range(3))
    member = make_member(session, "ada")
    for _ in range(4):
        activities.note(session, "visited", member)
    session.commit()
    evaluator.run(partial(transaction, engine))
    return member


def test_what_was_booked_needs_no_repair(session, ada):
    assert audit.differences(session) == []
    assert session.get_one(Member, ada.id, populate_existing=True).points == 8
    assert session.get_one(Member, ada.id).rank == 1


@pytest.mark.parametrize(
    ("spoil", "what"),
    [(update(Member).values(points=99), "balance"), (update(Member).values(rank=0), "rank"),
     (update(Score).filter_by(span=WEEK).values(points=3), "week"), (delete(Score).filter_by(span="month"), "month"),
     (update(Score).filter_by(span="ever").values(accepted=1), "ever"),
     (update(PointEntry).filter_by(seq=2).values(balance=5), "lines")],
)  # fmt: skip
def test_a_number_that_differs_is_found_and_repaired(session, ada, spoil, what):
    session.execute(spoil)
    [found] = audit.differences(session)
    assert (found.member, found.what.split()[0]) == ("ada", what)
    audit.repair(session)
    assert audit.differences(session) == []


def test_a_rank_stays_when_points_are_withdrawn(session, engine, ada):
    activities.withdraw(session, activities.standing(session, member_id=ada.id, kind="visited"))
    session.commit()
    evaluator.run(partial(transaction, engine))
    session.expire_all()
    assert (session.get_one(Member, ada.id).points, session.get_one(Member, ada.id).rank) == (0, 1)
    audit.repair(session)
    session.expire_all()
    assert session.get_one(Member, ada.id).rank == 1
    assert audit.differences(session) == []
    session.execute(update(Member).values(rank=0))  # held against the highest balance ever, not against today's
    session.expire_all()
    [found] = audit.differences(session)
    assert (found.what, found.kept, found.should) == ("rank", 0, 1)
    audit.repair(session)
    assert audit.differences(session) == []


def test_holders_are_counted_anew_and_an_award_that_was_taken_back_is_none(session, ada):
    badge, other = make_badge(session, "speaker"), make_badge(session, "guide")
    make_award(session, badge, ada)
    make_award(session, badge, make_member(session, "ben"), revoked_at=NOON, revoked_because="In error.")
    make_award(session, other, ada)
    [found] = audit.differences(session)  # whoever lost it is still counted; the other badge is right
    assert found == ("Speaker", "holders", 2, 1)
    audit.repair(session)
    assert audit.differences(session) == []
    session.expire_all()
    assert (badge.holders, other.holders) == (1, 1)
