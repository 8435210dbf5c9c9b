"""From one state to the next: one statement that names what it saw, and words for whoever came too late."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.ways.requests.tables import BadgeRequest
from app.domain.words import _


def move(
    session: Session, request: BadgeRequest, version: int, states: Sequence[str], to: str, *, at: datetime,
    by: Member | None = None, message: str = "", may_ask_again_at: datetime | None = None,
) -> None:  # fmt: skip
    """Bring a request from one of some states to another; raises Conflict where somebody else was faster.

    `by` is the moderator who decides; a step of the asker has none. Every step ends a claim.
    """
    moved = session.execute(
        update(BadgeRequest)
        .where(BadgeRequest.id == request.id, BadgeRequest.version == version, BadgeRequest.state.in_(states))
        .values(
            state=to, version=version + 1, moved_at=at, decided_at=at if by else None,
            decided_by_id=by.id if by else None, message=message, may_ask_again_at=may_ask_again_at,
            claimed_by_id=None, claimed_until=None,
        )
        .returning(BadgeRequest.id)
        .execution_options(synchronize_session=False)
    ).first()  # fmt: skip
    session.refresh(request)
    if moved is None:
        raise Conflict(what_happened(session, request))


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
