"""Whatever happens, the ledger adds up: to balances, to statements, and to the scores of weeks, months and categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.awarding import audit, backfill, evaluator
from app.domain.people.members import Member
from app.domain.problems import Conflict, Refused
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry, PointRule, Rank
from app.domain.record.scores import EVERYWHERE, Score
from app.domain.site.site_settings import SiteSetting
from app.domain.writing import acceptance, posts, reactions, removals
from tests.factories import make_category, make_member

DAWN = datetime(2026, 3, 28, 20, tzinfo=UTC)
RULES = (
    {"slug": "answer", "kind": "answered", "amount": 5, "cap": "answers", "per_day": 12},
    {"slug": "accepted", "kind": "accepted", "amount": 15, "where": {"by_self": False}, "per_pair": 20},
    {"slug": "upvote", "kind": "upvote_received", "amount": 2, "cap": "likes", "per_day": 7, "per_pair": 3},
    {"slug": "insightful", "kind": "insightful_received", "amount": 3, "cap": "likes", "per_day": 7, "per_pair": 3},
)
ZONES = ("UTC", "Europe/Berlin", "Pacific/Auckland")
DEEDS = st.sampled_from(
    (
        "ask",
        "answer",
        "answer",
        "upvote",
        "upvote",
        "insightful",
        "accept",
        "remove",
        "restore",
        "book",
        "rebook",
        "move",
    )
)
HISTORY = st.lists(
    st.tuples(DEEDS, st.integers(0, 3), st.integers(0, 30), st.integers(0, 200)), min_size=5, max_size=40
)


class Play:
    """A small community that does what a history says, all in one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session
        session.add_all(PointRule(position=i, says="x", **rule) for i, rule in enumerate(RULES))
        session.add_all(
            Rank(position=i, slug=f"r{i}", name=f"R{i}", points=20 * i, stars=i, unlocks=[]) for i in range(4)
        )
        self.people = [make_member(session, f"p{i}", role="moderator" if i == 3 else "member") for i in range(4)]
        self.categories = [make_category(session) for _ in range(2)]
        self.posts = [self.ask(self.people[0], 0, DAWN).first]  # type: ignore[attr-defined]

    def ask(self, who: Member, which: int, at: datetime):
        thread = posts.start_thread(
            self.session, who, self.categories[which % 2], kind="question", title="Why?", body="Well?", at=at
        )
        thread.first = self.session.scalars(select(posts.Post).filter_by(thread_id=thread.id)).one()
        return thread

    def do(self, deed: str, who: Member, which: int, at: datetime) -> None:
        post = self.posts[which % len(self.posts)]
        match deed:
            case "ask":
                self.posts.append(self.ask(who, which, at).first)
            case "answer":
                self.posts.append(posts.post_reply(self.session, post.thread, who, "So.", at=at))
            case "accept":
                acceptance.toggle(self.session, post, who)
            case "remove":
                removals.remove(self.session, post, self.people[3], at=at)
            case "restore":
                removals.restore(self.session, post, self.people[3])
            case "move":
                self.session.merge(SiteSetting(key="zone", value=ZONES[which % 3]))
            case "book":
                evaluator.run(self.open)
            case "rebook":
                backfill.run(self.open)
            case _:
                reactions.toggle(self.session, post, who, deed)

    @contextmanager
    def open(self) -> Iterator[Session]:
        yield self.session
        self.session.flush()


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORY)
def test_the_ledger_is_the_balance_is_the_sum_of_weeks_of_months_and_of_categories(engine, history):
    with Session(engine, expire_on_commit=False) as session:
        play = Play(session)
        for deed, who, which, hours in history:
            try:
                with session.begin_nested():
                    play.do(deed, play.people[who], which, DAWN + timedelta(hours=hours))
            except (Refused, Conflict):
                continue
        evaluator.run(play.open)
        session.expire_all()
        assert_adds_up(session)
        session.rollback()


def assert_adds_up(session: Session) -> None:
    entries = session.execute(
        select(PointEntry.member_id, PointEntry.amount, PointEntry.balance, Activity.category_id)
        .join(Activity, Activity.id == PointEntry.activity_id)
        .order_by(PointEntry.seq, PointEntry.id)
    ).all()
    ledger: Counter[int] = Counter()
    by_category: Counter[tuple[int, int]] = Counter()
    for member, amount, balance, category in entries:
        ledger[member] += amount
        by_category[member, category] += amount
        assert balance == ledger[member]
    assert dict(session.execute(select(Member.id, Member.points)).all()) == {
        member: ledger[member] for member in session.scalars(select(Member.id))
    }
    scored: dict[tuple[str, bool], Counter] = {}
    for it in session.scalars(select(Score)):
        everywhere = it.category_id == EVERYWHERE
        sums = scored.setdefault((it.span, everywhere), Counter())
        sums[it.member_id if everywhere else (it.member_id, it.category_id)] += it.points
    for (_span, everywhere), sums in scored.items():
        assert +sums == +(ledger if everywhere else by_category)
        assert -sums == -(ledger if everywhere else by_category)
    assert audit.differences(session) == []
