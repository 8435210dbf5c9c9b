"""A process that writes as a web process does: deeds in transactions, and the bell after each commit.

`python -m tests.faults.writer SEED DEEDS`: writes until so many deeds stand in the database.
"""

from __future__ import annotations

import os
import sys
import time
from random import Random

from sqlalchemy import func, select

import config
from app import create_app
from app.db import transaction
from app.domain.record.activities import Activity
from app.supervisor import die_with_parent
from tests.engine import community

PAUSE_SECONDS = 0.01


def write(seed: int, deeds: int) -> None:
    """Write until there are so many deeds."""
    dice = Random(seed)
    with create_app(config.read_or_exit()).app_context():
        while True:
            with transaction() as session:
                if (session.scalar(select(func.count()).select_from(Activity)) or 0) >= deeds:
                    return
                for _ in range(dice.randint(1, 3)):
                    community.write(session, dice)
                    session.flush()
            time.sleep(dice.random() * PAUSE_SECONDS)


if __name__ == "__main__":
    die_with_parent(os.getppid())
    write(int(sys.argv[1]), int(sys.argv[2]))
