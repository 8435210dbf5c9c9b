"""One request as moderators read it: who asks for what, what is known of them, and all that was said and sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Boolean, Date, Row, String, and_, bindparam, func, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from app.domain.badging.badges import Award, Badge, BadgeVersion
from app.domain.base import Instant, Number
from app.domain.forum.listing import author_columns, members, with_author
from app.domain.forum.threads import Post, Thread
from app.domain.moderation.suspensions import Suspension
from app.domain.moderation.warnings_given import GivenWarning
from app.domain.people.members import Member, share_a_mailbox
from app.domain.people.pictures import Picture
from app.domain.record.activities import Activity
from app.domain.ways.requests import CLOSED, OPEN, BadgeRequest, RequestEntry, RequestEvent, RequestLink, RequestPicture

EARLIER_MOST, BADGES_MOST = 10, 6

# Tables and not models: what only is read costs half without entities.
table, badges, versions = BadgeRequest.__table__, Badge.__table__, BadgeVersion.__table__
entries, links, proofs = RequestEntry.__table__, RequestLink.__table__, RequestEvent.__table__
pictures, sent = Picture.__table__, RequestPicture.__table__
awards, posts, threads = Award.__table__, Post.__table__, Thread.__table__
activities, warnings, suspensions = Activity.__table__, GivenWarning.__table__, Suspension.__table__
asker, decider, claimant, others = (
    *(members.alias(name) for name in ("asker", "decider", "claimant")),
    table.alias("others"),
)


class File(NamedTuple):
    """What lies with a request; everything in it is rows with `id`, `at`, `what`, `words`, `name` and `more`.

    `said` and `remarks` (of the team) are in the order they came, with `name` None for who has left. `events` have
    their state as `what`, their title as `words`, their day as `on`, the reason as `more`. `earlier` are requests for
    the same badge, the latest first, with their state as `what`, the answer as `words` and who gave it as `name`.
    `held` are the badges earned last, with the slug as `what` and the name as `words`.
    """

    said: Sequence[Row]
    remarks: Sequence[Row]
    links: Sequence[str]
    events: Sequence[Row]
    pictures: Sequence[str]
    earlier: Sequence[Row]
    held: Sequence[Row]


_whose, _count = table.c.member_id, select(func.count())
_written = and_(posts.c.author_id == _whose, posts.c.deleted_at.is_(None))
_NUMBERS = {
    "posts": _count.select_from(posts).where(_written),
    "accepted": _count.select_from(posts.join(threads, threads.c.accepted_post_id == posts.c.id)).where(_written),
    "badges": select(func.count(awards.c.badge_id.distinct())).where(
        awards.c.member_id == _whose, awards.c.revoked_at.is_(None)
    ),
    "events": select(func.coalesce(func.sum(activities.c.amount), 0)).where(
        activities.c.kind == "event_attended", activities.c.member_id == _whose, activities.c.seq.is_not(None)
    ),
    "warnings": _count.where(warnings.c.member_id == _whose),
    "suspensions": _count.where(suspensions.c.member_id == _whose),
    **{
        state: _count.where(others.c.member_id == _whose, others.c.id < table.c.id, others.c.state == state)
        for state in CLOSED
    },
}
_FOUND = (
    select(
        table.c.id, table.c.badge_id, table.c.member_id, table.c.by_id, table.c.note, table.c.state, table.c.version,
        table.c.sent_at, table.c.moved_at, table.c.decided_at, table.c.decided_by_id, table.c.may_ask_again_at,
        table.c.claimed_by_id, table.c.claimed_until, table.c.state.in_(OPEN).label("is_open"),
        (table.c.by_id != table.c.member_id).label("is_nomination"),
        badges.c.slug, badges.c.name.label("badge"), badges.c.family, badges.c.tier, badges.c.glyph,
        badges.c.about, versions.c.how,
        *author_columns(), members.c.points, members.c.joined_at, members.c.zone, members.c.email,
        asker.c.name.label("asker"), asker.c.zone.label("asker_zone"), asker.c.email.label("asker_email"),
        decider.c.name.label("decider"), claimant.c.name.label("claimant"),
        *(it.correlate(table).scalar_subquery().label(name) for name, it in _NUMBERS.items()),
    )
    .select_from(
        with_author(table.join(badges, badges.c.id == table.c.badge_id), _whose)
        .outerjoin(versions, versions.c.id == badges.c.version_id)
        .outerjoin(asker, and_(asker.c.id == table.c.by_id, asker.c.deleted_at.is_(None)))
        .outerjoin(decider, and_(decider.c.id == table.c.decided_by_id, decider.c.deleted_at.is_(None)))
        .outerjoin(claimant, and_(claimant.c.id == table.c.claimed_by_id, claimant.c.deleted_at.is_(None)))
    )
    .where(table.c.id == bindparam("id"))
)  # fmt: skip


def find(session: Session, request_id: int) -> Row | None:
    """A request with its badge, who it is for as pages name people, and what happened around them so far.

    `asker`, `decider` and `claimant` are names. What is of somebody who has left is None. `approved`, `declined`
    and `withdrawn` are how many requests before this one became that.
    """
    return session.execute(_FOUND, {"id": request_id}).first()


def is_own(request: Row, viewer: Member) -> bool:
    """Whether it is the viewer's own, or of an account that gets its letters where the viewer gets theirs."""
    if viewer.id in (request.member_id, request.by_id):
        return True
    return any(share_a_mailbox(viewer.email, it) for it in (request.email, request.asker_email))


def is_claimed(request: Row, moment: datetime) -> bool:
    """Whether somebody is looking at it."""
    return bool(request.is_open and request.claimed_until and request.claimed_until > moment)


_id, _nothing = bindparam("id", type_=Number), literal("")
_no_moment, _no_day, _no_text = null().cast(Instant()), null().cast(Date), null().cast(String)
_of_them = and_(
    others.c.badge_id == table.c.badge_id, others.c.member_id == table.c.member_id, others.c.id < table.c.id
)
_EARLIER = (
    select(literal("earlier"), others.c.id, others.c.sent_at, others.c.state, others.c.message, decider.c.name,
           _nothing.label("more"), _no_day.label("on"))
    .select_from(table.join(others, _of_them).outerjoin(
        decider, and_(decider.c.id == others.c.decided_by_id, decider.c.deleted_at.is_(None))))
    .where(table.c.id == _id)
    .order_by(others.c.id.desc())
    .limit(EARLIER_MOST)
    .subquery()
)  # fmt: skip
_HELD = (
    select(literal("held"), awards.c.id, awards.c.earned_at, badges.c.slug, badges.c.name.label("badge"),
           _no_text.label("name"), _nothing.label("more"), _no_day.label("on"))
    .select_from(table.join(awards, awards.c.member_id == table.c.member_id)
                 .join(badges, badges.c.id == awards.c.badge_id))
    .where(table.c.id == _id, awards.c.revoked_at.is_(None))
    .order_by(awards.c.earned_at.desc(), awards.c.id.desc())
    .limit(BADGES_MOST)
    .subquery()
)  # fmt: skip
_author = members.alias("author")
_FILE = union_all(
    select(literal("said").label("part"), entries.c.id, entries.c.at, entries.c.what, entries.c.text.label("words"),
           _author.c.name, _nothing.label("more"), _no_day.label("on"))
    .select_from(entries.outerjoin(_author, and_(_author.c.id == entries.c.by_id, _author.c.deleted_at.is_(None))))
    .where(entries.c.request_id == _id, or_(entries.c.for_staff.is_(False), bindparam("for_staff", type_=Boolean))),
    select(literal("links"), links.c.id, _no_moment, _nothing, links.c.address, _no_text, _nothing, _no_day)
    .where(links.c.request_id == _id),
    select(literal("events"), proofs.c.id, _no_moment, proofs.c.state, proofs.c.title, _no_text, proofs.c.reason,
           proofs.c.on)
    .where(proofs.c.request_id == _id),
    select(literal("pictures"), pictures.c.id, _no_moment, _nothing, pictures.c.name, _no_text, _nothing, _no_day)
    .select_from(sent.join(pictures, pictures.c.id == sent.c.picture_id)).where(sent.c.request_id == _id),
    select(*_EARLIER.c), select(*_HELD.c),
)  # fmt: skip


def file(session: Session, request_id: int, *, for_staff: bool) -> File:
    """All that lies with a request; what the team writes among themselves only for staff."""
    parts: dict[str, list[Row]] = {name: [] for name in ("said", "links", "events", "pictures", "earlier", "held")}
    for row in session.execute(_FILE, {"id": request_id, "for_staff": for_staff}):
        parts[row.part].append(row)
    for name, rows in parts.items():
        rows.sort(key=_latest_first if name == "held" else _number, reverse=name in ("earlier", "held"))
    return File(
        [it for it in parts["said"] if it.what not in ("sent", "remark")],
        [it for it in parts["said"] if it.what == "remark"],
        [it.words for it in parts["links"]],
        parts["events"],
        [it.words for it in parts["pictures"]],
        parts["earlier"],
        parts["held"],
    )


def _number(row: Row) -> int:
    return int(row.id)


def _latest_first(row: Row) -> tuple[datetime, int]:
    return row.at, row.id
