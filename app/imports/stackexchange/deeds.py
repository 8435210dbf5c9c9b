"""What a dump shows as deeds: all of them, and the facts derived from them, in the order of their dates.

Booking order is final, so everything is put into one order before the first activity is written; a
worker may then book along while the import goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.awarding import derived
from app.domain.awarding.derived import Found, Scope
from app.domain.awarding.imported import ImportKey
from app.domain.base import EPOCH, ring_after_commit
from app.domain.record.activities import Activity
from app.imports.stackexchange.site import Home, Rows, Stage, category_of, moment
from app.imports.stackexchange.staging import BATCH, batches

DEEDS = (Path(__file__).parent / "deeds.sql").read_text(encoding="utf-8")
DERIVED_PLACE = 5  # after the deeds of the same moment that make them true

# The tables without which a kind cannot be told. Where one is missing nothing of the kind is noted:
# a question of which no comments are known was not left alone.
NEEDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("edited", "retagged", "rolled_back", "tag_wiki_written", "edit_approved"), ("PostHistory",)),
    **dict.fromkeys(("edited_dormant", "explained", "tag_took_off"), ("PostHistory",)),
    **dict.fromkeys(("accepted", "accepting", "favorite_received", "downvote_received"), ("Votes",)),
    **dict.fromkeys(("bounty_started", "bounty_awarded", "bounty_won"), ("Votes",)),
    **dict.fromkeys(("good_question", "poor_question", "first_to_two", "best_of"), ("Votes",)),
    "upvote_received": ("Votes",),
    "commented": ("Comments",),
    "stayed_alone": ("Votes", "Comments"),
}

_INSERT = "INSERT INTO deed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def untold(missing: Iterable[str]) -> set[str]:
    """The kinds that a dump without these tables cannot tell."""
    gone = set(missing)
    return {kind for kind, tables in NEEDS.items() if gone & set(tables)}


def order(staged: sqlite3.Connection, session: Session, source: str, missing: Sequence[str]) -> None:
    """Put all deeds of a written import into one order, in the staging file's table `ordered`."""
    staged.executescript("""
        DROP TABLE IF EXISTS ordered;
        DROP TABLE IF EXISTS key;
        CREATE TABLE key (kind TEXT, external INTEGER, local INTEGER, PRIMARY KEY (kind, external)) WITHOUT ROWID;
    """)
    for keys in batches(_keys(session, source), BATCH):
        staged.executemany("INSERT INTO key VALUES (?, ?, ?)", keys)
    staged.commit()
    staged.executescript(DEEDS)
    for rows in batches(_derived(staged, session, source, untold(missing)), BATCH):
        staged.executemany(_INSERT, rows)
    staged.commit()
    staged.executescript("""
        CREATE TABLE ordered AS
        SELECT row_number() OVER (ORDER BY at, place, number, kind, member) AS id, deed.* FROM deed;
        CREATE UNIQUE INDEX ordered_id ON ordered (id);
        DROP TABLE deed;
    """)


def _keys(session: Session, source: str) -> Iterator[tuple[Any, ...]]:
    keys = select(ImportKey.kind, ImportKey.external_id, ImportKey.local_id).where(ImportKey.source == source)
    for row in session.execute(keys.execution_options(yield_per=BATCH)):
        yield tuple(row)


def _derived(staged: sqlite3.Connection, session: Session, source: str, untold: set[str]) -> Iterator[tuple[Any, ...]]:
    opened = select(ImportKey.local_id).where(ImportKey.source == source, ImportKey.kind == "thread")
    until = moment(staged.execute("SELECT until FROM temp.known").fetchone()[0])
    assert until is not None  # noqa: S101  a dump has users, and they have dates
    nobody = {local for (local,) in staged.execute("SELECT local FROM key WHERE kind = 'member' AND external <= 0")}
    for found in derived.find(session, Scope(opened, derived.BEGINNING, until, source)):
        if found.member_id not in nobody and found.kind not in untold:
            yield _row(found)


def _row(found: Found) -> tuple[Any, ...]:
    return (
        found.kind, found.member_id, found.actor_id or found.member_id, found.post_id, found.thread_id, found.object, 1,
        _staged(found.happened_at), _staged(found.counted_at), found.zone, int(found.undated), found.key,
        DERIVED_PLACE if not found.undated else DERIVED_PLACE + 2, found.post_id or found.member_id,
    )  # fmt: skip


def _staged(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(" ", "milliseconds")


def _write(home: Home, rows: Rows) -> None:
    category = category_of(home.session, home.source)
    home.add(Activity, [_activity(row, category) for row in rows])
    ring_after_commit(home.session, "awards")


def _activity(row: sqlite3.Row, category: int) -> dict[str, Any]:
    day = date.fromisoformat((row["counted_at"] or row["at"])[:10])
    return {
        "kind": row["kind"], "member_id": row["member"], "actor_id": row["actor"], "post_id": row["post"],
        "thread_id": row["thread"], "category_id": category if row["thread"] else None, "object": row["object"],
        "amount": row["amount"], "happened_at": moment(row["at"]), "local_day": (day - EPOCH).days,
        "undated": bool(row["undated"]), "source": row["source"],
    }  # fmt: skip


STAGE = Stage("activities", "SELECT * FROM ordered WHERE id > ? ORDER BY id", _write)
