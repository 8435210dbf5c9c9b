"""The second factor: setting it up with an app, its recovery codes, and the code that log-ins then ask for."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

import segno
from flask import Blueprint, Flask, current_app, redirect, render_template, request, session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain import limits
from app.domain.limits import Limit
from app.domain.mail import deliveries
from app.domain.membership import second_factors, sessions
from app.domain.membership.second_factors import Vault
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.words import _, ngettext
from app.web.answers import again, by_htmx, on_to
from app.web.audience import everybody, member, members_only, myself, viewer
from app.web.membership import reauthentication
from app.web.membership.sessions import SECRET, begin
from app.web.paths import own_path
from app.web.site import last_known_name

bp = Blueprint("second_factor", __name__)

PAGE = "/settings/second-factor"
CODES = "recovery_codes"  # the place in the cookie, where they lie sealed until they are shown
FAILURES = Limit(10, timedelta(minutes=15))
OPEN_TO_ALL_STAFF = ("/settings", "/login", "/logout", "/static/", "/appearance", "/pictures/")


def install(app: Flask) -> None:
    """In production staff set up their second factor before they see anything else."""
    app.register_blueprint(bp)
    if app.config["SETTINGS"].production:
        app.before_request(lead_staff_to_it)


def lead_staff_to_it() -> Response | None:
    """The way to the page where it is set up, for staff who have not done so."""
    if request.path.startswith(OPEN_TO_ALL_STAFF):
        return None
    looking = viewer()
    if looking is None or not looking.is_staff or second_factors.find(db.session(), looking):
        return None
    return Response("", 204, {"HX-Redirect": PAGE}) if by_htmx() else redirect(PAGE, 303)


@bp.get("/settings/second-factor")
@members_only
def show() -> str:
    """Set it up, or look after it."""
    return render_template("settings/second_factor.html", problems={}, form="", **_page())


@bp.post("/settings/second-factor")
@members_only
def turn_on() -> tuple[str, int] | Response:
    """Turn it on, once a code shows that the app works."""
    sealed = request.form.get("sealed", "")[:300]
    try:
        reauthentication.confirm("password")
        with transaction() as writing:
            me = myself(writing)
            codes = second_factors.turn_on(writing, me, sealed, request.form.get("code", "")[:40], vault())
            sessions.end_all(writing, me)  # they were begun without it
            begin(writing, me, code_given=True)
            deliveries.owe(writing, "second_factor_on", me)
    except Invalid as no:
        return again("settings/second_factor.html", no, form="on", **_page(sealed))
    session[CODES] = vault().seal(me, " ".join(codes))
    return on_to(f"{PAGE}/codes", _("Your second factor is on."))


@bp.get("/settings/second-factor/codes")
@members_only
def show_codes() -> str:
    """The recovery codes, once."""
    sealed = session.pop(CODES, None)
    codes = vault().open(member(), sealed) if isinstance(sealed, str) else None
    return render_template("settings/recovery_codes.html", codes=codes.split() if codes else [])


@bp.post("/settings/second-factor/codes")
@members_only
def renew_codes() -> tuple[str, int] | Response:
    """Make new recovery codes in place of the old ones."""
    try:
        reauthentication.confirm("codes_password")
    except Invalid as no:
        return again("settings/second_factor.html", no, form="codes", **_page())
    with transaction() as writing:
        me = myself(writing)
        if not second_factors.find(writing, me):
            raise Refused(_("Set up your second factor first."))
        codes = second_factors.renew_recovery_codes(writing, me)
    session[CODES] = vault().seal(me, " ".join(codes))
    return on_to(f"{PAGE}/codes")


@bp.post("/settings/second-factor/removal")
@members_only
def turn_off() -> tuple[str, int] | Response:
    """Log in with the password alone again."""
    if member().is_staff and current_app.config["SETTINGS"].production:
        raise Refused(_("Staff need their second factor. To move to another phone, use a recovery code."))
    try:
        reauthentication.confirm("removal_password")
    except Invalid as no:
        return again("settings/second_factor.html", no, form="off", **_page())
    with transaction() as writing:
        me = myself(writing)
        if second_factors.turn_off(writing, me):
            deliveries.owe(writing, "second_factor_off", me)
    return on_to(f"{PAGE}", _("Your second factor is off. Your password alone signs you in."))


@bp.get("/login/code")
@everybody
def ask_code() -> str | Response:
    """Ask for the code, after the password was right."""
    target = own_path(request.args.get("next"))
    if viewer():
        return redirect(target, 303)
    return _code_form(target) if _waiting() else _from_the_start(target)


@bp.post("/login/code")
@everybody
def log_in() -> tuple[str, int] | Response:
    """Finish the log-in with the code."""
    target, waiting = own_path(request.form.get("next")), _waiting()
    if waiting is None:
        return _from_the_start(target), 409
    key = limits.key("log-in-code", str(waiting.id))
    if limits.wait(db.session(), key, FAILURES):
        return _code_form(target, _("That was wrong too often. Try again in a quarter of an hour.")), 429
    with transaction() as writing:
        me = writing.get_one(Member, waiting.id)
        fits = second_factors.accept(writing, me, request.form.get("code", "")[:40], vault())
        if fits:
            sessions.end(writing, session[SECRET])
            begin(writing, me, code_given=True)
            limits.forgive(writing, key)
        else:
            limits.spend(writing, key, FAILURES)
    if not fits:
        return _code_form(target, _("This code does not fit, or was used already. Wait for the next one.")), 422
    return on_to(target, _codes_left(me) if "-" in request.form["code"] else "")


def vault() -> Vault:
    """What opens the members' secrets, of this site's key."""
    return _vault(current_app.config["SETTINGS"].secret_key)


@lru_cache(4)  # drawing the key takes a moment; tests have several sites
def _vault(secret_key: str) -> Vault:
    return Vault(secret_key)


def _waiting() -> Member | None:
    secret = session.get(SECRET)
    return sessions.awaiting_code(db.session(), secret) if isinstance(secret, str) else None


def _code_form(target: str, problem: str = "") -> str:
    return render_template("sessions/code.html", target=target, problem=problem)


def _from_the_start(target: str) -> str:
    """The first form again, where no password was given, or too long ago."""
    problem = _("Nothing waits for a code here, or not any more. Sign in once more.")
    return render_template("sessions/login.html", target=target, name="", problem=problem)


def _codes_left(me: Member) -> str:
    left = second_factors.recovery_codes_left(db.session(), me)
    return ngettext("You have one recovery code left.", "You have %(num)s recovery codes left.", left)


def _page(sealed: str = "") -> dict[str, object]:
    """What the page shows: the factor that is on, or a square to scan; the same one again after a mistake."""
    me, reading = member(), db.session()
    factor = second_factors.find(reading, me)
    if factor:
        return {"factor": factor, "left": second_factors.recovery_codes_left(reading, me), "must": _must(me)}
    secret = (vault().open(me, sealed) if sealed else None) or second_factors.new_secret()
    address = second_factors.address(secret, me, last_known_name())
    square = segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    return {"factor": None, "secret": secret, "sealed": vault().seal(me, secret), "square": square, "must": _must(me)}


def _must(me: Member) -> bool:
    return me.is_staff and bool(current_app.config["SETTINGS"].production)
