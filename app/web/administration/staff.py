"""Pages for everybody of the staff: what waits, members, the log."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.awarding import stumbles
from app.domain.base import now
from app.domain.mail import mail_queue
from app.domain.membership import accounts
from app.domain.moderation import directory, flag_queue, reports, roles, suspensions, warnings_given
from app.domain.moderation import feedback as feedback_inbox
from app.domain.people.members import Member, Role
from app.domain.problems import Invalid
from app.domain.record import audit_log
from app.domain.ways import events, request_queue
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import administrators_only, member, myself, staff_only
from app.web.membership import reauthentication
from app.web.paging import choice, page_number

bp = Blueprint("staff", __name__, url_prefix="/staff")

ANY = "any"
LAST_YEAR = 9000  # a day after the last one there is cannot be told


@bp.get("")
@staff_only
def overview() -> str:
    """What waits for the team."""
    return render_template(
        "staff/overview.html",
        requests=request_queue.counts(db.session()),
        flags=flag_queue.counts(db.session()),
        next_event=next((it for it in events.coming(db.session())[0] if it.called_off_at is None), None),
        feedback=feedback_inbox.waiting(db.session()),
        reports=reports.waiting(db.session()),
        mail=mail_queue.standing(db.session()) if member().role == Role.ADMINISTRATOR else None,
        aside=stumbles.standing(db.session())[1],
        latest=audit_log.find(db.session(), audit_log.Search())[0][:5],
        deeds=audit_log.DEEDS,
    )


@bp.get("/log")
@staff_only
def log() -> str:
    """Everything that staff did, searchable."""
    page, args = page_number(), request.args
    typed = {
        name: args.get(name, "").replace("\x00", "")[:100].strip()
        for name in ("who", "whom", "words", "since", "until")
    }
    what = choice("what", (ANY, *audit_log.DEEDS))
    until = _day(typed["until"])
    found, more = audit_log.find(
        db.session(),
        audit_log.Search(
            typed["who"], typed["whom"], "" if what == ANY else what, typed["words"],
            _day(typed["since"]), until + timedelta(days=1) if until else None,
        ),
        page,
    )  # fmt: skip
    if page > 1 and not found:
        abort(404)
    return render_template(
        "staff/log.html", found=found, more=more, page=page, typed=typed, what=what, deeds=audit_log.DEEDS
    )


@bp.get("/members")
@staff_only
def members() -> str:
    """Members, to be looked up."""
    page, shown = page_number(), choice("shown", directory.SHOWN)
    words = request.args.get("q", "").replace("\x00", "")[:100]
    found, more = directory.page(
        db.session(), words, shown, now(), by_email=member().role == Role.ADMINISTRATOR, number=page
    )
    if page > 1 and not found:
        abort(404)
    return render_template(
        "staff/members.html", found=found, more=more, page=page, shown=shown, words=words, moment=now()
    )


@bp.get("/members/<username>")
@staff_only
def show_member(username: str) -> str:
    """What moderators know of a member, and what they can do."""
    return render_template("staff/member.html", problems={}, **_about(_find(username)))


@bp.post("/members/<username>/suspension")
@staff_only
def suspend(username: str) -> Response | tuple[str, int]:
    """Suspend a member."""
    days = request.form.get("days", "")
    number = int(days) if days in [str(it) for it in suspensions.DAYS] else 0
    return _deed(
        username,
        lambda writing, whom, me: suspensions.suspend(writing, whom, me, number, request.form.get("reason", "")),
        _("Suspended, and signed out everywhere."),
    )


@bp.post("/members/<username>/suspension/end")
@staff_only
def lift(username: str) -> Response | tuple[str, int]:
    """End a suspension before its time."""
    return _deed(
        username,
        lambda writing, whom, me: suspensions.lift(writing, whom, me, request.form.get("reason", "")),
        _("They can sign in again."),
    )


@bp.post("/members/<username>/warning")
@staff_only
def warn(username: str) -> Response | tuple[str, int]:
    """Warn a member."""
    return _deed(
        username,
        lambda writing, whom, me: warnings_given.warn(writing, whom, me, request.form.get("reason", "")),
        _("They see your words on their next page."),
    )


@bp.post("/members/<username>/role")
@administrators_only
def change_role(username: str) -> Response | tuple[str, int]:
    """Give a member another role."""
    form = request.form
    try:
        reauthentication.confirm("role_password")
    except Invalid as no:
        return again("staff/member.html", no, **_about(_find(username)))
    return _deed(
        username,
        lambda writing, whom, me: roles.change(
            writing, whom, me, form.get("role", ""), form.get("reason", ""), typed=form.get("typed", "")
        ),
        _("Changed. They sign in anew, with the rights of their role."),
    )


def _deed(username: str, deed: Any, said: str) -> Response | tuple[str, int]:
    """Do something about a member; where a field needs another look, the page as it was typed."""
    whom = _find(username)
    try:
        with transaction() as writing:
            deed(writing, writing.get_one(Member, whom.id), myself(writing))
    except Invalid as no:
        return again("staff/member.html", no, **_about(whom))
    return on_to(f"/staff/members/{whom.username}", said)


def _find(username: str) -> Member:
    found = accounts.find(db.session(), username) if "@" not in username else None
    return found if found is not None and found.deleted_at is None else abort(404)


def _about(whom: Member) -> dict[str, Any]:
    form = request.form
    return {
        "person": whom, "record": flag_queue.record_of(db.session(), whom.id),
        "warnings": warnings_given.of(db.session(), whom.id), "suspensions": directory.suspensions_of(db.session(), whom.id),
        "log": audit_log.find(db.session(), audit_log.Search(whom=whom.username))[0][:20], "deeds": audit_log.DEEDS,
        "is_suspended": whom.suspended_until is not None and whom.suspended_until > now(),
        "days": suspensions.DAYS, "roles": [str(role) for role in Role], "sent_to": request.path.rpartition("/")[2],
        "typed": {name: form.get(name, "") for name in ("reason", "days", "role", "typed")},
    }  # fmt: skip


def _day(text: str) -> datetime | None:
    """The beginning of a day, as a date field sends it; anything else is a bad request."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        abort(400, "Write a day as 2026-11-22.")
    if day.year > LAST_YEAR:
        abort(400, "That is too far in the future.")
    return datetime.combine(day, time(), UTC)
