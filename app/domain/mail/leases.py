"""Leases: one at a time may do a thing, and a late one cannot harm.

Whoever holds a lease names its token in every transaction; if somebody else has it by then, the
transaction is undone. So a worker that slept past its lease changes nothing.
"""

import secrets
from datetime import timedelta

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.badging.totals import Lease
from app.domain.base import now

# Whoever finishes gives the token back; one that is still there was its holder's to the end.
_deaths = case((Lease.token.is_not(None), Lease.deaths + 1), else_=0)


class Lost(Exception):
    """Somebody else holds the lease now; what was being done is undone."""


def take(session: Session, name: str, seconds: int) -> str | None:
    """Take a lease that nobody holds, and return its token; None if somebody holds it."""
    rows.add_once(session, Lease, name=name, position=0)
    token = secrets.token_hex(16)
    free = or_(Lease.token.is_(None), Lease.until < now())
    # Whoever is at work has the row locked, perhaps for minutes: do not queue up behind.
    wanted = select(Lease.name).where(Lease.name == name, free).with_for_update(skip_locked=True)
    taken = session.scalar(
        update(Lease)
        .where(Lease.name.in_(wanted))
        .values(token=token, until=now() + timedelta(seconds=seconds), deaths=_deaths)
        .returning(Lease.name)
        .execution_options(synchronize_session=False)
    )
    return token if taken else None


def hold(session: Session, name: str, token: str, seconds: int) -> int:
    """Keep a lease for this transaction and some time; returns its position. Raises Lost."""
    position = session.scalar(
        update(Lease)
        .where(Lease.name == name, Lease.token == token)
        .values(until=now() + timedelta(seconds=seconds))
        .returning(Lease.position)
    )
    if position is None:
        raise Lost(name)
    return position


def move(session: Session, name: str, token: str, position: int) -> None:
    """Note how far the work has come. Raises Lost."""
    moved = session.scalar(
        update(Lease)
        .where(Lease.name == name, Lease.token == token)
        .values(position=position, deaths=0)
        .returning(Lease.name)
    )
    if moved is None:
        raise Lost(name)


def release(session: Session, name: str, token: str) -> None:
    """Give a lease back, if it is still held."""
    session.execute(update(Lease).where(Lease.name == name, Lease.token == token).values(token=None, until=None))


def deaths(session: Session, name: str) -> int:
    """How many in a row held a lease to the end of its time without coming further."""
    return session.scalar(select(Lease.deaths).where(Lease.name == name)) or 0


def position(session: Session, name: str) -> int:
    """How far the work under a lease has come."""
    return session.scalar(select(Lease.position).where(Lease.name == name)) or 0
