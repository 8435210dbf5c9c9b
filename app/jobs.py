"""What the worker can do. Each job may run twice, or beside another: the second finds nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile

from flask import current_app
from sqlalchemy.orm import Session

from app import bell, mail, queue
from app.db import snapshot, transaction
from app.domain import limits
from app.domain.awarding import backfill, derived, evaluator, leaders, stumbles
from app.domain.base import now
from app.domain.forum import drafts
from app.domain.leaving import departures, exports, unposted
from app.domain.mail import deliveries, digests
from app.domain.membership import blocked_names, links, sessions
from app.domain.notices import announcements, notifications
from app.domain.rewards import swag
from app.domain.ways import request_queue
from app.domain.writing import sendings

# Each deletes or mends some rows, and returns how many; 0 where nothing is left.
TIDIED: tuple[Callable[[Session], int], ...] = (
    limits.forget_old, sessions.forget_outlived, links.forget_expired, sendings.forget_old, drafts.forget_old,
    unposted.sweep, departures.forget_unconfirmed, deliveries.forget_old, notifications.forget_old, digests.mend,
    exports.forget_old, blocked_names.forget_free, swag.forget_addresses, stumbles.try_again,
)  # fmt: skip


def evaluate() -> int:
    """Book what waits and award what it earns; returns how many activities were booked."""
    bell.answer(queue.AWARDS)
    try:
        backfill.resume(transaction)
    finally:  # what keeps a retroactive run from its end is told, and keeps nothing else waiting for ever
        booked = evaluator.run(transaction)
    return booked


def send() -> int:
    """Send the letters that are due; returns how many left."""
    bell.answer(queue.MAIL)
    return mail.send()


def announce() -> int:
    """Tell members of announcements; returns how many notices were new."""
    bell.answer(queue.ANNOUNCEMENTS)
    with snapshot() as reading:
        owed = announcements.any_owed(reading)
    return announcements.tell(transaction) if owed else 0


def make_exports() -> int:
    """Gather the data that members asked for; returns how many files were made. One that fails keeps no other waiting."""
    bell.answer(queue.EXPORTS)
    with snapshot() as reading:
        waiting = exports.waiting(reading)
    made, failures = 0, []
    for export_id in waiting:
        try:
            made += _make_export(export_id)
        except Exception as no:
            failures.append(no)
    if failures:
        raise ExceptionGroup("exports failed", failures)
    return made


def look_around() -> int:
    """Note what has come true by itself, such as an anniversary or a milestone; returns how many facts were new."""
    with snapshot() as reading:
        found = derived.look(reading, transaction, now())
    with transaction() as session:
        return found + swag.grant(session)


def close_weeks() -> int:
    """Close the weeks that are over, so that nothing changes their boards any more; returns how many."""
    closed = 0
    while _close_next():
        closed += 1
        evaluator.run(transaction)  # what finishing well counts for is booked before the next week is looked at
    return closed


def _close_next() -> bool:
    with transaction() as session:
        return leaders.close_next(session)


def nudge() -> int:
    """Remind the team of requests that wait too long; returns how many of them were told."""
    with transaction() as session:
        return request_queue.nudge(session)


def write_digests() -> int:
    """Owe the digests of members whose hour has come; returns how many."""
    with snapshot() as reading:
        due = digests.any_due(reading)
    return digests.write_due(transaction) if due else 0


def tidy() -> int:
    """Delete what nothing looks at any more, such as outlived log-ins, and mend what waits; returns how many rows.

    Some rows at a time, so that others can write in between. What fails keeps no other from going.
    """
    done, failures = 0, []
    for some in TIDIED:
        try:
            while went := _tidy(some):
                done += went
        except Exception as no:
            failures.append(no)
    if failures:
        raise ExceptionGroup("tidying failed", failures)
    return done


def _tidy(some: Callable[[Session], int]) -> int:
    with transaction() as session:
        return some(session)


def _make_export(export_id: int) -> bool:
    with TemporaryFile(dir=current_app.config["SETTINGS"].instance_dir) as file:
        with snapshot() as reading:
            exports.write(reading, export_id, file)
        with transaction() as session:
            return exports.keep(session, export_id, file)
