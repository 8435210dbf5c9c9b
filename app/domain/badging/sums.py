"""Sums: the totals that a batch of deeds moves, read at once, moved in memory and written at once."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.domain.badging import totals
from app.domain.badging.totals import Key


class Sums:
    """What a batch knows of the totals."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._rows: dict[Key, list] = {}  # value, latest
        self._moved: set[Key] = set()
        self._absent: set[Key] = set()

    def load(self, keys: Iterable[Key]) -> None:
        """Read totals ahead; what is not there is remembered as 0."""
        wanted = [key for key in set(keys) if key not in self._rows and key not in self._absent]
        self._absent.update(wanted)
        for key, value, latest in totals.read(self.session, wanted):
            self._rows[key] = [value, latest]
            self._absent.discard(key)

    def _row(self, key: Key) -> list | None:
        if key not in self._rows and key not in self._absent:
            self.load([key])
        return self._rows.get(key)

    def value(self, key: Key) -> int:
        row = self._row(key)
        return row[0] if row else 0

    def latest(self, key: Key) -> datetime | None:
        row = self._row(key)
        return row[1] if row else None

    def move(self, key: Key, step: int, at: datetime) -> tuple[int, int]:
        """Add to a sum; returns it before and after."""
        row = self._row(key)
        if row is None:
            row = self._rows[key] = [0, at]
            self._absent.discard(key)
        before = row[0]
        row[0] = before + step
        row[1] = max(row[1], at)
        self._moved.add(key)
        return before, row[0]

    def latch(self, key: Key, seq: int, at: datetime) -> bool:
        """Remember where something first held; False if it already did at an earlier deed.

        One deed may hold it in two ways with two dates; the earlier date is kept.
        """
        row = self._row(key)
        if row is not None:
            if row[0] == seq and at < row[1]:
                row[1] = at
                self._moved.add(key)
            return row[0] == seq
        self._rows[key] = [seq, at]
        self._absent.discard(key)
        self._moved.add(key)
        return True

    def save(self) -> None:
        """Write what moved."""
        totals.write(self.session, [(*key, *self._rows[key]) for key in sorted(self._moved)])
        self._moved.clear()
