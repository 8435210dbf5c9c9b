"""What feeds and maps of the site tell: only what everybody may see."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from app.domain.badging.library import awards, badges
from app.domain.forum import contributions
from app.domain.forum.listing import categories, members, threads
from app.domain.forum.reading import posts
from app.domain.forum.threads import OPENING_KINDS

ENTRIES = 30
MAP_SIZE = 5_000  # threads on a map, so that drawing one takes little; the protocol allows ten times as many

_visible = and_(posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))


def _written(*where: Any) -> Select[Any]:
    return (
        select(*contributions.columns(), posts.c.edited_at)
        .select_from(contributions.joined(posts))
        .where(_visible, *where)
        .order_by(posts.c.created_at.desc(), posts.c.id.desc())
        .limit(literal_column(str(ENTRIES)))
    )


def _opened(*where: Any) -> Select[Any]:
    # The threads are chosen by the index of the latest ones before their posts are looked up.
    latest = (
        select(threads.c.id)
        .where(threads.c.deleted_at.is_(None), *where)
        .order_by(threads.c.created_at.desc(), threads.c.id.desc())
        .limit(literal_column(str(ENTRIES)))
    )
    return _written(posts.c.thread_id.in_(latest), posts.c.kind.in_(OPENING_KINDS))


_LATEST = _opened()
_LATEST_IN = _opened(threads.c.category_id == bindparam("category_id"))
_IN_THREAD = _written(posts.c.thread_id == bindparam("thread_id"))
_AWARDS = (
    select(
        awards.c.id, awards.c.earned_at, awards.c.awarded_at, members.c.username, members.c.name,
        badges.c.name.label("badge"), badges.c.about,
    )
    .select_from(
        awards.join(badges, badges.c.id == awards.c.badge_id).outerjoin(
            members, and_(members.c.id == awards.c.member_id, members.c.deleted_at.is_(None))
        )
    )
    .where(awards.c.badge_id == bindparam("badge_id"), awards.c.revoked_at.is_(None))
    .order_by(awards.c.earned_at.desc(), awards.c.id.desc())
    .limit(literal_column(str(ENTRIES)))
)  # fmt: skip
_CATEGORY = select(categories.c.id, categories.c.slug, categories.c.name).where(categories.c.slug == bindparam("slug"))
_on_map = and_(threads.c.deleted_at.is_(None), threads.c.id > bindparam("after"), threads.c.id <= bindparam("up_to"))
_MAPPED = select(threads.c.id, threads.c.slug, threads.c.active_at).where(_on_map).order_by(threads.c.id)
_STATE_OF_MAP = select(func.count(), func.max(threads.c.id), func.max(threads.c.active_at)).where(_on_map)
_HIGHEST = select(func.max(threads.c.id)).where(threads.c.deleted_at.is_(None))


def latest_threads(session: Session, category_id: int | None = None) -> Sequence[Row]:
    """The first posts of the newest threads, of one category or all."""
    if category_id is None:
        return session.execute(_LATEST).all()
    return session.execute(_LATEST_IN, {"category_id": category_id}).all()


def latest_posts(session: Session, thread_id: int) -> Sequence[Row]:
    """The newest posts of a thread, comments too."""
    return session.execute(_IN_THREAD, {"thread_id": thread_id}).all()


def latest_awards(session: Session, badge_id: int) -> Sequence[Row]:
    """Who earned a badge last."""
    return session.execute(_AWARDS, {"badge_id": badge_id}).all()


def category(session: Session, slug: str) -> Row | None:
    """A category by its slug."""
    return session.execute(_CATEGORY, {"slug": slug}).one_or_none()


def maps(session: Session) -> int:
    """How many maps hold all threads: each holds those of its own stretch of ids, so that it stays as it is."""
    return -(-(session.execute(_HIGHEST).scalar() or 0) // MAP_SIZE)


def mapped(session: Session, number: int) -> Sequence[Row]:
    """The threads on a map, counted from 1: id, slug, active_at."""
    return session.execute(_MAPPED, _stretch(number)).all()


def state_of_map(session: Session, number: int) -> Row:
    """What is another whenever a map is: how many threads it has, the last of them, when one was active last."""
    return session.execute(_STATE_OF_MAP, _stretch(number)).one()


def _stretch(number: int) -> dict[str, int]:
    return {"after": (number - 1) * MAP_SIZE, "up_to": number * MAP_SIZE}
