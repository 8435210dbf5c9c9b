"""Who was here and what they read: noted after the answer was sent, seldom, and without ringing for the worker."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, request
from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import db
from app.domain import reads, visits
from app.domain.base import now
from app.domain.members import Member
from app.domain.sessions import SEEN_EVERY, LogIn
from app.domain.threads import Thread

log = structlog.get_logger("contrail.presence")

READS_REMEMBERED = 20_000


def install(app: Flask) -> None:
    """Watch what members open."""
    noted: dict[tuple[int, int], None] = {}  # reads this process knows of, so that it need not ask again
    app.extensions["presence"] = noted

    @app.after_request
    def remember(response: Response) -> Response:
        found = g.get("log_in")
        if not found:
            return response
        member, log_in = found
        secret_hash = log_in.secret_hash if log_in.seen_at <= now() - SEEN_EVERY else None
        thread_id = _thread_read(response)
        if thread_id and (member.id, thread_id) in noted:
            thread_id = None
        if thread_id and len(noted) < READS_REMEMBERED:
            noted[member.id, thread_id] = None
        if secret_hash or thread_id:
            engine, member_id = db.engine, member.id
            response.call_on_close(lambda: note(engine, member_id, secret_hash, thread_id))
        return response


def note(engine: Engine, member_id: int, secret_hash: str | None, thread_id: int | None) -> None:
    """Write down a visit and a read; what fails is found again at the next look."""
    try:
        with Session(engine) as session, session.begin():
            member = session.get_one(Member, member_id)
            if secret_hash:
                session.execute(update(LogIn).where(LogIn.secret_hash == secret_hash).values(seen_at=now()))
                visits.record(session, member)
            if thread_id and (thread := session.get(Thread, thread_id)):
                reads.record(session, thread, member)
    except SQLAlchemyError as no:
        log.warning("presence not noted", reason=type(no).__name__)


def _thread_read(response: Response) -> int | None:
    read = request.method == "GET" and request.endpoint == "threads.show" and response.status_code == 200
    return request.view_args["thread_id"] if read and request.view_args else None
