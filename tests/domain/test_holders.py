"""The number of a badge's holders, which pages show and do not count."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.awarding import awards
from app.domain.badging.badges import Award, Badge
from app.domain.people.members import Member
from tests.domain.test_reactions import at_once
from tests.factories import make_member
from tests.web.scenery import make_award, make_badge


def test_many_who_are_given_a_badge_at_the_same_moment_are_all_counted(engine):
    with transaction(engine) as session:
        badge = make_badge(session, "speaker").id
        crowd = [make_member(session, f"m{nth}").id for nth in range(16)]

    def give(member_id):
        with transaction(engine) as writing:
            awards.grant(writing, writing.get_one(Badge, badge), writing.get_one(Member, member_id))

    at_once([lambda member_id=it: give(member_id) for it in crowd])
    with Session(engine) as session:
        assert (session.query(Award).count(), session.get_one(Badge, badge).holders) == (16, 16)


def test_whose_badge_is_taken_back_while_another_is_given_one_is_counted_no_more(engine):
    with transaction(engine) as session:
        mia, badge = make_member(session, "mia", role="moderator").id, make_badge(session, "speaker")
        held = [make_award(session, badge, make_member(session, f"h{nth}")).id for nth in range(8)]
        crowd, badge_id = [make_member(session, f"m{nth}").id for nth in range(8)], badge.id

    def give(member_id):
        with transaction(engine) as writing:
            awards.grant(writing, writing.get_one(Badge, badge_id), writing.get_one(Member, member_id))

    def take(award_id):
        with transaction(engine) as writing:
            awards.revoke(writing, writing.get_one(Award, award_id), writing.get_one(Member, mia), "In error.")

    at_once([lambda it=it: give(it) for it in crowd] + [lambda it=it: take(it) for it in held[:5]])
    with Session(engine) as session:
        assert session.get_one(Badge, badge_id).holders == 11
