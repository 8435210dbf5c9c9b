"""What votes have brought about: a score that was reached, a post that outdid another, many reactions in a few days."""

from typing import Any

from sqlalchemy import Select, Subquery, and_, case, exists, func, literal, select
from sqlalchemy.orm import aliased

from app.domain.awarding.derived.scope import Scope, columns_of, joined, later, later_of, posts_of
from app.domain.base import Instant
from app.domain.forum.threads import OPENING_KINDS, Edit, Kind, Post, Reaction, Thread

REVIVED_DAYS, REVIVED_VOTES = 30, 2
EXPLAINED_HOURS = 12
OUTDONE_VOTES = 10
REVERSED_VOTES, DISLIKED_VOTES = 20, -5
BEST_OF_REACTIONS, BEST_OF_DAYS = 5, 7  # so many reactions within so many days bring a post to Best Of

_STEP = case((Reaction.kind == "upvote", 1), (Reaction.kind == "downvote", -1), else_=0)


def _runs(posts: Select[Any]) -> Subquery:
    """The score of each post after each of its votes: post_id, id, at, step, run."""
    so_far = func.sum(_STEP).over(partition_by=Reaction.post_id, order_by=(Reaction.created_at, Reaction.id))
    return (
        select(
            Reaction.post_id,
            Reaction.id,
            Reaction.created_at.label("at"),
            _STEP.label("step"),
            so_far.label("run"),
        )
        .where(Reaction.kind.in_(("upvote", "downvote")), Reaction.post_id.in_(posts))
        .subquery()
    )


def _reached(n: int, posts: Select[Any]) -> Subquery:
    """When each post's score was first n: post_id, id, at."""
    runs = _runs(posts)
    place = func.row_number().over(partition_by=runs.c.post_id, order_by=(runs.c.at, runs.c.id))
    reached = select(runs, place.label("place")).where(runs.c.run >= n).subquery()
    return select(reached).where(reached.c.place == 1).subquery()


def _of_authors(moments: Subquery, **more: Any) -> Select[Any]:
    """A fact about the author of each of these posts, at its moment: post_id, at."""
    at_each = columns_of(Post.author_id, moments.c.at, **more).join(moments, moments.c.post_id == Post.id)
    return at_each.join(Thread, Thread.id == Post.thread_id)


def first_to_two(scope: Scope) -> Select[Any]:
    """Of a question's answers the first to reach 2 votes was written more than 30 days after the question."""
    reached = _reached(REVIVED_VOTES, posts_of(scope, Kind.ANSWER))
    place = func.row_number().over(partition_by=Post.thread_id, order_by=reached.c.id)
    placed = select(Post.id, reached.c.at, place.label("place")).join(reached, reached.c.post_id == Post.id).subquery()
    return (
        columns_of(Post.author_id, placed.c.at)
        .join(placed, placed.c.id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(placed.c.place == 1, Post.waited >= REVIVED_DAYS)
    )


def good_question(scope: Scope) -> Select[Any]:
    """A question that is not closed reached 1 vote; it counts for the day on which it was asked."""
    reached = _reached(1, posts_of(scope, Kind.QUESTION))
    return _of_authors(reached, counted_at=Post.created_at).where(Thread.closed_at.is_(None))


def poor_question(scope: Scope) -> Select[Any]:
    """A question's score is below 0, since it last fell there."""
    runs = _runs(posts_of(scope, Kind.QUESTION))
    fell = (
        select(runs.c.post_id, func.max(runs.c.at).label("at"))
        .where(runs.c.run < 0, runs.c.run - runs.c.step >= 0)
        .group_by(runs.c.post_id)
        .subquery()
    )
    return _of_authors(fell).where(Post.upvotes < 0)


def explained(scope: Scope) -> Select[Any]:
    """Somebody else's question was edited and answered within 12 hours, and the answer reached 1 vote."""
    opening = aliased(Post)
    reached = _reached(1, posts_of(scope, Kind.ANSWER))
    moment = later_of(later_of(Edit.created_at, Post.created_at), reached.c.at)
    done = (
        select(func.min(Post.id).label("post_id"), Post.thread_id, Post.author_id, func.min(moment).label("at"))
        .join(reached, reached.c.post_id == Post.id)
        .join(opening, and_(opening.thread_id == Post.thread_id, opening.kind == Kind.QUESTION))
        .join(Edit, and_(Edit.post_id == opening.id, Edit.member_id == Post.author_id))
        .where(Edit.part.in_(("title", "body")), Edit.is_rollback.is_(False), Post.by_other.is_(True))
        .where(Edit.created_at <= later(Post.created_at, hours=EXPLAINED_HOURS))
        .where(Edit.created_at >= later(Post.created_at, hours=-EXPLAINED_HOURS))
        .group_by(Post.thread_id, Post.author_id)
        .subquery()
    )
    return _of_authors(done, key=joined(done.c.thread_id, done.c.author_id))


def populist(scope: Scope) -> Select[Any]:
    """The best answer has more than twice the votes of an accepted one that has more than 10."""
    accepted, better = aliased(Post), aliased(Post)
    outdone = exists().where(
        better.thread_id == Post.thread_id, better.kind == Kind.ANSWER, better.deleted_at.is_(None),
        better.upvotes > Post.upvotes,
    )  # fmt: skip
    return (
        columns_of(Post.author_id, literal(scope.until, Instant()))
        .join(Thread, Thread.id == Post.thread_id)
        .join(accepted, accepted.id == Thread.accepted_post_id)
        .where(Thread.id.in_(scope.threads), Post.kind == Kind.ANSWER, Post.deleted_at.is_(None))
        .where(accepted.upvotes > OUTDONE_VOTES, Post.upvotes > 2 * accepted.upvotes, ~outdone)
    )


def reversal(scope: Scope) -> Select[Any]:
    """An answer with 20 votes stands under a question with -5 or less."""
    opening = aliased(Post)
    return (
        columns_of(Post.author_id, literal(scope.until, Instant()))
        .join(Thread, Thread.id == Post.thread_id)
        .join(opening, and_(opening.thread_id == Thread.id, opening.kind == Kind.QUESTION))
        .where(Thread.id.in_(scope.threads), Post.kind == Kind.ANSWER, Post.deleted_at.is_(None))
        .where(Post.upvotes >= REVERSED_VOTES, opening.upvotes <= DISLIKED_VOTES)
    )


def best_of(scope: Scope) -> Select[Any]:
    """A post had 5 reactions of other members within 7 days: the Best Of page shows it."""
    posts = posts_of(scope, *OPENING_KINDS, Kind.ANSWER, Kind.REPLY)
    back = func.lag(Reaction.created_at, BEST_OF_REACTIONS - 1)
    earlier = back.over(partition_by=Reaction.post_id, order_by=(Reaction.created_at, Reaction.id))
    liked = (
        select(Reaction.post_id, Reaction.created_at, earlier.label("earlier"))
        .where(Reaction.kind.in_(("upvote", "insightful")), Reaction.post_id.in_(posts))
        .subquery()
    )
    since = later(liked.c.created_at, days=-BEST_OF_DAYS)
    reached = (
        select(liked.c.post_id, func.min(liked.c.created_at).label("at"))
        .where(liked.c.earlier > since)
        .group_by(liked.c.post_id)
        .subquery()
    )
    return _of_authors(reached)
