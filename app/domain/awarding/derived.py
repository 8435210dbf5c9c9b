"""Derived facts: what no single deed shows. Absence, relations of two deeds, time passing.

Each fact is one statement over the site's own tables and finds the same whenever it is asked, so
the importer (for everything at once) and the scheduled look (for what was touched lately) share it.
A fact is noted once, under a key of its own, and never withdrawn: it is true that it happened.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.functions import FunctionElement

from app.domain.awarding.evaluator import Open
from app.domain.badging.badges import Award
from app.domain.badging.totals import Lease
from app.domain.base import Instant, day_number, insert_into, ring_after_commit
from app.domain.forum.threads import OPENING_KINDS, Edit, Kind, Mention, Post, Reaction, Thread, ThreadTag
from app.domain.mail import leases
from app.domain.people.members import Member
from app.domain.record.activities import Activity

ALONE_DAYS = 7
DORMANT_DAYS = 183
REVIVED_DAYS, REVIVED_VOTES = 30, 2
EXPLAINED_HOURS = 12
OUTDONE_VOTES = 10
REVERSED_VOTES, DISLIKED_VOTES = 20, -5
TAG_THREADS = 50
BEST_OF_REACTIONS, BEST_OF_DAYS = 5, 7  # so many reactions within so many days bring a post to Best Of

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
BATCH = 500
DEEDS_SEEN, LOOKED_AT = "look: deeds", "look: time"  # how far the looks have come


@dataclass(frozen=True)
class Scope:
    """Where to look: in these threads; and for what time alone brings, from `since` to `until`.

    `source` is the community whose import asks; otherwise it is the site itself.
    """

    threads: Select[Any]
    since: datetime
    until: datetime
    source: str | None = None


class Found(NamedTuple):
    """One fact. `counted_at` is the moment whose day counts, where that is not when it happened."""

    key: str
    kind: str
    member_id: int
    post_id: int | None
    thread_id: int | None
    category_id: int | None
    actor_id: int | None
    object: str | None
    happened_at: datetime
    counted_at: datetime
    zone: str
    undated: bool = False


class later(FunctionElement[datetime]):
    """A moment moved by so many hours; the engines have no common word for it."""

    type = Instant()
    inherit_cache = False

    def __init__(self, moment: Any, *, days: int = 0, hours: int = 0) -> None:
        super().__init__(moment)
        self.hours = 24 * days + hours


@compiles(later, "sqlite")
def _later_sqlite(element: later, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f', {moment}, '{element.hours:+d} hours') || '000'"


@compiles(later, "postgresql")
def _later_postgresql(element: later, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} + interval '{element.hours} hours')"


# --- What votes have done so far ------------------------------------------------------------------

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


def _posts_of(scope: Scope, *kinds: str) -> Select[Any]:
    return select(Post.id).where(Post.thread_id.in_(scope.threads), Post.kind.in_(kinds), Post.deleted_at.is_(None))


# --- The facts ------------------------------------------------------------------------------------


def _facts(
    member: Any,
    at: Any,
    post: Any = Post,
    *,
    key: Any = None,
    actor: Any = None,
    object: Any = None,
    counted_at: Any = None,
) -> Select[Any]:
    """A statement's columns, in the order in which `_rows` reads them."""
    return select(
        (post.id if key is None else key).label("key"),
        member.label("member_id"),
        post.id.label("post_id"),
        Thread.id.label("thread_id"),
        Thread.category_id,
        (null() if actor is None else actor).label("actor_id"),
        (null() if object is None else object).label("object"),
        at.label("happened_at"),
        (at if counted_at is None else counted_at).label("counted_at"),
    )


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
        _facts(Thread.author_id, week_over)
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
    key = _joined(first.c.thread_id, first.c.author_id, first.c.member_id)
    return (
        _facts(first.c.author_id, first.c.at, key=key, actor=first.c.member_id)
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
        _facts(Edit.member_id, first, key=_joined(Post.id, Edit.member_id))
        .join(Edit, Edit.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.id.in_(scope.threads), Edit.is_rollback.is_(False))
        .where(Edit.member_id.is_distinct_from(Post.author_id), Post.created_at < half_a_year_ago, ~edited, ~answered)
        .group_by(Post.id, Edit.member_id, Thread.id, Thread.category_id)
    )


def first_to_two(scope: Scope) -> Select[Any]:
    """Of a question's answers the first to reach 2 votes was written more than 30 days after the question."""
    reached = _reached(REVIVED_VOTES, _posts_of(scope, Kind.ANSWER))
    place = func.row_number().over(partition_by=Post.thread_id, order_by=reached.c.id)
    placed = select(Post.id, reached.c.at, place.label("place")).join(reached, reached.c.post_id == Post.id).subquery()
    return (
        _facts(Post.author_id, placed.c.at)
        .join(placed, placed.c.id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(placed.c.place == 1, Post.waited >= REVIVED_DAYS)
    )


def good_question(scope: Scope) -> Select[Any]:
    """A question that is not closed reached 1 vote; it counts for the day on which it was asked."""
    reached = _reached(1, _posts_of(scope, Kind.QUESTION))
    return (
        _facts(Post.author_id, reached.c.at, counted_at=Post.created_at)
        .join(reached, reached.c.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.closed_at.is_(None))
    )


def poor_question(scope: Scope) -> Select[Any]:
    """A question's score is below 0, since it last fell there."""
    runs = _runs(_posts_of(scope, Kind.QUESTION))
    fell = (
        select(runs.c.post_id, func.max(runs.c.at).label("at"))
        .where(runs.c.run < 0, runs.c.run - runs.c.step >= 0)
        .group_by(runs.c.post_id)
        .subquery()
    )
    return (
        _facts(Post.author_id, fell.c.at)
        .join(fell, fell.c.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.upvotes < 0)
    )


def closed(scope: Scope) -> Select[Any]:
    """A question was closed."""
    return (
        _facts(Thread.author_id, Thread.closed_at)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.id.in_(scope.threads), Post.kind == Kind.QUESTION, Thread.closed_at.is_not(None))
    )


def explained(scope: Scope) -> Select[Any]:
    """Somebody else's question was edited and answered within 12 hours, and the answer reached 1 vote."""
    opening = aliased(Post)
    reached = _reached(1, _posts_of(scope, Kind.ANSWER))
    moment = _later_of(_later_of(Edit.created_at, Post.created_at), reached.c.at)
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
    return (
        _facts(Post.author_id, done.c.at, key=_joined(done.c.thread_id, done.c.author_id))
        .join(done, done.c.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
    )


def populist(scope: Scope) -> Select[Any]:
    """The best answer has more than twice the votes of an accepted one that has more than 10."""
    accepted, better = aliased(Post), aliased(Post)
    outdone = exists().where(
        better.thread_id == Post.thread_id, better.kind == Kind.ANSWER, better.deleted_at.is_(None),
        better.upvotes > Post.upvotes,
    )  # fmt: skip
    return (
        _facts(Post.author_id, literal(scope.until, Instant()))
        .join(Thread, Thread.id == Post.thread_id)
        .join(accepted, accepted.id == Thread.accepted_post_id)
        .where(Thread.id.in_(scope.threads), Post.kind == Kind.ANSWER, Post.deleted_at.is_(None))
        .where(accepted.upvotes > OUTDONE_VOTES, Post.upvotes > 2 * accepted.upvotes, ~outdone)
    )


def reversal(scope: Scope) -> Select[Any]:
    """An answer with 20 votes stands under a question with -5 or less."""
    opening = aliased(Post)
    return (
        _facts(Post.author_id, literal(scope.until, Instant()))
        .join(Thread, Thread.id == Post.thread_id)
        .join(opening, and_(opening.thread_id == Thread.id, opening.kind == Kind.QUESTION))
        .where(Thread.id.in_(scope.threads), Post.kind == Kind.ANSWER, Post.deleted_at.is_(None))
        .where(Post.upvotes >= REVERSED_VOTES, opening.upvotes <= DISLIKED_VOTES)
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
        _facts(first.c.member_id, last.c.added_at, key=_joined(first.c.tag_id, first.c.category_id))
        .join(first, and_(first.c.thread_id == Post.thread_id, Post.kind.in_(OPENING_KINDS)))
        .join(last, and_(last.c.tag_id == first.c.tag_id, last.c.category_id == first.c.category_id))
        .join(Thread, Thread.id == Post.thread_id)
        .where(first.c.place == 1, last.c.place == TAG_THREADS)
    )


def best_of(scope: Scope) -> Select[Any]:
    """A post had 5 reactions of other members within 7 days: the Best Of page shows it."""
    posts = _posts_of(scope, *OPENING_KINDS, Kind.ANSWER, Kind.REPLY)
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
    return (
        _facts(Post.author_id, reached.c.at)
        .join(reached, reached.c.post_id == Post.id)
        .join(Thread, Thread.id == Post.thread_id)
    )


def badge_completed(scope: Scope) -> Select[Any]:
    """A member's reaction was the last that somebody's badge needed."""
    return (
        _facts(Activity.actor_id, Activity.happened_at, key=Award.id, actor=Award.member_id)
        .join(Activity, Activity.post_id == Post.id)
        .join(Award, and_(Award.seq == Activity.seq, Award.member_id == Activity.member_id))
        .join(Thread, Thread.id == Post.thread_id)
        .where(Activity.kind.in_(("upvote_received", "insightful_received")), Award.way == "automatic")
        .where(Activity.actor_id.is_not(None), Thread.id.in_(scope.threads))
    )


FACTS: dict[str, Callable[[Scope], Select[Any]]] = {
    fact.__name__: fact
    for fact in (
        stayed_alone, mention_answered, edited_dormant, first_to_two, good_question, poor_question, closed,
        explained, populist, reversal, tag_took_off, best_of, badge_completed,
    )
}  # fmt: skip
UNDATED = ("populist", "reversal")  # found as a state; an import cannot tell since when


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """Every fact in scope, each once, in no order."""
    for kind, statement in FACTS.items():
        yield from _rows(session, scope, kind, statement(scope))
    yield from anniversaries(session, scope)


def _rows(session: Session, scope: Scope, kind: str, statement: Select[Any]) -> Iterator[Found]:
    columns = statement.selected_columns
    statement = statement.join(Member, Member.id == columns.member_id).where(_is_here(scope)).add_columns(Member.zone)
    if statement._group_by_clauses:
        statement = statement.group_by(Member.zone)
    undated = scope.source is not None and kind in UNDATED
    for row in session.execute(statement.execution_options(yield_per=1000)):
        yield Found(f"{kind}:{row[0]}", kind, *row[1:])._replace(undated=undated)


def _is_here(scope: Scope) -> ColumnElement[bool]:
    """Whose facts are looked for: an import's own members; else whoever can come to the site.

    Time stands still for imported members until they claim their account: what happened is what the
    dump shows, and only the import knows when that ends.
    """
    if scope.source is not None:
        return Member.imported_from == scope.source
    return or_(Member.imported_from.is_(None), Member.email_verified_at.is_not(None))


def anniversaries(session: Session, scope: Scope) -> Iterator[Found]:
    """The days on which members have been here for one year, two years and so on."""
    since = max(scope.since, session.scalar(select(func.min(Member.joined_at))) or scope.until)
    years = range(1, scope.until.year - since.year + 1) if scope.source else range(1, scope.until.year - 1970 + 1)
    windows = [Member.joined_at.between(_years(scope.since, -k), _years(scope.until, -k)) for k in years]
    if not windows:
        return
    members = select(Member.id, Member.joined_at, Member.zone).where(_is_here(scope), or_(*windows))
    for member, joined_at, zone in session.execute(members.execution_options(yield_per=1000)):
        for k in range(1, scope.until.year - joined_at.year + 1):
            at = _years(joined_at, k)
            if scope.since < at <= scope.until:
                yield Found(
                    f"anniversary:{member}:{k}", "anniversary", member, None, None, None, None, str(k), at, at, zone
                )


def _years(moment: datetime, years: int) -> datetime:
    """The same day so many years on; who came on 29 February celebrates on the 28th."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)


def _joined(*parts: Any) -> ColumnElement[str]:
    """A key of several numbers."""
    first, *others = (cast(part, String) for part in parts)
    return reduce(lambda key, part: key + literal(":") + part, others, first)


def _later_of(a: Any, b: Any) -> ColumnElement[Any]:
    return case((a >= b, a), else_=b)


# --- The scheduled look ---------------------------------------------------------------------------


def look(reading: Session, open_transaction: Open, now: datetime) -> int:
    """Note the facts that have come true since the last look; returns how many were new.

    The last look is remembered as the last booked deed it saw and the second it was made, so a
    look costs what happened meanwhile and a worker that was away misses nothing. Nobody has to
    wait for it: it reads without holding anything and writes in small batches, and a look that
    dies half-way is made again.
    """
    seen, at = leases.position(reading, DEEDS_SEEN), leases.position(reading, LOOKED_AT)
    newest = reading.scalar(select(func.max(Activity.seq))) or 0
    touched = select(Activity.thread_id).where(Activity.seq > seen, Activity.seq <= newest)
    scope = Scope(
        threads=touched.where(Activity.thread_id.is_not(None)),
        since=datetime.fromtimestamp(at, UTC),
        until=now,
    )
    found = [_activity(it) for it in find(reading, scope)]
    noted = 0
    for start in range(0, len(found), BATCH):
        with open_transaction() as session:
            noted += _note(session, found[start : start + BATCH])
    with open_transaction() as session:
        _move(session, DEEDS_SEEN, newest)
        _move(session, LOOKED_AT, int(now.timestamp()))
    return noted


def _activity(found: Found) -> dict[str, Any]:
    return {
        "kind": found.kind, "member_id": found.member_id, "actor_id": found.actor_id or found.member_id,
        "post_id": found.post_id, "thread_id": found.thread_id, "category_id": found.category_id,
        "object": found.object, "happened_at": found.happened_at,
        "local_day": day_number(found.counted_at, ZoneInfo(found.zone)), "source": found.key,
    }  # fmt: skip


def _note(session: Session, found: list[dict[str, Any]]) -> int:
    added = insert_into(session, Activity).on_conflict_do_nothing().returning(Activity.id)
    new = len(session.connection().execute(added, found).all())
    if new:
        ring_after_commit(session, "awards")
    return new


def _move(session: Session, name: str, position: int) -> None:
    new = insert_into(session, Lease).values(name=name, position=position)
    later = {"position": new.excluded.position}
    session.execute(
        new.on_conflict_do_update(index_elements=["name"], set_=later, where=Lease.position < new.excluded.position)
    )
