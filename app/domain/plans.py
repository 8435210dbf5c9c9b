"""Plans: what statements over whole tables need, which members' own do not."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

ROOM_MB = 64


@contextmanager
def for_whole_tables(session: Session) -> Iterator[None]:
    """Let the database sort and gather in memory meanwhile.

    PostgreSQL forgets it with the transaction; compiling a statement that runs once does not pay there.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SET LOCAL work_mem = '{ROOM_MB}MB'"))
        session.execute(text("SET LOCAL jit = off"))
        yield
        return
    connection = session.connection()
    room = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = {-1000 * ROOM_MB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {room}")


def without_loops(session: Session) -> None:
    """Let PostgreSQL join by sorting or hashing, where it takes many new rows for a few; until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_nestloop = off"))
