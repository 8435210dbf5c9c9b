"""The scheduled look: what has come true since the last one."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.awarding.derived.facts import find
from app.domain.awarding.derived.scope import Found, Scope
from app.domain.awarding.evaluator import Open
from app.domain.badging.totals import Lease
from app.domain.base import day_number, insert_into, ring_after_commit
from app.domain.mail import leases
from app.domain.record.activities import Activity

BATCH = 500
DEEDS_SEEN, LOOKED_AT = "look: deeds", "look: time"  # how far the looks have come


def look(reading: Session, open_transaction: Open, now: datetime) -> int:
    """Note the facts that have come true since the last look; returns how many were new.

    The last look is remembered as the last booked deed it saw and the second it was made, so a
    look costs what happened meanwhile and a worker that was away misses nothing. Nobody has to
    wait for it: it reads without holding anything and writes in small batches, and a look that
    dies half-way is made again.
    """
    seen, at = leases.position(reading, DEEDS_SEEN), leases.position(reading, LOOKED_AT)
    newest = reading.scalar(select(func.max(Activity.seq))) or 0
    touched = select(Activity.thread_id).where(Activity.seq > seen, Activity.seq <= newest)
    scope = Scope(
        threads=touched.where(Activity.thread_id.is_not(None)),
        since=datetime.fromtimestamp(at, UTC),
        until=now,
    )
    found = [_activity(it) for it in find(reading, scope)]
    noted = 0
    for start in range(0, len(found), BATCH):
        with open_transaction() as session:
            noted += _note(session, found[start : start + BATCH])
    with open_transaction() as session:
        _move(session, DEEDS_SEEN, newest)
        _move(session, LOOKED_AT, int(now.timestamp()))
    return noted


def _activity(found: Found) -> dict[str, Any]:
    return {
        "kind": found.kind, "member_id": found.member_id, "actor_id": found.actor_id or found.member_id,
        "post_id": found.post_id, "thread_id": found.thread_id, "category_id": found.category_id,
        "object": found.object, "happened_at": found.happened_at,
        "local_day": day_number(found.counted_at, ZoneInfo(found.zone)), "source": found.key,
    }  # fmt: skip


def _note(session: Session, found: list[dict[str, Any]]) -> int:
    new = len(rows.add_new(session, Activity, found, Activity.id))
    if new:
        ring_after_commit(session, "awards")
    return new


def _move(session: Session, name: str, position: int) -> None:
    new = insert_into(session, Lease).values(name=name, position=position)
    later = {"position": new.excluded.position}
    session.execute(
        new.on_conflict_do_update(index_elements=["name"], set_=later, where=Lease.position < new.excluded.position)
    )
