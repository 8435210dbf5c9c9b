"""What was typed by somebody who is not signed in (any more): kept for a while, until they are."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.ways.requests.tables import EVENT_TITLE_MOST, EVENTS_MOST, LINK_MOST, LINKS_MOST, NOTE_MOST, KeptRequest

KEPT_FOR = timedelta(hours=6)
LENGTHS = {"note": 4 * NOTE_MOST, "evidence": LINKS_MOST * LINK_MOST, "event_title": EVENT_TITLE_MOST, "event_on": 10}

Typed = dict[str, list[str]]


def keep(session: Session, slug: str, typed: Mapping[str, Sequence[str]], *, at: datetime | None = None) -> str:
    """Keep the fields of a form; returns the key to find them by. What nobody came back for is thrown away."""
    moment, key = at or now(), secrets.token_urlsafe(24)
    session.execute(delete(KeptRequest).where(KeptRequest.kept_at < moment - KEPT_FOR))
    fields = {
        name: [it.replace("\x00", "")[:most] for it in typed.get(name, ())][:EVENTS_MOST]
        for name, most in LENGTHS.items()
    }
    session.add(KeptRequest(key_hash=_hash(key), slug=slug, typed=fields, kept_at=moment))
    return key


def kept(session: Session, slug: str, key: str, *, at: datetime | None = None) -> Typed | None:
    """The fields that were kept under a key for that badge."""
    found = select(KeptRequest.typed).where(
        KeptRequest.key_hash == _hash(key), KeptRequest.slug == slug, KeptRequest.kept_at >= (at or now()) - KEPT_FOR
    )
    return session.scalar(found)


def forget(session: Session, key: str) -> None:
    """Throw away what was kept, once it was sent."""
    session.execute(delete(KeptRequest).where(KeptRequest.key_hash == _hash(key)))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
