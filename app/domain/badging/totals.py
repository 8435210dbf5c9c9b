"""Totals: what the evaluator remembers, so that a deed costs the same for everybody.

All of it can be rebuilt from the booked activities, and then does not differ.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import BigInteger, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, Instant, as_text


class Measure(Base):
    """A running sum that rules or pages ask for, by its canonical text."""

    __tablename__ = "measures"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(500), unique=True)
    built: Mapped[bool] = mapped_column(default=False)  # its totals reach to the last booked deed


class Total(Base):
    """A measure's value for a member, and for one post, day or other part where it has parts.

    `latest` is the latest time of the deeds that moved it. A latch keeps in `value` the booked
    position at which its node first held. No foreign keys: the rows follow from others that have
    them, and looking two keys up would cost more than writing the row.
    """

    __tablename__ = "totals"
    __table_args__ = {"sqlite_with_rowid": False}

    measure_id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(80), primary_key=True, default="")
    value: Mapped[int]
    latest: Mapped[datetime]


class Lease(Base):
    """Who may do a thing that only one may do at a time, until when.

    `position` is how far the work has come: for the evaluator, the last number it booked. `deaths` is how many
    in a row held it to the end of its time without coming further.
    """

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    token: Mapped[str | None] = mapped_column(String(80))
    until: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)
    deaths: Mapped[int] = mapped_column(default=0, server_default="0")


Key = tuple[int, int, str]  # measure, member, part

# Thousands of rows at once, as lists in a few parameters: as many parameters as values would cost
# more to write down than the statement takes to run.
_READ = {
    "sqlite": """
        SELECT t.measure_id, t.member_id, t.part, t.value, t.latest
        FROM json_each(:keys) AS k CROSS JOIN totals AS t
        ON t.measure_id = k.value ->> 0 AND t.member_id = k.value ->> 1 AND t.part = k.value ->> 2
    """,
    "postgresql": """
        SELECT t.measure_id, t.member_id, t.part, t.value, t.latest
        FROM unnest(CAST(:measures AS bigint[]), CAST(:members AS bigint[]),
                    ARRAY(SELECT jsonb_array_elements_text(CAST(:parts AS jsonb)))) AS k (measure_id, member_id, part)
        JOIN totals AS t USING (measure_id, member_id, part)
    """,
}
_WRITE = {
    "sqlite": """
        INSERT INTO totals (measure_id, member_id, part, value, latest)
        SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, k.value ->> 3, k.value ->> 4
        FROM json_each(:rows) AS k WHERE true
    """,
    "postgresql": """
        INSERT INTO totals (measure_id, member_id, part, value, latest)
        SELECT * FROM unnest(CAST(:measures AS bigint[]), CAST(:members AS bigint[]),
                             ARRAY(SELECT jsonb_array_elements_text(CAST(:parts AS jsonb))),
                             CAST(:values AS bigint[]), CAST(:latests AS timestamptz[]))
    """,
}
_OR_SET = " ON CONFLICT (measure_id, member_id, part) DO UPDATE SET value = excluded.value, latest = excluded.latest"
_READING = {
    name: text(statement).columns(
        measure_id=BigInteger, member_id=BigInteger, part=String, value=BigInteger, latest=Instant
    )
    for name, statement in _READ.items()
}
_WRITING = {name: text(statement + _OR_SET) for name, statement in _WRITE.items()}


def read(session: Session, keys: Collection[Key]) -> Iterator[tuple[Key, int, datetime]]:
    """The totals that are there, of those asked for: key, value, latest."""
    if not keys:
        return
    dialect = session.get_bind().dialect.name
    asked = {"keys": json.dumps(list(keys))} if dialect == "sqlite" else _columns(keys)
    for measure, member, part, value, latest in session.connection().execute(_READING[dialect], asked):
        yield (measure, member, part), value, latest


def write(session: Session, rows: Collection[tuple[int, int, str, int, datetime]]) -> None:
    """Set totals to what they are now: measure, member, part, value, latest."""
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    if dialect == "sqlite":
        given: Mapping[str, object] = {"rows": json.dumps(list(rows), default=as_text)}
    else:
        given = _columns(rows)
    session.connection().execute(_WRITING[dialect], given)


def _columns(rows: Collection[tuple]) -> dict[str, str]:
    """The columns as PostgreSQL writes arrays down; text travels as JSON, whose quoting is safe."""
    columns = dict(zip(("measures", "members", "parts", "values", "latests"), zip(*rows, strict=True), strict=False))
    parts = json.dumps(columns.pop("parts"))
    return {"parts": parts} | {name: f"{{{','.join(map(str, column))}}}" for name, column in columns.items()}
