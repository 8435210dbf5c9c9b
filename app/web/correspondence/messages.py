"""Direct messages: one's conversations, and each of them; blocking and reporting the other."""

from __future__ import annotations

import re
import secrets
from typing import Any

import structlog
from flask import Blueprint, abort, make_response, render_template, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.moderation import reports
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Problem, TooSoon
from app.domain.words import _
from app.domain.writing import conversations, mentions, messages
from app.domain.writing.conversations import Conversation, Part
from app.domain.writing.messages import Way
from app.web import composer
from app.web.answers import again, on_to
from app.web.audience import everybody, member, members_only, myself, viewer
from app.web.paging import page_number

bp = Blueprint("messages", __name__)
log = structlog.get_logger("contrail.messages")

NAMED_MOST = 80
NUMBER = re.compile("[0-9]{1,18}")


@bp.get("/messages")
@members_only
def index() -> str:
    """One's conversations, the latest first; those with somebody of a name, and who else is called so."""
    page = page_number()
    around = _around(page)
    if page > 1 and not around["listed"]:
        abort(404)
    known = {it.username for it in around["listed"]}
    others = mentions.suggest(db.session(), around["named"]) if around["named"] else []
    return render_template(
        "messages/index.html",
        lock=messages.lock(db.session(), member()),
        others=[it for it in others if it.username not in known | {member().username}],
        blocked=blocks.of(db.session(), member()),
        **around,
    )


@bp.get("/messages/<username>")
@members_only
def show(username: str) -> Response:
    """One conversation, and the form to go on with it. Whoever opens it has read it."""
    other = _find(username)
    if other.id == member().id:
        return on_to("/messages")
    before = request.args.get("before", "")
    if before and not NUMBER.fullmatch(before):
        abort(400, "There is no such page.")
    way = messages.way(db.session(), member(), other)
    if other.deleted_at is not None and way.conversation is None:
        abort(404)
    return _shown(other, way, int(before) if before else None)


@bp.post("/messages/<username>")
@members_only
def send(username: str) -> Response:
    """Write to somebody."""
    other, body, sending = _find(username), request.form.get("body", ""), request.form.get("sending", "")
    try:
        with transaction() as writing:
            to = writing.get_one(Member, other.id)
            sent = messages.send(writing, myself(writing), to, body, sending=sending, easy=composer.easy())
    except Problem as no:
        if other.id == member().id:
            raise
        return _refused(other, body, sending, no)
    return on_to(f"/messages/{other.username}#message-{sent.id}")


@bp.post("/messages/<username>/block")
@members_only
def block(username: str) -> Response:
    """Get no more messages from somebody, or get them again."""
    other, lift = _find(username), request.form.get("lift") == "1"
    with transaction() as writing:
        (blocks.unblock if lift else blocks.block)(writing, myself(writing), writing.get_one(Member, other.id))
    said = _("%(name)s can write to you again.") if lift else _("%(name)s cannot write to you any more.")
    return on_to(f"/messages/{other.username}", said % {"name": other.name})


@bp.get("/messages/<username>/report")
@members_only
def report_form(username: str) -> Response | str:
    """What a moderator will be able to read, and the form to let them."""
    other = _find(username)
    if _conversation(other) is None:
        return on_to("/messages", _("There is nothing to report: you two have not written to each other."))
    return render_template("messages/report.html", other=other, reason="", words="", shut_out=True, problems={})


@bp.post("/messages/<username>/report")
@members_only
def report(username: str) -> Response | tuple[str, int]:
    """Let the moderators read a conversation as it stands."""
    other, given = _find(username), request.form
    found, typed = _conversation(other), {"reason": given.get("reason", ""), "words": given.get("words", "")}
    if found is None:
        raise Conflict(_("There is nothing to report: you two have not written to each other."))
    shut_out = given.get("block") == "1" and not other.is_staff and other.deleted_at is None
    try:
        with transaction() as writing:
            me = myself(writing)
            reports.report(writing, writing.get_one(Conversation, found.id), me, typed["reason"], typed["words"])
            if shut_out:
                blocks.block(writing, me, writing.get_one(Member, other.id))
    except Invalid as no:
        return again("messages/report.html", no, other=other, shut_out=shut_out, **typed)
    return on_to(f"/messages/{other.username}", _("Thank you. A moderator reads it; the answer will stand here."))


@bp.get("/-/conversations/<username>")
@everybody
def newer(username: str) -> Response:
    """What came into an open conversation after a message; nothing most of the time, or when signed out meanwhile."""
    after = request.args.get("after", "")
    if viewer() is None or not NUMBER.fullmatch(after):
        return Response("", 204)
    other = _find(username)
    found = _conversation(other)
    if found is None or found.latest_id <= int(after):
        return Response("", 204)
    part = conversations.part(db.session(), found, after=int(after))
    answer = make_response(render_template("messages/_messages.html", part=part, other=other, latest=found.latest_id))
    return _having_read(answer, found, part)


def _find(username: str) -> Member:
    return messages.correspondent(db.session(), username) or abort(404)


def _conversation(other: Member) -> Conversation | None:
    return conversations.between(db.session(), member(), other)


def _around(page: int = 1) -> dict[str, Any]:
    """The list of conversations."""
    named = request.args.get("q", "").strip()[:NAMED_MOST]
    listed, more = conversations.of(db.session(), member(), named, page)
    return {"listed": listed, "more": more, "page": page, "named": named}


def _shown(
    other: Member, way: Way, before: int | None = None, *, body: str = "", sending: str = "",
    problems: dict[str, str] | None = None, code: int = 200,
) -> Response:  # fmt: skip
    """The page of a conversation, which has then been read as far as it is shown."""
    found = way.conversation
    part = conversations.part(db.session(), found, before=before) if found else Part((), False)
    fresh = sum(1 for it in part.messages if it.to_id == member().id and it.read_at is None)
    around = _around()
    answer = make_response(
        render_template(
            "messages/show.html", other=other, way=way, part=part, before=before, fresh=fresh, body=body,
            sending=sending or secrets.token_urlsafe(16), problems=problems or {}, latest=found.latest_id if found else 0,
            reported=reports.latest(db.session(), found, member()) if found else None,
            unread_messages=max(0, conversations.unread(db.session(), member()) - fresh), **around,
        ),
        code,
    )  # fmt: skip
    return _having_read(answer, found, part) if found and fresh else answer


def _refused(other: Member, body: str, sending: str, no: Problem) -> Response:
    """The conversation with what was typed and why it was not sent."""
    problems = no.fields if isinstance(no, Invalid) else {"body": str(no)}
    code = 429 if isinstance(no, TooSoon) else 422 if isinstance(no, Invalid) else 403
    way = messages.way(db.session(), member(), other)
    answer = _shown(other, way, body=body, sending=sending, problems=problems, code=code)
    if isinstance(no, TooSoon):
        answer.headers["Retry-After"] = str(max(1, round(no.wait.total_seconds())))
    return answer


def _having_read(answer: Response, found: Conversation, part: Part) -> Response:
    """Note after the answer has left that its messages were read: looking itself writes nothing that others see."""
    engine, me, until = db.engine, member().id, max((it.id for it in part.messages), default=0)
    answer.call_on_close(lambda: _note_read(engine, found.id, me, until))
    return answer


def _note_read(engine: Engine, conversation_id: int, member_id: int, until: int) -> None:
    try:
        with Session(engine) as session, session.begin():
            conversations.read(session, conversation_id, member_id, until)
    except SQLAlchemyError as no:
        log.warning("messages not noted as read", reason=type(no).__name__)
