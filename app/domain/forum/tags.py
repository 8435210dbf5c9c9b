"""Tags: the words that threads are found by."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain import rows
from app.domain.forum.threads import Tag, Thread, ThreadTag
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.words import _

MOST = 5
LONGEST = 30


def settle(session: Session, thread: Thread, wanted: Sequence[str], by: Member, moment: datetime) -> list[str] | None:
    """Give a thread exactly these tags; the ones it had before, or None where nothing changed."""
    names = sorted({spelled(name) for name in wanted} - {""})
    if len(names) > MOST:
        raise Invalid(tags=_("Choose at most %(most)s tags.", most=MOST))
    before = of(session, thread)
    if names == before:
        return None

    kept = []
    for name in names:
        rows.add_once(session, Tag, name=name, first_thread_id=thread.id)
        kept.append(session.scalars(select(Tag.id).where(Tag.name == name)).one())
    session.execute(delete(ThreadTag).where(ThreadTag.thread_id == thread.id, ThreadTag.tag_id.not_in(kept)))
    for tag_id in kept:
        rows.add_once(session, ThreadTag, thread_id=thread.id, tag_id=tag_id, added_at=moment, added_by_id=by.id)
    return before


def listed(text: str) -> list[str]:
    """The tags in a text, set apart by commas or spaces."""
    return [name for name in re.split(r"[\s,;]+", text) if name]


def of(session: Session, thread: Thread) -> list[str]:
    """A thread's tags by the alphabet."""
    names = select(Tag.name).join(ThreadTag).where(ThreadTag.thread_id == thread.id)
    return sorted(session.scalars(names))


def spelled(name: str) -> str:
    """A tag as it is kept: small letters, a hyphen for whatever is neither letter nor digit."""
    return re.sub(r"[^\w+#.]+|_", "-", name.lower()).strip("-.")[:LONGEST].rstrip("-.")
