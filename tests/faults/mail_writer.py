"""A process that writes as web processes do: newcomers in transactions, each owed one letter, and the bell after the commit.

`python -m tests.faults.mail_writer SEED LETTERS`: writes until there are so many members. Now and then it dies between
the commit and the bell.
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
from app.domain import deliveries
from app.domain.members import Member
from app.supervisor import die_with_parent
from tests.factories import make_member
from tests.faults import places

PAUSE_SECONDS = 0.05
DEATHS = 0.01  # the part of commits after which it dies before it could ring


def write(seed: int, letters: int) -> None:
    """Write until there are so many members."""
    dice = Random(seed)
    usual = bell.ring

    def ring(*names: str) -> bool:
        return usual(*names) if dice.random() > DEATHS else bool(places.die())

    bell.ring = ring
    with create_app(config.read_or_exit()).app_context():
        for nth in range(letters):
            with transaction() as session:
                if (session.scalar(select(func.count()).select_from(Member)) or 0) >= letters:
                    return
                join(session, f"m{seed}x{nth}")
            time.sleep(dice.random() * PAUSE_SECONDS)


def join(session: Session, name: str) -> None:
    """Somebody new, who is owed a letter."""
    deliveries.owe(session, "password_changed", make_member(session, name))


if __name__ == "__main__":
    die_with_parent(os.getppid())
    write(int(sys.argv[1]), int(sys.argv[2]))
