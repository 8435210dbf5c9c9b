"""What a member's pages show: the card, recent awards, best answers, activity."""

from collections.abc import Sequence

from sqlalchemy import Integer, Row, and_, bindparam, func, literal_column, select, text
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge
from app.domain.forum.follows import Follow
from app.domain.forum.listing import members, ranks, threads
from app.domain.forum.reading import posts
from app.domain.forum.threads import OPENING_KINDS
from app.domain.people.members import IN_SIGHT
from app.domain.record.points import PointRule

ACTIVITY_PER_PAGE = 30
RECENT = 10

awards, badges, rules = Award.__table__, Badge.__table__, PointRule.__table__
follows = Follow.__table__
following = ranks.alias("following")

_alive = and_(members.c.username_key == bindparam("key"), members.c.deleted_at.is_(None))
# In the very words of the index of answers, or it would not be used.
_is_answer, _liked = text("posts.kind = 'answer'"), literal_column("posts.search_liked", Integer)
_answers = and_(posts.c.author_id == members.c.id, _is_answer, posts.c.deleted_at.is_(None))

_CARD = (
    select(
        members.c.id, members.c.username, members.c.name, members.c.role, members.c.title, members.c.location,
        IN_SIGHT.label("in_sight"), members.c.website, members.c.links, members.c.portrait, members.c.about_html, members.c.joined_at, members.c.points,
        ranks.c.name.label("rank"), ranks.c.stars, ranks.c.points.label("rank_points"),
        following.c.name.label("next_rank"), following.c.points.label("next_points"),
        select(func.count()).select_from(posts).where(_answers).scalar_subquery().label("answers"),
        select(func.count())
        .select_from(posts.join(threads, threads.c.id == posts.c.thread_id))
        .where(_answers, threads.c.accepted_post_id == posts.c.id)
        .scalar_subquery().label("accepted"),
        select(func.count(awards.c.badge_id.distinct()))
        .where(awards.c.member_id == members.c.id, awards.c.revoked_at.is_(None))
        .scalar_subquery().label("badges"),
        select(func.count()).select_from(follows).where(follows.c.followed_id == members.c.id)
        .scalar_subquery().label("followers"),
    )
    .select_from(
        members.outerjoin(ranks, ranks.c.position == members.c.rank)
        .outerjoin(following, following.c.position == members.c.rank + 1)
    )
    .where(_alive)
)  # fmt: skip

_AWARDS = (
    select(
        awards.c.id, awards.c.earned_at, badges.c.slug, badges.c.name, badges.c.family, badges.c.tier, badges.c.glyph
    )
    .select_from(awards.join(badges, badges.c.id == awards.c.badge_id))
    .where(awards.c.member_id == bindparam("member_id"), awards.c.revoked_at.is_(None))
    .order_by(awards.c.earned_at.desc(), awards.c.id.desc())
    .limit(literal_column(str(RECENT)))
)

_own_posts = (
    select(
        posts.c.id, posts.c.kind, posts.c.created_at, posts.c.upvotes, posts.c.insightfuls,
        threads.c.title, (threads.c.accepted_post_id == posts.c.id).label("is_accepted"),
    )
    .select_from(posts.join(threads, threads.c.id == posts.c.thread_id))
    .where(posts.c.author_id == bindparam("member_id"), posts.c.deleted_at.is_(None), threads.c.deleted_at.is_(None))
)  # fmt: skip
_POSTS = _own_posts.order_by(posts.c.created_at.desc(), posts.c.id.desc()).limit(literal_column(str(RECENT)))
# What a member wrote, by what it was; the kinds are few, so each has its statement.
CONTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "all": (),
    "threads": OPENING_KINDS,
    "answers": ("answer",),
    "replies": ("reply", "comment"),
}
_CONTRIBUTIONS = {
    name: (_own_posts.where(posts.c.kind.in_([str(kind) for kind in kinds])) if kinds else _own_posts)
    .order_by(posts.c.created_at.desc(), posts.c.id.desc())
    .limit(literal_column(str(ACTIVITY_PER_PAGE + 1)))
    .offset(bindparam("skip"))
    for name, kinds in CONTRIBUTIONS.items()
}
_BEST = _own_posts.where(_is_answer, _liked > 0).order_by(_liked.desc(), posts.c.id).limit(literal_column("5"))


def card(session: Session, username: str) -> Row | None:
    """Who a member is, in numbers too; None when nobody has that name."""
    return session.execute(_CARD, {"key": username.lower()}).one_or_none()


def latest_awards(session: Session, member_id: int) -> Sequence[Row]:
    """The newest awards by the day they were earned; the profile shows the first two."""
    return session.execute(_AWARDS, {"member_id": member_id}).all()


def latest_posts(session: Session, member_id: int) -> Sequence[Row]:
    """What the member wrote last."""
    return session.execute(_POSTS, {"member_id": member_id}).all()


def contributions(session: Session, member_id: int, kind: str, page: int) -> tuple[Sequence[Row], bool]:
    """A page of what the member wrote, newest first, and whether another follows; `kind` is one of CONTRIBUTIONS."""
    skip = (page - 1) * ACTIVITY_PER_PAGE
    rows = session.execute(_CONTRIBUTIONS[kind], {"member_id": member_id, "skip": skip}).all()
    return rows[:ACTIVITY_PER_PAGE], len(rows) > ACTIVITY_PER_PAGE


def best_answers(session: Session, member_id: int) -> Sequence[Row]:
    """The answers that got most reactions."""
    return session.execute(_BEST, {"member_id": member_id}).all()
