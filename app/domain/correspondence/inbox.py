"""The inbox: the notices that can still be opened. What was removed, withdrawn, revoked or blocked since is not there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, column_property

from app.domain.badging.badges import Award, Badge
from app.domain.base import Among
from app.domain.forum.listing import members
from app.domain.forum.threads import REACTIONS, Category, Mention, Post, Reaction, Thread
from app.domain.notices.notifications import Notification
from app.domain.people.blocks import Block
from app.domain.people.members import Member
from app.domain.record.activities import Activity
from app.domain.writing.conversations import CORNER

PER_PAGE = 30
COUNTED = 10  # the bell says "9+" from there on
SHOWN_IN_PASSING = 20

notices, posts, threads, categories = (it.__table__ for it in (Notification, Post, Thread, Category))
awards, badges, reactions, blocks, mentions = (it.__table__ for it in (Award, Badge, Reaction, Block, Mention))
earners, givers = members.alias("earners"), members.alias("givers")
deeds, earning, where_earned = Activity.__table__, posts.alias("earning"), threads.alias("where_earned")
staff = members.alias("staff")

_unread = notices.c.read_at.is_(None)
_of_solution = or_(notices.c.kind == "accepted", and_(notices.c.kind == "reply", notices.c.what == "solved"))
_of_several = notices.c.key.startswith("retroactive:")
_with_place = (
    notices.outerjoin(posts, posts.c.id == notices.c.post_id)
    .outerjoin(threads, threads.c.id == posts.c.thread_id)
    .outerjoin(awards, awards.c.id == notices.c.award_id)
)


def _blocked(who: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a member has blocked somebody since. Staff must be able to reach everybody."""
    is_staff = select(staff.c.id).where(staff.c.id == blocks.c.blocked_id, staff.c.role != "member").exists()
    return (
        select(blocks.c.member_id)
        .where(blocks.c.member_id == notices.c.member_id, blocks.c.blocked_id == who, ~is_staff)
        .correlate(notices, reactions)
        .exists()
    )


# The reactions that a notice stands for; of those that were taken back there is nothing left.
_in_group = and_(
    reactions.c.post_id == notices.c.post_id, reactions.c.kind == notices.c.what,
    reactions.c.member_id.is_not(None), reactions.c.created_at >= notices.c.created_at,
    or_(notices.c.ended_at.is_(None), reactions.c.created_at < notices.c.ended_at),
    not_(_blocked(reactions.c.member_id)),
)  # fmt: skip
_is_group = and_(notices.c.kind == "reaction", notices.c.what.in_(REACTIONS))
# Needs _with_place.
IS_THERE = and_(
    posts.c.deleted_at.is_(None),
    threads.c.deleted_at.is_(None),
    or_(notices.c.kind.not_in(("badge_earned", "reaction")), awards.c.revoked_at.is_(None), _of_several),
    or_(not_(_of_solution), threads.c.accepted_post_id == notices.c.post_id),
    or_(
        notices.c.kind != "mention",
        select(mentions.c.post_id)
        .where(mentions.c.post_id == notices.c.post_id, mentions.c.member_id == notices.c.member_id)
        .exists(),
    ),
    or_(not_(_is_group), select(reactions.c.id).where(_in_group).correlate(notices).exists()),
    or_(notices.c.actor_id.is_(None), not_(_blocked(notices.c.actor_id))),
)
_mine = notices.c.member_id == bindparam("member_id")
_OF_POSTS = select(notices.c.id).where(_mine, _unread, Among(notices.c.post_id, "post_ids")).limit(literal_column("1"))


def _not_of(these: ColumnElement[bool]) -> ColumnElement[bool]:
    """Notices that are not of these. Of one without a post or an award it is not known whether it is of some: it is not."""
    return these.is_not(true())


def _count(whose: ColumnElement[Any], besides: ColumnElement[bool], correlated: FromClause | None = None) -> Any:
    """How many notices somebody has not read, as far as the bell counts. Messages are counted beside it, and once."""
    some = select(notices.c.id).select_from(_with_place).where(notices.c.member_id == whose, _unread, IS_THERE)
    some = some.where(notices.c.kind != "message", _not_of(besides)).limit(literal_column(str(COUNTED)))
    return select(func.count()).select_from((some.correlate(correlated) if correlated is not None else some).subquery())


# Every page shows them: read with the member where a log-in is looked up, so they cost no statement of their own.
Member.__mapper__.add_property(
    "unread_notices",
    column_property(
        _count(members.c.id, false(), members).correlate(members).scalar_subquery(), deferred=True, group=CORNER
    ),
)
Member.__mapper__.add_property(
    "latest_unseen",
    column_property(
        select(func.max(notices.c.id))
        .where(notices.c.member_id == members.c.id, _unread, notices.c.seen_at.is_(None))
        .correlate(members)
        .scalar_subquery(),
        deferred=True,
        group=CORNER,
    ),
)

# Who is counted among a group, and the latest of them.
_group = (
    select(notices.c.id, func.count().label("people"), func.max(reactions.c.id).label("latest"))
    .select_from(notices.join(reactions, _in_group))
    .where(_is_group, notices.c.id.in_(bindparam("ids", expanding=True)))
    .group_by(notices.c.id)
    .subquery()
)
_GROUPS = select(_group.c.id, _group.c.people, members.c.id.label("author_id"), members.c.username, members.c.name,
                 members.c.photo).select_from(
    _group.join(reactions, reactions.c.id == _group.c.latest)
    .outerjoin(members, and_(members.c.id == reactions.c.member_id, members.c.deleted_at.is_(None)))
)  # fmt: skip


class Corner(NamedTuple):
    """What was read together with a member: what the bell and the way to messages count, and the latest that is unseen."""

    unread: int
    messages: int
    unseen: int | None


def corner(member: Any) -> Corner:
    """What the corner of every page shows of a member who is looking."""
    return Corner(member.unread_notices, member.unread_messages, member.latest_unseen)


def page(session: Session, member_id: int, number: int = 1, *, unread: bool = False) -> tuple[list[Row], bool]:
    """A page of what a member was told, the latest first, and whether there is more. Rows for `tidings.of`."""
    wanted = _rows().where(_mine, IS_THERE, *((_unread,) if unread else ()))
    given = {"member_id": member_id, "skip": (number - 1) * PER_PAGE}
    found = session.execute(wanted.limit(PER_PAGE + 1).offset(bindparam("skip")), given).all()
    return list(found[:PER_PAGE]), len(found) > PER_PAGE


def some(session: Session, ids: Iterable[int]) -> list[Row]:
    """Those of some notices that can still be opened, the latest first."""
    return list(session.execute(_rows().where(IS_THERE, notices.c.id.in_(list(ids)))).all())


def fresh(session: Session, member_id: int, since: datetime, besides: ColumnElement[bool]) -> list[Row]:
    """What a member was told since then and has neither opened nor been shown in passing, the latest first."""
    unseen = (_unread, notices.c.seen_at.is_(None), notices.c.created_at > since, _not_of(besides))
    wanted = _rows().where(_mine, IS_THERE, *unseen).limit(SHOWN_IN_PASSING)
    return list(session.execute(wanted, {"member_id": member_id}).all())


def has_unread(session: Session, member_id: int, which: ColumnElement[bool]) -> bool:
    """Whether a member has not read one of some notices."""
    some = select(notices.c.id).where(_mine, _unread, which).limit(literal_column("1"))
    return session.execute(some, {"member_id": member_id}).first() is not None


def has_unread_of_posts(session: Session, member_id: int, ids: Iterable[int]) -> bool:
    """The same for `of_posts`, by a statement made once: every thread asks it."""
    return session.execute(_OF_POSTS, {"member_id": member_id, "post_ids": list(ids)}).first() is not None


def unread(session: Session, member_id: int, besides: ColumnElement[bool]) -> int:
    """How many notices a member has not read, as far as the bell counts, besides those that are being opened."""
    return int(session.scalar(_count(bindparam("member_id"), besides), {"member_id": member_id}) or 0)


def people(session: Session, rows: Sequence[Row]) -> dict[int, Row]:
    """Of notices that stand for several reactions: how many, and who gave the latest."""
    ids = [it.id for it in rows if it.kind == "reaction" and it.what in REACTIONS]
    return {it.id: it for it in session.execute(_GROUPS, {"ids": ids})} if ids else {}


# --- what opens a notice -----------------------------------------------------------------------


def of_posts(ids: Iterable[int]) -> ColumnElement[bool]:
    """Notices of posts that a page shows."""
    return Notification.post_id.in_(list(ids))


def of_badge(slug: str) -> ColumnElement[bool]:
    """Notices of awards of a badge, of invitations to it, and of what became of it."""
    its_awards = select(Award.id).join(Badge, Badge.id == Award.badge_id).where(Badge.slug == slug)
    named = and_(
        Notification.kind.in_(("badge_open", "badge_revoked", "badge_given_back")),
        Notification.facts["slug"].as_string() == slug,
    )
    invited = and_(of_invitations(), Notification.facts["badge"].as_string() == slug)
    return or_(and_(Notification.award_id.in_(its_awards), not_(_of_several)), named, invited)


def of_award(award_id: int) -> ColumnElement[bool]:
    """Notices of an award."""
    return and_(Notification.award_id == award_id, not_(_of_several))


def of_request(request_id: int) -> ColumnElement[bool]:
    """Notices of one's request for a badge."""
    return and_(Notification.kind == "request_update", Notification.key.startswith(f"request:{request_id}:"))


def of_invitations() -> ColumnElement[bool]:
    """Notices of invitations to badges."""
    return Notification.key.startswith("invitation:")


def of_several_badges() -> ColumnElement[bool]:
    """Notices that tell of all the badges of a retroactive run at once."""
    return _of_several


def of_kind(*kinds: str) -> ColumnElement[bool]:
    """Notices of some kinds."""
    return Notification.kind.in_(kinds)


def of_sender(username: str) -> ColumnElement[bool]:
    """Notices of messages from somebody."""
    sender = select(Member.id).where(Member.username_key == username.lower()).scalar_subquery()
    return and_(Notification.kind == "message", Notification.actor_id == sender)


def up_to(notice_id: int) -> ColumnElement[bool]:
    """Notices no newer than one."""
    return Notification.id <= notice_id


def latest(session: Session, member_id: int) -> int:
    """The newest notice of a member, 0 where there is none."""
    return session.scalar(select(func.max(Notification.id)).where(Notification.member_id == member_id)) or 0


def _rows() -> Select[Any]:
    actor = and_(members.c.id == notices.c.actor_id, members.c.deleted_at.is_(None))
    source = (
        _with_place.outerjoin(categories, categories.c.id == threads.c.category_id)
        .outerjoin(badges, badges.c.id == awards.c.badge_id)
        .outerjoin(members, actor)
        .outerjoin(givers, and_(givers.c.id == awards.c.by_id, givers.c.deleted_at.is_(None)))
        .join(earners, earners.c.id == notices.c.member_id)
        # The post that a badge was earned for; of some badges the subject is a year, and no deed at a post is of a year.
        .outerjoin(deeds, and_(deeds.c.seq == awards.c.seq, deeds.c.post_id == awards.c.subject))
        .outerjoin(earning, and_(earning.c.id == deeds.c.post_id, earning.c.deleted_at.is_(None)))
        .outerjoin(where_earned, and_(where_earned.c.id == earning.c.thread_id, where_earned.c.deleted_at.is_(None)))
    )
    return (
        select(
            notices.c.id, notices.c.kind, notices.c.what, notices.c.facts, notices.c.created_at, notices.c.read_at,
            notices.c.member_id, notices.c.award_id, notices.c.post_id, notices.c.actor_id,
            posts.c.kind.label("post_kind"), posts.c.thread_id, threads.c.title, categories.c.name.label("category"),
            members.c.id.label("author_id"), members.c.username, members.c.name, members.c.photo,
            badges.c.slug.label("badge_slug"), badges.c.name.label("badge"), badges.c.family, badges.c.tier,
            badges.c.glyph, awards.c.reason, givers.c.name.label("giver"), earners.c.username.label("own_name"),
            where_earned.c.title.label("earned_in"),
        )
        .select_from(source)
        .order_by(notices.c.id.desc())
    )  # fmt: skip
