"""Who was here and what they read: noted after the answer was sent, seldom, and without ringing for the worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import structlog
from flask import Flask, Response, g
from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import db
from app.domain.base import now
from app.domain.forum import reads, visits
from app.domain.forum.threads import Thread
from app.domain.membership.sessions import SEEN_EVERY, LogIn
from app.domain.people.members import Member

log = structlog.get_logger("contrail.presence")

READS_REMEMBERED = 20_000


class Shown(NamedTuple):
    """Posts of a thread that stand on a page."""

    thread_id: int
    post_ids: frozenset[int]


def install(app: Flask) -> None:
    """Watch what members open."""
    noted: dict[tuple[int, Shown], None] = {}  # reads this process knows of, so that it need not ask again
    app.extensions["presence"] = noted

    @app.after_request
    def remember(response: Response) -> Response:
        found = g.get("log_in")
        if not found:
            return response
        member, log_in = found
        secret_hash = log_in.secret_hash if log_in.seen_at <= now() - SEEN_EVERY else None
        shown: Shown | None = g.get("shown") if response.status_code == 200 else None
        if shown and (member.id, shown) in noted:
            shown = None
        if shown and len(noted) < READS_REMEMBERED:
            noted[member.id, shown] = None
        if secret_hash or shown:
            engine, member_id = db.engine, member.id
            response.call_on_close(lambda: note(engine, member_id, secret_hash, shown))
        return response


def show(thread_id: int, post_ids: Iterable[int]) -> None:
    """These posts of a thread are before whoever asks."""
    g.shown = Shown(thread_id, frozenset(post_ids))


def note(engine: Engine, member_id: int, secret_hash: str | None, shown: Shown | None) -> None:
    """Write down a visit and a read; what fails is found again at the next look."""
    try:
        with Session(engine) as session, session.begin():
            member = session.get_one(Member, member_id)
            if secret_hash:
                session.execute(update(LogIn).where(LogIn.secret_hash == secret_hash).values(seen_at=now()))
                visits.record(session, member)
            if shown and (thread := session.get(Thread, shown.thread_id)):
                reads.record(session, thread, member)
                reads.see(session, thread.id, member, shown.post_ids)
    except SQLAlchemyError as no:
        log.warning("presence not noted", reason=type(no).__name__)
