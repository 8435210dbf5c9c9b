"""The list in the moderators' queue: what its address asks for, and the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import abort, g, request
from sqlalchemy.orm import Session

from app.domain.base import now
from app.domain.people.members import Member
from app.domain.ways import request_queue
from app.domain.ways.requests import OPEN, BadgeRequest
from app.web.paging import page_number

HERE = "/moderation/requests"
ALLOWED = {"state": request_queue.STATES, "age": ("any", *request_queue.AGES), "whose": ("any", "mine")}


def filters(opened: BadgeRequest | None = None) -> dict[str, str]:
    """How the list is filtered: in the address, or in a field of the form that stood beside it.

    Where nothing is said, the list is the one that a request was opened from would be in.
    """
    given: Mapping[str, str] = request.args
    if request.method == "POST":
        given = dict(parse_qsl(request.form.get("filters", "")[:500]))
    wanted = {name: given.get(name) or allowed[0] for name, allowed in ALLOWED.items()}
    if opened is not None and not given.get("state"):
        wanted["state"] = opened.state if opened.state in OPEN else "decided"
    if any(wanted[name] not in allowed for name, allowed in ALLOWED.items()):
        abort(400, "That filter is not known.")
    return wanted | {"badge": given.get("badge", "")}


def back(opened: int | None = None, done: int | None = None) -> str:
    """The list that a form stood beside, or one of its requests; `done` is one to be told about on the list."""
    place = f"{HERE}/{opened}" if opened else HERE
    query = (filters() if request.form.get("filters") else {}) | ({"done": str(done)} if done else {})
    return f"{place}?{urlencode(query)}" if query else place


def around(session: Session, viewer: Member, opened: BadgeRequest | None = None) -> dict[str, Any]:
    """A page of the list with what stands around it."""
    moment, number, wanted = now(), page_number(), filters(opened)
    badges = request_queue.badges(session)
    if wanted["badge"] not in ("", *(it.slug for it in badges)):
        abort(400, "That filter is not known.")
    age = request_queue.AGES.get(wanted["age"])
    mine = viewer if wanted["whose"] == "mine" else None
    search = request_queue.Search(wanted["state"], wanted["badge"], moment - age if age else None, mine)
    listed, more = request_queue.page(session, search, moment, number)
    counts = request_queue.counts(session)
    g.requests_waiting = counts.waiting  # the menu of the team tells it too
    return {
        "listed": listed, "more": more, "page": number, "filters": wanted, "query": urlencode(wanted), "badges": badges,
        "counts": counts, "moment": moment, "search": search,
    }  # fmt: skip
