"""Mentions: members named in a post with an @ before their username."""

from collections.abc import Sequence
from datetime import datetime

from markdown_it import MarkdownIt
from sqlalchemy import Row, delete, func, or_, select
from sqlalchemy.orm import Session

from app.domain import markup, rows
from app.domain.forum.threads import Mention, Post
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.record import activities
from app.domain.words import _

MOST = 10  # in one post; more is calling people together, not talking to them
SUGGESTED = 6
READER = MarkdownIt("commonmark")


def names_in(body: str) -> set[str]:
    """The usernames a text calls, folded; what stands in code or in a link calls nobody."""
    found: set[str] = set()
    for block in READER.parse(body):
        depth = 0
        for part in block.children or ():
            depth += part.nesting if part.type.startswith("link_") else 0
            if part.type == "text" and not depth:
                found.update(match.rstrip(".-").lower() for match in markup.MENTION.findall(part.content))
    return found


def preview(session: Session, author: Member, body: str) -> str:
    """The HTML that a text would become, with its mentions linked."""
    named = _called(session, names_in(body), besides=author)[:MOST]
    return markup.render(body, {member.username_key: member.username for member in named})


def suggest(session: Session, start: str) -> Sequence[Row]:
    """Members whose username or name begins so, the busiest first."""
    begin = start.lower()
    fits = or_(
        Member.username_key.startswith(begin, autoescape=True),
        func.lower(Member.name).startswith(begin, autoescape=True),
    )
    found = select(Member.username, Member.name).where(fits, Member.deleted_at.is_(None))
    return session.execute(found.order_by(Member.points.desc(), Member.id).limit(SUGGESTED)).all()


def settle(session: Session, post: Post, author: Member, moment: datetime) -> list[Member]:
    """Make the mentions what the text says now, and link them; returns who is newly mentioned.

    Nobody mentions themselves. Both sides' numbers move, and fall again when a name is taken out.
    """
    named = _called(session, names_in(post.body), besides=author)
    if len(named) > MOST:
        raise Invalid(body=_("Mention at most %(most)s members in one post.", most=MOST))
    if named:
        post.html = markup.render(post.body, {member.username_key: member.username for member in named})
    wanted = {member.id for member in named}
    for gone in set(session.scalars(select(Mention.member_id).where(Mention.post_id == post.id))) - wanted:
        _forget(session, post, gone)

    new = [it for it in named if rows.add_once(session, Mention, post_id=post.id, member_id=it.id)]
    for member in new:
        activities.note(session, "mentioning", author, post=post, at=moment, object=str(member.id))
        activities.note(session, "mentioned", member, by=author, post=post, at=moment)
    return new


def _called(session: Session, names: set[str], *, besides: Member) -> list[Member]:
    if not names:
        return []
    here = select(Member).where(Member.username_key.in_(names), Member.deleted_at.is_(None), Member.id != besides.id)
    return list(session.scalars(here.order_by(Member.id)))


def _forget(session: Session, post: Post, member_id: int) -> None:
    session.execute(delete(Mention).where(Mention.post_id == post.id, Mention.member_id == member_id))
    gone = activities.standing(session, kind="mentioned", post_id=post.id, member_id=member_id)
    gone += activities.standing(session, kind="mentioning", post_id=post.id, object=str(member_id))
    activities.withdraw(session, gone)
