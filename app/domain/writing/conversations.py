"""Conversations: what two members write to each other. Nobody else reads it, unless one of them reports it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, column_property, mapped_column

from app.domain import markup, rows
from app.domain.base import Base, now
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.record.points import Rank

PER_PAGE = 30
MESSAGES_SHOWN = 30
BODY_MOST = 10_000
CORNER = "corner"  # what the corner of every page shows of a member, read together with them


class Conversation(Base):
    """Two members and what they wrote to each other, from the first message on."""

    __tablename__ = "conversations"
    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        CheckConstraint("low_id < high_id", name="two_members"),
        Index("ix_conversations_low_latest", "low_id", "latest_id"),
        Index("ix_conversations_high_latest", "high_id", "latest_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    low_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    high_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    latest_id: Mapped[int] = mapped_column(default=0)  # its newest message; 0 only until the first is written
    begun_at: Mapped[datetime] = mapped_column(default=now)


class Message(Base):
    """What one of the two wrote. Only the author and the receiver may ever see it, and a moderator after a report."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "author_id", "sending"),
        Index("ix_messages_conversation", "conversation_id", "id"),
        Index("ix_messages_unread", "to_id", "conversation_id",
              sqlite_where=text("read_at IS NULL"), postgresql_where=text("read_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    to_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    sending: Mapped[str | None] = mapped_column(String(40))  # the key of the form it was sent with
    body: Mapped[str] = mapped_column(String(BODY_MOST))
    html: Mapped[str] = mapped_column(String(markup.MAX_STORED))
    created_at: Mapped[datetime] = mapped_column(default=now)
    read_at: Mapped[datetime | None]


_UNREAD = text("messages.read_at IS NULL")  # the index is found by these very words

# Every page shows it: read with the member where a log-in is looked up, so it costs no statement of its own.
Member.__mapper__.add_property(
    "unread_messages",
    column_property(
        select(func.count())
        .select_from(Message)
        .where(Message.to_id == Member.id, _UNREAD)
        .correlate_except(Message)
        .scalar_subquery(),
        deferred=True,
        group=CORNER,
    ),
)


class Part(NamedTuple):
    """A part of a conversation, from the oldest message to the newest, and whether there are earlier ones."""

    messages: Sequence[Row]
    earlier: bool


def _person() -> list[Any]:
    """Who a row is about, as pages name people; all None once they have left."""
    who = (Member.id.label("author_id"), Member.username, Member.name, Member.photo, Member.role)
    return [*who, Rank.name.label("rank"), Rank.stars]


_ME: BindParameter[int] = bindparam("member_id")
_is_low = Conversation.low_id == _ME
_other_id = case((_is_low, Conversation.high_id), else_=Conversation.low_id)
_unread = (
    select(func.count())
    .where(Message.conversation_id == Conversation.id, Message.to_id == _ME, _UNREAD)
    .correlate(Conversation)
    .scalar_subquery()
)
_CONVERSATIONS = (
    select(
        Conversation.id, _other_id.label("other_id"), Message.html, Message.created_at,
        (Message.author_id == _ME).label("mine"), _unread.label("unread"), *_person(),
    )
    .join(Message, Message.id == Conversation.latest_id)
    .outerjoin(Member, and_(Member.id == _other_id, Member.deleted_at.is_(None)))
    .outerjoin(Rank, Rank.position == Member.rank)
    .where(or_(_is_low, Conversation.high_id == _ME))
    .order_by(Conversation.latest_id.desc())
    .limit(bindparam("count"))
    .offset(bindparam("skip"))
)  # fmt: skip


def between(session: Session, one: Member, other: Member) -> Conversation | None:
    """The conversation of two members, if they ever had one."""
    low, high = sorted((one.id, other.id))
    return session.scalars(select(Conversation).where(Conversation.low_id == low, Conversation.high_id == high)).first()


def hold(session: Session, one: Member, other: Member, moment: datetime) -> Conversation:
    """The conversation of two members, begun where there was none. Who writes in it meanwhile waits."""
    low, high = sorted((one.id, other.id))
    rows.add_once(session, Conversation, low_id=low, high_id=high, latest_id=0, begun_at=moment)
    theirs = select(Conversation).where(Conversation.low_id == low, Conversation.high_id == high)
    return session.scalars(theirs.with_for_update()).one()


def has_written(session: Session, author_id: int, to_id: int) -> bool:
    """Whether somebody ever wrote to somebody."""
    low, high = sorted((author_id, to_id))
    theirs = select(Message.id).join(Conversation, Conversation.id == Message.conversation_id)
    wrote = theirs.where(Conversation.low_id == low, Conversation.high_id == high, Message.author_id == author_id)
    return session.scalar(wrote.limit(1)) is not None


def of(session: Session, member: Member, named: str = "", page: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of a member's conversations, the latest first, and whether there is more.

    `named` keeps those with somebody whose name holds it. The other's columns are None once they have left.
    """
    given: dict[str, object] = {"member_id": member.id, "count": PER_PAGE + 1, "skip": (page - 1) * PER_PAGE}
    if named.strip():
        word = named.strip().lower()
        fits = (Member.username_key, func.lower(Member.name))
        found = session.execute(_CONVERSATIONS.where(or_(*(it.contains(word, autoescape=True) for it in fits))), given)
    else:
        found = session.execute(_CONVERSATIONS, given)
    rows = found.all()
    return rows[:PER_PAGE], len(rows) > PER_PAGE


def part(
    session: Session, conversation: Conversation, *, before: int | None = None, after: int | None = None,
    until: int | None = None,
) -> Part:  # fmt: skip
    """The newest messages of a conversation, those before or after one; `until` is the last that may be seen."""
    wanted: list[ColumnElement[bool]] = [Message.conversation_id == conversation.id]
    if before is not None:
        wanted.append(Message.id < before)
    if after is not None:
        wanted.append(Message.id > after)
    if until is not None:
        wanted.append(Message.id <= until)
    newest = (
        select(Message.id, Message.html, Message.created_at, Message.read_at, Message.to_id,
               Message.author_id.label("wrote"), *_person())
        .outerjoin(Member, and_(Member.id == Message.author_id, Member.deleted_at.is_(None)))
        .outerjoin(Rank, Rank.position == Member.rank)
        .where(*wanted)
        .order_by(Message.id.desc())
        .limit(MESSAGES_SHOWN + 1)
    )  # fmt: skip
    found = session.execute(newest).all()
    return Part(found[:MESSAGES_SHOWN][::-1], len(found) > MESSAGES_SHOWN)


def read(session: Session, conversation_id: int, member_id: int, until: int, *, at: datetime | None = None) -> int:
    """Note that a member has read up to a message; how many were new. What came meanwhile stays unread."""
    moment, key = at or now(), notice_key(session, conversation_id, member_id)
    theirs = (Message.conversation_id == conversation_id, Message.to_id == member_id, Message.id <= until)
    seen = update(Message).where(*theirs, Message.read_at.is_(None)).values(read_at=moment)
    count = len(session.execute(seen.returning(Message.id).execution_options(synchronize_session=False)).all())
    if count:
        notice = (Notification.member_id == member_id, Notification.key == key, Notification.read_at.is_(None))
        session.execute(update(Notification).where(*notice).values(read_at=moment))
    return count


def notice_key(session: Session, conversation_id: int, member_id: int) -> str:
    """What a notice of new messages is known by: it stays the same until the member has read one of them."""
    seen = select(func.max(Message.id)).where(
        Message.conversation_id == conversation_id, Message.to_id == member_id, Message.read_at.is_not(None)
    )
    return f"message:{conversation_id}:{session.scalar(seen) or 0}"


def unread(session: Session, member: Member) -> int:
    """How many messages a member has not read yet."""
    return session.scalar(select(func.count()).where(Message.to_id == member.id, _UNREAD)) or 0


def for_export(member_id: int) -> Select[*tuple[Any, ...]]:
    """The statement for all that a member wrote and got, with whom it is from and to where they are still here."""
    author, to = aliased(Member), aliased(Member)
    return (
        select(Message.conversation_id.label("conversation"), author.username.label("from"), to.username.label("to"),
               Message.body, Message.created_at, Message.read_at)
        .outerjoin(author, (author.id == Message.author_id) & author.deleted_at.is_(None))
        .outerjoin(to, (to.id == Message.to_id) & to.deleted_at.is_(None))
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(or_(Conversation.low_id == member_id, Conversation.high_id == member_id))
        .order_by(Message.id)
    )  # fmt: skip
