"""What the worker can do. Each job may run twice, or beside another: the second finds nothing to do."""

from __future__ import annotations

from datetime import timedelta

from app import bell, mail, queue
from app.db import snapshot, transaction
from app.domain import backfill, deliveries, derived, evaluator, limits, links, sessions
from app.domain.base import now


def evaluate() -> int:
    """Book what waits and award what it earns; returns how many activities were booked."""
    bell.answer(queue.AWARDS)
    backfill.resume(transaction)
    return evaluator.run(transaction)


def send() -> int:
    """Send the letters that are due; returns how many left."""
    bell.answer(queue.MAIL)
    return mail.send()


def look_around() -> int:
    """Note what has come true by itself, such as an anniversary; returns how many facts were new."""
    with snapshot() as reading:
        return derived.look(reading, transaction, now())


def tidy() -> int:
    """Delete what nothing looks at any more, such as used-up limits and outlived log-ins; returns how many rows."""
    with transaction() as session:
        return sum(
            (
                limits.forget_before(session, now() - timedelta(days=2)),
                sessions.forget_outlived(session),
                links.forget_expired(session),
                deliveries.forget_old(session),
            )
        )
