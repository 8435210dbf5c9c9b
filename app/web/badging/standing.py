"""Where the viewer stands: the next rank, the badges, how far each still is."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Row

from app.db import db
from app.domain.badging import checklists, distance, library
from app.domain.badging.distance import Distance
from app.domain.badging.library import Entry, Held
from app.domain.people.members import Member
from app.domain.ways import requests
from app.web import site

NEAREST_SHOWN = 3


class Climb(NamedTuple):
    """A member's rank, and the points at which the next begins."""

    rank: str
    stars: int
    points: int
    next: str | None
    goal: int


class Standing(NamedTuple):
    """One badge as it is to one member."""

    badge: Entry | Row
    state: str
    held: Held | None
    distance: Distance | None

    @property
    def ways(self) -> tuple[str, ...]:
        return library.ways(self.badge.ways_text)

    @property
    def missing(self) -> int:
        return self.distance.missing if self.distance else 0


def climb(member: Member) -> Climb | None:
    """How far a member is from the next rank; None where a site has no ranks."""
    ladder = site.current().ladder
    here = next((step for step in ladder if step.position == member.rank), None)
    if here is None:
        return None
    above = next((step for step in ladder if step.position > member.rank and step.points > member.points), None)
    return Climb(here.name, here.stars, member.points, above.name if above else None, above.points if above else 0)


def of(badges: Sequence[Entry | Row], owner_id: int | None, own: bool = True) -> list[Standing]:
    """Each badge as it is to a member, or to somebody new where there is none; only `own` requests are shown."""
    held = library.held(db.session(), owner_id) if owner_id else {}
    asked, back = (
        requests.asked_and_taken_back(db.session(), owner_id) if owner_id and own else (frozenset(), frozenset())
    )
    return [_standing(it, held, asked, back, {}) for it in badges]


def with_distances(member: Member) -> list[Standing]:
    """Every badge as it is to a member, with how far each is that they have yet to earn."""
    badges, held = site.current().badges, library.held(db.session(), member.id)
    far = distance.of_member(db.session(), member.id, badges, held, member.zone)
    asked, back = requests.asked_and_taken_back(db.session(), member.id)
    return [_standing(it, held, asked, back, far) for it in badges]


def open_to(member: Member) -> list[Standing]:
    """The badges that a rule decides and a member has yet to earn, with how far each is."""
    badges, held = site.current().badges, library.held(db.session(), member.id)
    far = distance.of_member(db.session(), member.id, badges, held, member.zone)
    return [_standing(it, {}, (), (), far) for it in badges if it.id in far]


def _standing(
    badge: Entry | Row,
    held: Mapping[int, Held],
    asked: Container[int],
    back: Container[int],
    far: Mapping[int, Distance],
) -> Standing:
    state = library.standing(badge, badge.id in held, badge.id in asked, badge.id in back)
    return Standing(badge, state, held.get(badge.id), far.get(badge.id))


def listed(standings: Sequence[Standing]) -> list[Standing]:
    """The badges one works through as a checklist."""
    return [it for it in standings if checklists.is_checklist(it.badge)]


def closest(standings: Sequence[Standing]) -> list[Standing]:
    """The few with the largest share done."""
    begun = [
        it
        for it in standings
        if it.state == "locked" and it.distance and 0 < it.distance.share < 1 and "checklist" not in it.ways
    ]
    return sorted(begun, key=lambda it: (-it.distance.share, it.missing))[:NEAREST_SHOWN]  # type: ignore[union-attr]
