"""One's own settings: what others see, and the page about the account, to which each part adds its forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.leaving import exports
from app.domain.mail import digests
from app.domain.membership import second_factors, sessions
from app.domain.people import introductions
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.answers import on_to
from app.web.audience import member, members_only, myself

bp = Blueprint("settings", __name__)

PROFILE = "/settings/profile"
SAID = ("name", "title", "location", "website", "links", "about", "zone")


@bp.get("/settings")
@members_only
def index() -> Response:
    """The first page of the settings."""
    return redirect(PROFILE, 303)


@bp.get("/settings/profile")
@members_only
def profile() -> str:
    """What others see of oneself."""
    return _profile_page(member())


@bp.post("/settings/profile")
@members_only
def change_profile() -> tuple[str, int] | Response:
    """Say something else of oneself."""
    typed = {name: request.form.get(name, "") for name in SAID}
    try:
        with transaction() as writing:
            me = myself(writing)
            introductions.change(writing, me, **typed)
            digests.look_again(writing, me)  # their zone may be another
    except Invalid as no:
        return _profile_page(member(), typed, no.fields), 422
    return on_to(PROFILE, _("Saved. Your profile shows it now."))


@bp.post("/settings/profile/photo")
@members_only
def show_photo() -> tuple[str, int] | Response:
    """Show a photo of oneself."""
    file = request.files.get("photo")
    try:
        small, large = introductions.draw_photo(file.read() if file else b"")
    except Invalid as no:
        return _profile_page(member(), problems=no.fields), 422
    with transaction() as writing:
        introductions.show_photo(writing, myself(writing), small, large)
    return on_to(PROFILE, _("That is you now. It shows wherever your name does."))


@bp.post("/settings/profile/photo/removal")
@members_only
def hide_photo() -> Response:
    """Show the initials again."""
    with transaction() as writing:
        introductions.hide_photo(writing, myself(writing))
    return on_to(PROFILE, _("The photo is gone."))


@bp.get("/settings/account")
@members_only
def account() -> str:
    """How one signs in, where one is signed in, one's data, and leaving."""
    return account_page()


def account_page(form: str = "", problems: Mapping[str, str] | None = None, **typed: str) -> str:
    """The page about the account; one of its forms may show its problems and what was typed."""
    me, reading = member(), db.session()
    return render_template(
        "settings/account.html",
        me=me,
        form=form,
        problems=problems or {},
        typed=typed,
        factor=second_factors.find(reading, me),
        codes_left=second_factors.recovery_codes_left(reading, me),
        devices=sessions.devices(reading, me),
        here=g.log_in[1].handle,
        device_in_words=sessions.device_in_words,
        export=exports.latest(reading, me),
    )


def account_again(form: str, problem: Invalid, **typed: str) -> tuple[str, int]:
    """The page about the account with one form as it was typed."""
    return account_page(form, problem.fields, **typed), 422


def _profile_page(me: Member, typed: Mapping[str, str] | None = None, problems: Mapping[str, str] | None = None) -> str:
    said = typed or {name: getattr(me, name) for name in SAID}
    return render_template(
        "settings/profile.html", me=me, typed=said, problems=problems or {}, zones=zones_by_region(me.zone)
    )


@cache
def zones_by_region(own: str) -> Sequence[tuple[str, Sequence[str]]]:
    """The time zones to choose from, and the member's own where an import brought another."""
    known = introductions.zones()
    by_region = groupby(
        known if own in known else (own, *known), key=lambda zone: zone.rpartition("/")[0].split("/")[0]
    )
    return [(region, tuple(those)) for region, those in by_region]
