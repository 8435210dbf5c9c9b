"""Notices: what a member is told on the site, once, and the letters owed because of it.

`hearers` says who is told of what others do, `inbox` what of it can still be opened, `tidings` what it says.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    and_,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.domain import rows
from app.domain.badging.badges import Award
from app.domain.base import Base, chunks, insert_into, now
from app.domain.mail import mailings
from app.domain.mail.deliveries import UNSETTLED, Delivery
from app.domain.people.members import Member
from app.domain.record.activities import Activity

KEPT = timedelta(days=180)  # what was read; what was not stays
FORGOTTEN_AT_ONCE = 5000
THANKED = {"insightful_received": "insightful", "upvote_received": "upvote", "accepted": "accepted"}
THANKED_WITHIN = timedelta(days=7)  # a gift of long ago that completes a badge now, as after an import, is no news

UNREAD = text("read_at IS NULL")
READ = text("read_at IS NOT NULL")
OF_POST = text("post_id IS NOT NULL")


class Notification(Base):
    """Something a member is told once; `key` says what, so that it cannot be told twice.

    `what` tells notices of one kind apart: which reaction, or why a post is told of. A notice of reactions
    stands for all of them from `created_at` on, until the next one begins at `ended_at`. `seen_at` is when
    it was shown in passing, `read_at` when it was opened.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("member_id", "key"),
        Index("ix_notifications_member_latest", "member_id", "id"),
        Index("ix_notifications_unread", "member_id", "id", sqlite_where=UNREAD, postgresql_where=UNREAD),
        Index("ix_notifications_read", "created_at", sqlite_where=READ, postgresql_where=READ),
        Index("ix_notifications_post", "post_id", "member_id", sqlite_where=OF_POST, postgresql_where=OF_POST),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(30))
    what: Mapped[str] = mapped_column(String(20), default="", server_default="")
    key: Mapped[str] = mapped_column(String(80))
    award_id: Mapped[int | None] = mapped_column(ForeignKey("awards.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    facts: Mapped[dict[str, Any] | None]  # small things to word it with, such as how many badges; never a name
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


_NEW = (Notification.id, Notification.member_id, Notification.kind)  # what is told of new notices


def tell_of_awards(session: Session, awards: Sequence[int], *, at: datetime | None = None) -> int:
    """Tell members of their new awards, one notice each; returns how many were new.

    Whoever gave the reaction or acceptance that completed one is quietly told so.
    """
    if not awards:
        return 0
    giver = aliased(Member)
    gift = and_(
        Activity.seq == Award.seq, Activity.kind.in_(THANKED), Activity.actor_id != Award.member_id,
        Activity.happened_at > (at or now()) - THANKED_WITHIN,
    )  # fmt: skip
    found = session.execute(
        select(
            Award.id, Award.member_id, Award.by_id, Award.reason, Activity.kind, Activity.post_id,
            giver.id.label("giver"),
        )
        .join(Member, Member.id == Award.member_id)
        .outerjoin(Activity, gift)
        .outerjoin(giver, and_(giver.id == Activity.actor_id, giver.email_verified_at.is_not(None)))
        .where(Award.id.in_(awards), Member.deleted_at.is_(None))
        .order_by(Award.id)
    ).all()  # fmt: skip
    own = [of_award(it.id, it.member_id, it.by_id, it.reason) for it in found]
    thanks = [
        {"member_id": it.giver, "kind": "reaction", "what": "thanks", "key": f"gift:{it.id}", "award_id": it.id,
         "post_id": it.post_id, "actor_id": it.member_id, "facts": {"gift": THANKED[it.kind]}}
        for it in found if it.giver
    ]  # fmt: skip
    return tell(session, own + thanks, at=at)


def of_award(award_id: int, member_id: int, by_id: int | None, reason: str) -> dict[str, Any]:
    """The notice of an award, for `tell`."""
    return {
        "member_id": member_id, "kind": "badge_earned", "key": f"award:{award_id}", "award_id": award_id,
        "actor_id": by_id, "facts": {"message": reason} if reason else None,
    }  # fmt: skip


def name_nominator(session: Session, award_id: int, nominator_id: int) -> None:
    """Let the notice of an award say who nominated its holder."""
    told = session.scalars(select(Notification).where(Notification.key == f"award:{award_id}")).first()
    if told is not None:
        told.actor_id, told.facts = nominator_id, (told.facts or {}) | {"nominated": True}


def tell(session: Session, notices: Sequence[dict[str, Any]], *, at: datetime | None = None) -> int:
    """Write notices, and the letters owed for those that were new; returns how many were.

    Whether a letter leaves is decided when it is sent: by the member's choice at that moment.
    """
    return sum(_tell(session, some, at or now()) for some in chunks(notices))


def tell_all(session: Session, notices: Select[Any], *, thread_id: int) -> int:
    """The same for the rows of a statement, whose columns have the names of a notice's: however many, it is one deed.

    All of them are about one thread.
    """
    told = insert_into(session, Notification).from_select([it.name for it in notices.selected_columns], notices)
    new = session.execute(told.on_conflict_do_nothing().returning(*_NEW)).all()
    for some in chunks(new):
        mailings.owe(session, some, thread_id=thread_id)
    return len(new)


def _tell(session: Session, notices: Sequence[dict[str, Any]], moment: datetime) -> int:
    blank: dict[str, Any] = dict.fromkeys(("award_id", "post_id", "actor_id", "facts"))
    blank |= {"what": "", "created_at": moment}
    told = [blank | notice for notice in notices]
    new = rows.add_new(session, Notification, told, *_NEW)
    mailings.owe(session, new, at=moment)
    return len(new)


def read(session: Session, member_id: int, which: ColumnElement[bool], *, at: datetime | None = None) -> int:
    """Note that a member has opened notices; how many were new to them."""
    theirs = update(Notification).where(Notification.member_id == member_id, Notification.read_at.is_(None), which)
    opened = theirs.values(read_at=at or now()).returning(Notification.id)
    return len(session.execute(opened.execution_options(synchronize_session=False)).all())


def see(session: Session, member_id: int, until: int, *, at: datetime | None = None) -> None:
    """Note that a member's notices up to one were shown in passing, and need not be again."""
    theirs = (Notification.member_id == member_id, Notification.id <= until, Notification.seen_at.is_(None))
    session.execute(
        update(Notification)
        .where(*theirs, Notification.read_at.is_(None))
        .values(seen_at=at or now())
        .execution_options(synchronize_session=False)
    )


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Delete notices that were read half a year ago, unless a letter about them is still on its way; how many."""
    on_its_way = select(Delivery.id).where(Delivery.notification_id == Notification.id, UNSETTLED).exists()
    old = (
        select(Notification.id)
        .where(Notification.created_at < (at or now()) - KEPT, Notification.read_at.is_not(None), ~on_its_way)
        .order_by(Notification.created_at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    ids = session.scalars(old).all()
    session.execute(delete(Delivery).where(Delivery.notification_id.in_(ids)))
    session.execute(delete(Notification).where(Notification.id.in_(ids)))
    return len(ids)
