"""One request in the moderators' queue, with what stands beside it, and the words to answer it with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.people.members import Member
from app.domain.ways import prepared_replies, request_case, request_queue, requests
from app.domain.ways.prepared_replies import PreparedReply
from app.domain.ways.request_queue import Search
from app.domain.words import _
from app.web.looks import on_date, sentence
from app.web.paging import number

NOTHING: dict[str, Any] = {
    "case": None, "problems": {}, "conflict": "", "typed": "", "remarked": "", "remarks_open": False,
}  # fmt: skip


def about(session: Session, case: Row | None, viewer: Member, search: Search, listed: Sequence[Row]) -> dict[str, Any]:
    """What the page shows of a request; to whoever asked for it themselves, not what the team says about it."""
    if case is None:
        return NOTHING
    moment, own = now(), request_case.is_own(case, viewer)
    claimed = request_case.is_claimed(case, moment)
    return NOTHING | {
        "case": case, "own": own, "file": request_case.file(session, case.id, for_staff=not own),
        "is_claimed": claimed, "mine": claimed and case.claimed_by_id == viewer.id,
        "minutes": -(-(case.claimed_until - moment).total_seconds() // 60) if claimed else 0,
        "can_undo": requests.can_be_undone(case, viewer, moment), "next_id": _next(session, case, search, listed),
        **_chosen(session, case, viewer),
    }  # fmt: skip


def filled(words: str, case: Row, viewer: Member, *, to_holder: bool = False) -> str:
    """Words with their places filled in for one request."""
    name, zone = (case.name, case.zone) if to_holder else (case.asker, case.asker_zone)
    facts = {
        "member": name or _("Former member"), "badge": case.badge, "how": sentence(case.how or ""),
        "moderator": viewer.name, "date": _day(case.sent_at, zone),
        "again": _day(now() + requests.ASK_AGAIN_AFTER, zone),
    }  # fmt: skip
    return prepared_replies.filled(words, facts)


def chosen_reply(session: Session) -> PreparedReply | None:
    """The prepared reply that the address asks for."""
    chosen = number(request.args.get("reply", ""))
    return session.get(PreparedReply, chosen) if chosen else None


def host(address: str) -> str:
    """Whose address it is, as machines write it, so that no letter passes for another."""
    name = urlsplit(address).hostname or ""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _next(session: Session, case: Row, search: Search, listed: Sequence[Row]) -> int | None:
    """The request after this one, mostly in the page of the list that is there already."""
    ids = [it.id for it in listed]
    if case.id in ids[:-1]:
        return int(ids[ids.index(case.id) + 1])
    return request_queue.following(session, search, case.sent_at, case.id, now())


def _chosen(session: Session, case: Row, viewer: Member) -> dict[str, Any]:
    """The prepared reply that the address asks for, with its places filled in."""
    reply = chosen_reply(session)
    if reply is None:
        return {"chosen": None}
    return {"chosen": reply.id, "typed": filled(reply.body, case, viewer, to_holder=reply.suits == "approve")}


def _day(moment: datetime, zone: str | None) -> str:
    return on_date(moment.astimezone(ZoneInfo(zone or "UTC")).date())
