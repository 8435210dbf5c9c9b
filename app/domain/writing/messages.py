"""Messages: writing to one member. A rank opens it; who was written to may always answer."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.notices import notifications
from app.domain.people import blocks
from app.domain.people.members import Member, admit
from app.domain.problems import Invalid, Refused
from app.domain.record import activities
from app.domain.rewards import guide, unlocks
from app.domain.words import _, ngettext
from app.domain.writing import brakes, conversations, mentions
from app.domain.writing.conversations import BODY_MOST, Conversation, Message
from app.domain.writing.sendings import KEY

UNLOCK = "messages"


class Way(NamedTuple):
    """How it stands between a member and somebody they may want to write to.

    `lock` says which rank is missing, `blocked` that the member blocked the other, `shut` why the other gets nothing.
    """

    conversation: Conversation | None
    lock: str
    blocked: bool
    shut: str

    @property
    def is_open(self) -> bool:
        return not (self.lock or self.blocked or self.shut)


def correspondent(session: Session, username: str) -> Member | None:
    """The member of that name, also one who has left: what they wrote stays with whom they wrote to."""
    return session.scalars(select(Member).where(Member.username_key == username.lower())).first()


def way(session: Session, member: Member, other: Member, *, at: datetime | None = None) -> Way:
    """How it stands between two members."""
    return Way(
        conversations.between(session, member, other), lock(session, member, other.id),
        blocks.is_blocked(session, member, other), _shut(session, member, other, at or now()),
    )  # fmt: skip


def lock(session: Session, member: Member, other_id: int | None = None) -> str:
    """What keeps a member from writing to somebody, or from writing first, in words; empty where nothing does.

    It keeps nobody from answering.
    """
    closed = unlocks.lock(guide.ladder(session), member, UNLOCK)
    if closed is None or (other_id is not None and conversations.has_written(session, other_id, member.id)):
        return ""
    if closed.missing <= 0:
        return _("Direct messages unlock at %(rank)s, which is about to be yours.", rank=closed.rank)
    return ngettext(
        "Direct messages unlock at %(rank)s. You need %(num)s more point.",
        "Direct messages unlock at %(rank)s. You need %(num)s more points.",
        closed.missing, rank=closed.rank,
    )  # fmt: skip


def send(
    session: Session, author: Member, to: Member, body: str, *, sending: str = "", easy: bool = False,
    at: datetime | None = None,
) -> Message:  # fmt: skip
    """Send a message. The same form sent again makes no second one: the first is given back."""
    moment = at or now()
    body = checked(body)
    admit(author, moment)
    _refuse(session, author, to, moment)
    conversation = conversations.hold(session, author, to, moment)
    key = sending if KEY.fullmatch(sending) else None
    if key and (made := _sent(session, conversation, author, key)):
        return made
    if closed := lock(session, author, to.id):
        raise Refused(closed)
    brakes.before_message(session, author, body, begins=conversation.latest_id == 0, easy=easy, at=moment)

    html = mentions.preview(session, author, body)
    message = Message(conversation_id=conversation.id, author_id=author.id, to_id=to.id, sending=key, body=body,
                      html=html, created_at=moment)  # fmt: skip
    session.add(message)
    session.flush()
    conversations.read(session, conversation.id, author.id, conversation.latest_id, at=moment)
    conversation.latest_id = message.id

    activities.note(session, "message_sent", author, at=moment)
    _tell(session, conversation, author, to, moment)
    return message


def checked(body: str) -> str:
    """The text without space around it; raises Invalid where there is none or too much of it."""
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body:
        raise Invalid(body=_("Write something first."))
    if len(body) > BODY_MOST:
        raise Invalid(body=_("Make it shorter: at most %(most)s characters.", most=f"{BODY_MOST:,}"))
    return body


def _refuse(session: Session, author: Member, to: Member, moment: datetime) -> None:
    if author.id == to.id:
        raise Refused(_("This would be a message to yourself."))
    if shut := _shut(session, author, to, moment):
        raise Refused(shut)
    if blocks.is_blocked(session, author, to):
        raise Refused(_("You have blocked %(name)s. Unblock them first, if you want to write.", name=to.name))


def _shut(session: Session, author: Member, to: Member, moment: datetime) -> str:
    """Why somebody gets nothing from a member, in the same words whatever it is: who blocked whom stays between them."""
    if to.deleted_at is not None:
        return _("A former member gets no messages any more.")
    away = to.suspended_until is not None and to.suspended_until > moment
    cannot_log_in = to.email is None and to.claimed_email is None and to.password_hash is None
    if away or cannot_log_in or blocks.is_blocked(session, to, author):
        return _("%(name)s gets no messages at the moment.", name=to.name)
    return ""


def _sent(session: Session, conversation: Conversation, author: Member, key: str) -> Message | None:
    same = select(Message).where(Message.conversation_id == conversation.id, Message.author_id == author.id)
    return session.scalars(same.where(Message.sending == key)).first()


def _tell(session: Session, conversation: Conversation, author: Member, to: Member, moment: datetime) -> None:
    """One notice for all that waits to be read; it says who wrote, and nothing of what."""
    key = conversations.notice_key(session, conversation.id, to.id)
    notice = {"member_id": to.id, "kind": "message", "key": key, "actor_id": author.id}
    notifications.tell(session, [notice], at=moment)
