"""The moderators' queue of requests for badges: read, take on, decide, one or several at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, g, render_template, request
from sqlalchemy import Row
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.ways import request_case, request_queue, requests
from app.domain.ways.requests import BadgeRequest, RequestEvent
from app.domain.words import _, ngettext
from app.web.answers import by_htmx, on_to
from app.web.audience import member, staff_only
from app.web.forum.pictures import LOCKED
from app.web.paging import number
from app.web.ways import queue_case, queue_list, several_requests

bp = Blueprint("request_queue", __name__, url_prefix=queue_list.HERE)

CLAIM_MINUTES = int(requests.CLAIM_LASTS.total_seconds() // 60)
A_YEAR = 365 * 24 * 3600
Deed = Callable[[Session, BadgeRequest, Member], object]


@bp.app_context_processor
def surroundings() -> dict[str, Any]:
    """For what only the team sees of every page: how many requests wait, asked where it is shown."""

    def waiting() -> int:
        if "requests_waiting" not in g:
            g.requests_waiting = request_queue.waiting(db.session())
        return int(g.requests_waiting)

    return {"requests_waiting": waiting}


@bp.get("")
@staff_only
def queue() -> str:
    """Requests, the one that waits longest first; on a wide screen with the first of them beside."""
    around = queue_list.around(db.session(), member())
    if around["page"] > 1 and not around["listed"]:
        abort(404)
    if request.args.get("several") == "1" and around["filters"]["badge"]:
        return several_requests.page(around)
    first = _find(around["listed"][0].id) if around["listed"] else None
    return render_template("queue/list.html", opened=False, **around, **_case(first, around))


@bp.get("/<int:request_id>")
@staff_only
def show(request_id: int) -> str:
    """One request, with what one needs to know to decide."""
    found = _find(request_id)
    around = queue_list.around(db.session(), member(), found)
    return render_template("queue/list.html", opened=True, **around, **_case(found, around, moved=by_htmx()))


@bp.get("/<int:request_id>/pictures/<proof>.webp")
@staff_only
def picture(request_id: int, proof: str) -> Response:
    """A picture that came as evidence, which only its member and the team see."""
    found = requests.picture(db.session(), request_id, proof) or abort(404)
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": LOCKED}
    return Response(found, content_type="image/webp", headers=headers)


@bp.post("/<int:request_id>/claim")
@staff_only
def claim(request_id: int) -> Response | tuple[str, int]:
    """Say that one looks at it."""
    said = ngettext("It is yours for %(num)s minute.", "It is yours for %(num)s minutes.", CLAIM_MINUTES)
    return _do(request_id, requests.claim, said, stay=True)


@bp.post("/<int:request_id>/release")
@staff_only
def release(request_id: int) -> Response | tuple[str, int]:
    """Leave it to others."""
    return _do(request_id, requests.release, _("Left to the others."), stay=True)


@bp.post("/<int:request_id>/approval")
@staff_only
def approve(request_id: int) -> Response | tuple[str, int]:
    """Give the badge."""
    words, version = request.form.get("message", ""), _version()
    return _do(
        request_id,
        lambda writing, it, me: requests.approve(writing, it, me, words, version=version),
        _("Approved. The badge is theirs, and they are told."),
    )


@bp.post("/<int:request_id>/refusal")
@staff_only
def decline(request_id: int) -> Response | tuple[str, int]:
    """Say no, and why."""
    words, version = request.form.get("message", ""), _version()
    again = None if request.form.get("for_good") == "1" else requests.ASK_AGAIN_AFTER
    return _do(
        request_id,
        lambda writing, it, me: requests.decline(writing, it, me, words, version=version, again_after=again),
        _("Declined. You can take it back for ten minutes."),
        tell=True,
    )


@bp.post("/<int:request_id>/question")
@staff_only
def ask(request_id: int) -> Response | tuple[str, int]:
    """Ask for what is missing."""
    words, version = request.form.get("message", ""), _version()
    return _do(
        request_id,
        lambda writing, it, me: requests.ask(writing, it, me, words, version=version),
        _("Asked. You can take it back for ten minutes."),
        tell=True,
    )


@bp.post("/<int:request_id>/undo")
@staff_only
def undo(request_id: int) -> Response | tuple[str, int]:
    """Take back what one decided a moment ago."""
    version = _version()
    return _do(
        request_id,
        lambda writing, it, me: requests.undo(writing, it, me, version=version),
        _("Taken back. It waits as before."),
        stay=True,
    )


@bp.post("/<int:request_id>/notes")
@staff_only
def remark(request_id: int) -> Response | tuple[str, int]:
    """Write something that only the team reads."""
    words = request.form.get("remark", "")
    return _do(
        request_id,
        lambda writing, it, me: requests.remark(writing, it, me, words),
        _("Noted. Only the team reads it."),
        stay=True,
    )


@bp.post("/<int:request_id>/events/<int:evidence_id>")
@staff_only
def decide_event(request_id: int, evidence_id: int) -> Response | tuple[str, int]:
    """Accept, refuse or park one event of the evidence."""
    state, reason = request.form.get("state", ""), request.form.get("reason", "")

    def deed(writing: Session, it: BadgeRequest, me: Member) -> None:
        event = writing.get(RequestEvent, evidence_id)
        if event is None or event.request_id != it.id:
            abort(404)
        try:
            requests.decide_event(writing, event, me, state, reason)
        except Invalid as no:  # said beside the one event of several
            raise Invalid(**{f"{field}-{evidence_id}": words for field, words in no.fields.items()}) from no

    return _do(request_id, deed, _("Noted for this event."), stay=True)


@bp.post("/keys")
@staff_only
def choose_keys() -> Response:
    """Switch the keys of the queue on or off, on this device."""
    on = request.form.get("keys") == "1"
    answer = on_to(queue_list.back(), _("The keys are on.") if on else _("The keys are off."))
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie("queue_keys", "1" if on else "", max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
    return answer


def _do(
    request_id: int, deed: Deed, said: str, *, stay: bool = False, tell: bool = False
) -> Response | tuple[str, int]:
    """Do something about a request and go on; or show it as it is now, with what was typed.

    `stay` goes on with the same request; `tell` says a word about it beside the next one.
    """
    try:
        with transaction() as writing:
            it, me = requests.to_decide(writing, request_id, member()) or abort(404)
            deed(writing, it, me)
    except Invalid as no:
        return _again(request_id, no.fields, "", 422)
    except Conflict as no:
        return _again(request_id, {}, str(no), 409)
    if stay:
        return _stay(request_id, said)
    search = queue_list.search(queue_list.filters(), member(), now())
    return _on_to_next(
        request_queue.following(db.session(), search, it.sent_at, it.id, now()), request_id if tell else None, said
    )


def _stay(request_id: int, said: str) -> Response:
    """Go on with the same request; for htmx with what changed on the page alone, and what was being typed there."""
    address = queue_list.back(request_id)
    if not by_htmx():
        return on_to(address, said)
    found = _find(request_id)
    around = queue_list.around(db.session(), member(), found)
    kept = {"typed": request.form.get("message", ""), "remarks_open": "remark" in request.form}
    return _in_place(address, said, around | _case(found, around) | kept | {"opened": True})


def _on_to_next(next_id: int | None, done: int | None, said: str) -> Response:
    """Go on to the request that came next in the list; for htmx with what changed on the page alone."""
    address = queue_list.back(next_id, done)
    if not by_htmx():
        return on_to(address, said)
    found = _find(next_id) if next_id else None
    around = queue_list.around(db.session(), member(), found)
    if found is None and around["listed"]:
        found = _find(around["listed"][0].id)
    case = _case(found, around, done, moved=True)
    return _in_place(address, said, around | case | {"opened": next_id is not None})


def _in_place(address: str, said: str, given: dict[str, Any]) -> Response:
    """For htmx: what changed on the page, and the address that it has now."""
    page = render_template("queue/_moved_on.html", said=said, **given)
    return Response(page, headers={"HX-Retarget": "#desk", "HX-Push-Url": address})


def _again(request_id: int, problems: dict[str, str], conflict: str, code: int) -> tuple[str, int]:
    db.session.expire_all()
    found = _find(request_id)
    around = queue_list.around(db.session(), member(), found)
    typed = {"typed": request.form.get("message", ""), "remarked": request.form.get("remark", "")}
    given = around | _case(found, around) | typed | {"problems": problems, "conflict": conflict, "opened": True}
    return render_template("queue/_case.html" if by_htmx() else "queue/list.html", **given), code


def _case(found: Row | None, around: dict[str, Any], done: int | None = None, *, moved: bool = False) -> dict[str, Any]:
    """What stands beside the list; `moved` where one has come to it from another request, without a new page."""
    keys = request.cookies.get("queue_keys") == "1"
    return queue_case.about(db.session(), found, member(), around["search"], around["listed"]) | {
        "keys": keys, "host": queue_case.host, "done": _just_done(done or number(request.args.get("done", ""))),
        "moved": moved,
    }  # fmt: skip


def _just_done(request_id: int) -> Row | None:
    """The request that the viewer came from, where they may still take back what they decided about it."""
    done = request_case.find(db.session(), request_id) if request_id else None
    return done if done and requests.can_be_undone(done, member(), now()) else None


def _find(request_id: int) -> Row:
    return request_case.find(db.session(), request_id) or abort(404)


def _version() -> int:
    return number(request.form.get("version", ""), digits=8)
