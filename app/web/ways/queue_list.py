"""The list in the moderators' queue: what its address asks for, and the rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort, g, request
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.people.members import Member
from app.domain.ways import request_queue
from app.domain.ways.request_queue import Search
from app.domain.ways.requests import OPEN
from app.web import site
from app.web.paging import page_number

HERE = "/moderation/requests"
ALLOWED = {"state": request_queue.STATES, "age": ("any", *request_queue.AGES), "whose": ("any", "mine")}


def filters(opened: Row | None = None) -> dict[str, str]:
    """How the list is filtered. Where nothing is said, it is the one that a request was opened from would be in."""
    given = _given()
    wanted = {name: given.get(name) or allowed[0] for name, allowed in ALLOWED.items()}
    if opened is not None and not given.get("state"):
        wanted["state"] = opened.state if opened.is_open else "decided"
    if any(wanted[name] not in allowed for name, allowed in ALLOWED.items()):
        abort(400, "That filter is not known.")
    return wanted | {"badge": given.get("badge", "")}


def back(opened: int | None = None, done: int | None = None) -> str:
    """The list that a form stood beside, or one of its requests; `done` is one to be told about there."""
    place = f"{HERE}/{opened}" if opened else HERE
    query = (_place(opened) if request.form.get("filters") else {}) | ({"done": str(done)} if done else {})
    return f"{place}?{urlencode(query)}" if query else place


def search(wanted: Mapping[str, str], viewer: Member, moment: datetime) -> Search:
    """What such filters ask for."""
    age = request_queue.AGES.get(wanted["age"])
    mine = viewer if wanted["whose"] == "mine" else None
    return Search(wanted["state"], wanted["badge"], moment - age if age else None, mine)


def around(session: Session, viewer: Member, opened: Row | None = None) -> dict[str, Any]:
    """A page of the list with what stands around it."""
    moment, number, wanted = now(), page_number(_given()), filters(opened)
    choices = _choices(session, wanted["badge"])
    asked = search(wanted, viewer, moment)
    found = request_queue.page(session, asked, moment, number)
    if opened is not None and number > 1 and not found.listed:  # the list has become shorter meanwhile
        number, found = 1, request_queue.page(session, asked, moment)
    g.requests_waiting = found.counts.waiting  # the menu of the team tells it too
    query = urlencode(_said(wanted))
    return {
        "listed": found.listed, "more": found.more, "counts": found.counts, "page": number, "filters": wanted,
        "query": query, "place": f"{query}&page={number}" if number > 1 else query, "badges": choices.badges,
        "replies": choices.replies, "moment": moment, "search": asked, "standing": standing,
    }  # fmt: skip


def standing(it: Row, viewer: Member, moment: datetime) -> str:
    """What a line of the list says besides: its end, whose it is, or who is looking at it."""
    if it.state not in OPEN:
        return str(it.state)
    if viewer.id in (it.member_id, it.by_id):
        return "yours"
    if it.claimed_until is None or it.claimed_until <= moment:
        return ""
    return "mine" if it.claimed_by_id == viewer.id else "taken"


def _choices(session: Session, badge: str) -> request_queue.Choices:
    """The badges to filter by and the replies to answer with; one of the badges is filtered by, unless it is empty."""
    choices = site.remembered("queue", lambda: request_queue.choices(session))
    if badge and badge not in {it.key for it in choices.badges}:
        choices = request_queue.choices(session)  # somebody may just have asked for it
        if badge not in {it.key for it in choices.badges}:
            abort(400, "That filter is not known.")
    return choices


def _given() -> Mapping[str, str]:
    """What the address says, or a field of the form that stood beside the list."""
    if request.method == "POST":
        return dict(parse_qsl(request.form.get("filters", "")[:500]))
    return request.args


def _place(opened: int | None) -> dict[str, str]:
    """The filters, and for one of its requests the page of the list."""
    number = page_number(_given()) if opened else 1
    return _said(filters()) | ({"page": str(number)} if number > 1 else {})


def _said(wanted: Mapping[str, str]) -> dict[str, str]:
    """Filters as an address says them: the state, and what narrows the list."""
    return {name: value for name, value in wanted.items() if value not in ("", "any")}
