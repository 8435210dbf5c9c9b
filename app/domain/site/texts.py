"""Texts that staff can edit: what the site ships with, until somebody writes their own. Every version is kept."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ForeignKey, Index, Row, String, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain import markup
from app.domain.base import Base, now
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.record import audit_log
from app.domain.site import quizzes
from app.domain.words import _

BODY_MOST = 20_000
SHIPPED = Path(__file__).parent / "shipped_texts"
SLUGS = {  # each with the page it stands on
    "guidelines": "/guidelines",
    "faq": "/faq",
    "badges": "/how-to-get-badges",
    "welcome": "/",
}
LESSON = "lesson-"  # how the texts of lessons begin


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
    return find_all(session, [slug])[slug]


def find_all(session: Session, slugs: Iterable[str]) -> dict[str, Text]:
    """The newest version of each of some texts. Raises KeyError for one nobody knows."""
    versions, wanted = TextVersion.__table__, list(slugs)
    newest = (
        select(versions.c.slug, func.max(versions.c.number).label("number"))
        .where(versions.c.slug.in_(wanted))
        .group_by(versions.c.slug)
        .subquery()
    )
    rows = session.execute(
        select(versions.c.slug, versions.c.number, versions.c.body, versions.c.html, versions.c.created_at).join(
            newest, and_(newest.c.slug == versions.c.slug, newest.c.number == versions.c.number)
        )
    )
    found = {row.slug: Text(*row) for row in rows}
    return {slug: found.get(slug) or shipped(slug) for slug in wanted}


def page_of(slug: str) -> str:
    """The page a text stands on."""
    return SLUGS.get(slug) or f"/lessons/{slug.removeprefix(LESSON)}"


def write(session: Session, slug: str, by: Member | None, body: str, *, at: datetime | None = None) -> bool:
    """Write the next version of a text, or the first of one nobody knew; whether it says anything else.

    Who writes many at once enters that into the log.
    """
    body = checked_body(body)
    try:
        before = find(session, slug)
    except KeyError:
        before = Text(slug, 0, "", "", None)
    if body == before.body:
        return False
    html, number = html_of(slug, body), before.number + 1
    session.add(
        TextVersion(slug=slug, number=number, body=body, html=html, by_id=by.id if by else None, created_at=at or now())
    )
    session.flush()
    return True


def change(session: Session, slug: str, by: Member, body: str, *, seen: int, at: datetime | None = None) -> bool:
    """Write a new version over the one that was seen; whether it says anything else.

    Raises Conflict where somebody wrote one meanwhile.
    """
    session.connection()
    before = find(session, slug)
    if before.number != seen:
        raise Conflict(
            _("Somebody else changed this text meanwhile. Yours was not saved: copy it, and look at theirs.")
        )
    if not write(session, slug, by, body, at=at):
        return False
    was = before.number
    audit_log.record(session, by, "text", subject=slug, before={"version": was}, after={"version": was + 1}, at=at)
    return True


def history(session: Session, slug: str) -> Sequence[Row]:
    """Who changed a text and when, the latest first."""
    versions = (
        select(TextVersion.number, TextVersion.created_at, TextVersion.body, func.length(TextVersion.body).label("length"),
               TextVersion.by_id, Member.username, Member.name)
        .outerjoin(Member, Member.id == TextVersion.by_id)
        .where(TextVersion.slug == slug)
        .order_by(TextVersion.number.desc())
        .limit(50)
    )  # fmt: skip
    return session.execute(versions).all()


def version(session: Session, slug: str, number: int) -> str | None:
    """What a version said; number 0 is the shipped text, None where there is none."""
    if number == 0:
        return shipped(slug).body if is_shipped(slug) else None
    return session.scalar(select(TextVersion.body).where(TextVersion.slug == slug, TextVersion.number == number))


def checked_body(body: str) -> str:
    """The text without space around it; raises Invalid where there is too much of it or none."""
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body:
        raise Invalid(body=_("Write something: an empty page helps nobody."))
    if len(body) > BODY_MOST:
        raise Invalid(body=_("Make it shorter: at most %(most)s characters.", most=BODY_MOST))
    quizzes.questions(body)
    return body


def html_of(slug: str, body: str) -> str:
    """What of a text is read: without its questions, and without a lesson's title, which its page shows itself."""
    read = quizzes.reading(body)
    return markup.render(re.sub(r"\A# .*", "", read).strip() if slug.startswith(LESSON) else read)


def is_shipped(slug: str) -> bool:
    """Whether the site comes with a text of that name."""
    return slug in SLUGS


@cache
def shipped(slug: str) -> Text:
    """A text as the site comes with it. Raises KeyError for one nobody knows."""
    if not is_shipped(slug):
        raise KeyError(slug)
    file = SHIPPED / f"{slug}.md"
    body = file.read_text(encoding="utf-8").strip()
    return Text(slug, 0, body, html_of(slug, body), None)
