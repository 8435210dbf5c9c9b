"""Stumbles: deeds that cannot be booked. Each is tried again by itself while all others go on, then set aside for a day.

A batch that raises is taken in smaller ones, until the deed it falls over stands alone. That it is tried alone is
written down before: a deed that ends the whole process is found like one that raises. So is one that was tried each time
when somebody ended the process; nothing tells the two apart but trying again when all that is over.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, Row, Select, String, and_, delete, func, select, true, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.domain.base import Base, now, ring_after_commit
from app.domain.mail.leases import Lost
from app.domain.people.members import Member
from app.domain.problems import Conflict
from app.domain.record import audit_log
from app.domain.record.activities import Activity
from app.domain.words import _, ngettext

RESTS = (timedelta(seconds=2), timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5))
TRIES = len(RESTS) + 1
ASIDE_FOR = timedelta(days=1)  # then it is tried once more: what it fell over may be mended, or it was only unlucky
MOST_FALLS = 50  # in one go; where everything falls, it is no deed's fault and need not be tried without a pause
SMALLER = 8
WHY_MOST = 300
ENDED = "The process ended while this was tried."
SHOWN = 50

Open = Callable[[], AbstractContextManager[Session]]  # opens one transaction
Step = Callable[[int, int | None], int]  # books so many deeds at most, or this one alone; returns how many


class Stumble(Base):
    """A deed that could not be booked, how often that was tried, and when it is due again; never where it is set aside."""

    __tablename__ = "stumbles"

    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"), primary_key=True)
    tries: Mapped[int]
    why: Mapped[str] = mapped_column(String(WHY_MOST), default="")
    tried_at: Mapped[datetime]
    due_at: Mapped[datetime | None]


class Fell(Exception):
    """Something could not be booked or awarded; the cause says why."""

    @property
    def cause(self) -> Exception:
        return self.__cause__ if isinstance(self.__cause__, Exception) else self


# What withdraws a deed waits with it: nothing can be taken back that was never given.
_stumbled = select(Stumble.activity_id).where(Stumble.activity_id.in_((Activity.id, Activity.reverses_id)))
WAITS = and_(Activity.seq.is_(None), ~_stumbled.exists())
UNSETTLED = and_(Activity.seq.is_(None), ~_stumbled.where(Stumble.due_at.is_(None)).exists())


@contextmanager
def watched() -> Iterator[None]:
    """Tells what is wrong with deeds from what is wrong with the site, which no smaller batch would mend."""
    try:
        yield
    except Lost:
        raise
    except Exception as no:
        raise Fell from no


def book_all(holding: Open, step: Step, batch: int, *, singly: int = 0) -> tuple[int, list[Exception]]:
    """Book all that waits, the first so many one by one; returns how many deeds, and what they fell over."""
    done, size, idle, falls = 0, batch, False, list[Exception]()
    while len(falls) < MOST_FALLS:
        size = 1 if singly > 0 else size
        alone = _next_alone(holding, size) if idle or size == 1 else None
        if alone is None and (idle or size == 1):
            break
        try:
            booked = step(size, alone)
        except Fell as fell:
            if alone:
                falls.append(_blame(holding, alone, fell))
            else:
                size = max(1, size // SMALLER)
            continue
        done, singly, idle, size = done + booked, singly - booked, booked < size, min(batch, size * 2)
    return done, falls


def _next_alone(holding: Open, size: int) -> int | None:
    """A deed to be tried by itself: one that is due again, or any where batches have become that small."""
    with holding() as session:
        deed = session.scalar(_due_again())
        if deed is None and size == 1:
            deed = session.scalar(select(Activity.id).where(WAITS).order_by(Activity.id).limit(1))
        if deed is not None:
            _try(session, deed)
    return deed


def _try(session: Session, deed: int) -> None:
    """Write down that a deed is tried; should it end the process, this is what is left of it."""
    row, moment = session.get(Stumble, deed), now()
    if row is None:
        row = Stumble(activity_id=deed, tries=0)
        session.add(row)
    row.tries, row.tried_at, row.why = row.tries + 1, moment, ENDED
    row.due_at = moment + RESTS[row.tries - 1] if row.tries < TRIES else None


def _blame(holding: Open, deed: int, fell: Fell) -> Exception:
    """Write down what a deed fell over."""
    with holding() as session:
        session.execute(update(Stumble).where(Stumble.activity_id == deed).values(why=_worded(fell.cause)))
    return fell.cause


def _worded(error: BaseException) -> str:
    """What went wrong, in a line; without the parameters of a statement, which are what members wrote."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig else error
    text = str(told).replace("\x00", "").partition("\n")[0]
    return f"{type(told).__name__}: {text}"[:WHY_MOST]


def _due_again(at: datetime | None = None) -> Select[int]:
    """The first deed whose rest is over, unless what it withdraws still waits."""
    first = aliased(Stumble)
    waits_for = select(first.activity_id).where(first.activity_id == Activity.reverses_id).exists()
    due = select(Stumble.activity_id).join(Activity).where(Stumble.due_at <= (at or now()), ~waits_for)
    return due.order_by(Stumble.activity_id).limit(1)


def is_due(session: Session) -> bool:
    """Whether a deed that stumbled may be tried again."""
    return session.scalar(_due_again()) is not None


def forget(session: Session, deeds: Sequence[int]) -> None:
    """Deeds were booked after all."""
    over = Stumble.activity_id.between(min(deeds), max(deeds))
    booked = select(Activity.id).where(Activity.id == Stumble.activity_id, Activity.seq.is_not(None))
    session.execute(delete(Stumble).where(over, booked.exists()).execution_options(synchronize_session=False))


def try_again(session: Session, at: datetime | None = None) -> int:
    """Let each deed that was set aside a day ago be tried once more; returns how many."""
    return len(_make_due(session, Stumble.tried_at <= (at or now()) - ASIDE_FOR))


def _make_due(session: Session, which: ColumnElement[bool]) -> Sequence[int]:
    aside = update(Stumble).where(Stumble.due_at.is_(None), which)
    found = session.scalars(aside.values(due_at=now(), tries=TRIES - 1).returning(Stumble.activity_id)).all()
    if found:
        ring_after_commit(session, "awards")
    return found


# --- what staff see and do ---------------------------------------------------------------------


def standing(session: Session) -> tuple[int, int]:
    """How many deeds stumbled and are tried again by themselves, and how many are set aside."""
    rows = session.execute(select(Stumble.due_at.is_(None), func.count()).group_by(Stumble.due_at.is_(None)))
    found = {bool(is_aside): number for is_aside, number in rows}
    return found.get(False, 0), found.get(True, 0)


def page(session: Session) -> Sequence[Row]:
    """The deeds that stumbled, those set aside first, with whose they are and the post they are about."""
    return session.execute(
        select(Stumble, Activity, Member)
        .join(Activity, Activity.id == Stumble.activity_id)
        .join(Member, Member.id == Activity.member_id)
        .order_by(Stumble.due_at.is_not(None), Stumble.activity_id)
        .limit(SHOWN)
    ).all()


def retry(session: Session, by: Member | None, deed: int | None = None) -> int:
    """Try a deed once more, or all that were set aside; returns how many. One that falls again is set aside at once.

    Raises Conflict where it was tried meanwhile.
    """
    found = _make_due(session, Stumble.activity_id == deed if deed else true())
    if deed and not found:
        raise Conflict(_("This one is being tried already, or counted by now."))
    if found:
        said = ngettext("one deed was tried again", "%(num)s deeds were tried again", len(found))
        audit_log.record(session, by, "deed", subject=said)
    return len(found)
