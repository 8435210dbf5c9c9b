"""Statistics: PostgreSQL counts its tables now and then; after much was written at once it is asked to do so sooner.

Until it does, it looks for the few rows that wait as if the table were as small as before, which cost 25 times as much.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.domain.base import Base

MANY = 5000  # new rows, from which on it pays


def count_anew(session: Session, *tables: type[Base]) -> None:
    """Let PostgreSQL know how many rows there are by now, in all tables unless some are named; SQLite plans without."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {', '.join(it.__tablename__ for it in tables)}"))
