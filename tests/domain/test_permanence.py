"""Whatever happens to the deeds, the rule or the member: no machine takes back a badge that was earned."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app.db import transaction
from app.domain.awarding import backfill, evaluator
from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.people.members import Member
from app.domain.writing import reactions, removals
from tests.domain.rules import make_badge
from tests.factories import make_category, make_member
from tests.web.scenery import make_post, make_thread_of

MAY = datetime(2026, 5, 1, tzinfo=UTC)
EARN = {"count": "upvote_received", "n": 2}


def unlike(session, post, _badge):
    fan = session.scalars(select(Member).filter_by(username="fan1")).one()
    reactions.unreact(session, post, fan, "upvote")


def delete(session, post, _badge):
    removals.remove(session, post, post.author)


def stay_away(_session, post, _badge):
    post.author.seen_at = MAY - timedelta(days=800)


def ask_for_more(session, _post, badge):
    session.add(version := BadgeVersion(badge_id=badge.id, number=2, criterion=EARN | {"n": 9}, how="Nine."))
    session.flush()
    badge.version_id = version.id


def retire(_session, _post, badge):
    badge.state = "legacy"


def lose_rank(_session, post, _badge):
    post.author.rank, post.author.points = 0, 0


# What happens, and whether the badge is earned if it happens before the second upvote.
CAUSES = [
    (unlike, False),
    (delete, False),
    (stay_away, True),
    (ask_for_more, False),
    (retire, False),
    (lose_rank, True),
]


@pytest.fixture
def liked(session):
    """A post with an upvote, another one without, and the badge for two upvotes."""
    ada, lounge = make_member(session, "ada", rank=1, points=50), make_category(session)
    thread = make_thread_of(session, make_member(session, "ben"), 0, category=lounge)
    post, other = make_post(session, thread, ada), make_post(session, thread, ada)
    reactions.react(session, post, make_member(session, "fan1"), "upvote")
    return post, other, make_badge(session, "liked", EARN)


def look_everywhere(session, engine):
    session.commit()
    evaluator.run(partial(transaction, engine))
    backfill.run(partial(transaction, engine))
    session.expire_all()
    return [(it.member.username, it.revoked_at) for it in session.scalars(select(Award))]


@pytest.mark.parametrize(("cause", "_before"), CAUSES, ids=lambda it: getattr(it, "__name__", ""))
def test_an_earned_badge_stays_whatever_happens_then(session, engine, liked, cause, _before):
    post, other, badge = liked
    reactions.react(session, other, make_member(session, "fan2"), "upvote")
    assert look_everywhere(session, engine) == [("ada", None)]
    earned_at = session.scalars(select(Award.earned_at)).one()
    cause(session, post, badge)
    assert look_everywhere(session, engine) == [("ada", None)]
    assert session.scalars(select(Award.earned_at)).one() == earned_at
    assert session.scalars(select(Badge.holders)).one() == 1


@pytest.mark.parametrize(("cause", "earns"), CAUSES, ids=lambda it: getattr(it, "__name__", ""))
def test_what_happens_before_a_badge_is_earned_counts(session, engine, liked, cause, earns):
    post, other, badge = liked
    cause(session, post, badge)
    reactions.react(session, other, make_member(session, "fan2"), "upvote")
    assert look_everywhere(session, engine) == ([("ada", None)] if earns else [])
