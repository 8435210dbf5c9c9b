"""Limits: how often something may be done in a while. Kept in the database, so they outlive a restart."""

import hashlib
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import String, case, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, insert_into, now

LONGEST = timedelta(days=2)  # more than any limit looks back


class Limit(NamedTuple):
    """At most so many in so long, counted from the first."""

    most: int
    within: timedelta


class Spent(Base):
    """What was used up of a limit since its first use."""

    __tablename__ = "limits_spent"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    uses: Mapped[int]
    since: Mapped[datetime]


def key(*parts: str) -> str:
    """The key of a limit, with what it is about hashed: names and addresses are not kept."""
    return f"{parts[0]}:{hashlib.sha256(chr(0).join(parts[1:]).encode()).hexdigest()[:40]}"


def spend(session: Session, name: str, limit: Limit, *, at: datetime | None = None) -> None:
    """Count one use."""
    moment = at or now()
    over = Spent.since <= moment - limit.within
    session.execute(
        insert_into(session, Spent)
        .values(key=name, uses=1, since=moment)
        .on_conflict_do_update(
            index_elements=[Spent.key],
            set_={"uses": case((over, 1), else_=Spent.uses + 1), "since": case((over, moment), else_=Spent.since)},
        )
    )


def wait(session: Session, name: str, limit: Limit, *, at: datetime | None = None) -> timedelta | None:
    """How long until it may be done again, or None where it may be done now."""
    moment = at or now()
    row = session.execute(select(Spent.uses, Spent.since).where(Spent.key == name)).first()
    if row is None or row.uses < limit.most or row.since + limit.within <= moment:
        return None
    return row.since + limit.within - moment


def take(session: Session, name: str, limit: Limit, *, at: datetime | None = None) -> timedelta | None:
    """Count one use; how long to wait where it was one too many. Others at the same moment wait here for their turn."""
    spend(session, name, limit, at=at)
    return wait(session, name, limit._replace(most=limit.most + 1), at=at)


def forgive(session: Session, name: str) -> None:
    """Start counting anew."""
    session.execute(delete(Spent).where(Spent.key == name))


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Delete some of what no limit looks at any more; how many rows."""
    return rows.delete_some(session, Spent, Spent.since < (at or now()) - LONGEST)
