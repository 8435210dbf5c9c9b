"""Rows that come by thousands are the rows that would have come one by one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from app.domain import loads
from app.domain.base import as_text
from app.domain.forum.threads import Kind, Post
from app.domain.record.activities import Activity
from tests.factories import make_answer, make_member

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))


def shown(row):
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def test_a_load_writes_what_single_rows_would_have(session):
    """Texts that mean something to the databases, moments of other zones, nothing at all."""
    post = make_answer(session, make_member(session))
    text_of = 'a\tb\\n\\N "it\'s" {1} %s\nü 日本'
    wanted = {"thread_id": post.thread_id, "author_id": None, "kind": Kind.COMMENT, "body": text_of, "html": "", "created_at": NOON,
              "by_other": True, "waited": 3}  # fmt: skip
    session.add(Post(**wanted))
    session.commit()
    loads.write(session, Post, [wanted, {**wanted, "body": ""}])
    session.commit()
    session.expire_all()
    one, first, second = map(shown, session.scalars(select(Post).where(Post.kind == Kind.COMMENT).order_by(Post.id)))
    assert {**one, "id": 0} == {**first, "id": 0} == {**second, "id": 0, "body": text_of}
    assert first["created_at"] == NOON
    assert [it["body"] for it in (first, second)] == [text_of, ""]


def test_a_load_keeps_moments_as_statements_look_for_them(session):
    ada = make_member(session)
    row = {"kind": "visited", "member_id": ada.id, "happened_at": NOON, "local_day": 1}
    loads.write(session, Activity, [row])
    found = session.scalars(select(Activity).where(Activity.happened_at == NOON)).one()
    assert (found.amount, found.undated) == (1, False)
    assert found.noted_at > NOON


def test_a_load_of_nothing_writes_nothing(session):
    loads.write(session, Activity, [])
    assert not session.scalars(select(Activity.id)).all()


def test_a_load_that_breaks_a_rule_is_refused_as_a_whole(session):
    ada = make_member(session)
    session.commit()
    row = {"kind": "visited", "member_id": ada.id, "happened_at": NOON, "local_day": 1, "amount": 1}
    with pytest.raises(Exception, match=r"(?i)constraint"):
        loads.write(session, Activity, [row, {**row, "amount": 0}])
    session.rollback()
    assert not session.scalars(select(Activity.id)).all()


def test_a_moment_is_kept_as_text_that_sorts(session):
    assert as_text(NOON) == "2026-05-01 10:00:00.000000"
    with pytest.raises(ValueError, match="zone"):
        as_text(NOON.replace(tzinfo=None))
