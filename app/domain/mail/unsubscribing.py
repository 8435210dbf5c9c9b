"""Unsubscribing: links in letters that stop them, without a log-in and for as long as the letter is kept.

A link is signed for one member and one list of letters. It holds no time, no address and no right but that one.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.mail import preferences
from app.domain.mail.preferences import KINDS, NEVER, SUMMARIES, Preference
from app.domain.people.members import Member
from app.domain.words import _

ALL = "all"
LISTS = (*KINDS, *SUMMARIES, ALL)
TOKEN = re.compile(r"([0-9]{1,18})\.([a-z_]{1,20})\.([0-9a-f]{40})")


class Subscription(NamedTuple):
    """What a link is about: whose letters, and which of them. Its member may have left since."""

    member: Member
    what: str


def path(secret_key: str, member_id: int, kind: str) -> str:
    """The path that stops a member's letters about notices of a kind, their "daily" or "weekly" summary, or "all"."""
    what = kind if kind in LISTS else preferences.row_of(kind)
    return f"/unsubscribe/{member_id}.{what}.{_signature(secret_key, member_id, what)}"


def find(session: Session, secret_keys: Sequence[str], token: str) -> Subscription | None:
    """What a link is about, or None where we never made it, with this secret key or an earlier one."""
    parts = TOKEN.fullmatch(token)
    if parts is None:
        return None
    member_id, what, signature = int(parts[1]), parts[2], parts[3]
    ours = any(hmac.compare_digest(_signature(it, member_id, what), signature) for it in secret_keys)
    member = session.get(Member, member_id) if ours and what in LISTS else None
    return Subscription(member, what) if member else None


def about(what: str) -> str:
    """What the letters are about, as in: we will not e-mail you about it any more."""
    if what in KINDS:
        return _(KINDS[what].about)
    return {
        "daily": _("what comes in your daily summary"),
        "weekly": _("what comes in your weekly summary"),
        ALL: _("anything but the safety of your account"),
    }[what]


def is_stopped(session: Session, it: Subscription) -> bool:
    """Whether such letters no longer come, for whatever reason."""
    return it.member.mail_stopped_at is not None or not _wanted(session, it)


def stop(session: Session, it: Subscription, *, at: datetime | None = None) -> bool:
    """Stop the letters, and no others; whether that was news."""
    if it.member.deleted_at is not None:
        return False
    if it.what == ALL:
        return preferences.stop_all(session, it.member, at=at)
    return bool(preferences.choose(session, it.member, dict.fromkeys(_wanted(session, it), NEVER), at=at))


def resume(session: Session, it: Subscription, *, at: datetime | None = None) -> bool:
    """Let the letters come again as they did before they were stopped; whether that was news."""
    if it.member.deleted_at is not None:
        return False
    if it.what == ALL:
        return preferences.resume(session, it.member)
    kinds = _stopped_with_summary(session, it) if it.what in SUMMARIES else [it.what]
    return bool(preferences.put_back(session, it.member, kinds, at=at or now()))


def _wanted(session: Session, it: Subscription) -> list[str]:
    """The kinds that a link would stop: its own, or all that come in a summary."""
    chosen = preferences.of(session, it.member)
    if it.what in SUMMARIES:
        return [kind for kind, how_often in chosen.items() if how_often == it.what]
    return [kind for kind, how_often in chosen.items() if it.what in (kind, ALL) and how_often != NEVER]


def _stopped_with_summary(session: Session, it: Subscription) -> list[str]:
    """The kinds that ended together when the summary was last stopped, not those that were stopped alone."""
    ended = select(Preference.kind, Preference.chosen_at).where(
        Preference.member_id == it.member.id, Preference.frequency == NEVER, Preference.before == it.what
    )
    rows = session.execute(ended).all()
    latest = max((row.chosen_at for row in rows), default=None)
    return [row.kind for row in rows if row.chosen_at == latest]


def _signature(secret_key: str, member_id: int, what: str) -> str:
    signed = f"unsubscribe\0{member_id}\0{what}".encode()
    return hmac.new(secret_key.encode(), signed, hashlib.sha256).hexdigest()[:40]
