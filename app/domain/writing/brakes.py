"""Brakes on newcomers: how much they may write, link and mention until the community knows them.

Whoever is trusted is not slowed. What was written is counted in the database, so the brakes hold
whatever else is down; counting is part of the deed's own transaction, so a refused deed costs nothing.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.domain import limits
from app.domain.base import now
from app.domain.limits import Limit
from app.domain.markup import MENTION
from app.domain.people.members import Member
from app.domain.problems import Invalid, TooSoon
from app.domain.words import _, ngettext

LINK = re.compile(r"https?://|\bwww\.", re.I)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

NEW_FOR, SETTLING_FOR = timedelta(days=1), timedelta(days=14)
ENOUGH_POINTS, MANY_POINTS = 30, 200  # which make somebody known, and trusted, before their time


class Trust(StrEnum):
    """How well the community knows a member."""

    NEW = "new"
    SETTLING = "settling"
    TRUSTED = "trusted"


class Pace(NamedTuple):
    """What somebody may do: posts, reactions and flags in a while; links and people in one post; the same text."""

    posts: tuple[Limit, ...]
    reactions: tuple[Limit, ...]
    flags: tuple[Limit, ...]
    links: int
    mentions: int
    same_text: Limit


PACES = {
    Trust.NEW: Pace(
        posts=(Limit(3, MINUTE), Limit(15, HOUR), Limit(40, DAY)),
        reactions=(Limit(15, MINUTE), Limit(100, DAY)),
        flags=(Limit(3, MINUTE), Limit(10, DAY)),
        links=3, mentions=4, same_text=Limit(1, HOUR),
    ),
    Trust.SETTLING: Pace(
        posts=(Limit(6, MINUTE), Limit(40, HOUR), Limit(150, DAY)),
        reactions=(Limit(40, MINUTE), Limit(500, DAY)),
        flags=(Limit(5, MINUTE), Limit(30, DAY)),
        links=12, mentions=10, same_text=Limit(2, HOUR),
    ),
}  # fmt: skip

# While somebody develops or tries the site out everybody is new, and much is done at once.
EASY = Pace(
    posts=(Limit(150, MINUTE),), reactions=(Limit(150, MINUTE),), flags=(Limit(150, MINUTE),),
    links=30, mentions=20, same_text=Limit(150, HOUR),
)  # fmt: skip


class MessagePace(NamedTuple):
    """What somebody may write to single members: messages, people whom they write to first, and the same text."""

    messages: tuple[Limit, ...]
    people: tuple[Limit, ...]
    same_text: Limit


# Nobody sees these but their receivers, so whoever is trusted has limits too: spam goes to many people at once.
MESSAGE_PACES = {
    Trust.NEW: MessagePace((Limit(3, MINUTE), Limit(20, HOUR)), (Limit(2, HOUR), Limit(5, DAY)), Limit(1, DAY)),
    Trust.SETTLING: MessagePace((Limit(8, MINUTE), Limit(60, HOUR)), (Limit(5, HOUR), Limit(15, DAY)), Limit(2, DAY)),
    Trust.TRUSTED: MessagePace((Limit(20, MINUTE), Limit(300, DAY)), (Limit(20, HOUR), Limit(50, DAY)), Limit(5, DAY)),
}
EASY_MESSAGES = MessagePace((Limit(150, MINUTE),), (Limit(150, MINUTE),), Limit(150, HOUR))


def trust(member: Member, moment: datetime) -> Trust:
    """How well a member is known: by role, by points, by the time they have been here, by where they come from."""
    age = moment - member.joined_at
    if member.is_staff or member.imported_from or member.points >= MANY_POINTS:
        return Trust.TRUSTED
    if member.points >= ENOUGH_POINTS:
        return Trust.TRUSTED if age >= SETTLING_FOR else Trust.SETTLING
    return Trust.NEW if age < NEW_FOR else Trust.SETTLING


def pace(member: Member, *, easy: bool = False, at: datetime | None = None) -> Pace | None:
    """What slows a member, or None where nothing does."""
    known = trust(member, at or now())
    return None if known == Trust.TRUSTED else EASY if easy else PACES[known]


def before_post(session: Session, member: Member, body: str, *, easy: bool = False, at: datetime | None = None) -> None:
    """Count a post that is about to be written; raises Invalid or TooSoon for its body where it is too much."""
    moment = at or now()
    slowed = pace(member, easy=easy, at=moment)
    if slowed is None:
        return
    before_edit(member, body, easy=easy, at=moment)
    text = " ".join(body.lower().split())
    if limits.take(session, limits.key("same-text", str(member.id), text), slowed.same_text, at=moment):
        raise Invalid(body=_("You have posted exactly this already. If it was lost, it may have a moment to go."))
    _count(session, member, "posts", slowed.posts, moment)


def before_edit(member: Member, body: str, *, easy: bool = False, at: datetime | None = None) -> None:
    """Look at what a changed post says; raises Invalid where it links to or mentions too much."""
    slowed = pace(member, easy=easy, at=at)
    if slowed is None:
        return
    if len(LINK.findall(body)) > slowed.links:
        raise Invalid(body=ngettext(
            "New members can put one link into a post. Take some out; it grows with time.",
            "New members can put %(num)s links into a post. Take some out; it grows with time.", slowed.links,
        ))  # fmt: skip
    if len({name.lower() for name in MENTION.findall(body)}) > slowed.mentions:
        raise Invalid(body=ngettext(
            "New members can mention one person in a post. Take some out.",
            "New members can mention %(num)s people in a post. Take some out.", slowed.mentions,
        ))  # fmt: skip


def before_reaction(session: Session, member: Member, *, easy: bool = False, at: datetime | None = None) -> None:
    """Count a reaction that is about to be given or taken back; raises TooSoon where there were too many."""
    if slowed := pace(member, easy=easy, at=at):
        _count(session, member, "reactions", slowed.reactions, at or now())


def before_flag(session: Session, member: Member, *, easy: bool = False, at: datetime | None = None) -> None:
    """Count a flag that is about to be raised; raises TooSoon where there were too many."""
    if slowed := pace(member, easy=easy, at=at):
        _count(session, member, "flags", slowed.flags, at or now())


def before_message(
    session: Session, member: Member, body: str, *, begins: bool, easy: bool = False, at: datetime | None = None
) -> None:
    """Count a message that is about to be sent; `begins`: to somebody whom the member never wrote to.

    Raises Invalid or TooSoon where there were too many. Staff may have to write to everybody.
    """
    moment = at or now()
    if member.is_staff:
        return
    slowed = EASY_MESSAGES if easy else MESSAGE_PACES[trust(member, moment)]
    _count(session, member, "messages", slowed.messages, moment)
    if begins:
        _count(session, member, "people", slowed.people, moment)
        text = " ".join(body.lower().split())
        if limits.take(session, limits.key("same-message", str(member.id), text), slowed.same_text, at=moment):
            raise Invalid(body=_("You have sent exactly this to others already. Write to people one by one."))


def _count(session: Session, member: Member, what: str, at_most: tuple[Limit, ...], moment: datetime) -> None:
    keys = [limits.key("brake", what, str(limit.within), str(member.id)) for limit in at_most]
    waits = [limits.take(session, name, limit, at=moment) for name, limit in zip(keys, at_most, strict=True)]
    if longest := max((wait for wait in waits if wait), default=None):
        raise TooSoon(longest)
