"""Prepared replies: what moderators often answer to a request, with places for names and dates.

They come with a catalogue, as the badges do that can be asked for; staff edit them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, case, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.record import audit_log
from app.domain.words import _

SUITS = ("approve", "ask", "decline")
PLACES = ("member", "badge", "how", "date", "again", "moderator")
NAME_MOST, BODY_MOST, MOST = 60, 1000, 60
_PLACE = re.compile(r"\{([^{}]*)\}")


class PreparedReply(Base):
    """One of them, under the name by which moderators choose it."""

    __tablename__ = "prepared_replies"
    __table_args__ = (CheckConstraint("suits IN ('approve', 'ask', 'decline')", name="suits"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MOST), unique=True)
    suits: Mapped[str] = mapped_column(String(10))
    body: Mapped[str] = mapped_column(String(BODY_MOST))
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))  # None: a command on the server


def every(session: Session) -> Sequence[PreparedReply]:
    """All of them: first those for approving, then for asking, then for declining, each by name."""
    order = case({suits: place for place, suits in enumerate(SUITS)}, value=PreparedReply.suits)
    return session.scalars(select(PreparedReply).order_by(order, PreparedReply.name)).all()


def filled(body: str, facts: Mapping[str, str]) -> str:
    """A reply with its places filled in once; what a fact itself says is never looked into."""
    return _PLACE.sub(lambda place: facts.get(place[1], place[0]), body)


def add(session: Session, by: Member, *, name: str, suits: str, body: str, at: datetime | None = None) -> PreparedReply:
    """Write a new one."""
    session.connection()
    if len(every(session)) >= MOST:
        raise Invalid(name=_too_many())
    checked = _checked(session, None, name, suits, body)
    reply = PreparedReply(**checked, changed_at=at or now(), changed_by_id=by.id)
    session.add(reply)
    session.flush()
    audit_log.record(session, by, "reply", subject=reply.name, after=_said(reply), at=at)
    return reply


def change(
    session: Session, reply: PreparedReply, by: Member, *, seen: int, name: str, suits: str, body: str,
    at: datetime | None = None,
) -> bool:  # fmt: skip
    """Write one anew; whether it says anything else. Raises Conflict where somebody did so since it was seen."""
    _hold(session, reply, seen)
    before, checked = _said(reply), _checked(session, reply, name, suits, body)
    if checked == before:
        return False
    reply.name, reply.suits, reply.body = checked["name"], checked["suits"], checked["body"]
    reply.version, reply.changed_at, reply.changed_by_id = seen + 1, at or now(), by.id
    session.flush()
    changed = [key for key in checked if checked[key] != before[key]]
    audit_log.record(
        session, by, "reply", subject=reply.name, at=at,
        before={key: before[key] for key in changed}, after={key: checked[key] for key in changed},
    )  # fmt: skip
    return True


def put(session: Session, by: Member | None, *, name: str, suits: str, body: str, at: datetime | None = None) -> None:
    """Make the reply of that name say this, also where there was none; who puts many enters that into the log."""
    reply = called(session, name)
    checked = _checked(session, reply, name, suits, body)
    if reply is None:
        if len(every(session)) >= MOST:
            raise Invalid(name=_too_many())
        reply = PreparedReply(version=0)
        session.add(reply)
    reply.name, reply.suits, reply.body = checked["name"], checked["suits"], checked["body"]
    reply.version, reply.changed_at, reply.changed_by_id = reply.version + 1, at or now(), by.id if by else None
    session.flush()


def called(session: Session, name: str) -> PreparedReply | None:
    """The reply of that name."""
    return session.scalars(select(PreparedReply).filter_by(name=name).with_for_update()).one_or_none()


def _too_many() -> str:
    return _("There are %(most)s already, which is a lot to choose from: change one.", most=MOST)


def remove(session: Session, reply: PreparedReply, by: Member, *, seen: int, at: datetime | None = None) -> None:
    """Throw one away. What was sent with its words stays as it is."""
    _hold(session, reply, seen)
    audit_log.record(session, by, "reply", subject=reply.name, before=_said(reply), at=at)
    session.delete(reply)


def _hold(session: Session, reply: PreparedReply, seen: int) -> None:
    session.refresh(reply, with_for_update=True)
    if reply.version != seen:
        raise Conflict(
            _("Somebody else changed this reply meanwhile. Yours was not saved: copy it, and look at theirs.")
        )


def _said(reply: PreparedReply) -> dict[str, str]:
    return {"name": reply.name, "suits": reply.suits, "body": reply.body}


def _checked(session: Session, reply: PreparedReply | None, name: str, suits: str, body: str) -> dict[str, str]:
    name = " ".join(name.replace("\x00", "").split())
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    flaws = {"name": _flaw_of_name(session, reply, name), "body": flaw_of_body(body)}
    if suits not in SUITS:
        flaws["suits"] = _("Choose what it is for.")
    if found := {field: flaw for field, flaw in flaws.items() if flaw}:
        raise Invalid(**found)
    return {"name": name, "suits": suits, "body": body}


def _flaw_of_name(session: Session, reply: PreparedReply | None, name: str) -> str:
    if not name:
        return _("Give it a name to choose it by.")
    if len(name) > NAME_MOST:
        return _("Make it shorter: at most %(most)s characters.", most=NAME_MOST)
    namesake = session.scalar(select(PreparedReply.id).where(PreparedReply.name == name))
    if namesake is not None and (reply is None or namesake != reply.id):
        return _("Another reply has this name. Choose a different one.")
    return ""


def flaw_of_body(body: str) -> str:
    """What of a reply's words needs another look; empty where nothing does."""
    if not body:
        return _("Write what to answer.")
    if len(body) > BODY_MOST:
        return _("Make it shorter: at most %(most)s characters.", most=BODY_MOST)
    unknown = [place for place in _PLACE.findall(body) if place not in PLACES]
    if unknown:
        known = ", ".join(f"{{{it}}}" for it in PLACES)
        return _("Nobody knows what belongs at {%(place)s}. There are %(known)s.", place=unknown[0], known=known)
    return ""
