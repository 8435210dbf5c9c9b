"""Totals: what the evaluator remembers, so that a deed costs the same for everybody.

All of it can be rebuilt from the booked activities, and then does not differ.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.base import Base


class Measure(Base):
    """A running sum that rules or pages ask for, by its canonical text."""

    __tablename__ = "measures"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(500), unique=True)
    built: Mapped[bool] = mapped_column(default=False)  # its totals reach to the last booked deed


class Total(Base):
    """A measure's value for a member, and for one post, day or other part where it has parts.

    `latest` is the latest time of the deeds that moved it. A latch keeps in `value` the booked
    position at which its node first held.
    """

    __tablename__ = "totals"
    __table_args__ = {"sqlite_with_rowid": False}

    measure_id: Mapped[int] = mapped_column(ForeignKey("measures.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(80), primary_key=True, default="")
    value: Mapped[int]
    latest: Mapped[datetime]


class Lease(Base):
    """Who may do a thing that only one may do at a time, until when.

    `position` is how far the work has come: for the evaluator, the last number it booked.
    """

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    token: Mapped[str | None] = mapped_column(String(80))
    until: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(default=0)
