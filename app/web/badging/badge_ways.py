"""What a badge's page offers beside asking for it: an invitation, the next events, nominating, giving it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Row

from app.db import db
from app.domain.badging import library
from app.domain.people.members import Member
from app.domain.rewards.unlocks import Lock
from app.domain.ways import events, invitations, nominations
from app.domain.ways.events import Event
from app.domain.ways.invitations import Invitation


class Offers(NamedTuple):
    """What is open to whoever is looking; the lock is what keeps them from nominating."""

    invitation: Invitation | None
    events: Sequence[Event]
    can_nominate: bool
    lock: Lock | None


def of(badge: Row, looking: Member | None, *, is_held: bool) -> Offers:
    """What a badge's page offers; where the badge is held there is no invitation to answer."""
    ways = library.ways(badge.ways_text)
    is_awarded = badge.state == "published"
    can_nominate = looking is not None and is_awarded and nominations.is_for(ways)
    invited = looking is not None and not is_held and "invitation" in ways
    return Offers(
        invitations.open_to(db.session(), looking.id, badge.id) if looking and invited else None,
        events.leading_to(db.session(), badge) if is_awarded and "event" in ways else (),
        can_nominate,
        nominations.lock(db.session(), looking) if looking and can_nominate else None,
    )
