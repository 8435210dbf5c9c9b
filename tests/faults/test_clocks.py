"""Digests while clocks jump, summer time comes and goes, and schedulers fail or run twice: each notice is told once."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.base import day_number
from app.domain.mail import deliveries, digests, preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestItem
from app.domain.notices import notifications
from tests.factories import make_member

pytestmark = pytest.mark.faults

STEPS, MEMBERS, JUMPS = (6000, 40, 0.34) if os.environ.get("FULL") else (160, 12, 0.1)
OUTAGES, TWICE, DOUBTS, REFUSALS = 0.08, 0.05, 0.03, 0.05
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati")
SWITCHES = {  # starts shortly before the clocks of many zones change
    "in spring": datetime(2027, 3, 10, 5, tzinfo=UTC),
    "in autumn": datetime(2027, 10, 27, 5, tzinfo=UTC),
}
KINDS = ("daily", "weekly")
FAR = timedelta(days=20)


class Community:
    """Members who want digests, what happened, and what they were told."""

    def __init__(self, engine, dice: Random, start: datetime) -> None:
        self.engine, self.dice, self.clock = engine, dice, start
        self.told: Counter[int] = Counter()
        self.perhaps: set[int] = set()  # told by a digest that may have left
        self.number, self.calm = 0, False
        with transaction(engine) as session:
            self.members = [self._member(session, nth) for nth in range(MEMBERS)]

    def _member(self, session: Session, nth: int) -> int:
        zone, hour, day = ZONES[nth % len(ZONES)], self.dice.randrange(24), self.dice.randrange(7)
        member = make_member(session, zone=zone, digest_hour=hour, digest_day=day)
        preferences.choose(session, member, {"rank": KINDS[nth % 2], "leaders": self.dice.choice(KINDS)})
        return member.id

    def happen(self, number: int) -> None:
        """So many notices, to anybody."""
        new = []
        for _ in range(number):
            self.number += 1
            facts = {"rank": "Cadet"} if self.number % 2 else {"week": "2027-W01", "position": 1}
            new.append({"member_id": self.dice.choice(self.members), "kind": "rank" if self.number % 2 else "leaders",
                        "key": f"event:{self.number}", "facts": facts})  # fmt: skip
        with transaction(self.engine) as session, at_that_time(self.clock):
            notifications.tell(session, new)

    def write(self) -> None:
        """What a scheduler does; sometimes there are two of them."""
        run = partial(digests.write_due, partial(transaction, self.engine), at=self.clock)
        others = [threading.Thread(target=run)] if self.dice.random() < TWICE else []
        for it in others:
            it.start()
        run()
        for it in others:
            it.join()
        with transaction(self.engine) as session:
            digests.mend(session, at=self.clock)

    def send(self) -> None:
        """What the sender does, as a mail server may answer; what is in a letter is told when it leaves."""
        kinds = [f"digest_{it}" for it in KINDS]
        while True:
            with transaction(self.engine) as session:
                owed = deliveries.claim(session, kinds, at=self.clock)
                if owed is None:
                    return
                items = session.scalars(
                    select(DigestItem.notification_id).where(DigestItem.delivery_id == owed.id)
                ).all()
                assert items, "an empty digest"
                answer = 1.0 if self.calm else self.dice.random()
                if answer < REFUSALS:
                    deliveries.put_off(session, owed, "451 busy", at=self.clock)
                    continue
                deliveries.handing_over(session, owed, at=self.clock)
                if answer < REFUSALS + DOUBTS:
                    deliveries.doubt(session, owed, "it broke", at=self.clock)
                    self.perhaps.update(items)
                else:
                    deliveries.sent(session, owed, "250", at=self.clock)
                    self.told.update(items)

    def step(self) -> None:
        """A while passes; now and then a clock is wrong, or set right."""
        self.clock += timedelta(minutes=self.dice.randint(5, 90))
        if self.dice.random() < JUMPS:
            self.clock += timedelta(hours=self.dice.uniform(-50, 50))
        self.happen(self.dice.randint(0, 60 if MEMBERS > 12 else 5))
        if self.dice.random() > OUTAGES:
            self.write()
        if self.dice.random() > OUTAGES:
            self.send()


@contextmanager
def at_that_time(clock: datetime) -> Iterator[None]:
    """Whatever asks the clock is told that time."""
    with time_machine.travel(clock, tick=False):
        yield


@pytest.mark.parametrize("season", SWITCHES)
def test_each_notice_is_told_in_one_digest_and_nobody_gets_two_a_day(engine, season, count):
    there = Community(engine, Random(season), SWITCHES[season])
    for _ in range(STEPS):
        there.step()
    until, there.calm = there.clock + FAR, True
    while there.clock < until:  # in the end clocks go right, and what was in doubt is made up for
        there.clock += timedelta(hours=3)
        there.write()
        there.send()

    with Session(engine) as session:
        rows = session.scalars(select(Delivery).where(Delivery.period.is_not(None))).all()
        waiting = session.scalars(select(DigestItem.notification_id).where(DigestItem.delivery_id.is_(None))).all()
        told_again = set(session.scalars(select(DigestItem.notification_id).where(DigestItem.told_before)))
        everything = set(session.scalars(select(notifications.Notification.id)))
    assert len(everything) == there.number > STEPS
    assert waiting == []
    assert set(there.told) | there.perhaps == everything
    assert max(there.told.values()) == 1, "told by two digests that left for sure"
    twice = set(there.told) & there.perhaps
    assert twice <= told_again  # and the second says that they may know it
    assert not {it.state for it in rows} - {"sent", "uncertain"}
    assert max(Counter((it.member_id, it.period, it.day) for it in rows).values()) == 1
    count(mails=len(rows), pranks={f"notices, clocks jump {season}": there.number})


def test_a_digest_comes_at_the_chosen_hour_on_both_sides_of_a_switch(engine):
    zone, told = ZoneInfo("Europe/Berlin"), []
    with transaction(engine) as session:
        member = make_member(session, zone="Europe/Berlin", digest_hour=8)
        preferences.choose(session, member, {"rank": "daily"})
    clock = datetime(2027, 3, 26, 12, tzinfo=UTC)
    for hour in range(5 * 24):
        clock += timedelta(hours=1)
        if clock.hour == 15:
            with transaction(engine) as session, at_that_time(clock):
                notice = {"member_id": member.id, "kind": "rank", "key": f"event:{hour}", "facts": {"rank": "Cadet"}}
                notifications.tell(session, [notice])
        if digests.write_due(partial(transaction, engine), at=clock):
            told.append(clock.astimezone(zone))
            with transaction(engine) as session:
                owed = deliveries.claim(session, ["digest_daily"], at=clock)
                assert owed is not None
                assert owed.day == day_number(clock, zone)
                deliveries.handing_over(session, owed, at=clock)
                deliveries.sent(session, owed, "250", at=clock)
    assert [it.hour for it in told] == [8] * len(told)
    assert [it.day for it in told] == [27, 28, 29, 30, 31][: len(told)]
    assert len(told) >= 4


def test_a_digest_late_in_the_evening_comes_although_nothing_runs_then(engine):
    told = []
    with transaction(engine) as session:
        member = make_member(session, digest_hour=23)
        preferences.choose(session, member, {"rank": "daily"})
    for day in range(1, 5):
        noon = datetime(2027, 5, day, 12, tzinfo=UTC)
        with transaction(engine) as session, at_that_time(noon):
            notice = {"member_id": member.id, "kind": "rank", "key": f"event:{day}", "facts": {"rank": "Cadet"}}
            notifications.tell(session, [notice])
        for hours in (0, 1, 10, 12.5, 14, 20):  # but never from eleven to midnight
            clock = noon + timedelta(hours=hours)
            if digests.write_due(partial(transaction, engine), at=clock):
                told.append(f"{clock:%d %H:%M}")
                with transaction(engine) as session:
                    owed = deliveries.claim(session, ["digest_daily"], at=clock)
                    deliveries.handing_over(session, owed, at=clock)
                    deliveries.sent(session, owed, "250", at=clock)
    assert told == ["02 00:30", "03 00:30", "04 00:30", "05 00:30"]
