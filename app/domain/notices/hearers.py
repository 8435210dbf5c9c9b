"""Hearers: who is told of what members do, written in the transaction of the deed.

However many they are, a deed costs one statement for all of them. Nobody hears of one event twice, nobody of what
they did themselves; nor who left, is suspended, or blocked whoever did it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, func, literal, or_, select, true, union_all
from sqlalchemy.orm import Session

from app.domain.base import Instant
from app.domain.forum.bookmarks import Bookmark
from app.domain.forum.follows import Follow
from app.domain.forum.threads import OPENING_KINDS, Kind, Mention, Post
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people import blocks
from app.domain.people.blocks import Block
from app.domain.people.members import Member
from app.domain.record.activities import Activity
from app.domain.record.scores import EVERYWHERE, Placing, week_name

SILENT = "nobody is told"
GROUPED_FOR = timedelta(days=7)  # after which new reactions are news again, whether or not the earlier were looked at
LEADERS_TOLD = 10
NEWS = timedelta(days=7)  # how long after its end a week is still the last one


@contextmanager
def silence(session: Session) -> Iterator[None]:
    """Tell nobody of what is done meanwhile: a whole history is no news."""
    session.info[SILENT] = True
    try:
        yield
    finally:
        del session.info[SILENT]


def is_silent(session: Session) -> bool:
    """Whether nobody is told of what is done at the moment."""
    return SILENT in session.info


def of_post(
    session: Session, post: Post, author: Member, moment: datetime, *, answered: Sequence[Post] = ()
) -> None:  # fmt: skip
    """Tell of a new post. A comment answers the post above it, and the comment it stands beside.

    Of the reasons somebody has to hear of it the first counts: a mention, being asked or answered, what they follow.
    """
    if is_silent(session):
        return
    session.flush()
    _tell_of_post(session, _heard(post, answered), post, author, moment)


def is_for_all(post: Post) -> bool:
    """Whether every member is told of a post: too many to do so in its own transaction."""
    return post.kind in OPENING_KINDS and (post.thread.category.staff_only or post.kind == Kind.ANNOUNCEMENT)


def of_announcement(session: Session, post: Post, after: int, up_to: int) -> int:
    """Tell some members of a post that is for all, by their numbers; returns how many had not been told."""
    if post.author is None:
        return 0
    some = _heard(post, (), lambda member: and_(member > after, member <= up_to))
    return _tell_of_post(session, some, post, post.author, post.created_at)


def of_mentions(session: Session, post: Post, by: Member, mentioned: Sequence[Member], moment: datetime) -> None:
    """Tell members whom an edit has added to a post; who was told of the post already is not told again."""
    if is_silent(session) or not mentioned or post.author is None:
        return
    those = Member.id.in_([it.id for it in mentioned if it.id != by.id])
    named = select(*_because(Member.id, "mention"), literal(0).label("place")).where(those).subquery()
    _tell_of_post(session, named, post, post.author, moment)


def of_reaction(session: Session, post: Post, by: Member, kind: str, moment: datetime) -> None:
    """Tell who wrote a post of a reaction, which is not noted yet. One that was there before is no news.

    All that come until they look are one notice.
    """
    to = post.author
    if to is None or is_silent(session) or not _hears(session, to, by, moment):
        return
    before = select(Activity.id).where(
        Activity.kind == f"{kind}_received", Activity.post_id == post.id, Activity.actor_id == by.id
    )
    if session.scalar(before.limit(1)) is not None:
        return
    of_these = (Notification.post_id == post.id, Notification.member_id == to.id, Notification.what == kind)
    latest = session.scalars(select(Notification).where(*of_these).order_by(Notification.id.desc()).limit(1)).first()
    if latest and latest.read_at is None and latest.created_at > moment - GROUPED_FOR:
        return
    if latest:
        latest.ended_at = moment
    notice = {"member_id": to.id, "kind": "reaction", "what": kind, "post_id": post.id}
    key = f"reaction:{kind}:{post.id}:{latest.id if latest else 0}"
    notifications.tell(session, [notice | {"key": key}], at=moment)


def of_acceptance(session: Session, answer: Post, by: Member, moment: datetime) -> None:
    """Tell who wrote an answer that it was accepted, and who marked it or its question that there is a solution."""
    if is_silent(session):
        return
    told = (
        select(*_because(Member.id, "accepted"), literal(0).label("place")).where(Member.id == answer.author_id),
        select(*_because(Bookmark.member_id, "reply", "solved"), literal(1).label("place"))
        .join(Post, Post.id == Bookmark.post_id)
        .where(Post.thread_id == answer.thread_id, or_(Post.id == answer.id, Post.kind == Kind.QUESTION)),
    )
    _tell_of_post(session, union_all(*told).subquery(), answer, by, moment, key=f"accepted:{answer.id}")


def of_week(session: Session, week: int, ended: datetime, moment: datetime) -> None:
    """Tell the first few of a week how they finished, if it has just ended."""
    if moment - ended > NEWS:
        return
    first = select(Placing.member_id, Placing.position).join(Member, Member.id == Placing.member_id)
    listed = (Placing.is_staff.is_(False), Placing.position <= LEADERS_TOLD, Member.email_verified_at.is_not(None))
    found = session.execute(first.where(Placing.week == week, Placing.category_id == EVERYWHERE, *listed))
    name = week_name(week)
    notices = [
        {"member_id": it.member_id, "kind": "leaders", "key": f"leaders:{name}",
         "facts": {"week": name, "position": it.position}}
        for it in found
    ]  # fmt: skip
    notifications.tell(session, notices, at=moment)


Reason = tuple[Any, tuple[str, ...], ColumnElement[bool]]  # whom, what its notice says of why, when it holds
Whose = Callable[[ColumnElement[Any]], ColumnElement[bool]]


def _heard(post: Post, answered: Sequence[Post], whose: Whose = lambda _member: true()) -> Subquery:
    """Who has to hear of a post and for which reasons, each with its place among them."""
    reasons = [
        select(*_because(whom, *why), literal(place).label("place")).where(holds, whose(whom))
        for place, (whom, why, holds) in enumerate(_reasons(post, answered))
    ]
    return union_all(*reasons).subquery()


def _reasons(post: Post, answered: Sequence[Post]) -> Iterator[Reason]:
    """Each reason to hear of a post, the strongest first: whom, which kind of notice, and what it says of why."""
    thread, opens = post.thread, post.kind in OPENING_KINDS
    yield Mention.member_id, ("mention",), Mention.post_id == post.id
    if is_for_all(post):
        yield Member.id, ("announcement",), Member.email_verified_at.is_not(None)
    if post.kind == Kind.ANSWER:
        yield Member.id, ("answer",), Member.id == thread.author_id
    elif not opens:
        to = {it.author_id for it in answered} if answered else {thread.author_id}
        yield Member.id, ("reply", "post"), Member.id.in_([it for it in to if it])
    if opens:
        yield Follow.member_id, ("reply", "category"), Follow.category_id == thread.category_id
    else:
        yield Follow.member_id, ("reply", "thread"), Follow.thread_id == thread.id
    yield Follow.member_id, ("reply", "member"), Follow.followed_id == post.author_id


def _because(whom: Any, kind: str, what: str = "") -> tuple[ColumnElement[Any], ...]:
    return whom.label("member_id"), literal(kind).label("kind"), literal(what).label("what")


def _tell_of_post(
    session: Session, heard: Subquery, post: Post, by: Member, moment: datetime, *, key: str = ""
) -> int:  # fmt: skip
    first = func.row_number().over(partition_by=heard.c.member_id, order_by=heard.c.place).label("first")
    reasons = select(heard, first).subquery()
    notices = (
        select(
            reasons.c.member_id, reasons.c.kind, reasons.c.what, literal(key or f"post:{post.id}").label("key"),
            literal(post.id).label("post_id"), literal(by.id).label("actor_id"),
            literal(moment, Instant()).label("created_at"),
        )
        .join(Member, Member.id == reasons.c.member_id)
        .where(reasons.c.first == 1, Member.id != by.id, _welcome(by, moment))
        .order_by(reasons.c.member_id)
    )  # fmt: skip
    return notifications.tell_all(session, notices, thread_id=post.thread_id)


def _welcome(author: Member, moment: datetime) -> ColumnElement[bool]:
    """That a member is here, may take part, and has not blocked the author. Staff must be able to reach everybody."""
    shut = select(Block.member_id).where(Block.member_id == Member.id, Block.blocked_id == author.id)
    return and_(
        Member.deleted_at.is_(None),
        or_(Member.suspended_until.is_(None), Member.suspended_until <= moment),
        true() if author.is_staff else ~shut.exists(),
    )


def _hears(session: Session, to: Member, by: Member, moment: datetime) -> bool:
    gone = to.deleted_at is not None or (to.suspended_until is not None and to.suspended_until > moment)
    return not gone and not blocks.is_blocked(session, to, by)
