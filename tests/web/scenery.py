"""Badges, ranks, awards and threads for the tests of pages, written down directly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.forum.threads import Category, Post, Thread
from app.domain.membership import sessions
from app.domain.people.members import Member
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry, PointRule, Rank
from tests.factories import make_category

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
_seq = count(1)


def make_ranks(session: Session) -> None:
    """A ladder of three steps."""
    for position, (name, points) in enumerate((("Passenger", 0), ("Cadet", 100), ("Captain", 1500))):
        unlocks = ["messages"] if position else []
        session.add(
            Rank(
                position=position,
                slug=name.lower(),
                name=name,
                points=points,
                stars=position,
                about="A step.",
                unlocks=unlocks,
            )
        )
    session.flush()


def make_badge(session: Session, slug: str, earn: dict[str, object] | None = None, **more: object) -> Badge:
    """A badge with its first version; it comes by itself unless told otherwise."""
    looks = {"family": "ground", "tier": "bronze", "glyph": "wrench", "about": "For trying.", "catalogue": "tests"}
    how = str(more.pop("how", "Have 1 answer accepted."))
    name = slug.replace("-", " ").title()
    badge = Badge(**{"slug": slug, "name": name, "ways": ["automatic"], "position": next(_seq), **looks, **more})
    session.add(badge)
    session.flush()
    version = BadgeVersion(badge_id=badge.id, number=1, criterion=earn, how=how)
    session.add(version)
    session.flush()
    badge.version_id = version.id
    session.flush()
    return badge


def make_award(session: Session, badge: Badge, member: Member, at: datetime = NOON, **more: object) -> Award:
    """A badge in a member's hands."""
    fields = {"badge_id": badge.id, "version_id": badge.version_id, "member_id": member.id, "earned_at": at, **more}
    award = Award(**fields)
    session.add(award)
    badge.holders += 1
    session.flush()
    return award


def make_thread_of(session: Session, by: Member, length: int, text: str = "word " * 200, **more: object) -> Thread:
    """A question with so many answers, each by its asker: the pages do not care."""
    category = more.pop("category", None) or make_category(session)
    assert isinstance(category, Category)
    fields = {"kind": "question", "title": "A thread", "slug": "a-thread", "created_at": NOON, "active_at": NOON}
    thread = Thread(
        **{**fields, "category_id": category.id, "author_id": by.id, "answers": length, "replies": length, **more}
    )
    session.add(thread)
    session.flush()
    make_post(session, thread, by, kind=thread.kind, text=text)
    for nth in range(length):
        make_post(session, thread, by, text=text, nth=nth + 1)
    return thread


def make_post(session: Session, thread: Thread, by: Member | None, text: str = "Because.", **more: object) -> Post:
    """A post of a thread, an answer unless told otherwise."""
    fields = {"kind": "answer", "body": text, "html": f"<p>{text}</p>", "created_at": NOON}
    post = Post(**{**fields, "thread_id": thread.id, "author_id": by.id if by else None, **more})
    session.add(post)
    session.flush()
    return post


def make_entry(session: Session, member: Member, amount: int, at: datetime = NOON, **more: object) -> PointEntry:
    """A line of the ledger, with the deed behind it."""
    seq = next(_seq)
    deed = Activity(kind="accepted", member_id=member.id, actor_id=member.id, happened_at=at, local_day=1, seq=seq)
    session.add(deed)
    session.flush()
    entry = PointEntry(
        **{"member_id": member.id, "activity_id": deed.id, "rule": "accepted", "amount": amount, "seq": seq,
           "happened_at": at, "local_day": 1, **more}
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def make_rule(session: Session, slug: str = "accepted", amount: int = 15) -> PointRule:
    """What a deed is worth."""
    rule = PointRule(slug=slug, kind="accepted", amount=amount, says="Somebody accepts your answer", per_day=150)
    session.add(rule)
    session.flush()
    return rule


def sign_in(client: FlaskClient, engine: Engine, member: Member) -> FlaskClient:
    """Let a client be a member, with a log-in of that member's own."""
    with transaction(engine) as session:
        secret = sessions.start(session, member)
    with client.session_transaction() as cookie:
        cookie["log_in"] = secret
    return client


def days(number: int) -> timedelta:
    """So many days."""
    return timedelta(days=number)
