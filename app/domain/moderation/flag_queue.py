"""The moderators' queue as it is read: cases, the post of one in its thread, the record of its author."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.domain.forum.listing import author_columns, ranks, with_author
from app.domain.forum.threads import Category, Post, Thread
from app.domain.moderation.flags import Flag, FlagCase
from app.domain.moderation.suspensions import Suspension
from app.domain.moderation.warnings_given import GivenWarning
from app.domain.people.members import Member

PER_PAGE = 30
STATES = ("open", "decided")

posts = Post.__table__
claimant, decider = aliased(Member), aliased(Member)
_flags = select(func.count()).where(Flag.case_id == FlagCase.id).scalar_subquery()
_reasons = (
    select(func.aggregate_strings(Flag.reason, " "))
    .where(Flag.case_id == FlagCase.id)
    .correlate(FlagCase)
    .scalar_subquery()
)


class Counts(NamedTuple):
    """How much waits, since when the oldest does, and how much is done."""

    open: int
    oldest: datetime | None
    decided: int


class Record(NamedTuple):
    """What moderators should know of an author before they decide."""

    posts: int
    removed: int
    cases: int  # flagged posts decided before
    upheld: int  # of those, where something was wrong
    warnings: int
    suspensions: int


def page(
    session: Session, state: str, *, reason: str = "", mine: Member | None = None, number: int = 1
) -> tuple[Sequence[Row], bool]:
    """A page of cases: open ones from the oldest, decided ones from the latest; and whether there is more."""
    is_open = state == "open"
    cases = (
        select(
            FlagCase.id, FlagCase.opened_at, FlagCase.decided_at, FlagCase.decision, FlagCase.claimed_at,
            FlagCase.claimed_by_id, Post.kind, Post.author_id.label("wrote"), Thread.title,
            claimant.name.label("claimant"), decider.name.label("decider"),
            _flags.label("flags"), _reasons.label("reasons"), *author_columns(),
        )
        .select_from(with_author(FlagCase.__table__.join(posts, posts.c.id == FlagCase.post_id), posts.c.author_id))
        .join(Thread, Thread.id == Post.thread_id)
        .outerjoin(claimant, claimant.id == FlagCase.claimed_by_id)
        .outerjoin(decider, decider.id == FlagCase.decided_by_id)
        .where(FlagCase.decided_at.is_(None) if is_open else FlagCase.decided_at.is_not(None))
        .order_by(*((FlagCase.opened_at, FlagCase.id) if is_open else (FlagCase.decided_at.desc(), FlagCase.id.desc())))
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )  # fmt: skip
    if reason:
        cases = cases.where(exists().where(Flag.case_id == FlagCase.id, Flag.reason == reason))
    if mine:
        cases = cases.where((FlagCase.claimed_by_id if is_open else FlagCase.decided_by_id) == mine.id)
    found = session.execute(cases).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def counts(session: Session) -> Counts:
    """How many cases are open and decided."""
    waiting = select(func.count(), func.min(FlagCase.opened_at)).where(FlagCase.decided_at.is_(None))
    done = select(func.count()).where(FlagCase.decided_at.is_not(None))
    return Counts(*session.execute(waiting).one(), session.scalar(done) or 0)


def waiting(session: Session) -> int:
    """How many cases are open."""
    return session.scalar(select(func.count()).select_from(FlagCase).where(FlagCase.decided_at.is_(None))) or 0


def post_of(session: Session, post_id: int) -> Row:
    """A post as it reads in its thread, with its author and what it stands under."""
    above = aliased(Post)
    opening_or_parent = func.coalesce(
        Post.parent_id,
        select(func.min(above.id)).where(above.thread_id == Post.thread_id).correlate(Post).scalar_subquery(),
    )
    under = aliased(Post)
    found = (
        select(
            Post.id, Post.kind, Post.html, Post.created_at, Post.edited_at, Post.deleted_at, Post.thread_id,
            Post.author_id.label("wrote"), Thread.title, Thread.deleted_at.label("thread_deleted_at"),
            Category.name.label("category"), under.id.label("under_id"), under.html.label("under_html"),
            Member.points, Member.joined_at, Member.suspended_until, *author_columns(),
        )
        .select_from(Post)
        .join(Thread, Thread.id == Post.thread_id)
        .join(Category, Category.id == Thread.category_id)
        .outerjoin(under, (under.id == opening_or_parent) & (under.id != Post.id))
        .outerjoin(Member, (Member.id == Post.author_id) & Member.deleted_at.is_(None))
        .outerjoin(ranks, ranks.c.position == Member.rank)
        .where(Post.id == post_id)
    )  # fmt: skip
    return session.execute(found).one()


def record_of(session: Session, member_id: int) -> Record:
    """What happened around a member so far."""
    theirs = (
        select(FlagCase.decision)
        .join(Post, Post.id == FlagCase.post_id)
        .where(Post.author_id == member_id, FlagCase.decided_at.is_not(None))
        .subquery()
    )

    count, written = select(func.count()), Post.author_id == member_id
    numbers = (
        count.where(written, Post.deleted_at.is_(None)),
        count.where(written, Post.deleted_at.is_not(None)),
        count.select_from(theirs),
        count.select_from(theirs).where(theirs.c.decision != "dismiss"),
        count.where(GivenWarning.member_id == member_id),
        count.where(Suspension.member_id == member_id),
    )
    return Record(*session.execute(select(*(it.scalar_subquery() for it in numbers))).one())


def hidden_of(session: Session, member_id: int) -> Sequence[Row]:
    """A member's posts that were hidden because somebody flagged them, with the reason, the latest first."""
    cases = (
        select(FlagCase.decided_at, FlagCase.reason, Thread.title, Post.body)
        .join(Post, Post.id == FlagCase.post_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Post.author_id == member_id, FlagCase.decision == "hide", Post.deleted_at.is_not(None))
        .order_by(FlagCase.decided_at.desc())
        .limit(20)
    )
    return session.execute(cases).all()


def of_member(session: Session, member_id: int, number: int = 1) -> tuple[Sequence[Row], bool]:
    """The flags a member raised, the latest first, each with what became of it; and whether there is more."""
    flags = (
        select(
            Flag.id, Flag.reason, Flag.words, Flag.created_at, Flag.post_id, FlagCase.decided_at, FlagCase.decision,
            FlagCase.answer, Thread.title, Post.deleted_at,
        )
        .join(FlagCase, FlagCase.id == Flag.case_id)
        .join(Post, Post.id == Flag.post_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Flag.member_id == member_id)
        .order_by(Flag.id.desc())
        .limit(PER_PAGE + 1)
        .offset((number - 1) * PER_PAGE)
    )  # fmt: skip
    found = session.execute(flags).all()
    return found[:PER_PAGE], len(found) > PER_PAGE
