"""What one wants to hear of and how often, one stop for all e-mail, and the letters one was sent."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, current_app, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.mail import check_codes, digests, mailbox, preferences
from app.domain.mail.preferences import KINDS, NEVER, NO, YES
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.answers import by_htmx, on_to
from app.web.audience import member, members_only, myself
from app.web.membership.settings import zones_by_region
from app.web.paging import page_number

bp = Blueprint("notification_settings", __name__)

PAGE = "/settings/notifications"
Options = list[tuple[str, list[tuple[str, str]]]]
WAS = "_was"  # beside each field: what it held when the page was made


@bp.get("/settings/notifications")
@members_only
def show() -> str:
    """Every choice about notices and letters."""
    return _page(member())


@bp.post("/settings/notifications")
@members_only
def change() -> tuple[str, int] | Response:
    """Choose anew.

    What was left as it was shown stays as it is now: a page that was open all day undoes no stop made meanwhile.
    """
    shown = preferences.settings(db.session(), member())
    typed = {name: request.form[name] for name in shown if name in request.form}
    wanted = {name: value for name, value in typed.items() if value != request.form.get(f"{name}{WAS}")}
    try:
        changed = _change(wanted)
    except Invalid as no:
        return _page(member(), wanted, no.fields), 422
    return on_to(PAGE, _saved(wanted, changed))


@bp.post("/settings/notifications/<name>")
@members_only
def change_one(name: str) -> tuple[str, int] | str | Response:
    """Choose one thing anew, as soon as it was picked."""
    now = preferences.settings(db.session(), member()).get(name) or abort(404)
    wanted = {name: request.form.get(name, "")}
    try:
        changed = _change(wanted)
    except Invalid as no:
        if not by_htmx():
            return _page(member(), wanted, no.fields), 422
        return render_template("settings/_saved.html", name=name, was=now, said="", problem=no.fields[name]), 422
    if not by_htmx():
        return on_to(f"{PAGE}#{name}", _saved(wanted, changed))
    said = _saved(wanted, [name])
    return render_template("settings/_saved.html", name=name, was=wanted[name], said=said, problem="")


@bp.post("/settings/notifications/stop")
@members_only
def stop() -> Response:
    """Stop all e-mail, and the notices on the site too where that was ticked."""
    with transaction() as writing:
        me = myself(writing)
        preferences.stop_all(writing, me)
        if request.form.get("and_quiet"):
            preferences.change(writing, me, {"quiet": YES})
    return on_to(f"{PAGE}#all", _("All e-mail is stopped. Only what keeps your account safe still comes."))


@bp.post("/settings/notifications/resume")
@members_only
def resume() -> Response:
    """Let e-mail come again."""
    with transaction() as writing:
        preferences.resume(writing, myself(writing))
    return on_to(f"{PAGE}#all", _("E-mail comes again, as you chose it."))


@bp.get("/settings/mails")
@members_only
def mails() -> str:
    """The letters one was sent lately, as a proof that they were ours."""
    page = page_number()
    letters, more = mailbox.of(db.session(), member(), page)
    if page > 1 and not letters:
        abort(404)
    secret_key = current_app.config["SETTINGS"].secret_key
    codes = {it.id: check_codes.code(secret_key, it) for it in letters if it.handovers}
    return render_template("settings/mails.html", letters=letters, more=more, page=page, codes=codes, mailbox=mailbox)


def _change(wanted: Mapping[str, str]) -> list[str]:
    with transaction() as writing:
        me = myself(writing)
        changed = preferences.change(writing, me, wanted)
        if changed:
            digests.look_again(writing, me)
    return changed


def _page(me: Member, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> str:
    return render_template(
        "settings/notifications.html",
        me=me,
        chosen=preferences.settings(db.session(), me),
        typed=typed or {},
        problems=problems or {},
        options=_options(me),
        kinds=KINDS,
        safety=mailbox.SAFETY,
        blocked=blocks.of(db.session(), me),
    )


def _options(me: Member) -> dict[str, Options]:
    """What each setting offers, in groups with a heading or without."""
    often = [("", [(key, _(text)) for key, text in preferences.FREQUENCIES.items()])]
    return dict.fromkeys(KINDS, often) | {
        "digest_hour": [("", [(hour, f"{int(hour):02}:00") for hour in preferences.HOURS])],
        "digest_day": [("", [(str(number), _(day)) for number, day in enumerate(preferences.WEEKDAYS)])],
        "zone": [(region, [(it, it.replace("_", " ")) for it in those]) for region, those in zones_by_region(me.zone)],
        "quiet": [("", [(NO, _("Off: show me notices")), (YES, _("On: show me nothing"))])],
    }


def _saved(wanted: Mapping[str, str], changed: list[str]) -> str:
    """What is different now, in a sentence."""
    if len(changed) != 1:
        return _("Saved.")
    [name] = changed
    if name == "quiet":
        return _("Saved. No notices on the site any more.") if wanted[name] == YES else _("Saved. Notices show again.")
    if name not in KINDS:
        return _("Saved.")
    about, how_often = _(KINDS[name].about), wanted[name]
    if how_often == NEVER:
        return _("Saved. We will not e-mail you about %(about)s any more.", about=about)
    if member().mail_stopped_at:
        return _("Saved. It holds as soon as you let e-mail come again.")
    if how_often == "daily":
        return _("Saved. Your daily summary will tell you about %(about)s.", about=about)
    if how_often == "weekly":
        return _("Saved. Your weekly summary will tell you about %(about)s.", about=about)
    return _("Saved. We will e-mail you about %(about)s at once.", about=about)
