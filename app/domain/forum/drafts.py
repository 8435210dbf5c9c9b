"""Drafts: what a member is writing, kept until it is posted or thrown away. There is one for each place.

A place is `new` for a new thread, `t-7` for a reply in thread 7, `c-9` for a comment on post 9 and `e-9` for
an edit of post 9.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import rows
from app.domain.base import Base, insert_into, now
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.words import _

MOST = 200  # for one member
KEPT = timedelta(days=365)
PLACE = re.compile(r"new|[tce]-[1-9][0-9]{0,18}")
LENGTHS = {"title": 300, "body": 60_000, "category": 60, "kind": 20, "tags": 300}


class Draft(Base):
    """Something not posted yet, as it was typed: nothing of it was checked."""

    __tablename__ = "drafts"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    place: Mapped[str] = mapped_column(String(24), primary_key=True)
    title: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(String(60_000), default="")
    category: Mapped[str] = mapped_column(String(60), default="")
    kind: Mapped[str] = mapped_column(String(20), default="")
    tags: Mapped[str] = mapped_column(String(300), default="")
    updated_at: Mapped[datetime] = mapped_column(default=now)


def save(session: Session, member: Member, place: str, typed: Mapping[str, str], *, at: datetime | None = None) -> bool:
    """Keep what was typed for a place, in place of what was kept before; whether there was anything to keep."""
    if not PLACE.fullmatch(place):
        raise Invalid(place=_("There is no such place."))
    fields = {name: typed.get(name, "").replace("\x00", "")[:most] for name, most in LENGTHS.items()}
    if not (fields["title"].strip() or fields["body"].strip()):
        discard(session, member, place)
        return False
    if find(session, member, place) is None and _count(session, member) >= MOST:
        raise Refused(_("You keep %(most)s drafts, which is as many as fit. Throw some away first.", most=MOST))
    row = {"member_id": member.id, "place": place, "updated_at": at or now(), **fields}
    session.execute(
        insert_into(session, Draft)
        .values(**row)
        .on_conflict_do_update(index_elements=[Draft.member_id, Draft.place], set_=row)
    )
    return True


def find(session: Session, member: Member, place: str) -> Draft | None:
    """What a member typed at a place."""
    theirs = select(Draft).where(Draft.member_id == member.id, Draft.place == place)
    return session.scalars(theirs.execution_options(populate_existing=True)).one_or_none()


def every(session: Session, member: Member) -> Sequence[Draft]:
    """A member's drafts, the latest first."""
    return session.scalars(select(Draft).where(Draft.member_id == member.id).order_by(Draft.updated_at.desc())).all()


def discard(session: Session, member: Member, place: str) -> bool:
    """Throw a draft away; whether there was one."""
    gone = delete(Draft).where(Draft.member_id == member.id, Draft.place == place).returning(Draft.place)
    return session.execute(gone).first() is not None


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Delete some of the drafts that nobody touched for a year; how many."""
    return rows.delete_some(session, Draft, Draft.updated_at < (at or now()) - KEPT)


def _count(session: Session, member: Member) -> int:
    return session.scalars(select(func.count()).where(Draft.member_id == member.id)).one()
