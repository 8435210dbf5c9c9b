"""The audit log: what staff did, to whom or what, when and why. Rows are only added; the database refuses the rest."""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import JSON, ColumnElement, ForeignKey, Row, String, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.domain.base import Base, now
from app.domain.people.members import Member
from app.domain.words import _

if TYPE_CHECKING:
    from app.domain.forum.threads import Post, Thread

PER_PAGE = 50
REASON_MOST = 2000
DEEDS = {
    "hide": "removed a post", "restore": "brought a post back", "edit": "edited somebody’s post",
    "lock": "locked a thread", "unlock": "unlocked a thread", "pin": "pinned a thread", "unpin": "unpinned a thread",
    "close": "closed a question", "reopen": "opened a question again", "move": "moved a thread",
    "accept": "accepted an answer for its asker", "unaccept": "took back an acceptance",
    "dismiss": "found nothing wrong with a flagged post", "warn": "warned a member",
    "suspend": "suspended a member", "lift": "ended a suspension", "role": "changed a role", "rank": "gave a rank",
    "site": "changed the site", "text": "changed a text", "category": "changed a category",
    "reply": "changed the prepared replies",
    "feedback": "dealt with feedback", "test-mail": "sent a test mail", "mail": "looked after letters", "account": "changed an account",
    "look": "read a reported conversation", "report": "decided about a reported conversation",
    "badge": "changed a badge", "catalogue": "changed the catalogue",
    "revoke": "took back a badge", "give-back": "gave back a badge",
    "event": "changed an event", "attendance": "changed who was at an event",
    "award": "gave a badge by hand", "invitation": "invited a member to a badge",
    "request": "decided about a badge request",
    "deed": "tried deeds again that could not be counted",
    "swag": "dealt with swag", "swag-export": "took a list of swag with addresses",
}  # fmt: skip

# Settings and columns whose names are no words for readers.
NAMES = {
    "is_set_up": "set-up is done", "word": "word beside the logo", "light": "accent by day", "dark": "accent by night",
    "zone": "time zone", "staff_only": "only the team starts threads", "called_off": "called off",
}  # fmt: skip

# The network from which the request at hand comes, so that no verb has to pass it on.
network: ContextVar[str] = ContextVar("network", default="")


class AuditEntry(Base):
    """One deed of somebody of the staff. `network` is their address, of IPv6 the half a household shares."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)  # None: a command on the server
    what: Mapped[str] = mapped_column(String(20))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"), index=True)
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id"))
    subject: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(REASON_MOST), default="")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    network: Mapped[str] = mapped_column(String(50), default="")


class Search(NamedTuple):
    """What to look for in the log; what is empty or None does not matter."""

    who: str = ""
    whom: str = ""
    what: str = ""
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None


def record(
    session: Session, by: Member | None, what: str, *, member: Member | None = None, post: "Post | None" = None,
    thread: "Thread | None" = None, subject: str = "", reason: str = "", before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None, at: datetime | None = None,
) -> AuditEntry:  # fmt: skip
    """Write down what somebody of the staff did; `before` and `after` hold plain values.

    The author of a post and its thread follow from the post. Raises KeyError for a deed without words.
    """
    DEEDS[what]
    if post is not None:
        thread, member = thread or post.thread, member or post.author
    entry = AuditEntry(
        at=at or now(), by_id=by.id if by else None, what=what, member_id=member.id if member else None,
        post_id=post.id if post else None, thread_id=thread.id if thread else None,
        subject=(subject or (thread.title if thread else ""))[:200], reason=reason[:REASON_MOST],
        before=before, after=after, network=network.get(),
    )  # fmt: skip
    session.add(entry)
    return entry


def named(key: str) -> str:
    """What a setting or column is called where people read of it."""
    return _(NAMES.get(key, key.replace("_", " ")))


def find(session: Session, search: Search, page: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of the log, the latest first, and whether there is more."""
    by, whom = aliased(Member), aliased(Member)
    rows = (
        select(AuditEntry, by.username.label("by_username"), by.name.label("by_name"),
               whom.username.label("whom_username"), whom.name.label("whom_name"))
        .outerjoin(by, by.id == AuditEntry.by_id)
        .outerjoin(whom, whom.id == AuditEntry.member_id)
        .where(*_conditions(search, by, whom))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    )  # fmt: skip
    found = session.execute(rows).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def _conditions(search: Search, by: type[Member], whom: type[Member]) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.who:
        wanted.append(by.username_key == search.who.lower())
    if search.whom:
        wanted.append(whom.username_key == search.whom.lower())
    if search.what:
        wanted.append(AuditEntry.what == search.what)
    if search.since:
        wanted.append(AuditEntry.at >= search.since)
    if search.until:
        wanted.append(AuditEntry.at < search.until)
    for word in search.words.lower().split():
        texts = (AuditEntry.subject, AuditEntry.reason)
        wanted.append(or_(*(func.lower(text).contains(word, autoescape=True) for text in texts)))
    return wanted
