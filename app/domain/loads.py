"""Loads: rows that come by thousands, written the shortest way each database has."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, FromClause
from sqlalchemy.orm import Session

from app.domain.base import Base, as_text


def write(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Add rows of one shape: numbers, texts and moments. What they leave out is what the model says.

    Of a plain INSERT of many rows most of the time goes into naming each value of each.
    """
    if not rows:
        return
    table, names = model.__table__, list(rows[0])
    left_out = _defaults(table, names)
    values = ((*map(row.__getitem__, names), *left_out.values()) for row in rows)
    columns = ", ".join(f'"{name}"' for name in (*names, *left_out))
    put = _insert if session.get_bind().dialect.name == "sqlite" else _copy
    put(session.connection(), f"{table.description} ({columns})", values)


def _defaults(table: FromClause, given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {it.name: it.default for it in table.columns if it.default and it.name not in given}
    return {name: it.arg(None) if it.is_callable else it.arg for name, it in found.items()}


def _insert(connection: Connection, place: str, rows: Iterable[tuple]) -> None:
    ready = [tuple([as_text(it) if it.__class__ is datetime else it for it in row]) for row in rows]
    marks = ", ".join("?" * len(ready[0]))
    connection.exec_driver_sql(f"INSERT INTO {place} VALUES ({marks})", ready)  # noqa: S608  names of our own


def _copy(connection: Connection, place: str, rows: Iterable[tuple]) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {place} FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(row)
