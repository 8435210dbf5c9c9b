"""Passwords: asking for a link, choosing one by it, changing it in the settings."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request, session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.limits import Limit
from app.domain.membership import links, passwords
from app.domain.membership.links import Purpose
from app.domain.problems import Conflict, Invalid
from app.domain.words import _
from app.web import brakes
from app.web.answers import again, on_to
from app.web.audience import everybody, member, members_only, myself
from app.web.brakes import Brake
from app.web.membership import reauthentication
from app.web.membership.sessions import begin
from app.web.membership.settings import account_again

bp = Blueprint("passwords", __name__)

ASKING = Brake(
    "ask-for-password", production=Limit(30, timedelta(hours=1)), development=Limit(240, timedelta(minutes=1))
)


@bp.get("/password-reset")
@everybody
def ask() -> str:
    """The form to ask for a link with."""
    return render_template("accounts/ask_for_password.html", username="", problems={})


@bp.post("/password-reset")
@everybody
def send_link() -> tuple[str, int] | Response:
    """Owe a letter to whoever that is; the answer is the same for everybody and nobody."""
    username = request.form.get("username", "")[:254].strip()
    if not username:
        problem = {"username": _("Type your username or your e-mail address.")}
        return again("accounts/ask_for_password.html", problem, username=username)
    brakes.spend(ASKING)
    with transaction() as writing:
        passwords.ask_for_link(writing, username)
    return on_to("/password-reset/sent")


@bp.get("/password-reset/sent")
@everybody
def sent() -> str:
    """Look in your mail."""
    return render_template("accounts/password_sent.html")


@bp.get("/password-reset/<secret>")
@everybody
def choose(secret: str) -> str | tuple[str, int]:
    """Ask for a new password; only sending it uses the link up."""
    found = links.find(db.session(), secret, Purpose.PASSWORD)
    if found is None:
        return render_template("accounts/link_gone.html", text=links.gone(), ask="/password-reset"), 404
    return render_template("accounts/choose_password.html", secret=secret, member=found[0], problems={})


@bp.post("/password-reset/<secret>")
@everybody
def set_password(secret: str) -> tuple[str, int] | Response:
    """Set the password of the link's member, who then logs in with it."""
    try:
        password = passwords.chosen(db.session(), secret, request.form.get("password", ""))
        with transaction() as writing:
            passwords.choose(writing, secret, password)
    except Conflict as no:
        return render_template("accounts/link_gone.html", text=str(no), ask="/password-reset"), 409
    except Invalid as no:
        found = links.find(db.session(), secret, Purpose.PASSWORD)
        if found is None:
            return render_template("accounts/link_gone.html", text=links.gone(), ask="/password-reset"), 409
        return again("accounts/choose_password.html", no, secret=secret, member=found[0])
    session.clear()
    return on_to("/login", _("Your password is set. Sign in with it."))


@bp.post("/settings/password")
@members_only
def change() -> tuple[str, int] | Response:
    """Change one's password; everybody else who is signed in with the old one no longer is."""
    try:
        reauthentication.confirm("password_password")
        password = passwords.another(member(), request.form.get("new_password", ""))
        with transaction() as writing:
            me = myself(writing)
            passwords.change(writing, me, password)
            begin(writing, me, code_given=True)  # their last log-in gave it
    except Invalid as no:
        problems = {"new_password" if field == "password" else field: text for field, text in no.fields.items()}
        return account_again("password", Invalid(**problems))
    return on_to("/settings/account", _("Your password is changed. On all other devices you are signed out."))
