"""Unposted: pictures that were uploaded for something that was never posted. After a while they go."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.domain.base import now
from app.domain.forum.drafts import Draft
from app.domain.forum.threads import Edit, Post
from app.domain.people.members import Member
from app.domain.people.pictures import Picture
from app.domain.site.texts import TextVersion
from app.domain.ways.events import Event
from app.domain.writing.conversations import Message

LOOK_AGAIN = timedelta(days=30)
AT_ONCE = 100

Place = tuple[InstrumentedAttribute[str], ColumnElement[bool]]


def sweep(session: Session, *, at: datetime | None = None) -> int:
    """Remove pictures that nothing shows; returns how many were looked at.

    What is shown once is never looked at again: earlier versions of a text are kept, and others may have quoted it.
    """
    moment = at or now()
    due = select(Picture).where(Picture.look_at <= moment).order_by(Picture.look_at, Picture.id).limit(AT_ONCE)
    looked_at = session.scalars(due.with_for_update(skip_locked=True)).all()
    for picture in looked_at:
        if _stands_in(session, picture, places(picture)):
            picture.look_at = None
        elif _stands_in(session, picture, [(Draft.body, Draft.member_id == picture.member_id)]):
            picture.look_at = moment + LOOK_AGAIN
        else:
            session.delete(picture)
    session.flush()
    return len(looked_at)


def places(picture: Picture) -> list[Place]:
    """Where whoever uploaded a picture can have shown it. Nobody else could know its name before they did."""
    by = picture.member_id
    changed = select(Edit.post_id).where(Edit.member_id == by)
    posts = or_(Post.author_id == by, Post.id.in_(changed))
    since = or_(Post.created_at >= picture.created_at, Post.edited_at >= picture.created_at)
    return [
        (Post.body, posts & since),
        (Edit.before, Edit.post_id.in_(select(Post.id).where(posts & since))),
        (Message.body, (Message.author_id == by) & (Message.created_at >= picture.created_at)),
        (Member.about, Member.id == by),
        (Event.about, true()),
        (TextVersion.body, true()),
    ]


def _stands_in(session: Session, picture: Picture, places: list[Place]) -> bool:
    return any(
        session.scalar(select(true()).where(whose, text.contains(picture.path, autoescape=True)).limit(1))
        for text, whose in places
    )
