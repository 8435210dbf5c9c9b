"""From one state to the next: one statement that names what it saw, and words for whoever came too late."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.ways.requests.tables import BadgeRequest
from app.domain.words import _

table = BadgeRequest.__table__
# Put together once: that costs more than the statement itself.
_MOVE = (
    update(BadgeRequest.__table__)  # type: ignore[arg-type]
    .where(table.c.id == bindparam("request"), table.c.version == bindparam("seen"))
    .where(table.c.state.in_(bindparam("states", expanding=True)))
    .returning(table.c.id)
)
_MOVE_UNCLAIMED = _MOVE.where(
    or_(
        table.c.claimed_until.is_(None),
        table.c.claimed_until <= bindparam("moment"),
        table.c.claimed_by_id == bindparam("mine"),
    )
)


def move(
    session: Session, request: BadgeRequest, version: int, states: Sequence[str], to: str, *, at: datetime,
    by: Member | None = None, message: str = "", may_ask_again_at: datetime | None = None, heeds_claims: bool = False,
) -> None:  # fmt: skip
    """Bring a request from one of some states to another; raises Conflict where somebody else was faster.

    `by` is the moderator who decides; a step of the asker has none. Every step ends a claim, and one that
    `heeds_claims` does not pass somebody else's.
    """
    new: dict[str, Any] = {
        "state": to, "version": version + 1, "moved_at": at, "decided_at": at if by else None,
        "decided_by_id": by.id if by else None, "message": message, "may_ask_again_at": may_ask_again_at,
        "claimed_by_id": None, "claimed_until": None,
    }  # fmt: skip
    seen = {"request": request.id, "seen": version, "states": list(states)}
    if heeds_claims and by:
        moved = session.execute(_MOVE_UNCLAIMED, new | seen | {"moment": at, "mine": by.id})
    else:
        moved = session.execute(_MOVE, new | seen)
    if moved.first() is None:
        session.refresh(request)
        taken = by and heeds_claims and request.is_open and request.is_claimed(at) and request.claimed_by_id != by.id
        raise Conflict(claimed(session, request) if taken else what_happened(session, request))
    session.expire(request, ["decided_by", "claimed_by"])
    for name, value in new.items():
        set_committed_value(request, name, value)


def what_happened(session: Session, request: BadgeRequest) -> str:
    """What became of a request, for whoever acted on what it was before."""
    name = _name(session, request.decided_by_id)
    return {
        "waiting": _("This request has changed meanwhile. Have a look at it again."),
        "asked": _("%(name)s asked for more meanwhile.", name=name),
        "approved": _("%(name)s approved this already.", name=name),
        "declined": _("%(name)s declined this already.", name=name),
        "withdrawn": _("This request was withdrawn meanwhile."),
    }[request.state]


def claimed(session: Session, request: BadgeRequest) -> str:
    """Who is looking at a request."""
    return _("%(name)s is looking at this one.", name=_name(session, request.claimed_by_id))


def checked(words: str, most: int, missing: str, *, field: str = "message") -> str:
    """Words as they are kept; raises Invalid where there are none, unless they may be missing, or too many."""
    words = words.replace("\x00", "").replace("\r\n", "\n").strip()
    if not words and missing:
        raise Invalid(**{field: missing})
    if len(words) > most:
        raise Invalid(
            **{
                field: _(
                    "Make it shorter: at most %(most)s characters, and these are %(num)s.", most=most, num=len(words)
                )
            }
        )
    return words


def day(moment: datetime, member: Member) -> str:
    """A day as it is called where the member is."""
    return f"{moment.astimezone(ZoneInfo(member.zone)):%d %B %Y}".lstrip("0")


def moment(at: datetime, member: Member) -> str:
    """A moment as it is called where the member is."""
    return f"{day(at, member)}, {at.astimezone(ZoneInfo(member.zone)):%H:%M}"


def _name(session: Session, member_id: int | None) -> str:
    member = session.get(Member, member_id) if member_id else None
    return member.name if member and member.deleted_at is None else _("A former member")
