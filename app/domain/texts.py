"""Texts that staff can edit: what the site ships with, until somebody writes their own. Every version is kept."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, Row, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import audit_log, markup
from app.domain.base import Base, now
from app.domain.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.words import _

BODY_MOST = 20_000
SHIPPED = Path(__file__).parent / "shipped_texts"
SLUGS = {  # each with the page it stands on
    "guidelines": "/guidelines",
    "faq": "/faq",
    "badges": "/how-to-get-badges",
    "welcome": "/",
}


class TextVersion(Base):
    """What a text said from then on."""

    __tablename__ = "text_versions"
    __table_args__ = (Index("uq_text_versions_number", "slug", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]  # 1 is the first of our own; 0 is what the site ships with
    body: Mapped[str] = mapped_column(String(BODY_MOST))
    html: Mapped[str] = mapped_column(String(markup.MAX_STORED))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Text(NamedTuple):
    """A text as it stands; `changed_at` is None as long as it is the shipped one."""

    slug: str
    number: int
    body: str
    html: str
    changed_at: datetime | None


def find(session: Session, slug: str) -> Text:
    """The newest version of a text. Raises KeyError for one nobody knows."""
    SLUGS[slug]
    versions = TextVersion.__table__
    newest = (
        select(versions.c.number, versions.c.body, versions.c.html, versions.c.created_at)
        .where(versions.c.slug == slug)
        .order_by(versions.c.number.desc())
        .limit(1)
    )
    row = session.execute(newest).first()
    return Text(slug, *row) if row else shipped(slug)


def change(session: Session, slug: str, by: Member, body: str, *, seen: int, at: datetime | None = None) -> bool:
    """Write a new version over the one that was seen; whether it says anything else.

    Raises Conflict where somebody wrote one meanwhile.
    """
    body = checked_body(body)
    session.connection()
    before, moment = find(session, slug), at or now()
    if before.number != seen:
        raise Conflict(
            _("Somebody else changed this text meanwhile. Yours was not saved: copy it, and look at theirs.")
        )
    if body == before.body:
        return False
    number = before.number + 1
    session.add(
        TextVersion(slug=slug, number=number, body=body, html=markup.render(body), by_id=by.id, created_at=moment)
    )
    audit_log.record(
        session, by, "text", subject=slug, before={"version": before.number}, after={"version": number}, at=moment
    )
    session.flush()
    return True


def history(session: Session, slug: str) -> Sequence[Row]:
    """Who changed a text and when, the latest first."""
    versions = (
        select(TextVersion.number, TextVersion.created_at, TextVersion.body, func.length(TextVersion.body).label("length"),
               Member.username, Member.name)
        .outerjoin(Member, Member.id == TextVersion.by_id)
        .where(TextVersion.slug == slug)
        .order_by(TextVersion.number.desc())
        .limit(50)
    )  # fmt: skip
    return session.execute(versions).all()


def version(session: Session, slug: str, number: int) -> str | None:
    """What a version said; number 0 is the shipped text."""
    if number == 0:
        return shipped(slug).body
    return session.scalar(select(TextVersion.body).where(TextVersion.slug == slug, TextVersion.number == number))


def checked_body(body: str) -> str:
    """The text without space around it; raises Invalid where there is too much of it or none."""
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body:
        raise Invalid(body=_("Write something: an empty page helps nobody."))
    if len(body) > BODY_MOST:
        raise Invalid(body=_("Make it shorter: at most %(most)s characters.", most=BODY_MOST))
    return body


@cache
def shipped(slug: str) -> Text:
    body = (SHIPPED / f"{slug}.md").read_text(encoding="utf-8").strip()
    return Text(slug, 0, body, markup.render(body), None)
