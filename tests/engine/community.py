"""A small busy community: members and rules of every sort, deeds to write, and what must hold in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from app.domain.awarding import audit
from app.domain.badging.badges import Award
from app.domain.forum.threads import Category, Post, Thread
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.record import activities
from app.domain.record.activities import Activity
from app.domain.record.points import PointRule, Rank
from tests.domain.rules import make_badge
from tests.engine import oracle
from tests.engine.histories import RANKS, read

MEMBERS, THREADS = 8, 6
SPRING = datetime(2026, 3, 1, 8, tzinfo=UTC)

RULES: dict[str, dict[str, Any]] = {
    "visitor": {"count": "visited", "n": 5},
    "regular": {"streak": "visited", "n": 3},
    "busy-week": {"count": "visited", "n": 8, "days": 7},
    "liked": {"count": "upvote_received", "n": 10},
    "liked-post": {"count": "score", "each": "post", "n": 4},
    "first-liked": {"count": "score", "each": "post", "n": 2, "first": True, "where": {"post": "answer"}},
    "many-fans": {"count": "upvote_received", "per": "member", "n": 4, "reaches": 2},
    "good-days": {"count": "points", "per": "day", "reaches": 6, "n": 3},
    "rich": {"count": "points", "n": 40},
    "loved": {"together": [{"count": "accepted", "n": 1}, {"count": "score", "n": 3}], "each": "post", "says": "x"},
    "steady": {"together": [{"count": "visited", "n": 4}, {"count": {"upvote_received": 1, "downvote_received": -2},
                                                           "n": 0}], "says": "x"},
    "both": {"all": [{"has": "visitor"}, {"any": [{"has": "rich"}, {"count": "accepted", "n": 2}]}]},
    "year": {"yearly": 10},
}  # fmt: skip
POINTS: list[dict[str, Any]] = [
    {"slug": "upvote", "kind": "upvote_received", "amount": 2, "cap": "likes", "per_day": 8, "per_pair": 4},
    {"slug": "accepted", "kind": "accepted", "amount": 5, "where": {"by_self": False}},
    {"slug": "visit", "kind": "visited", "amount": 1},
    {"slug": "downvote", "kind": "downvote_received", "amount": -1},
]


def furnish(session: Session) -> None:
    """Members, threads with answers, badges, points and ranks."""
    members = [
        Member(username=f"member{i}", username_key=f"member{i}", name=f"Member {i}", email_verified_at=SPRING,
               email=f"member{i}@members.example", joined_at=SPRING)
        for i in range(MEMBERS)
    ]  # fmt: skip
    category = Category(slug="help", name="Help")
    session.add_all([*members, category])
    session.flush()
    for i in range(THREADS):
        thread = Thread(category=category, author=members[i], kind="question", title="Why?", slug="why")
        session.add(thread)
        session.flush()
        for j in range(3):
            post = Post(thread=thread, author=members[(i + j) % MEMBERS], kind="answer" if j else "question", body="So.",
                        html="So.", by_other=j > 0, nth=j)  # fmt: skip
            session.add(post)
    for slug, rule in RULES.items():
        make_badge(session, slug, rule)
    blank = {"where": None, "cap": None, "per_day": None, "per_pair": None}
    session.execute(insert(PointRule), [blank | {"position": i, "says": "x"} | it for i, it in enumerate(POINTS)])
    session.execute(insert(Rank), [
        {"position": place, "slug": f"rank-{place}", "name": f"Rank {place}", "points": points, "stars": 1, "unlocks": []}
        for points, place in RANKS
    ])  # fmt: skip


def write(session: Session, dice: Random) -> int:
    """Note what one request may note: a deed or two, or the withdrawal of one; returns how many."""
    members = session.scalars(select(Member).order_by(Member.id)).all()
    posts = session.scalars(select(Post).order_by(Post.id)).all()
    at = SPRING + timedelta(hours=dice.randrange(24 * 30))
    who, post = dice.choice(members), dice.choice(posts)
    kind = dice.choices(
        ["visited", "upvote_received", "accepted", "downvote_received", "anniversary", "withdraw"], [6, 10, 2, 2, 1, 3]
    )[0]
    if kind == "withdraw":
        return _withdraw(session, dice)
    if kind in ("visited", "anniversary"):
        activities.note(session, kind, who, at=at)
        return 1
    activities.note(session, kind, post.author or who, by=who, post=post, at=at)
    if kind == "upvote_received":
        activities.note(session, "upvote_given", who, post=post, at=at)
        return 2
    return 1


def _withdraw(session: Session, dice: Random) -> int:
    """Two writers may want to take back the same deed; as in the site's verbs, who comes second finds it gone."""
    opposite = aliased(Activity)
    row = session.scalars(
        select(Activity).outerjoin(opposite, opposite.reverses_id == Activity.id)
        .where(Activity.kind == "upvote_received", Activity.amount > 0, opposite.id.is_(None))
        .order_by(Activity.id.desc()).offset(dice.randrange(20)).limit(1).with_for_update(of=Activity, skip_locked=True)
    ).first()  # fmt: skip
    # Now that it is ours, look again: the other may have committed between our look and our lock.
    gone = row and session.scalar(select(Activity.id).where(Activity.reverses_id == row.id))
    return len(activities.withdraw(session, [row])) if row and not gone else 0


def write_all(session: Session, deeds: int, seed: int = 1) -> None:
    """Write a history of about so many deeds."""
    dice, written = Random(seed), 0
    while written < deeds:
        written += write(session, dice)
        session.flush()


def booked(session: Session) -> list[oracle.Deed]:
    """The booked deeds as the oracle reads them."""
    rows = session.execute(
        select(Activity.id, Activity.seq, Activity.kind, Activity.member_id, Activity.actor_id, Activity.happened_at,
               Activity.local_day, Activity.amount, Activity.post_id, Activity.thread_id, Category.slug, Activity.object,
               Activity.reverses_id, Post.kind, Post.author_id, Post.by_other, Post.nth, Post.again, Post.waited)
        .outerjoin(Post, Post.id == Activity.post_id).outerjoin(Category, Category.id == Activity.category_id)
        .where(Activity.seq.is_not(None)).order_by(Activity.seq)
    )  # fmt: skip
    return [oracle.Deed(*row) for row in rows]


def assert_sound(session: Session) -> None:
    """Nothing waits, nothing happened twice, and everything is as the oracle says."""
    deeds = booked(session)
    assert audit.waiting(session) == 0
    assert [deed.seq for deed in deeds] == list(range(1, len(deeds) + 1))
    assert audit.differences(session) == []
    here, truth = read(session), oracle.judge(deeds, RULES, POINTS, RANKS)
    assert here.entries == sorted(tuple(it) for it in truth.entries)
    assert here.balances == {member: points for member, points in truth.balances.items() if points}
    assert here.ranks == {member: rank for member, rank in truth.ranks.items() if rank}
    assert here.awards == {key: tuple(mark) for key, mark in truth.awards.items()}
    assert not doubled(here.notices)


def doubled(things: Sequence[Any]) -> list[Any]:
    """What is there more than once."""
    return [it for it, times in Counter(things).items() if times > 1]


def untold(session: Session) -> list[int]:
    """Awards that no notice of their own speaks of."""
    told = {key for (key,) in session.execute(select(Notification.key))}
    return [it for it in session.scalars(select(Award.id)) if f"award:{it}" not in told]
