"""Names of members who left: kept from others for a while, so that nobody is taken for them."""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, insert_into, now

BLOCKED_FOR = timedelta(days=90)


class BlockedName(Base):
    """A username that nobody may take until then. Only its hash is kept: who left is not listed."""

    __tablename__ = "blocked_names"

    name_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime]


def block(session: Session, username: str, *, at: datetime | None = None) -> None:
    """Keep a name from being taken for 90 days."""
    until = (at or now()) + BLOCKED_FOR
    row = insert_into(session, BlockedName).values(name_hash=_hash(username), until=until)
    session.execute(row.on_conflict_do_update(index_elements=[BlockedName.name_hash], set_={"until": until}))


def is_blocked(session: Session, username: str, *, at: datetime | None = None) -> bool:
    """Whether somebody of that name left not long ago."""
    blocked = select(BlockedName.until).where(BlockedName.name_hash == _hash(username))
    return session.scalar(blocked.where(BlockedName.until > (at or now()))) is not None


def forget_free(session: Session, *, at: datetime | None = None) -> int:
    """Delete some of the names that may be taken again; how many."""
    return rows.delete_some(session, BlockedName, BlockedName.until <= (at or now()))


def _hash(username: str) -> str:
    return sha256(username.lower().encode()).hexdigest()
