"""Letters while everything breaks: processes are killed, put to sleep and starved, and the mail server misbehaves.

Whether all went well is read from what the mail server took and from the bare rows, not with the site's own code.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select

import config
from app import create_app, queue, redis_server, schema
from app.db import db, transaction
from app.domain.people.members import Member
from tests.faults import crashes, mail_writer
from tests.faults.crashes import Cast, children_of, killed, role
from tests.faults.office import Office, office, sometimes
from tests.servers import until

QUIET_SECONDS = 90.0
SLEEP_SECONDS = 7.0  # longer than a lease, when in a hurry
HUNG_SECONDS = 3.0
LEFT = ("queued", "sending", "handover")


@dataclass
class Outcome:
    """What one run saw."""

    mails: int = 0  # letters owed
    unwanted: int = 0  # members who want none, and got none
    kills: dict[str, int] = field(default_factory=dict)
    pranks: dict[str, int] = field(default_factory=dict)  # what else was done to the site
    faults: dict[str, int] = field(default_factory=dict)  # of the mail server
    lost: int = 0
    doubled: int = 0  # within the hand-over, and told apart in the row
    refused: int = 0  # for good, by the mail server
    doubtful: int = 0  # may have left or not: staff are told
    quiet_after: float = 0.0


class Mails(Cast):
    """A site whose members are owed letters."""

    worker_command = ("-m", "tests.faults.hurried")
    writer_module = "tests.faults.mail_writer"

    def __init__(self, *given: Any, post: Office, about: str) -> None:
        self.writer_words = (about,)
        self.post, self.pranks, self.later = post, Counter[str](), list[threading.Timer]()
        super().__init__(*given)

    def _written(self, mark: int) -> bool:
        """Written and, most of it, sent: processes die while letters leave, not before."""
        return super()._written(mark) and len(self.post.copies()) + len(self.post.refused) >= mark * 0.7 - 10

    def died_by_themselves(self, killed: int) -> int:
        """How many writers died between a commit and its bell."""
        return next(self.seeds) % 1000 - crashes.WRITERS - killed

    def done(self) -> int:
        """How many members there are; each is owed a letter."""
        return db.session.scalar(select(func.count()).select_from(Member)) or 0

    def _victims(self) -> list[tuple[str, Callable[[], bool]]]:
        children = [(role(pid), pid) for pid in children_of(self.worker.pid)]
        others = [it for it in children if it[0] in ("mail", "sweep")]
        return [
            *super()._victims(),
            *((name, lambda pid=pid: killed(pid)) for name, pid in others),  # twice: these are who send
            *((f"{name} asleep", lambda pid=pid, name=name: self._asleep(pid, name)) for name, pid in others),
            *((f"{name} asleep", lambda pid=pid, name=name: self._asleep(pid, name, HUNG_SECONDS))
              for name, pid in children if name == "redis"),
            ("redis emptied", lambda: self._prank("redis emptied", lambda client: client.flushall())),
            ("redis full", lambda: self._prank("redis full", lambda client: client.config_set("maxmemory", 1))),
            ("jobs tenfold", lambda: self._prank("jobs tenfold", self._tenfold)),
            ("jobs damaged", lambda: self._prank("jobs damaged", self._damage)),
        ]  # fmt: skip

    def _asleep(self, pid: int, name: str, seconds: float = SLEEP_SECONDS) -> bool:
        """Put a process to sleep for a while; nobody dies of it."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self.pranks[f"{name} asleep"] += 1
            self._later(seconds, lambda: os.kill(pid, signal.SIGCONT))
        return False

    def _prank(self, name: str, play: Callable[[Redis], object]) -> bool:
        settings = config.read(self.environ)
        with suppress(RedisError, OSError), redis_server.connect(redis_server.address(settings), timeout=0.5) as client:
            play(client)
            self.pranks[name] += 1
            if name == "redis full":
                self._later(
                    HUNG_SECONDS, lambda: self._prank("redis empty again", lambda it: it.config_set("maxmemory", 0))
                )
        return False

    def _tenfold(self, client: Redis) -> None:
        for name in (queue.MAIL, queue.AWARDS) * 10:
            queue.enqueue(name, client, config.read(self.environ).secret_key)

    def _damage(self, client: Redis) -> None:
        self._tenfold(client)
        for key in client.scan_iter("rq:job:*"):
            if client.type(key) == b"hash":
                client.hset(key, "data", b"\x80\x04nonsense")

    def _later(self, seconds: float, what: Callable[[], object]) -> None:
        def then() -> None:
            with suppress(ProcessLookupError):
                what()

        self.later.append(threading.Timer(seconds, then))
        self.later[-1].start()

    def wake(self) -> None:
        """Let everybody who sleeps go on."""
        for it in self.later:
            it.join()


def run(
    folder: Path, database_url: str | None, *, letters: int, kills: int, seed: int, about: str = "account",
    faulty: float = 0.13, redis: bool = True,
) -> Outcome:  # fmt: skip
    """Write letters while everything breaks, and read how it ended; AssertionError when anything is lost or wrong."""
    with office() as (post, mail_url):
        environ = {**os.environ, "INSTANCE_DIR": str(folder), "APP_ENV": "development", "MAIL_URL": mail_url}
        environ.pop("REDIS_URL", None)
        if not redis:
            environ["REDIS_URL"] = f"unix://{folder}/nobody.sock"
        if database_url:
            environ["DATABASE_URL"] = database_url
        app = create_app(config.read(environ))
        schema.upgrade(app)
        dice = Random(seed)
        post.next_fault = sometimes(dice, faulty)
        with app.app_context():
            with transaction() as session:
                mail_writer.furnish(session)
            with crashes.site(environ, letters, seed, partial(Mails, post=post, about=about)) as cast:
                died = cast.play(kills, letters, dice)
                died["writer before its bell"] = cast.died_by_themselves(died["writer"])
                calm_since = time.monotonic()
                cast.wake()
                address = database_url or str(folder / "contrail.db")
                until(lambda: not waiting(address), "every letter is settled", seconds=QUIET_SECONDS)
                quiet_after = time.monotonic() - calm_since
            db.engine.dispose()
        outcome = judged(rows_of(address), post)
        outcome.kills, outcome.pranks = dict(+died), dict(cast.pranks)
        outcome.quiet_after = round(quiet_after, 1)
    return outcome


@dataclass(frozen=True)
class Row:
    """A member's address, and the row of their letter as it stands in the database, if there is one."""

    address: str
    state: str | None
    handovers: int | None

    @property
    def wanted(self) -> bool:
        return not self.address.startswith(mail_writer.WANTS_NONE)

    @property
    def waits(self) -> bool:
        if self.state is None:
            return self.wanted
        return self.state in LEFT or (self.state == "uncertain" and self.handovers == 1)


def rows_of(address: str) -> list[Row]:
    """The rows, read with nothing of the site's; on SQLite after a look whether the file is whole."""
    wanted = (
        "SELECT members.email, deliveries.state, deliveries.handovers FROM members"
        " LEFT JOIN deliveries ON deliveries.member_id = members.id"
    )
    if "://" in address:
        with psycopg.connect(address) as connection:
            return [Row(*it) for it in connection.execute(wanted)]
    connection = sqlite3.connect(address)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [Row(*it) for it in connection.execute(wanted)]
    finally:
        connection.close()


def waiting(address: str) -> bool:
    """Whether any letter is still to be written down or tried."""
    time.sleep(0.3)
    return any(it.waits for it in rows_of(address))


def judged(rows: list[Row], post: Office) -> Outcome:
    """Hold the rows against what the mail server took."""
    copies = post.copies()
    assert len({it.address for it in rows}) == len(rows), "somebody is owed more than one letter"
    owed = [it for it in rows if it.wanted]
    assert set(copies) <= {it.address for it in owed}, "somebody got a letter who was owed none, or wanted none"
    outcome = Outcome(
        mails=len(owed), unwanted=len(rows) - len(owed), faults=dict(post.faults), refused=len(post.refused)
    )
    for row in owed:
        taken = copies.get(row.address, [])
        assert len({it.name for it in taken}) <= 1, f"one letter under two names: {row}"
        if not taken:
            outcome.doubtful += (row.state, row.handovers) == ("uncertain", 2)
            outcome.lost += row.address not in post.refused and row.state != "uncertain"
        assert row.state != "sent" or taken, f"sent, and never taken: {row}"
        assert row.state not in ("bounced", "dead") or row.address in post.refused, f"given up without a no: {row}"
        if len(taken) > 1:
            outcome.doubled += 1
            assert len(taken) == row.handovers == 2, f"doubled outside the hand-over: {row}, {len(taken)} copies"
    assert outcome.lost == 0, f"{outcome.lost} letters lost"
    return outcome
