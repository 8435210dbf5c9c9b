"""Visits: on which days of theirs members were here."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.base import day_number, now
from app.domain.forum import reads
from app.domain.people.members import Member, Visit
from app.domain.record import activities


def record(session: Session, member: Member, *, at: datetime | None = None) -> bool:
    """A member is here; whether for the first time on that day where they live."""
    moment = at or now()
    reads.begin_visit(session, member, moment)
    member.seen_at = max(member.seen_at or moment, moment)
    day = day_number(moment, ZoneInfo(member.zone))
    if not rows.add_once(session, Visit, member_id=member.id, day=day):
        return False

    activities.note(session, "visited", member, at=moment)
    return True
