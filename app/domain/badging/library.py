"""The badges as pages show them: what there is, who holds it, and where a member stands."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeVar

from sqlalchemy import Row, Text, and_, bindparam, cast, func, literal_column, select
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.badging.insignia import FAMILIES
from app.domain.forum.listing import members, ranks, threads
from app.domain.forum.reading import posts
from app.domain.record.activities import Activity

T = TypeVar("T")
HOLDERS_PER_PAGE = 30
TIMES_SHOWN = 50

# What a badge is to a member; the first that fits.
STATES = ("earned", "requested", "legacy", "planned", "requestable", "invitation", "event", "locked")

badges, versions, awards = Badge.__table__, BadgeVersion.__table__, Award.__table__
activities = Activity.__table__
givers = members.alias("givers")


class Entry(NamedTuple):
    """A badge of the library as it is to everybody: only staff change it. What is drawn of it is remembered by it."""

    id: int
    slug: str
    name: str
    family: str
    tier: str
    glyph: str
    about: str
    state: str
    version_id: int | None
    how: str | None
    ways_text: str
    criterion: str | None


class Held(NamedTuple):
    """A badge that a member holds: since when, how many times, and how many others do."""

    badge_id: int
    times: int
    earned_at: datetime
    award_id: int
    version_id: int
    holders: int


_ENTRY = (
    badges.c.id, badges.c.slug, badges.c.name, badges.c.family, badges.c.tier, badges.c.glyph, badges.c.about,
    badges.c.state, badges.c.version_id, versions.c.how,
    # As text, so that it can be the key of what is remembered.
    cast(badges.c.ways, Text).label("ways_text"), cast(versions.c.criterion, Text).label("criterion"),
)  # fmt: skip
_with_rule = badges.outerjoin(versions, versions.c.id == badges.c.version_id)
_BADGES = select(*_ENTRY).select_from(_with_rule).order_by(badges.c.position, badges.c.id)
_BADGE = select(*_ENTRY, badges.c.holders).select_from(_with_rule).where(badges.c.slug == bindparam("slug"))

_HELD = (
    select(
        awards.c.badge_id,
        func.count(),
        func.min(awards.c.earned_at),
        func.min(awards.c.id),
        func.min(awards.c.version_id),
        badges.c.holders,
    )
    .select_from(awards.join(badges, badges.c.id == awards.c.badge_id))
    .where(awards.c.member_id == bindparam("member_id"), awards.c.revoked_at.is_(None))
    .group_by(awards.c.badge_id, badges.c.holders)
)

_later = awards.alias("later")
_HOLDERS = (
    select(
        awards.c.id, awards.c.earned_at, awards.c.version_id,
        members.c.id.label("author_id"), members.c.username, members.c.name, ranks.c.name.label("rank"), ranks.c.stars,
    )
    .select_from(
        awards.outerjoin(members, and_(members.c.id == awards.c.member_id, members.c.deleted_at.is_(None)))
        .outerjoin(ranks, ranks.c.position == members.c.rank)
    )
    .where(awards.c.badge_id == bindparam("badge_id"), awards.c.revoked_at.is_(None))
    # A badge that can be earned again lists its holder once, with the latest award.
    .where(
        ~select(_later.c.id)
        .where(
            _later.c.badge_id == awards.c.badge_id,
            _later.c.member_id == awards.c.member_id,
            _later.c.revoked_at.is_(None),
            (_later.c.earned_at > awards.c.earned_at)
            | and_(_later.c.earned_at == awards.c.earned_at, _later.c.id > awards.c.id),
        )
        .exists()
    )
    .order_by(awards.c.earned_at.desc(), awards.c.id.desc())
    .limit(literal_column(str(HOLDERS_PER_PAGE + 1)))
    .offset(bindparam("skip"))
)  # fmt: skip

_AWARD = (
    select(
        awards.c.id, awards.c.earned_at, awards.c.awarded_at, awards.c.way, awards.c.reason, awards.c.version_id,
        awards.c.member_id, awards.c.badge_id, awards.c.revoked_at, awards.c.revoked_because,
        badges.c.version_id.label("rule_now"), badges.c.slug, badges.c.name.label("badge"), badges.c.family, badges.c.tier, badges.c.glyph, badges.c.about,
        versions.c.how,
        members.c.id.label("author_id"), members.c.username, members.c.name, members.c.role,
        ranks.c.name.label("rank"), ranks.c.stars,
        givers.c.username.label("giver_username"), givers.c.name.label("giver"),
        posts.c.id.label("post_id"), posts.c.kind.label("post_kind"), threads.c.title,
    )
    .select_from(
        awards.join(badges, badges.c.id == awards.c.badge_id)
        .join(versions, versions.c.id == awards.c.version_id)
        .outerjoin(members, and_(members.c.id == awards.c.member_id, members.c.deleted_at.is_(None)))
        .outerjoin(ranks, ranks.c.position == members.c.rank)
        .outerjoin(givers, and_(givers.c.id == awards.c.by_id, givers.c.deleted_at.is_(None)))
        .outerjoin(activities, activities.c.seq == awards.c.seq)
        .outerjoin(posts, and_(posts.c.id == activities.c.post_id, posts.c.deleted_at.is_(None)))
        .outerjoin(threads, and_(threads.c.id == posts.c.thread_id, threads.c.deleted_at.is_(None)))
    )
    .where(awards.c.id == bindparam("award_id"))
)  # fmt: skip

_EACH_TIME = (
    select(awards.c.id, awards.c.earned_at, threads.c.title)
    .select_from(
        awards.outerjoin(activities, activities.c.seq == awards.c.seq)
        .outerjoin(posts, and_(posts.c.id == activities.c.post_id, posts.c.deleted_at.is_(None)))
        .outerjoin(threads, and_(threads.c.id == posts.c.thread_id, threads.c.deleted_at.is_(None)))
    )
    .where(awards.c.member_id == bindparam("member_id"), awards.c.badge_id == bindparam("badge_id"))
    .where(awards.c.revoked_at.is_(None))
    .order_by(awards.c.earned_at.desc(), awards.c.id.desc())
    .limit(literal_column(str(TIMES_SHOWN)))
)

_TAKEN_BACK = (
    select(
        awards.c.id, awards.c.badge_id, awards.c.earned_at, awards.c.revoked_at, awards.c.revoked_because,
        badges.c.slug, badges.c.name, badges.c.family, badges.c.tier, badges.c.glyph,
    )
    .select_from(awards.join(badges, badges.c.id == awards.c.badge_id))
    .where(awards.c.member_id == bindparam("member_id"), awards.c.revoked_at.is_not(None))
    .order_by(awards.c.revoked_at.desc(), awards.c.id.desc())
)  # fmt: skip

_NAMES = select(badges.c.slug, badges.c.name)

_COMMUNITY = select(func.count()).select_from(members)


def every(session: Session) -> tuple[Entry, ...]:
    """All badges of the community in their order, with the sentence how to earn each."""
    return tuple(Entry._make(row) for row in session.execute(_BADGES).all())


def find(session: Session, slug: str) -> Row | None:
    """One badge by its slug."""
    return session.execute(_BADGE, {"slug": slug}).one_or_none()


def names(session: Session) -> dict[str, str]:
    """The name of every badge by its slug."""
    return {row.slug: row.name for row in session.execute(_NAMES)}


def held(session: Session, member_id: int) -> dict[int, Held]:
    """What a member holds, by badge."""
    return {row[0]: Held._make(row) for row in session.execute(_HELD, {"member_id": member_id}).all()}


def held_slugs(session: Session, member_id: int) -> frozenset[str]:
    """The badges a member holds, by slug."""
    rows = select(badges.c.slug).join(awards, awards.c.badge_id == badges.c.id)
    return frozenset(session.scalars(rows.where(awards.c.member_id == member_id, awards.c.revoked_at.is_(None))))


def holders(session: Session, badge_id: int, page: int) -> tuple[Sequence[Row], bool]:
    """A page of the members who hold a badge, latest first, and whether another page follows."""
    skip = (page - 1) * HOLDERS_PER_PAGE
    rows = session.execute(_HOLDERS, {"badge_id": badge_id, "skip": skip}).all()
    return rows[:HOLDERS_PER_PAGE], len(rows) > HOLDERS_PER_PAGE


def award(session: Session, award_id: int, *, taken_back: bool = False) -> Row | None:
    """An award with everything that explains it; one that was taken back only where that is asked for."""
    found = session.execute(_AWARD, {"award_id": award_id}).one_or_none()
    return found if found and (taken_back or found.revoked_at is None) else None


def each_time(session: Session, member_id: int, badge_id: int) -> Sequence[Row]:
    """The awards of a badge that a member earned more than once, the latest first: when, and in which thread."""
    return session.execute(_EACH_TIME, {"member_id": member_id, "badge_id": badge_id}).all()


def taken_back(session: Session, member_id: int) -> Sequence[Row]:
    """The awards of a member that staff took back, latest first, with the reasons."""
    return session.execute(_TAKEN_BACK, {"member_id": member_id}).all()


def community_size(session: Session) -> int:
    """How many members there ever were, the base of a badge's rarity: holders who left still count."""
    return session.execute(_COMMUNITY).scalar_one()


def standing(badge: Entry | Row, is_held: bool, is_requested: bool = False, is_taken_back: bool = False) -> str:
    """What a badge is to a member: one of STATES. Signed out is as a new member."""
    if is_held:
        return "earned"
    if is_requested:
        return "requested"
    state = _to_somebody_new(badge.state, badge.ways_text)
    # One that was taken back is given back on its award's page, or not at all.
    return "locked" if is_taken_back and state in ("requestable", "invitation", "event") else state


@lru_cache(512)
def _to_somebody_new(state: str, ways_text: str) -> str:
    if state in ("legacy", "planned"):
        return state
    for way, known_as in (("request", "requestable"), ("invitation", "invitation"), ("event", "event")):
        if way in ways(ways_text):
            return known_as
    return "locked"


@lru_cache(512)
def ways(text: str) -> tuple[str, ...]:
    """The ways to get a badge, from the text of its row."""
    return tuple(json.loads(text))


def has_rule(badge: Entry | Row) -> bool:
    """Whether a rule decides about a badge, alone or beside people."""
    return badge.criterion not in (None, "null")


def by_family(rows: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    """Badges in their groups, in the order of the groups; a group without badges is left out."""
    groups: dict[str, list[T]] = {family: [] for family in FAMILIES}
    for row in rows:
        groups[key(row)].append(row)
    return {family: found for family, found in groups.items() if found}
