"""Several requests for one badge, decided at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Row
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Invalid, Problem
from app.domain.ways import request_case, request_queue, requests
from app.domain.words import _, ngettext
from app.web.answers import on_to
from app.web.audience import member, staff_only
from app.web.ways import queue_case, queue_list

bp = Blueprint("several_requests", __name__, url_prefix=queue_list.HERE)

DECISIONS: dict[str, Callable[..., object]] = {
    "approve": requests.approve,
    "ask": requests.ask,
    "decline": requests.decline,
}


class Told(NamedTuple):
    """What became of one of several requests that were decided at once."""

    request: Row
    problem: str


def page(around: dict[str, Any], **sent: Any) -> str:
    """Several requests for one badge, with what was typed for all of them or the prepared reply that was chosen."""
    reply = queue_case.chosen_reply(db.session())
    given: dict[str, Any] = {
        "problems": {}, "told": [], "typed": reply.body if reply else "", "chosen": reply.id if reply else None,
        "ticked": request.form.getlist("request"), "all": request.args.get("all") == "1",
    }  # fmt: skip
    return render_template("queue/several.html", **around, **given | sent)


@bp.post("/decisions")
@staff_only
def decide() -> Response | tuple[str, int]:
    """Decide about several requests for one badge. Each is decided for itself, and told for itself."""
    decision, words = request.form.get("decision", ""), request.form.get("message", "")
    deed = DECISIONS.get(decision) or abort(400, "Choose what to do.")
    chosen = [_chosen(it) for it in request.form.getlist("request")][: request_queue.PER_PAGE]
    problems = {} if chosen else {"several": _("Choose at least one request.")}
    told: list[Told] = []
    for request_id, version in chosen:
        found = request_case.find(db.session(), request_id) or abort(404)
        said = queue_case.filled(words, found, member(), to_holder=decision == "approve")
        try:
            with transaction() as writing:
                it, me = requests.to_decide(writing, request_id, member()) or abort(404)
                deed(writing, it, me, said, version=version)
        except Invalid as no:
            problems = no.fields
            break  # what was typed is the same for all
        except Problem as no:
            told.append(Told(found, str(no)))
        else:
            told.append(Told(found, ""))
    if told and not problems and not any(it.problem for it in told):
        said = ngettext("%(num)s request decided.", "%(num)s requests decided.", len(told))
        return on_to(queue_list.back(), said)
    around = queue_list.around(db.session(), member())
    return page(around, problems=problems, typed=words, told=told), 422 if problems else 409


def _chosen(text: str) -> tuple[int, int]:
    """A request and the version that was seen of it, as the boxes of the list send them."""
    parts = text.split(".")
    if len(parts) != 2 or not all(it.isascii() and it.isdigit() and len(it) < 16 for it in parts):
        abort(400, "That request is not known.")
    return int(parts[0]), int(parts[1])
