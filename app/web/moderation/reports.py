"""The moderators' queue of reported conversations. Reading one is a deed of its own, kept in the log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.base import now
from app.domain.moderation import flag_queue, reports, suspensions
from app.domain.moderation.reports import Report
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import member, myself, staff_only
from app.web.paging import choice, page_number

bp = Blueprint("reports", __name__, url_prefix="/moderation")

TYPED = {"reason": "", "answer": "", "days": "7"}


@bp.get("/reports")
@staff_only
def queue() -> str:
    """Reported conversations, the one that waits longest first."""
    state, page = choice("state", reports.STATES), page_number()
    listed, more = reports.page(db.session(), state, page)
    if page > 1 and not listed:
        abort(404)
    return render_template(
        "reports/index.html", listed=listed, more=more, page=page, state=state, waiting=reports.waiting(db.session())
    )


@bp.get("/reports/<int:report_id>")
@staff_only
def show(report_id: int) -> str:
    """One report; the conversation only to who has opened it."""
    return render_template("reports/show.html", problems={}, typed=TYPED, **_around(report_id))


@bp.post("/reports/<int:report_id>/opening")
@staff_only
def open_to_read(report_id: int) -> Response:
    """Read a reported conversation, and have that written down."""
    _find(report_id)
    with transaction() as writing:
        reports.open_to_read(writing, writing.get_one(Report, report_id), myself(writing))
    return on_to(f"/moderation/reports/{report_id}", _("Open to you for half an hour. The log says so."))


@bp.post("/reports/<int:report_id>/decision")
@staff_only
def decide(report_id: int) -> Response | tuple[str, int]:
    """Warn or suspend whom it is about, or find nothing wrong."""
    _find(report_id)
    given = request.form
    typed = {name: given.get(name, "") for name in TYPED}
    days = int(typed["days"]) if typed["days"] in map(str, suspensions.DAYS) else 0
    try:
        with transaction() as writing:
            reports.decide(
                writing, writing.get_one(Report, report_id), myself(writing), given.get("decision", ""),
                reason=typed["reason"], answer=typed["answer"], days=days,
            )  # fmt: skip
    except Invalid as no:
        return again("reports/show.html", no, typed=typed, **_around(report_id))
    return on_to("/moderation/reports", _("Decided. Whoever reported it reads your answer in their conversation."))


def _find(report_id: int) -> Report:
    return db.session.get(Report, report_id) or abort(404)


def _around(report_id: int) -> dict[str, Any]:
    """What the page shows of a report."""
    it, moment = _find(report_id), now()
    keys = (it.by_id, it.about_id, it.opened_by_id, it.decided_by_id)
    people = {key: db.session.get(Member, key) for key in keys if key}
    before = request.args.get("before", "")[:18]
    part = reports.part(db.session(), it, member(), before=int(before) if before.isdecimal() else None, at=moment)
    return {
        "report": it, "people": people, "part": part, "is_opened": it.is_opened(moment), "days": suspensions.DAYS,
        "own": member().id in (it.by_id, it.about_id), "record": flag_queue.record_of(db.session(), it.about_id),
    }  # fmt: skip
