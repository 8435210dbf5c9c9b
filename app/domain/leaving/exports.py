"""Exports: everything the site keeps about a member, for that member alone, as a file that vanishes after a week.

The file lies in the database, in pieces: every host can make and serve it, and none holds it whole in memory.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import ForeignKey, Index, LargeBinary, String, delete, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import limits
from app.domain.badging.badges import Award, Badge
from app.domain.base import Base, now, ring_after_commit
from app.domain.catalogue.planned import BadgeFollow
from app.domain.forum.reads import ThreadRead
from app.domain.forum.threads import Edit, Post, Reaction, Thread
from app.domain.limits import Limit
from app.domain.mail import deliveries, mailbox
from app.domain.mail.preferences import Preference
from app.domain.membership.sessions import LogIn
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member, Visit
from app.domain.people.pictures import Picture
from app.domain.problems import Conflict, Refused
from app.domain.record.activities import Activity
from app.domain.record.points import PointEntry
from app.domain.rewards import swag
from app.domain.ways import attendance, invitations, requests
from app.domain.ways.lessons import LessonPass
from app.domain.words import _
from app.domain.writing import conversations

KEPT = timedelta(days=7)
ASKED_AT_MOST = Limit(3, timedelta(days=1))
PIECE = 1024 * 1024


class Export(Base):
    """A member's wish for their data, and when it was fulfilled. The token is the link's, and of no use to others."""

    __tablename__ = "exports"
    __table_args__ = (
        Index(
            "uq_exports_one_waiting", "member_id", unique=True,
            sqlite_where=text("ready_at IS NULL"), postgresql_where=text("ready_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    size: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(default=now)
    ready_at: Mapped[datetime | None]

    @property
    def until(self) -> datetime | None:
        """How long the file can be fetched."""
        return self.ready_at + KEPT if self.ready_at else None


class ExportPiece(Base):
    """A megabyte of an export."""

    __tablename__ = "export_pieces"

    export_id: Mapped[int] = mapped_column(ForeignKey("exports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


def ask(session: Session, member: Member, *, at: datetime | None = None) -> Export:
    """Ask for one's data; the worker gathers it. An earlier file gives way to the new one."""
    moment, key = at or now(), limits.key("exports", str(member.id))
    if latest(session, member, at=moment, ready=False):
        raise Conflict(_("Your data is being gathered already. It takes a minute or two."))
    if limits.wait(session, key, ASKED_AT_MOST, at=moment):
        raise Refused(_("You asked three times today. Try again tomorrow; an earlier file works for a week."))
    limits.spend(session, key, ASKED_AT_MOST, at=moment)
    forget(session, member)
    export = Export(member_id=member.id, token=secrets.token_urlsafe(32), asked_at=moment)
    session.add(export)
    session.flush()
    ring_after_commit(session, "exports")
    return export


def latest(session: Session, member: Member, *, ready: bool | None = None, at: datetime | None = None) -> Export | None:
    """The export a member asked for last, unless it has vanished."""
    theirs = select(Export).where(Export.member_id == member.id).order_by(Export.id.desc()).limit(1)
    export = session.scalars(theirs).first()
    if export is None or (export.until and export.until <= (at or now())):
        return None
    return export if ready is None or ready == (export.ready_at is not None) else None


def find(session: Session, member: Member, token: str, *, at: datetime | None = None) -> Export | None:
    """The export behind a link, for the member whose it is and while it lasts."""
    export = latest(session, member, ready=True, at=at)
    return export if export and secrets.compare_digest(export.token.encode(), token.encode()) else None


def pieces(session: Session, export_id: int) -> Iterator[bytes]:
    """The file of an export, piece by piece."""
    number = 0
    while piece := session.get(ExportPiece, (export_id, number)):
        yield piece.content
        session.expunge(piece)
        number += 1


def waiting(session: Session) -> Sequence[int]:
    """The exports that are still to be made."""
    return session.scalars(select(Export.id).where(Export.ready_at.is_(None)).order_by(Export.id)).all()


def write(session: Session, export_id: int, file: IO[bytes]) -> None:
    """Write what the site keeps about the member who asked, if they have not left meanwhile."""
    export = session.get(Export, export_id)
    member = session.get(Member, export.member_id) if export else None
    if member is None:
        return
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("account.json", json.dumps(_account(member), ensure_ascii=False, indent=1, default=_plain))
        for name, query in _parts(member.id).items():
            with archive.open(f"{name}.json", "w", force_zip64=True) as part:
                _write_rows(part, session.execute(query.execution_options(yield_per=500)).mappings())
        for name in session.scalars(select(Picture.name).where(Picture.member_id == member.id)):
            archive.writestr(
                f"pictures/{name}.webp", session.scalar(select(Picture.content).where(Picture.name == name)) or b""
            )


def keep(session: Session, export_id: int, file: IO[bytes], *, at: datetime | None = None) -> bool:
    """Keep the file that was made, and tell its member; False where it was made already, or is not wanted any more."""
    unmade = update(Export).where(Export.id == export_id, Export.ready_at.is_(None))
    made = unmade.values(ready_at=at or now(), size=file.tell()).returning(Export.member_id)
    member_id = session.scalar(made)
    if member_id is None:
        return False
    deliveries.owe(session, "export_ready", session.get_one(Member, member_id), at=at)
    session.flush()
    file.seek(0)
    for number, content in enumerate(iter(lambda: file.read(PIECE), b"")):
        session.add(ExportPiece(export_id=export_id, number=number, content=content))
        session.flush()
        session.expunge_all()
    return True


def forget(session: Session, member: Member) -> None:
    """Throw a member's exports away."""
    theirs = select(Export.id).where(Export.member_id == member.id)
    session.execute(delete(ExportPiece).where(ExportPiece.export_id.in_(theirs)))
    session.execute(delete(Export).where(Export.member_id == member.id))


def forget_old(session: Session, *, at: datetime | None = None) -> int:
    """Throw away the files whose week is over; how many."""
    old = select(Export.id).where(Export.ready_at <= (at or now()) - KEPT)
    session.execute(delete(ExportPiece).where(ExportPiece.export_id.in_(old)))
    return len(session.execute(delete(Export).where(Export.id.in_(old)).returning(Export.id)).all())


def _account(member: Member) -> dict[str, Any]:
    fields = (
        "username", "name", "email", "email_verified_at", "role", "joined_at", "seen_at", "title", "location", "website",
        "links", "about", "zone", "points", "rank", "imported_from", "suspended_until", "quiet", "mail_stopped_at",
        "digest_hour", "digest_day",
    )  # fmt: skip
    return {name: getattr(member, name) for name in fields}


def _parts(member_id: int) -> dict[str, Any]:
    """The statement for each file: what the member wrote, did and got."""
    by = {"member_id": member_id}
    own_posts = select(
        Post.id, Post.kind, Thread.title.label("thread"), Post.body, Post.created_at, Post.edited_at, Post.deleted_at,
        Post.upvotes, Post.insightfuls,
    ).join(Thread, Thread.id == Post.thread_id)  # fmt: skip
    return {
        "messages": conversations.for_export(member_id),
        "letters": mailbox.for_export(member_id),
        "swag": swag.for_export(member_id),
        "events": attendance.for_export(member_id),
        "invitations": invitations.for_export(member_id),
        **requests.for_export(member_id),
        "posts": own_posts.where(Post.author_id == member_id).order_by(Post.id),
        "edits": select(Edit.post_id, Edit.part, Edit.before, Edit.created_at).filter_by(**by).order_by(Edit.id),
        "reactions": select(Reaction.post_id, Reaction.kind, Reaction.created_at).filter_by(**by).order_by(Reaction.id),
        "badges": select(Badge.name.label("badge"), Award.earned_at, Award.revoked_at, Award.revoked_because)
        .join_from(Award, Badge, Badge.id == Award.badge_id)
        .where(Award.member_id == member_id)
        .order_by(Award.id),
        "badges_awaited": select(Badge.name.label("badge"), BadgeFollow.created_at)
        .join_from(BadgeFollow, Badge, Badge.id == BadgeFollow.badge_id)
        .where(BadgeFollow.member_id == member_id)
        .order_by(Badge.id),
        "points": select(PointEntry.rule, PointEntry.amount, PointEntry.happened_at, PointEntry.post_id)
        .filter_by(**by)
        .order_by(PointEntry.id),
        "activities": select(Activity.kind, Activity.amount, Activity.post_id, Activity.thread_id, Activity.happened_at)
        .filter_by(**by)
        .order_by(Activity.id),
        "notifications": select(Notification.kind, Notification.post_id, Notification.created_at, Notification.read_at)
        .filter_by(**by)
        .order_by(Notification.id),
        "preferences": select(Preference.kind, Preference.frequency, Preference.chosen_at)
        .filter_by(**by)
        .order_by(Preference.kind),
        "lessons": select(LessonPass.lesson, LessonPass.passed_at).filter_by(**by).order_by(LessonPass.lesson),
        "visits": select(Visit.day).filter_by(**by).order_by(Visit.day),
        "threads_read": select(ThreadRead.thread_id, ThreadRead.created_at)
        .filter_by(**by)
        .order_by(ThreadRead.thread_id),
        "log_ins": select(LogIn.device, LogIn.created_at, LogIn.seen_at).filter_by(**by).order_by(LogIn.created_at),
    }


def _write_rows(part: IO[bytes], rows: Iterator[Mapping[str, Any]] | Any) -> None:
    """A JSON list, a row a line."""
    between = "[\n"
    for row in rows:
        part.write((between + json.dumps(dict(row), ensure_ascii=False, default=_plain)).encode())
        between = ",\n"
    part.write(b"\n]\n" if between == ",\n" else b"[]\n")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)
