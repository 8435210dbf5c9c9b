"""Letters about notices: what each says, looked at once more in the moment it is sent.

Whoever stopped them, left, blocked somebody, or whose notice is about what was removed or taken back gets nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.domain import excerpts
from app.domain.badging import library, nearest
from app.domain.badging.insignia import FAMILIES
from app.domain.correspondence import inbox, tidings
from app.domain.forum.threads import Post
from app.domain.mail import mailings, preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestItem
from app.domain.mail.stationery import Letter, Picture, Postponed, Unwanted, Writer
from app.domain.people.members import Member

QUOTED = 400
SHOWN = 10
AT_ONCE = timedelta(seconds=30)  # what is sent within them says what somebody may just have seen
PICTURE_SIZE = 128
WITH_OWN_WORDS = (*preferences.KINDS, "swag")
QUOTING = ("answer", "reply", "mention", "announcement")


def addressee(session: Session, owed: Delivery, moment: datetime) -> Member:
    """Whom a letter about notices goes to; raises Unwanted where they cannot get one."""
    member = session.get(Member, owed.member_id) if owed.member_id else None
    if member is None or not member.is_reachable or member.email is None:
        raise Unwanted("the account is gone, or its address is not confirmed")
    if member.suspended_until is not None and member.suspended_until > moment:
        raise Unwanted("the account is paused")
    return member


def footer(kind: str, often: str) -> dict[str, str]:
    """What the end of a letter says of why it came."""
    row = preferences.row_of(kind)
    return {
        "setting": preferences.KINDS[row].label,
        "often": preferences.FREQUENCIES[often],
        "choose": f"/settings/notifications#{row}",
    }


def _notice(session: Session, owed: Delivery, moment: datetime) -> Letter:
    member = addressee(session, owed, moment)
    often = preferences.frequency(session, member.id, owed.kind)
    if often == preferences.NEVER:
        raise Unwanted("stopped by the member")
    if often in preferences.SUMMARIES:
        raise Postponed(often)
    found = inbox.some(session, _told(session, owed))
    if not found:
        raise Unwanted("what it was about is gone")
    if owed.handovers or _waited(
        owed, moment
    ):  # it may have left already, or was to wait: who knows of it need not be told
        found = [it for it in found if it.read_at is None]
    if not found:
        raise Unwanted("read on the site meanwhile")
    if len(found) > 1:
        return _several(session, member, found, owed.kind)
    [notice], [tiding] = found, tidings.of(session, found)
    says = {"member": member, "notice": notice, "tiding": tiding, **footer(owed.kind, often)}
    if owed.kind == "badge_earned":
        return _of_badge(session, member, notice, says)
    words = (notice.facts or {}).get("message") or (notice.facts or {}).get("reason") or ""
    quote = _excerpt(session, notice.post_id) if owed.kind in QUOTING else str(words)
    says["quote"] = "" if quote in tiding.text else quote
    template = owed.kind if owed.kind in WITH_OWN_WORDS else "news"
    return Letter(template, member.email or "", says, preferences.row_of(owed.kind), notice.thread_id)


def _told(session: Session, owed: Delivery) -> Sequence[int]:
    """The notices that a letter tells: its own, or those of a thread that were gathered for it."""
    if owed.notification_id:
        return [owed.notification_id]
    return session.scalars(select(DigestItem.notification_id).where(DigestItem.delivery_id == owed.id)).all()


def _waited(owed: Delivery, moment: datetime) -> bool:
    return owed.kind in mailings.TOGETHER and (owed.period is not None or moment - owed.created_at > AT_ONCE)


def _several(session: Session, member: Member, found: Sequence[Row], kind: str) -> Letter:
    """What followed the first letter about a thread, in the order in which it came."""
    rows = found[::-1]
    told = [(it, _excerpt(session, row.post_id)) for row, it in zip(rows, tidings.of(session, rows), strict=True)]
    says = {
        "member": member, "told": told[:SHOWN], "more": max(len(told) - SHOWN, 0), "title": rows[0].title,
        "sum": tidings.counted(kind, len(told)), **footer(kind, mailings.IMMEDIATELY),
    }  # fmt: skip
    return Letter("thread_news", member.email or "", says, preferences.row_of(kind), rows[0].thread_id)


def _of_badge(session: Session, member: Member, notice: Row, says: dict[str, Any]) -> Letter:
    """A badge with its picture and the words of whoever gave it; or many at once, for what was done long ago."""
    says |= {
        "quote": "",
        "badges": (notice.facts or {}).get("badges", 1),
        "near": nearest.of_member(session, member.id, 1),
    }
    if says["badges"] > 1:
        return Letter("badges_earned", member.email or "", says, "badge_earned")
    award = library.award(session, notice.award_id)
    if award is None:
        raise Unwanted("the badge was taken back")
    says |= {"award": award, "family": FAMILIES[award.family].name}
    picture = Picture("badge", award.family, award.tier, award.glyph, PICTURE_SIZE)
    return Letter("badge_earned", member.email or "", says, "badge_earned", pictures=[picture])


def _excerpt(session: Session, post_id: int | None) -> str:
    html = session.scalar(select(Post.html).where(Post.id == post_id)) or ""
    return "".join(text for text, _found in excerpts.of_html(html, length=QUOTED))


WRITERS: dict[str, Writer] = dict.fromkeys((*tidings.SAYS, *preferences.KINDS, *preferences.FOLLOW), _notice)
