"""Removing posts and threads, and bringing them back.

Nothing is erased. What counted about a removed post is withdrawn; bringing it back notes again
exactly what its removal withdrew, for the time at which it first happened.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.domain.base import now
from app.domain.forum import threads
from app.domain.forum.threads import OPENING_KINDS, Kind, Post
from app.domain.people import members
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.record import activities
from app.domain.record.activities import Activity
from app.domain.words import _


def remove(session: Session, post: Post, by: Member, *, at: datetime | None = None) -> bool:
    """Remove a post, or with its first post a whole thread; whether it was still there."""
    moment = at or now()
    members.admit(by, moment)
    threads.hold_post(session, post)
    _refuse_removal(post, by)
    if post.deleted_at is not None:
        return False

    post.deleted_at, post.deleted_by_id = moment, by.id
    _count(post, -1)
    where = {"thread_id": post.thread_id} if _opens(post) else {"post_id": post.id}
    withdrawals = activities.withdraw(session, activities.standing(session, **where))
    for row in withdrawals:
        row.noted_at = moment  # which is how restoring knows them from earlier ones
    if _opens(post):
        post.thread.deleted_at = moment
    elif post.thread.accepted_post_id == post.id:
        post.thread.accepted_post_id = post.thread.accepted_at = None
    return True


def restore(session: Session, post: Post, by: Member) -> bool:
    """Bring a removed post or thread back, with all it counted for; whether it was gone.

    Its acceptance comes back too, unless another answer was accepted meanwhile.
    """
    members.admit(by, now())
    threads.hold_post(session, post)
    if post.deleted_at is None:
        return False
    if not may_restore(post, by):
        raise Refused(_("Only who removed a post of their own, or a moderator, brings it back."))
    if post.thread.deleted_at is not None and not _opens(post):
        raise Refused(_("Its thread was removed."))

    _note_again(session, post)
    post.deleted_at = post.deleted_by_id = None
    _count(post, 1)
    if _opens(post):
        post.thread.deleted_at = None
    return True


def why_not(post: Post, by: Member) -> str | None:
    """Why a member cannot remove a post, or None where they can."""
    try:
        _refuse_removal(post, by)
    except Refused as no:
        return str(no)
    return None


def may_restore(post: Post, by: Member) -> bool:
    """Whether a member may bring a removed post back, and so may know that it was there."""
    return by.is_staff or (post.author_id == by.id and post.deleted_by_id == by.id)


def _opens(post: Post) -> bool:
    return post.kind in OPENING_KINDS


def _refuse_removal(post: Post, by: Member) -> None:
    if by.is_staff:
        return
    if post.author_id != by.id:
        raise Refused(_("Only the author, or a moderator, removes a post."))
    if post.thread.locked_at is not None:
        raise Refused(_("This thread is locked. It can be read, but not changed."))
    if _opens(post) and post.thread.replies:
        raise Refused(_("Others have written in this thread; a moderator can remove it."))


def _count(post: Post, by: int) -> None:
    if not _opens(post):
        post.thread.replies += by
        post.thread.answers += by * (post.kind == Kind.ANSWER)


def _note_again(session: Session, post: Post) -> None:
    withdrawal = aliased(Activity)
    where = Activity.thread_id == post.thread_id if _opens(post) else Activity.post_id == post.id
    withdrawn = (
        select(Activity)
        .join(withdrawal, withdrawal.reverses_id == Activity.id)
        .where(where, withdrawal.noted_at == post.deleted_at)
        .order_by(Activity.id)
    )
    gone = list(session.scalars(withdrawn))
    if not _opens(post) and any(it.kind in ("accepted", "accepting") for it in gone):
        gone = _accept_again(post, gone)
    session.add_all(_copy(it) for it in gone)


def _accept_again(post: Post, gone: list[Activity]) -> list[Activity]:
    if post.thread.accepted_post_id is not None:
        return [it for it in gone if it.kind not in ("accepted", "accepting")]
    post.thread.accepted_post_id = post.id
    post.thread.accepted_at = next(it.happened_at for it in gone if it.kind in ("accepted", "accepting"))
    return gone


def _copy(noted: Activity) -> Activity:
    # Without its source: that key is taken by the first row, which stays as it was.
    return Activity(
        kind=noted.kind, member_id=noted.member_id, actor_id=noted.actor_id, post_id=noted.post_id,
        thread_id=noted.thread_id, category_id=noted.category_id, object=noted.object, amount=noted.amount,
        happened_at=noted.happened_at, local_day=noted.local_day, undated=noted.undated,
    )  # fmt: skip
