"""A process that writes as web processes do: newcomers in transactions, each owed one letter, and the bell after the commit.

`python -m tests.faults.mail_writer SEED MEMBERS account|award`: writes until there are so many members. Their letter is
about their account, or about the badge that their first deed earns; some want no such letter. Now and then the process
dies between the commit and the bell.
"""

from __future__ import annotations

import os
import sys
import time
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import config
from app import bell, create_app
from app.db import transaction
from app.domain.mail import deliveries, preferences
from app.domain.people.members import Member
from app.domain.record import activities
from app.supervisor import die_with_parent
from tests.domain.rules import make_badge
from tests.factories import make_member
from tests.faults import places

PAUSE_SECONDS = 0.05
WANTS_NONE = "quiet"  # what the names of those begin with who want no letters about badges
DEATHS = 0.01  # the part of commits after which it dies before it could ring


def write(seed: int, members: int, about: str) -> None:
    """Write until there are so many members."""
    dice = Random(seed)
    usual = bell.ring

    def ring(*names: str) -> bool:
        return usual(*names) if dice.random() > DEATHS else bool(places.die())

    bell.ring = ring
    with create_app(config.read_or_exit()).app_context():
        for nth in range(members):
            with transaction() as session:
                if (session.scalar(select(func.count()).select_from(Member)) or 0) >= members:
                    return
                wants_none = about == "award" and nth % 10 == 0
                join(session, f"{WANTS_NONE if wants_none else ''}m{seed}x{nth}", about)
            time.sleep(dice.random() * PAUSE_SECONDS)


def furnish(session: Session) -> None:
    """A badge for the first deed of all."""
    make_badge(session, "arrived", {"count": "email_verified", "n": 1})


def join(session: Session, name: str, about: str) -> None:
    """Somebody new, who is owed a letter; or has earned a badge, and wants a letter about it or none."""
    member = make_member(session, name)
    if about == "account":
        deliveries.owe(session, "password_changed", member)
        return
    if name.startswith(WANTS_NONE):
        preferences.choose(session, member, {"badge_earned": preferences.NEVER})
    activities.note(session, "email_verified", member)


if __name__ == "__main__":
    die_with_parent(os.getppid())
    write(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
