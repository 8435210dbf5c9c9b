"""Digests: who is due one, and which notices it tells. Each notice is told in one digest, or given back.

A digest is owed for a local day of its member's, once; written in the hour they chose, or later that day. What waits
is written down with the notices, so a look costs as much as there are members due.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, delete, literal, select, update
from sqlalchemy.orm import Session

from app.domain import rows, statistics
from app.domain.base import day_number, insert_into, now, ring_after_commit
from app.domain.mail import deliveries, mailings, preferences
from app.domain.mail.deliveries import REPEATED, UNSETTLED, Delivery
from app.domain.mail.mailings import DigestDue, DigestItem
from app.domain.people.members import Member

AT_ONCE = 500
DAYS = {"daily": 1, "weekly": 7}
LATE = timedelta(hours=6)  # so long after its hour a digest may come on the next day, instead of that day's own
FARTHEST = timedelta(days=9)  # no digest is due later than that, unless a clock was wrong

DOUBTFUL = select(Delivery.id).where(UNSETTLED, Delivery.state == "uncertain", ~REPEATED)

Key = tuple[int, str]  # a member and a period


class Slot(NamedTuple):
    """For which day of a member's a digest can be written now, if for any, and when the next one begins."""

    day: int | None
    next_at: datetime


def write_due(open_transaction: Callable[[], AbstractContextManager[Session]], *, at: datetime | None = None) -> int:
    """Owe the digests that are due; returns how many."""
    moment, written = at or now(), 0
    with open_transaction() as session:
        _give_back(session, moment)
        held = _held(session)
    while True:
        with open_transaction() as session:
            dues = session.execute(_due(moment)).all()
            written += _write(session, dues, held, moment)
        if len(dues) < AT_ONCE:
            break
    if written >= statistics.MANY:
        with open_transaction() as session:
            statistics.count_anew(session, Delivery, DigestItem, DigestDue)
    return written


def any_due(session: Session, *, at: datetime | None = None) -> bool:
    """Whether there is anything to write or to give back; asks without writing."""
    due = select(DigestDue.member_id).where(DigestDue.due_at <= (at or now())).limit(1)
    doubtful = select(DigestItem.member_id).where(DigestItem.delivery_id.in_(DOUBTFUL)).limit(1)
    return session.scalar(due) is not None or session.scalar(doubtful) is not None


def mend(session: Session, *, at: datetime | None = None) -> int:
    """Let notices be looked at that wait while nobody is due; returns for how many members."""
    moment = at or now()
    session.execute(update(DigestDue).where(DigestDue.due_at > moment + FARTHEST).values(due_at=moment))
    due = select(DigestDue.member_id).where(DigestDue.member_id == DigestItem.member_id).exists()
    stuck = select(DigestItem.member_id, literal("daily"), literal(moment, DigestDue.due_at.type)).distinct()
    dues = insert_into(session, DigestDue).from_select(
        ["member_id", "period", "due_at"], stuck.where(DigestItem.delivery_id.is_(None), ~due)
    )
    return len(session.execute(dues.on_conflict_do_nothing().returning(DigestDue.member_id)).all())


def look_again(session: Session, member: Member, *, at: datetime | None = None) -> None:
    """Reckon anew when a member's digests are due, after they chose otherwise; what waits follows their choice."""
    moment = at or now()
    theirs = update(DigestDue).where(DigestDue.member_id == member.id, DigestDue.due_at > moment)
    session.execute(theirs.values(due_at=moment))
    waits = select(DigestItem.member_id).where(DigestItem.member_id == member.id, DigestItem.delivery_id.is_(None))
    if session.scalar(waits.limit(1)) is not None:
        dues = [{"member_id": member.id, "period": period, "due_at": moment} for period in preferences.SUMMARIES]
        rows.add_new(session, DigestDue, dues)


def slot(zone: str, hour: int, weekday: int, period: str, since: datetime, moment: datetime) -> Slot:
    """Where a member is between two digests. One that was missed is written later on its day, a weekly one that week."""
    there = ZoneInfo(zone)
    today = moment.astimezone(there).date()
    day = today - timedelta(days=(today.weekday() - weekday) % 7) if period == "weekly" else today
    begins = datetime.combine(day, time(hour), there)
    if moment < begins:
        before = datetime.combine(day - timedelta(days=DAYS[period]), time(hour), there)
        if since > before or moment - before > LATE:
            return Slot(None, begins)
        # It was due shortly before midnight. Where nothing ever runs at that hour, it would else never come.
    following = datetime.combine(day + timedelta(days=DAYS[period]), time(hour), there)
    return Slot(day_number(begins, there) if begins >= since else None, following)


def _due(moment: datetime) -> Select:
    return (
        select(
            DigestDue.member_id, DigestDue.period, DigestDue.due_at, Member.zone, Member.digest_hour, Member.digest_day
        )
        .join(Member, Member.id == DigestDue.member_id)
        .where(DigestDue.due_at <= moment)
        .order_by(DigestDue.due_at)
        .limit(AT_ONCE)
        .with_for_update(of=DigestDue, skip_locked=True)
    )


def _write(session: Session, dues: Sequence[Row], held: Mapping[Key, int], moment: datetime) -> int:
    days: dict[Key, int] = {}
    later: dict[Key, datetime] = {}
    for it in dues:
        found = slot(it.zone, it.digest_hour, it.digest_day, it.period, it.due_at, moment)
        later[it.member_id, it.period] = found.next_at
        if found.day is not None:
            days[it.member_id, it.period] = found.day
    items = _sort(session, set(days), moment)
    into = deliveries.still_queued(session, {key: held[key] for key in items if key in held})
    new = _owe(session, {key: days[key] for key in items if key not in into}, moment)
    _claim(session, items, into | new)
    told_today = set(items) - into.keys() - new.keys()
    over = days.keys() - told_today
    _put_off(session, {key: next_at for key, next_at in later.items() if key not in over})
    _forget(session, over)
    return len(new)


def _sort(session: Session, due: set[Key], moment: datetime) -> dict[Key, list[int]]:
    """The notices to be told now, by digest; those of another period wait for theirs, unwanted ones are forgotten."""
    waiting = select(DigestItem.notification_id.label("id"), DigestItem.member_id, DigestItem.kind).where(
        DigestItem.delivery_id.is_(None), DigestItem.member_id.in_({member for member, _period in due})
    )
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for it in session.execute(waiting):
        by_kind[it.kind].append(it)
    told: dict[Key, list[int]] = defaultdict(list)
    unwanted, elsewhere = [], defaultdict(list)
    for kind, some in by_kind.items():
        often = preferences.frequencies(session, [it.member_id for it in some], kind)
        for it in some:
            period = _period(it.member_id, often[it.member_id], due)
            if period == preferences.NEVER:
                unwanted.append(it.id)
            elif (it.member_id, period) in due:
                told[it.member_id, period].append(it.id)
            else:
                elsewhere[period].append(it)
    if unwanted:
        session.execute(delete(DigestItem).where(DigestItem.notification_id.in_(unwanted)))
    for period, some in elsewhere.items():
        mailings.postpone(session, some, period, at=moment)
    return told


def _period(member_id: int, often: str, due: set[Key]) -> str:
    """In which digest a notice comes. What is wanted at once from now on comes with the first there is."""
    if often in (*preferences.SUMMARIES, preferences.NEVER):
        return often
    return next(period for period in preferences.SUMMARIES if (member_id, period) in due)


def _held(session: Session) -> dict[Key, int]:
    """Digests that were owed and have not left yet, as when a mail server is away: they take the new ones with them.

    Read once a run: asked for the members of each batch, it would look through all that the run itself has owed.
    """
    held = select(Delivery.member_id, Delivery.period, Delivery.id).where(
        UNSETTLED, Delivery.state == "queued", Delivery.period.is_not(None)
    )
    return {(it.member_id, it.period): it.id for it in session.execute(held.order_by(Delivery.id))}


def _owe(session: Session, days: dict[Key, int], moment: datetime) -> dict[Key, int]:
    """One letter each, unless that day has had its own."""
    if not days:
        return {}
    blank = {"state": "queued", "attempts": 0, "handovers": 0, "reply": "", "subject": ""}
    letters = [
        {"member_id": member, "kind": f"digest_{period}", "period": period, "day": day, "due_at": moment,
         "created_at": moment, **blank}
        for (member, period), day in days.items()
    ]  # fmt: skip
    ring_after_commit(session, "mail")
    owed = rows.add_new(session, Delivery, letters, Delivery.member_id, Delivery.period, Delivery.id)
    return {(it.member_id, it.period): it.id for it in owed}


def _claim(session: Session, items: dict[Key, list[int]], into: dict[Key, int]) -> None:
    told = [
        {"notification_id": notice, "delivery_id": into[key]}
        for key, notices in items.items() if key in into for notice in notices
    ]  # fmt: skip
    if told:
        session.execute(update(DigestItem), told)


def _put_off(session: Session, later: dict[Key, datetime]) -> None:
    rows = [{"member_id": member, "period": period, "due_at": at} for (member, period), at in later.items()]
    if rows:
        session.execute(update(DigestDue), rows)


def _forget(session: Session, over: Iterable[Key]) -> None:
    members: dict[str, list[int]] = defaultdict(list)
    for member, period in over:
        members[period].append(member)
    for period, some in members.items():  # pairs as such are looked for in every row
        session.execute(delete(DigestDue).where(DigestDue.period == period, DigestDue.member_id.in_(some)))


def _give_back(session: Session, moment: datetime) -> None:
    """Let the next digest tell what one told that may have left and may not: nobody gets the same digest twice."""
    back = mailings.let_go(session, DigestItem.delivery_id.in_(DOUBTFUL), told_before=True)
    mailings.postpone(session, back, "daily", at=moment)
