"""The moderators' queue of flagged posts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.base import now
from app.domain.moderation import flag_queue, flags, suspensions
from app.domain.moderation.flags import FlagCase
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.answers import again, by_htmx, on_to
from app.web.audience import member, myself, staff_only
from app.web.paging import choice, page_number

bp = Blueprint("moderation", __name__, url_prefix="/moderation")

ANY = "any"
TYPED: dict[str, Any] = {"reason": "", "answer": "", "hide": True, "days": "7"}


@bp.get("/flags")
@staff_only
def queue() -> str:
    """Flagged posts, the one that waits longest first; on a wide screen with the first of them beside."""
    around = _around()
    if around["page"] > 1 and not around["cases"]:
        abort(404)
    first = db.session.get(FlagCase, around["cases"][0].id) if around["cases"] else None
    return render_template("moderation/flags.html", opened=False, **around, **_case(first))


@bp.get("/flags/<int:case_id>")
@staff_only
def show(case_id: int) -> str:
    """One flagged post, with what one needs to know to decide."""
    return render_template("moderation/flags.html", opened=True, **_around(_find(case_id)), **_case(_find(case_id)))


@bp.post("/flags/<int:case_id>/claim")
@staff_only
def claim(case_id: int) -> Response:
    """Say that one looks at it, or leave it to others."""
    _find(case_id)
    leave = request.form.get("leave") == "1"
    with transaction() as writing:
        case = writing.get_one(FlagCase, case_id)
        (flags.release if leave else flags.claim)(writing, case, myself(writing))
    said = _("Left to the others.") if leave else _("It is yours for half an hour.")
    return on_to(f"/moderation/flags/{case_id}", said)


@bp.post("/flags/<int:case_id>/decision")
@staff_only
def decide(case_id: int) -> Response | tuple[str, int]:
    """Hide the post, warn or suspend its author, or find nothing wrong."""
    _find(case_id)
    given = request.form
    typed: dict[str, Any] = {"reason": given.get("reason", ""), "answer": given.get("answer", ""),
             "hide": given.get("hide") == "1", "days": given.get("days", "")}  # fmt: skip
    days = int(typed["days"]) if typed["days"] in map(str, suspensions.DAYS) else 0
    decision = given.get("decision", "")
    try:
        with transaction() as writing:
            flags.decide(
                writing, writing.get_one(FlagCase, case_id), myself(writing), decision, reason=typed["reason"],
                answer=typed["answer"], hide=typed["hide"], days=days,
            )  # fmt: skip
    except Invalid as no:
        return _again(case_id, no, typed)
    said = {
        "hide": _("Hidden. Its author and those who flagged it can read why."),
        "warn": _("The author sees your words on their next page."),
        "suspend": _("Suspended, and signed out everywhere."),
        "dismiss": _("Dismissed. The post stays as it is."),
    }[decision]
    return on_to("/moderation/flags", said)


@bp.post("/flags/<int:case_id>/restoration")
@staff_only
def restore(case_id: int) -> Response | tuple[str, int]:
    """Bring the post back."""
    _find(case_id)
    reason = request.form.get("reason", "")
    try:
        with transaction() as writing:
            flags.restore(writing, writing.get_one(FlagCase, case_id), myself(writing), reason)
    except Invalid as no:
        return _again(case_id, no, {**TYPED, "reason": reason})
    return on_to(f"/moderation/flags/{case_id}", _("The post is back, with all it counted for."))


def _find(case_id: int) -> FlagCase:
    return db.session.get(FlagCase, case_id) or abort(404)


def _again(case_id: int, no: Invalid, typed: dict[str, Any]) -> tuple[str, int]:
    case = _find(case_id)
    about = {**_case(case), "typed": typed}
    about.pop("problems")
    if by_htmx():
        return again("moderation/_case.html", no, **about)
    return again("moderation/flags.html", no, opened=True, **_around(case), **about)


def _around(opened: FlagCase | None = None) -> dict[str, Any]:
    """The list beside a case. It follows the case that was opened where the address does not say otherwise."""
    states = flag_queue.STATES if opened is None or opened.decided_at is None else flag_queue.STATES[::-1]
    state, about = choice("state", states), choice("about", (ANY, *flags.REASONS))
    whose, page = choice("whose", (ANY, "mine")), page_number()
    mine = member() if whose == "mine" else None
    cases, more = flag_queue.page(db.session(), state, reason="" if about == ANY else about, mine=mine, number=page)
    return {"cases": cases, "more": more, "page": page, "state": state, "counts": flag_queue.counts(db.session()),
            "filters": {"about": about, "whose": whose}, "claims_since": now() - flags.CLAIM_LASTS}  # fmt: skip


def _case(case: FlagCase | None) -> dict[str, Any]:
    """What the page shows of a case; of one about the viewer's own post it does not tell who flagged it."""
    if case is None:
        return {"case": None, "problems": {}, "typed": TYPED}
    post = flag_queue.post_of(db.session(), case.post_id)
    own = post.wrote == member().id
    people = {it: db.session.get(Member, it) for it in (case.claimed_by_id, case.decided_by_id) if it}
    return {
        "case": case, "post": post, "own": own, "people": people, "problems": {}, "typed": TYPED,
        "is_claimed": case.is_claimed(now()), "given": [] if own else flags.reasons_given(db.session(), case.id),
        "record": flag_queue.record_of(db.session(), post.wrote) if post.wrote else None, "days": suspensions.DAYS,
    }  # fmt: skip
