"""Nearest: the badges that a member is closest to."""

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.domain.badging import distance, library
from app.domain.badging.distance import Distance
from app.domain.badging.library import Entry


class Near(NamedTuple):
    """A badge, and how far it is."""

    badge: Entry
    distance: Distance


def of_member(session: Session, member_id: int, count: int) -> list[Near]:
    """The few of which the largest share is done, of those that come by themselves and have been begun."""
    badges, held = library.every(session), library.held(session, member_id)
    far = distance.of_member(session, member_id, badges, held)
    begun = [
        Near(it, far[it.id])
        for it in badges
        if it.id in far and 0 < far[it.id].share < 1 and library.standing(it, False) == "locked"
    ]
    return sorted(begun, key=lambda it: (-it.distance.share, it.distance.missing))[:count]
