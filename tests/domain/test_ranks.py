"""Ranks: told once, kept, given by hand with a reason; never a way to rights of staff."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain.awarding import backfill, evaluator, ranks
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import activities
from app.domain.record.audit_log import AuditEntry
from app.domain.record.points import PointRule, Rank
from tests.factories import make_member


@pytest.fixture
def community(session):
    """Ada, and Mia who moderates; four ranks, 10 points apart; a visit is worth one."""
    session.add(PointRule(slug="visit", kind="visited", amount=1, says="Come by"))
    session.add_all(Rank(position=i, slug=f"r{i}", name=f"R{i}", points=10 * i, stars=i, unlocks=[]) for i in range(4))
    people = make_member(session, "ada"), make_member(session, "mia", role="moderator")
    session.commit()
    return people


def told(session, member):
    notices = session.scalars(
        select(Notification).filter_by(member_id=member.id, kind="rank").order_by(Notification.id)
    )
    return [(it.key, it.facts["rank"]) for it in notices]


@pytest.mark.parametrize("book", [evaluator.run, backfill.run], ids=["live", "at once"])
def test_a_member_is_told_once_of_the_highest_rank_a_look_brought(session, engine, community, book):
    ada, _ = community
    deed = activities.note(session, "visited", ada, amount=25)
    session.commit()
    book(partial(transaction, engine))
    assert told(session, ada) == [("rank:2", "R2")]
    activities.withdraw(session, [deed])
    activities.note(session, "visited", ada, amount=25)
    session.commit()
    book(partial(transaction, engine))
    assert told(session, ada) == [("rank:2", "R2")]
    assert session.get_one(Member, ada.id, populate_existing=True).rank == 2


def test_a_rank_given_by_hand_is_told_and_logged_and_gives_no_rights(session, community):
    ada, mia = community
    ranks.give(session, ada, mia, "r3", "Thirty years of experience")
    session.flush()
    assert (ada.rank, ada.role) == (3, "member")
    assert told(session, ada) == [("rank:3", "R3")]
    [entry] = session.scalars(select(AuditEntry))
    assert (entry.what, entry.by_id, entry.member_id, entry.reason) == (
        "rank",
        mia.id,
        ada.id,
        "Thirty years of experience",
    )
    assert (entry.before, entry.after) == ({"rank": 0}, {"rank": 3})


def test_what_was_given_by_hand_can_be_taken_back_but_not_what_was_reached(session, engine, community):
    ada, mia = community
    deed = activities.note(session, "visited", ada, amount=12)
    session.commit()
    evaluator.run(partial(transaction, engine))
    activities.withdraw(session, [deed])
    session.commit()
    evaluator.run(partial(transaction, engine))
    session.refresh(ada)
    ranks.give(session, ada, mia, "r3", "By mistake")
    ranks.give(session, ada, mia, "r1", "It was somebody else")
    assert ada.rank == 1
    with pytest.raises(Invalid, match="kept"):
        ranks.give(session, ada, mia, "r0", "No reason is enough")


@pytest.mark.parametrize(
    ("slug", "reason", "problem"),
    [("nobody", "Because", Invalid), ("r2", " ", Invalid), ("r0", "Because", Conflict)],
    ids=["unknown", "no reason", "the same"],
)
def test_what_cannot_be_given(session, community, slug, reason, problem):
    ada, mia = community
    with pytest.raises(problem):
        ranks.give(session, ada, mia, slug, reason)


def test_nobody_gives_themselves_a_rank_nor_does_a_member(session, community):
    ada, mia = community
    for whom, by in ((mia, mia), (ada, ada), (mia, ada)):
        with pytest.raises(Refused):
            ranks.give(session, whom, by, "r2", "Because")
