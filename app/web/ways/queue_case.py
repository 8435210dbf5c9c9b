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
from app.domain.ways import prepared_replies, request_queue, requests
from app.domain.ways.request_queue import Search
from app.domain.ways.requests import BadgeRequest
from app.web.looks import on_date, sentence

NOTHING: dict[str, Any] = {"case": None, "problems": {}, "conflict": "", "typed": "", "remarked": ""}


def about(
    session: Session, case: BadgeRequest | None, viewer: Member, search: Search, listed: Sequence[Row]
) -> dict[str, Any]:
    """What the page shows of a request; to whoever asked for it themselves, not what the team says about it."""
    if case is None:
        return NOTHING
    moment, own = now(), viewer.id in (case.member_id, case.by_id)
    said = requests.entries(session, case, for_staff=not own)
    claimed = case.is_open and case.is_claimed(moment)
    return NOTHING | {
        "case": case, "own": own, "person": request_queue.person(session, case),
        "said": [it for it in said if it.what not in ("sent", "remark")],
        "remarks": [it for it in said if it.what == "remark"],
        "proof": request_queue.evidence(session, case),
        "earlier": request_queue.earlier(session, case), "badges_held": request_queue.badges_of(session, case.member_id),
        "is_claimed": claimed, "mine": claimed and case.claimed_by_id == viewer.id,
        "minutes": -(-(case.claimed_until - moment).total_seconds() // 60) if claimed and case.claimed_until else 0,
        "can_undo": case.can_be_undone_by(viewer, moment), "next_id": _next(session, case, search, listed),
        **_replies(session, case, viewer),
    }  # fmt: skip


def filled(words: str, case: BadgeRequest, viewer: Member, *, to_holder: bool = False) -> str:
    """Words with their places filled in for one request."""
    reader = case.member if to_holder else case.by
    how = case.badge.version.how if case.badge.version else ""
    facts = {
        "member": reader.name, "badge": case.badge.name, "how": sentence(how), "moderator": viewer.name,
        "date": _day(case.sent_at, reader), "again": _day(now() + requests.ASK_AGAIN_AFTER, reader),
    }  # fmt: skip
    return prepared_replies.filled(words, facts)


def host(address: str) -> str:
    """Whose address it is, as machines write it, so that no letter passes for another."""
    name = urlsplit(address).hostname or ""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _next(session: Session, case: BadgeRequest, search: Search, listed: Sequence[Row]) -> int | None:
    """The request after this one, mostly in the page of the list that is there already."""
    ids = [it.id for it in listed]
    if case.id in ids[:-1]:
        return int(ids[ids.index(case.id) + 1])
    return request_queue.following(session, search, case, now())


def _replies(session: Session, case: BadgeRequest, viewer: Member) -> dict[str, Any]:
    """The prepared replies, and the one that the address asks for with its places filled in."""
    replies = prepared_replies.every(session)
    chosen = next((it for it in replies if str(it.id) == request.args.get("reply")), None)
    words = filled(chosen.body, case, viewer, to_holder=chosen.suits == "approve") if chosen else ""
    return {"replies": replies, "chosen": chosen.id if chosen else None, "typed": words}


def _day(moment: datetime, reader: Member) -> str:
    return on_date(moment.astimezone(ZoneInfo(reader.zone)).date())
