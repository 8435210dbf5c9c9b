"""Reactions: a member finds a post Insightful or gives it an Upvote, once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.base import now
from app.domain.forum import threads
from app.domain.forum.listing import author_columns, with_author
from app.domain.forum.threads import OPENING_KINDS, REACTIONS, Post, Reaction
from app.domain.notices import hearers
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.record import activities
from app.domain.words import _

SHOWN = 200  # of those who reacted


def react(session: Session, post: Post, member: Member, kind: str, *, at: datetime | None = None) -> bool:
    """Give a reaction to somebody else's post; whether it is new."""
    moment = at or now()
    members.admit(member, moment)
    _hold(session, post, kind)
    if post.author_id == member.id:
        raise Refused(_("This is your own post."))
    if not rows.add_once(session, Reaction, post_id=post.id, member_id=member.id, kind=kind, created_at=moment):
        return False

    _count(post, kind, 1)
    hearers.of_reaction(session, post, member, kind, moment)

    activities.note(session, f"{kind}_given", member, post=post, at=moment)
    if post.author is not None:
        activities.note(session, f"{kind}_received", post.author, by=member, post=post, at=moment)
    return True


def unreact(session: Session, post: Post, member: Member, kind: str) -> bool:
    """Take a reaction back, and with it what it counted for; whether there was one."""
    members.admit(member, now())
    _hold(session, post, kind)
    theirs = (Reaction.post_id == post.id, Reaction.member_id == member.id, Reaction.kind == kind)
    if session.execute(delete(Reaction).where(*theirs).returning(Reaction.id)).first() is None:
        return False

    _count(post, kind, -1)

    for noted in (f"{kind}_given", f"{kind}_received"):
        activities.withdraw(session, activities.standing(session, kind=noted, post_id=post.id, actor_id=member.id))
    return True


def toggle(session: Session, post: Post, member: Member, kind: str) -> bool:
    """Give a reaction, or take it back where it was given; whether it is given now."""
    return not unreact(session, post, member, kind) and react(session, post, member, kind)


def given(session: Session, post_id: int) -> Sequence[Row]:
    """Who reacted to a post and how, the latest first; imported reactions may not know by whom."""
    from_whom = with_author(Reaction.__table__, Reaction.__table__.c.member_id)
    rows = (
        select(Reaction.kind, *author_columns())
        .select_from(from_whom)
        .where(Reaction.post_id == post_id, Reaction.kind.in_(REACTIONS))
        .order_by(Reaction.id.desc())
        .limit(SHOWN)
    )
    return session.execute(rows).all()


def _hold(session: Session, post: Post, kind: str) -> None:
    if kind not in REACTIONS:
        raise Invalid(kind=_("There is no such reaction."))
    threads.hold_post(session, post)
    if post.deleted_at is not None or post.thread.deleted_at is not None:
        raise Refused(_("This post was removed."))


def _count(post: Post, kind: str, by: int) -> None:
    if kind == "insightful":
        post.insightfuls += by
        return
    post.upvotes += by
    if post.kind in OPENING_KINDS:
        post.thread.score += by
