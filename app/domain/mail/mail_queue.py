"""The queue of letters as whoever runs the site sees it: how long letters wait, and what did not leave."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, TextClause, and_, func, or_, select, update
from sqlalchemy.orm import Session

from app.domain.base import now, ring_after_commit
from app.domain.mail import deliveries
from app.domain.mail.deliveries import DEAD, REPEATED, UNSETTLED, Delivery, MailRoute
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.record import audit_log
from app.domain.words import _

SHOWN = 50
FAILED = ("dead", "uncertain")
WHY_MOST = 200

# What doubt cannot solve by itself any more.
_DOUBTFUL = and_(UNSETTLED, Delivery.state == "uncertain", or_(Delivery.handovers > 1, ~REPEATED))


class Standing(NamedTuple):
    """How letters fare: seconds are of those that could leave now, `put_off` of those whose server asked to wait."""

    waiting: int
    oldest_seconds: float
    p95_seconds: float
    put_off: int
    uncertain: int
    dead: int
    resting_until: datetime | None
    paused_since: datetime | None
    paused_why: str


def standing(session: Session, *, at: datetime | None = None) -> Standing:
    """How letters fare at the moment."""
    moment = at or now()
    due = (UNSETTLED, Delivery.state == "queued", Delivery.due_at <= moment)
    waiting = _count(session, *due)
    late = select(Delivery.due_at).where(*due).order_by(Delivery.due_at).limit(1)
    oldest, nearly_all = (session.scalar(late.offset(it)) for it in (0, waiting // 20))
    pause = deliveries.paused(session)
    return Standing(
        waiting, _age(oldest, moment), _age(nearly_all, moment),
        put_off=_count(session, UNSETTLED, Delivery.state == "queued", Delivery.due_at > moment),
        uncertain=_count(session, _DOUBTFUL), dead=_count(session, DEAD),
        resting_until=session.scalar(select(func.max(MailRoute.rests_until)).where(MailRoute.rests_until > moment)),
        paused_since=pause.since if pause else None, paused_why=pause.why if pause else "",
    )  # fmt: skip


def failed(session: Session, state: str) -> Sequence[Row]:
    """Letters that were given up, or may have left and may not; the latest first."""
    which = DEAD if state == "dead" else _DOUBTFUL
    return session.execute(
        select(Delivery, Member.username, Member.name)
        .outerjoin(Member, Member.id == Delivery.member_id)
        .where(which)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
        .limit(SHOWN)
    ).all()


def replay(session: Session, delivery_id: int, by: Member | None = None, *, at: datetime | None = None) -> None:
    """Try a letter that did not leave once more; raises Conflict where it is on its way or settled."""
    values = {"state": "queued", "due_at": at or now(), "attempts": 0, "token": None, "lease_until": None}
    again = update(Delivery).where(Delivery.id == delivery_id, or_(DEAD, _DOUBTFUL)).values(values)
    row = session.execute(again.returning(Delivery.kind, Delivery.member_id)).first()
    if row is None:
        raise Conflict(_("This letter is on its way already."))
    whose = session.get(Member, row.member_id) if row.member_id else None
    audit_log.record(session, by, "mail", member=whose, subject=_("sent a letter again: %(kind)s", kind=row.kind))
    ring_after_commit(session, "mail")


def pause(session: Session, by: Member | None, why: str, *, at: datetime | None = None) -> bool:
    """Let no letter leave for a while; whether that was news. Raises Invalid."""
    why = " ".join(why.split())
    if len(why) > WHY_MOST:
        raise Invalid(why=_("Say it in at most %(most)s characters.", most=WHY_MOST))
    news = deliveries.pause(session, why, at=at)
    if news:
        audit_log.record(session, by, "mail", subject=_("paused all letters"), reason=why)
    return news


def resume(session: Session, by: Member | None) -> bool:
    """Let letters leave again; whether that was news."""
    news = deliveries.resume(session)
    if news:
        audit_log.record(session, by, "mail", subject=_("let letters leave again"))
    return news


def discard(session: Session, by: Member | None, older_than: timedelta, *, at: datetime | None = None) -> int:
    """Send none of the letters that were owed longer ago; returns how many. For a database from a back-up copy."""
    moment = at or now()
    idle = or_(Delivery.state.in_(("queued", "uncertain")), Delivery.lease_until < moment)
    old = update(Delivery).where(UNSETTLED, idle, Delivery.created_at < moment - older_than)
    values = {"state": "dropped", "token": None, "lease_until": None, "facts": None, "reply": "discarded by the team"}
    gone = len(session.execute(old.values(values).returning(Delivery.id)).all())
    if gone:
        audit_log.record(session, by, "mail", subject=_("discarded %(num)s letters", num=gone))
    return gone


def _count(session: Session, *which: ColumnElement[bool] | TextClause) -> int:
    return session.scalar(select(func.count()).select_from(Delivery).where(*which)) or 0


def _age(moment: datetime | None, at: datetime) -> float:
    return max(0.0, (at - moment).total_seconds()) if moment else 0.0
