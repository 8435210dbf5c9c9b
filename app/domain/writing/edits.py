"""Edits: a post is changed, and what it said before is kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain import markup
from app.domain.base import now
from app.domain.forum import tags, threads
from app.domain.forum.threads import OPENING_KINDS, Edit, Post
from app.domain.notices import hearers
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import activities, audit_log
from app.domain.words import _
from app.domain.writing import mentions, posts


def edit(
    session: Session, post: Post, by: Member, *, title: str | None = None, body: str | None = None,
    tagged: Sequence[str] | None = None, seen: int | None = None, at: datetime | None = None,
) -> bool:  # fmt: skip
    """Change a post's body, or its thread's title and tags; whether anything is different now.

    `seen` is the latest edit that whoever writes knows of: with another one meanwhile this is a Conflict.
    """
    moment = at or now()
    members.admit(by, moment)
    title = None if title is None else posts.checked_title(title)
    body = None if body is None else posts.checked_body(body)
    if (title is not None or tagged is not None) and post.kind not in OPENING_KINDS:
        raise Invalid(title=_("Only a thread's first post has a title and tags."))
    threads.hold_post(session, post)
    _refuse(post, by)
    if seen is not None and seen != latest(session, post.id):
        raise Conflict(_("Somebody changed this post while you were writing. Both texts are below."))

    before = _change(session, post, by, moment, title=title, body=body, tagged=tagged)
    for part, text in before.items():
        session.add(Edit(post_id=post.id, member_id=by.id, part=part, before=text, created_at=moment))
    if before.keys() & {"title", "body"}:
        post.edited_at = moment

    if before.keys() & {"title", "body"}:
        activities.note(session, "edited", by, post=post, at=moment)
    if "tags" in before:
        activities.note(session, "retagged", by, post=post, at=moment)
    if "body" in before and post.author is not None:
        hearers.of_mentions(session, post, by, mentions.settle(session, post, post.author, moment), moment)
    if before and by.is_staff and by.id != post.author_id:
        audit_log.record(session, by, "edit", post=post, at=moment)
    return bool(before)


def latest(session: Session, post_id: int) -> int:
    """The number of a post's latest edit, 0 where there was none."""
    return session.scalar(select(func.max(Edit.id)).where(Edit.post_id == post_id)) or 0


def why_not(post: Post, by: Member) -> str | None:
    """Why a member cannot change a post, or None where they can."""
    try:
        _refuse(post, by)
    except Refused as no:
        return str(no)
    return None


def _refuse(post: Post, by: Member) -> None:
    if post.deleted_at is not None or post.thread.deleted_at is not None:
        raise Refused(_("This post was removed."))
    if by.is_staff:
        return
    if post.author_id != by.id:
        raise Refused(_("Only the author, or a moderator, edits a post."))
    if post.thread.locked_at is not None:
        raise Refused(_("This thread is locked. It can be read, but not changed."))


def _change(
    session: Session,
    post: Post,
    by: Member,
    moment: datetime,
    *,
    title: str | None,
    body: str | None,
    tagged: Sequence[str] | None,
) -> dict[str, str]:
    """Write the new parts; what each part that differs said before."""
    before: dict[str, str] = {}
    if title is not None and title != post.thread.title:
        before["title"] = post.thread.title
        post.thread.title, post.thread.slug = title, threads.slug(title)
    if body is not None and body != post.body:
        before["body"] = post.body
        post.body, post.html = body, markup.render(body)
    if tagged is not None and (old := tags.settle(session, post.thread, tagged, by, moment)) is not None:
        before["tags"] = " ".join(old)
    return before
