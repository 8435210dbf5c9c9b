"""Fairness: what staff look at to see whether points mean what they should."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.domain.forum.threads import Post, Reaction, Thread
from app.domain.people.members import Member
from app.domain.record.points import PointEntry, PointRule

PER_PAGE = 50
PERIODS = (30, 7, 90)  # days
FEWEST = 5  # reactions each way, below which two members just like each other's posts
MOSTLY = 0.5
COUNTED = ("insightful", "upvote")


def reciprocal(session: Session, since: datetime, page: int = 1) -> tuple[Sequence[Row], bool]:
    """Pairs of members of whose reactions since then at least half went to each other; the closest first.

    Each row has both members, what each gave the other, and all that each gave. And whether there are more.
    """
    given = _given(since)
    gave = select(given.c.giver, func.sum(given.c.reactions).label("reactions")).group_by(given.c.giver).cte("gave")
    forth, back, all_forth, all_back = given.alias("forth"), given.alias("back"), gave.alias("af"), gave.alias("ab")
    one, other = aliased(Member), aliased(Member)
    both = forth.c.reactions + back.c.reactions
    share = both * 1.0 / (all_forth.c.reactions + all_back.c.reactions)
    rows = (
        select(
            one.username, one.name, other.username.label("other_username"), other.name.label("other_name"),
            forth.c.reactions.label("gave"), back.c.reactions.label("got"),
            all_forth.c.reactions.label("gave_all"), all_back.c.reactions.label("got_all"), share.label("share"),
        )
        .select_from(forth)
        .join(back, and_(back.c.giver == forth.c.receiver, back.c.receiver == forth.c.giver))
        .join(all_forth, all_forth.c.giver == forth.c.giver)
        .join(all_back, all_back.c.giver == back.c.giver)
        .join(one, one.id == forth.c.giver)
        .join(other, other.id == back.c.giver)
        .where(one.deleted_at.is_(None), other.deleted_at.is_(None))
        .where(forth.c.giver < forth.c.receiver, forth.c.reactions >= FEWEST, back.c.reactions >= FEWEST, share >= MOSTLY)
        .order_by(share.desc(), both.desc(), one.id)
    )  # fmt: skip
    return _page(session, rows, page)


def _given(since: datetime) -> CTE:
    return (
        select(Reaction.member_id.label("giver"), Post.author_id.label("receiver"), func.count().label("reactions"))
        .join(Post, Post.id == Reaction.post_id)
        .where(Reaction.created_at >= since, Reaction.kind.in_(COUNTED))
        .where(Reaction.member_id.is_not(None), Post.author_id.is_not(None), Post.author_id != Reaction.member_id)
        .group_by(Reaction.member_id, Post.author_id)
        .cte("given")
    )


def between(session: Session, one: Member, other: Member, page: int = 1) -> tuple[Sequence[Row], bool]:
    """The reactions two members gave each other, newest first, and whether there are more."""
    rows = (
        select(
            Reaction.kind, Reaction.created_at, Post.id.label("post_id"), Thread.title,
            case((Reaction.member_id == one.id, one.name), else_=other.name).label("giver"),
        )
        .join(Post, Post.id == Reaction.post_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(or_(_from_to(one, other), _from_to(other, one)), Reaction.kind.in_(COUNTED))
        .order_by(Reaction.created_at.desc(), Reaction.id.desc())
    )  # fmt: skip
    return _page(session, rows, page)


def _from_to(giver: Member, receiver: Member) -> ColumnElement[bool]:
    return and_(Reaction.member_id == giver.id, Post.author_id == receiver.id)


def held_back(session: Session, week: int, page: int = 1) -> tuple[Sequence[Row], bool]:
    """What the allowances kept back in a week, by member and rule, the most first; and whether there is more."""
    held = (
        select(
            PointEntry.member_id, PointEntry.rule, func.count().label("deeds"),
            func.sum(PointEntry.held_back).label("points"),
            func.sum(case((PointEntry.held == "pair", 1), else_=0)).label("by_pair"),
        )
        .where(PointEntry.week == week, PointEntry.held.is_not(None))
        .group_by(PointEntry.member_id, PointEntry.rule)
        .subquery()
    )  # fmt: skip
    rows = (
        select(
            Member.username, Member.name, held.c.rule, PointRule.says, PointRule.per_day, PointRule.per_pair,
            held.c.deeds, held.c.points, held.c.by_pair,
        )
        .select_from(held)
        .join(Member, and_(Member.id == held.c.member_id, Member.deleted_at.is_(None)))
        .outerjoin(PointRule, PointRule.slug == held.c.rule)
        .order_by(held.c.points.desc(), Member.id, held.c.rule)
    )  # fmt: skip
    return _page(session, rows, page)


def _page(session: Session, rows: Select, page: int) -> tuple[Sequence[Row], bool]:
    found = session.execute(rows.limit(PER_PAGE + 1).offset((page - 1) * PER_PAGE)).all()
    return found[:PER_PAGE], len(found) > PER_PAGE
