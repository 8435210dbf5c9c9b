"""Deliveries: letters owed, written down with their cause and sent by the mail worker.

    queued -> sending -> handover -> sent | bounced | dead | dropped
                            |
                            +-> uncertain -> sending (once more, with the same Message-ID)

`handover` is the point of no return: from there on a crash may mean that the letter left. Whoever sends
holds a token that every step names; whoever lost it to somebody else changes nothing.
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    Case,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from app.domain import rows
from app.domain.base import Base, Instant, now, ring_after_commit
from app.domain.mail.leases import Lost
from app.domain.people.members import Member

Key = TypeVar("Key")

LEASE = timedelta(minutes=2)  # longer than any conversation with a mail server may last
GIVE_UP = timedelta(hours=48)
STEPS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
TRIES = 1 + len(STEPS) + (GIVE_UP - sum(STEPS, timedelta())) // STEPS[-1]  # so many take two days
DOUBT = timedelta(minutes=1)  # how long to wait before a letter that may have left is sent once more
REST_LEAST, REST_MOST = timedelta(seconds=5), timedelta(minutes=15)
KEPT = timedelta(days=90)

THREAD = "thread"  # the period of a letter that tells several news of one thread

UNSETTLED = text("state IN ('queued', 'sending', 'handover', 'uncertain')")
# Said so that SQLite does not take the index of notifications for it.
ABOUT_ACCOUNTS = text(f"{UNSETTLED.text} AND coalesce(notification_id, 0) = 0 AND period IS NULL")
HELD = text("state IN ('sending', 'handover')")
DEAD = text("state = 'dead'")
OF_THREAD = text("thread_id IS NOT NULL")


class Delivery(Base):
    """A letter owed to a member, because of a notification or of something that happened to their account.

    Without an address it goes to the one they have when it is sent. It holds no secret: links are made
    when the letter is written.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'handover', 'sent', 'bounced', 'uncertain', 'dead', 'dropped')",
            name="state",
        ),
        Index("uq_deliveries_digest", "member_id", "period", "day", unique=True),
        Index("ix_deliveries_due", "due_at", "id", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        Index("ix_deliveries_accounts", "due_at", "id", sqlite_where=ABOUT_ACCOUNTS, postgresql_where=ABOUT_ACCOUNTS),
        Index("ix_deliveries_held", "lease_until", sqlite_where=HELD, postgresql_where=HELD),
        Index("ix_deliveries_thread", "thread_id", "member_id", sqlite_where=OF_THREAD, postgresql_where=OF_THREAD),
        Index("ix_deliveries_dead", "created_at", sqlite_where=DEAD, postgresql_where=DEAD),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int | None] = mapped_column(ForeignKey("notifications.id"), unique=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    address: Mapped[str | None] = mapped_column(String(254))
    facts: Mapped[dict[str, Any] | None]  # small things to word it with, never a secret
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id"))  # where more about it may follow soon
    period: Mapped[str | None] = mapped_column(String(10))  # of a digest: daily or weekly; or THREAD
    day: Mapped[int | None]  # and for which local day, counted from 1970-01-01
    subject: Mapped[str] = mapped_column(String(200), default="")  # as it was handed over
    state: Mapped[str] = mapped_column(String(20), default="queued")
    due_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    handovers: Mapped[int] = mapped_column(default=0)  # how often it passed the point of no return
    token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    reply: Mapped[str] = mapped_column(String(500), default="")  # what the mail server said
    created_at: Mapped[datetime] = mapped_column(default=now)
    sent_at: Mapped[datetime | None]


# What a doubtful digest told comes with the next one.
REPEATED = or_(Delivery.period.is_(None), Delivery.period == THREAD)


class MailRoute(Base):
    """How the way to the mail server has been: after failures it rests for a while."""

    __tablename__ = "mail_routes"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None]


class MailPause(Base):
    """While there is this one row, no letter leaves."""

    __tablename__ = "mail_pauses"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(default=now)
    why: Mapped[str] = mapped_column(String(200), default="")


def owe(
    session: Session, kind: str, member: Member | None, *, address: str | None = None,
    facts: dict[str, Any] | None = None, at: datetime | None = None,
) -> Delivery:  # fmt: skip
    """Write down that a letter is to be sent; the commit rings for the worker."""
    moment = at or now()
    letter = Delivery(
        kind=kind, member_id=member.id if member else None, address=address, facts=facts,
        due_at=moment, created_at=moment,
    )  # fmt: skip
    session.add(letter)
    return letter


def look_after(session: Session, *, at: datetime | None = None) -> None:
    """Doubt or give up the letters whose senders stopped in the middle."""
    moment = at or now()
    _doubt_what_was_left(session, moment)
    _give_up_what_kills(session, moment)


def claim(session: Session, kinds: Iterable[str], *, at: datetime | None = None) -> Delivery | None:
    """Take the letter that is due first, for as long as the lease lasts; None where none is.

    Letters about accounts go before all others: somebody waits for them, whatever else there is to send.
    """
    moment = at or now()
    ready = select(Delivery.id).where(Delivery.kind.in_(list(kinds)), _ready(moment))
    ready = ready.order_by(Delivery.due_at, Delivery.id).limit(1).with_for_update(skip_locked=True)
    first = func.coalesce(*(ready.where(which).scalar_subquery() for which in (ABOUT_ACCOUNTS, UNSETTLED)))
    values = {
        "state": "sending", "token": secrets.token_hex(16), "lease_until": _lease_from(moment),
        "attempts": Delivery.attempts + 1,
    }  # fmt: skip
    taken = update(Delivery).where(Delivery.id == first).values(values)
    return session.scalars(
        taken.returning(Delivery), execution_options={"synchronize_session": False, "populate_existing": True}
    ).first()


def still_queued(session: Session, letters: Mapping[Key, int]) -> dict[Key, int]:
    """Those of some letters that nobody has begun to send; they are kept from it until the commit."""
    if not letters:
        return {}
    there = select(Delivery.id).where(Delivery.id.in_(letters.values()), Delivery.state == "queued")
    queued = set(session.scalars(there.with_for_update(skip_locked=True)))
    return {key: number for key, number in letters.items() if number in queued}


def handing_over(session: Session, letter: Delivery, *, subject: str = "", at: datetime | None = None) -> None:
    """Note that the letter is about to leave: from here on a crash is a doubt, not a failure. Raises Lost."""
    more = {"handovers": Delivery.handovers + 1, "lease_until": (at or now()) + LEASE, "subject": subject}
    _step(session, letter, "sending", state="handover", **more)


def sent(session: Session, letter: Delivery, reply: str, *, at: datetime | None = None) -> None:
    """Note that the mail server has taken the letter. Raises Lost."""
    _settle(session, letter, "sent", reply, sent_at=at or now())


def bounced(session: Session, letter: Delivery, reply: str) -> None:
    """Note that the mail server does not know the address. Raises Lost."""
    _settle(session, letter, "bounced", reply)


def dead(session: Session, letter: Delivery, reply: str) -> None:
    """Note that the letter will not be sent: the server refuses it, or it cannot be written. Raises Lost."""
    _settle(session, letter, "dead", reply)


def dropped(session: Session, letter: Delivery, why: str) -> None:
    """Note that nobody wants the letter any more; what it was about is forgotten. Raises Lost."""
    _settle(session, letter, "dropped", why, facts=None)


def put_off(session: Session, letter: Delivery, reply: str, *, at: datetime | None = None) -> None:
    """Try again later, each time after a longer while; after two days of trying never. Raises Lost.

    Tries are counted, not hours: what waited for a server that was away has lost none of them.
    """
    if letter.attempts >= TRIES:
        dead(session, letter, reply)
        return
    due = (at or now()) + STEPS[min(letter.attempts, len(STEPS)) - 1]
    refused = {"handovers": Delivery.handovers - 1} if letter.state == "handover" else {}
    _step(session, letter, letter.state, state="queued", token=None, due_at=due, reply=reply[:500], **refused)


def put_back(session: Session, letter: Delivery, reply: str) -> None:
    """Leave the letter as if nobody had tried: the way was blocked, which is not its fault. Raises Lost."""
    untried = {"attempts": Delivery.attempts - 1, "reply": reply[:500]}
    _step(session, letter, letter.state, state="queued", token=None, **untried)


def doubt(session: Session, letter: Delivery, reply: str, *, at: datetime | None = None) -> None:
    """Note that the letter may have left and may not. Raises Lost."""
    due = (at or now()) + DOUBT
    _step(session, letter, "handover", state="uncertain", due_at=due, token=None, reply=reply[:500])


def any_due(session: Session, kinds: Iterable[str], *, at: datetime | None = None) -> bool:
    """Whether there is anything to claim; asks without writing."""
    moment = at or now()
    ready = select(Delivery.id).where(UNSETTLED, Delivery.kind.in_(list(kinds)), _ready(moment))
    left = select(Delivery.id).where(HELD, Delivery.state == "handover", Delivery.lease_until < moment)
    return any(session.scalar(some.limit(1)) is not None for some in (ready.order_by(Delivery.due_at), left))


def is_resting(session: Session, route: str, *, at: datetime | None = None) -> bool:
    """Whether the way to the mail server failed so lately that it is left alone."""
    until = session.scalar(select(MailRoute.rests_until).where(MailRoute.name == route))
    return until is not None and until > (at or now())


def failed(session: Session, route: str, *, at: datetime | None = None) -> timedelta:
    """Let a route rest, longer each time; returns how long."""
    rows.add_once(session, MailRoute, name=route, failures=0)
    counted = update(MailRoute).where(MailRoute.name == route).values(failures=MailRoute.failures + 1)
    failures = session.scalars(counted.returning(MailRoute.failures)).one()
    rest: timedelta = min(REST_LEAST * 2 ** min(failures - 1, 10), REST_MOST)
    session.execute(update(MailRoute).where(MailRoute.name == route).values(rests_until=(at or now()) + rest))
    return rest


def worked(session: Session, route: str) -> None:
    """Note that a route works; the next failure rests shortly again."""
    session.execute(delete(MailRoute).where(MailRoute.name == route))


def pause(session: Session, why: str = "", *, at: datetime | None = None) -> bool:
    """Let no letter leave until `resume`; whether that was news. Letters are owed as ever."""
    return rows.add_once(session, MailPause, id=1, since=at or now(), why=why[:200])


def resume(session: Session) -> bool:
    """Let letters leave again; whether they were paused."""
    ring_after_commit(session, "mail")
    return session.execute(delete(MailPause).returning(MailPause.id)).first() is not None


def paused(session: Session) -> MailPause | None:
    """Since when no letter leaves, and why."""
    return session.scalars(select(MailPause)).first()


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Delete some digests and letters about accounts from long ago; how many."""
    return rows.delete_some(
        session, Delivery, Delivery.notification_id.is_(None), Delivery.created_at < (at or now()) - KEPT
    )


def _ready(moment: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Delivery.state == "queued", Delivery.due_at <= moment),
        and_(
            Delivery.state == "uncertain",
            Delivery.due_at <= moment,
            Delivery.handovers < 2,
            REPEATED,
        ),
        and_(Delivery.state == "sending", Delivery.lease_until < moment),
    )


def _doubt_what_was_left(session: Session, moment: datetime) -> None:
    left = update(Delivery).where(HELD, Delivery.state == "handover", Delivery.lease_until < moment)
    values = {"state": "uncertain", "due_at": moment + DOUBT, "token": None, "reply": "whoever sent it stopped"}
    session.execute(left.values(values).execution_options(synchronize_session=False))


def _give_up_what_kills(session: Session, moment: datetime) -> None:
    """A letter may kill whoever writes it, and can then not be put off by them."""
    old = update(Delivery).where(
        HELD, Delivery.state == "sending", Delivery.lease_until < moment,
        Delivery.created_at < moment - GIVE_UP, Delivery.attempts >= len(STEPS),
    )  # fmt: skip
    values = {"state": "dead", "token": None, "lease_until": None, "reply": "whoever sent it stopped, each time"}
    session.execute(old.values(values).execution_options(synchronize_session=False))


def _lease_from(moment: datetime) -> Case[datetime]:
    """What failed often may be what kills its sender: should it happen again, others have an hour in peace."""
    soon, late = (literal(moment + it, Instant()) for it in (LEASE, max(LEASE, STEPS[-1])))
    return case((Delivery.attempts < len(STEPS), soon), else_=late)


def _settle(session: Session, letter: Delivery, state: str, reply: str, **more: Any) -> None:
    _step(session, letter, letter.state, state=state, reply=reply[:500], token=None, lease_until=None, **more)


def _step(session: Session, letter: Delivery, before: str, **values: Any) -> None:
    """One step of a letter that we hold; raises Lost where somebody else does."""
    ours = update(Delivery).where(Delivery.id == letter.id, Delivery.token == letter.token, Delivery.state == before)
    row = session.execute(
        ours.values(values).returning(Delivery.id).execution_options(synchronize_session=False)
    ).first()
    if row is None:
        raise Lost(f"delivery {letter.id}")
    set_committed_value(letter, "state", values["state"])  # the row is right already
