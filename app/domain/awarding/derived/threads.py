"""What came of threads: silence, an answer to whom it named, a late edit, a tag that took off."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, select
from sqlalchemy.orm import aliased

from app.domain.awarding.derived.scope import Scope, columns_of, joined, later
from app.domain.badging.badges import Award
from app.domain.forum.threads import OPENING_KINDS, Edit, Kind, Mention, Post, Reaction, Thread, ThreadTag
from app.domain.record.activities import Activity

ALONE_DAYS = 7
DORMANT_DAYS = 183
TAG_THREADS = 50


def stayed_alone(scope: Scope) -> Select[Any]:
    """A question had no answer, comment or vote for its first week."""
    week_over = later(Thread.created_at, days=ALONE_DAYS)
    other = aliased(Post)
    answered = exists().where(other.thread_id == Thread.id, other.id != Post.id, other.created_at < week_over)
    voted = exists().where(Reaction.post_id == Post.id, Reaction.created_at < week_over, Reaction.kind != "favorite")
    window = Thread.created_at.between(
        scope.since - timedelta(days=ALONE_DAYS), scope.until - timedelta(days=ALONE_DAYS)
    )
    return (
        columns_of(Thread.author_id, week_over)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.kind == Kind.QUESTION, window, Thread.deleted_at.is_(None), ~answered, ~voted)
        .where(Thread.id.in_(scope.threads) if scope.source else literal(True))
    )


def mention_answered(scope: Scope) -> Select[Any]:
    """A member whom a post names answers or replies in its thread afterwards; once for each such pair in a thread."""
    reply = aliased(Post)
    first = (
        select(
            Mention.member_id,
            Post.author_id,
            Post.thread_id,
            func.min(Post.id).label("post_id"),
            func.min(reply.created_at).label("at"),
        )
        .join_from(Mention, Post, Post.id == Mention.post_id)
        .join(reply, and_(reply.thread_id == Post.thread_id, reply.author_id == Mention.member_id, reply.id > Post.id))
        .where(reply.kind.in_((Kind.ANSWER, Kind.REPLY)), reply.deleted_at.is_(None), Post.deleted_at.is_(None))
        .where(Mention.member_id != Post.author_id, Post.thread_id.in_(scope.threads))
        .group_by(Mention.member_id, Post.author_id, Post.thread_id)
        .subquery()
    )
    key = joined(first.c.thread_id, first.c.author_id, first.c.member_id)
    return (
        columns_of(first.c.author_id, first.c.at, key=key, actor=first.c.member_id)
        .join(first, first.c.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
    )


def edited_dormant(scope: Scope) -> Select[Any]:
    """A post of somebody else was edited after half a year in which nothing happened to it; once for each post."""
    before, other = aliased(Edit), aliased(Post)
    half_a_year_ago = later(Edit.created_at, days=-DORMANT_DAYS)
    edited = exists().where(
        before.post_id == Edit.post_id, before.created_at < Edit.created_at, before.created_at >= half_a_year_ago
    )
    answered = exists().where(
        other.thread_id == Post.thread_id,
        other.kind == Kind.ANSWER,
        Post.kind.in_(OPENING_KINDS),
        other.created_at < Edit.created_at,
        other.created_at >= half_a_year_ago,
    )
    first = func.min(Edit.created_at)
    return (
        columns_of(Edit.member_id, first, key=joined(Post.id, Edit.member_id))
        .join(Edit, Edit.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.id.in_(scope.threads), Edit.is_rollback.is_(False))
        .where(Edit.member_id.is_distinct_from(Post.author_id), Post.created_at < half_a_year_ago, ~edited, ~answered)
        .group_by(Post.id, Edit.member_id, Thread.id, Thread.category_id)
    )


def closed(scope: Scope) -> Select[Any]:
    """A question was closed."""
    return (
        columns_of(Thread.author_id, Thread.closed_at)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.id.in_(scope.threads), Post.kind == Kind.QUESTION, Thread.closed_at.is_not(None))
    )


def tag_took_off(scope: Scope) -> Select[Any]:
    """A tag that a member was the first to use in a category came to 50 threads there."""
    in_scope = select(ThreadTag.tag_id).where(ThreadTag.thread_id.in_(scope.threads))
    place = func.row_number().over(
        partition_by=(ThreadTag.tag_id, Thread.category_id), order_by=(ThreadTag.added_at, Thread.id)
    )
    used = (
        select(
            ThreadTag.tag_id, Thread.category_id, ThreadTag.thread_id, ThreadTag.added_at, place.label("place"),
            func.coalesce(ThreadTag.added_by_id, Thread.author_id).label("member_id"),
        )
        .join(Thread, Thread.id == ThreadTag.thread_id)
        .where(ThreadTag.tag_id.in_(in_scope), Thread.deleted_at.is_(None))
        .subquery()
    )  # fmt: skip
    first, last = used.alias(), used.alias()
    return (
        columns_of(first.c.member_id, last.c.added_at, key=joined(first.c.tag_id, first.c.category_id))
        .join(first, and_(first.c.thread_id == Post.thread_id, Post.kind.in_(OPENING_KINDS)))
        .join(last, and_(last.c.tag_id == first.c.tag_id, last.c.category_id == first.c.category_id))
        .join(Thread, Thread.id == Post.thread_id)
        .where(first.c.place == 1, last.c.place == TAG_THREADS)
    )


def badge_completed(scope: Scope) -> Select[Any]:
    """A member's reaction was the last that somebody's badge needed."""
    return (
        columns_of(Activity.actor_id, Activity.happened_at, key=Award.id, actor=Award.member_id)
        .join(Activity, Activity.post_id == Post.id)
        .join(Award, and_(Award.seq == Activity.seq, Award.member_id == Activity.member_id))
        .join(Thread, Thread.id == Post.thread_id)
        .where(Activity.kind.in_(("upvote_received", "insightful_received")), Award.way == "automatic")
        .where(Activity.actor_id.is_not(None), Thread.id.in_(scope.threads))
    )
