"""Letters with all the news of a day or a week: one for each member, and none where there is nothing to say."""

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.domain.awarding import leaders
from app.domain.awarding.leaders import Place
from app.domain.badging import nearest
from app.domain.correspondence import inbox, notice_letters, tidings
from app.domain.correspondence.tidings import Tiding
from app.domain.mail import preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestItem
from app.domain.mail.stationery import Letter, Picture, Unwanted, Writer
from app.domain.people.members import Member
from app.domain.record import scores
from app.domain.record.scores import WEEK
from app.domain.site import site_settings
from app.domain.words import _

SHOWN = 10
NEAREST_SHOWN = 2
LEADERS_SHOWN = 3
PICTURE_SIZE = 44
NAMED = 3  # so many kinds of news are named in the subject


class Topic(NamedTuple):
    """News that belong together: those of one thread under its title, or one thing by itself."""

    title: str
    tidings: list[Tiding]


def _digest(session: Session, owed: Delivery, moment: datetime) -> Letter:
    member = notice_letters.addressee(session, owed, moment)
    rows = _wanted(session, member, owed)
    if not rows:
        raise Unwanted("nothing to tell that is new to them")
    told = tidings.of(session, rows)
    period = owed.period or "daily"
    says: dict[str, Any] = {
        "member": member, "period": period, "count": len(told), "more": max(len(told) - SHOWN, 0),
        "sum": in_short(rows), "topics": _topics(rows[:SHOWN], told[:SHOWN]), "near": [], "leaders": [],
        "again": _told_before(session, owed),
    }  # fmt: skip
    if period == "weekly":
        says["near"] = nearest.of_member(session, member.id, NEAREST_SHOWN)
        says["leaders"], says["week"] = _leaders(session, moment)
    return Letter(owed.kind, member.email or "", says, period, pictures=_pictures(told[:SHOWN]))


def _wanted(session: Session, member: Member, owed: Delivery) -> list[Row]:
    """What is still there, not read, and of kinds that are still wanted; the latest first."""
    ids = session.scalars(select(DigestItem.notification_id).where(DigestItem.delivery_id == owed.id)).all()
    unread = [it for it in inbox.some(session, ids) if it.read_at is None]
    never = {
        kind for kind in {it.kind for it in unread}
        if preferences.frequency(session, member.id, kind) == preferences.NEVER
    }  # fmt: skip
    return [it for it in unread if it.kind not in never]


def _told_before(session: Session, owed: Delivery) -> bool:
    doubtful = select(DigestItem.notification_id).where(DigestItem.delivery_id == owed.id, DigestItem.told_before)
    return session.scalar(doubtful.limit(1)) is not None


def _topics(rows: list[Row], told: list[Tiding]) -> list[Topic]:
    """Threads in the order of their latest news, and within each the order in which it came."""
    together: dict[Any, Topic] = {}
    for row, it in zip(rows, told, strict=True):
        topic = together.setdefault(row.thread_id or ("alone", row.id), Topic(row.title or "", []))
        topic.tidings.insert(0, it)
    return list(together.values())


def _pictures(told: list[Tiding]) -> list[Picture]:
    return [
        Picture(f"badge-{it.id}", it.badge.family, it.badge.tier, it.badge.glyph, PICTURE_SIZE)
        for it in told if it.badge is not None and it.kind == "badge_earned"
    ]  # fmt: skip


def _leaders(session: Session, moment: datetime) -> tuple[list[Place], str]:
    week = scores.week_at(moment, site_settings.read(session).zone) - 1
    return list(leaders.board(session, WEEK, week, at=moment).top[:LEADERS_SHOWN]), scores.week_name(week)


def in_short(rows: list[Row]) -> str:
    """What there is in a few words, as in: 3 answers, 1 badge and more."""
    counts: Counter[str] = Counter()
    for it in rows:
        counts[it.kind] += (it.facts or {}).get("badges", 1) if it.kind == "badge_earned" else 1
    parts = [tidings.counted(kind, counts[kind]) for kind in tidings.COUNTED if counts[kind]]
    if len(parts) > NAMED or counts.keys() - tidings.COUNTED.keys():
        parts = [*parts[:NAMED], _("more")]
    if len(parts) == 1:
        return parts[0]
    return _("%(some)s and %(last)s", some=", ".join(parts[:-1]), last=parts[-1])


WRITERS: dict[str, Writer] = {f"digest_{period}": _digest for period in preferences.SUMMARIES}
