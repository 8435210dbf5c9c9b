"""Unlocks: functions that come with a rank. Which rank opens which is data; a site without ranks keeps nothing back."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.rewards import guide
from app.domain.words import _, ngettext

IMAGES = "images"


class Lock(NamedTuple):
    """What keeps a function from a member: the rank it comes with, and the points still missing."""

    rank: str
    missing: int

    @property
    def words(self) -> str:
        """Which rank it needs and how far that is."""
        if self.missing <= 0:
            return _("This opens with the rank %(rank)s, which is about to be yours.", rank=self.rank)
        return ngettext(
            "This opens with the rank %(rank)s. You need %(num)s more point.",
            "This opens with the rank %(rank)s. You need %(num)s more points.",
            self.missing, rank=self.rank,
        )  # fmt: skip


def lock(ladder: Sequence[Row], member: Member, function: str) -> Lock | None:
    """The lock that a function still has for a member, or None where it is open; `ladder` as guide.ladder gives it."""
    step = next((step for step in ladder if function in step.unlocks), None)
    if step is None or member.rank >= step.position or member.is_staff:
        return None
    return Lock(step.name, step.points - member.points)


def require(session: Session, member: Member, function: str) -> None:
    """Raise Refused where a member's rank does not open a function yet."""
    if closed := lock(guide.ladder(session), member, function):
        raise Refused(closed.words)
