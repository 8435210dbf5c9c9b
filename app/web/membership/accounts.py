"""Accounts: joining, confirming an address, changing it, and going back to the old one."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, Flask, redirect, render_template, request, session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.limits import Limit
from app.domain.membership import accounts, addresses, easy_passwords, links
from app.domain.membership.links import Purpose
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.words import _
from app.web import brakes
from app.web.answers import again, on_to
from app.web.audience import everybody, member, members_only, myself, viewer
from app.web.brakes import Brake
from app.web.membership import reauthentication
from app.web.membership.sessions import begin
from app.web.membership.settings import account_again
from app.web.paths import own_path

bp = Blueprint("accounts", __name__)

JOINING = Brake("join", production=Limit(20, timedelta(hours=1)), development=Limit(240, timedelta(minutes=1)))
NEWCOMER = "newcomer"  # the place in the cookie of who joined here: name, address, and where they wanted to go
SETTINGS = "/settings/account"


def install(app: Flask) -> None:
    """Let the names of the site be no passwords, and pages say where letters go while nobody sends them."""
    settings = app.config["SETTINGS"]
    easy_passwords.add_site_words(settings.site_name, settings.site_host)
    folder = settings.mail_url.removeprefix("file:") if settings.mail_url.startswith("file:") else ""
    app.jinja_env.globals["mail_folder"] = "" if settings.production else folder
    app.register_blueprint(bp)


@bp.get("/register")
@everybody
def join() -> str | Response:
    """The form to join with."""
    target = own_path(request.args.get("next"))
    if viewer():
        return redirect(target, 303)
    return render_template("accounts/register.html", target=target, username="", email="", problems={})


@bp.post("/register")
@everybody
def register() -> tuple[str, int] | Response:
    """Make an account. Whether the address is known to us is told in the letter and nowhere else."""
    target = own_path(request.form.get("next"))
    username, email = (request.form.get(field, "")[:254].strip() for field in ("username", "email"))
    if request.form.get("callsign"):  # nobody sees this field: what fills it in is no person
        return _on_to_mail(username, email, target)
    brakes.spend(JOINING)
    try:
        newcomer = accounts.newcomer(db.session(), username, email, request.form.get("password", ""))
        with transaction() as writing:
            accounts.register(writing, newcomer, onward=target)
    except Invalid as no:
        return again("accounts/register.html", no, target=target, username=username, email=email)
    return _on_to_mail(username, email, target)


@bp.get("/register/sent")
@everybody
def sent() -> str | Response:
    """Look in your mail."""
    newcomer = session.get(NEWCOMER)
    if not newcomer:
        return redirect("/register", 303)
    return render_template("accounts/sent.html", username=newcomer[0], email=newcomer[1])


@bp.get("/verify")
@members_only
def waiting() -> str | Response:
    """Which address waits to be confirmed, and how to get another letter."""
    if member().unconfirmed_email is None:
        return redirect(SETTINGS, 303)
    return render_template("accounts/waiting.html", me=member())


@bp.post("/verify")
@members_only
def ask_again() -> Response:
    """Send the letter again."""
    with transaction() as writing:
        email = addresses.ask_again(writing, myself(writing))
    return on_to("/verify", _("A letter is on its way to %(email)s.", email=email))


@bp.get("/verify/<secret>")
@everybody
def verify(secret: str) -> str | tuple[str, int]:
    """Ask whether the address is theirs; only sending the form says so."""
    found = links.find(db.session(), secret, Purpose.ADDRESS)
    if found is None:
        return _gone(links.gone(), 404)
    owner, link = found
    target = own_path(request.args.get("next"))
    return render_template("accounts/verify.html", secret=secret, owner=owner, email=link.email, target=target)


@bp.post("/verify/<secret>")
@everybody
def confirm(secret: str) -> tuple[str, int] | Response:
    """Confirm the address, and greet its member."""
    target = own_path(request.form.get("next"))
    newcomer = session.get(NEWCOMER)
    try:
        with transaction() as writing:
            owner = addresses.confirm(writing, secret)
            joined_here = newcomer is not None and newcomer[0].lower() == owner.username_key and viewer() is None
            code_needed = joined_here and begin(writing, owner)
    except Conflict as no:
        return _gone(str(no), 409)
    if code_needed:
        target = f"/login/code?next={quote(target, safe='/')}"
    return _welcome(owner, target, known=joined_here)


@bp.post("/settings/email")
@members_only
def change_email() -> tuple[str, int] | Response:
    """Ask for another address."""
    email = request.form.get("email", "")[:254].strip()
    try:
        reauthentication.confirm("email_password")
        with transaction() as writing:
            addresses.claim(writing, myself(writing), email)
    except Invalid as no:
        return account_again("email", no, email=email)
    return on_to(
        SETTINGS, _("A letter is on its way to %(email)s. The address is yours once you confirm it.", email=email)
    )


@bp.post("/settings/email/withdrawal")
@members_only
def keep_email() -> Response:
    """Stay with the old address."""
    with transaction() as writing:
        kept = addresses.give_up(writing, myself(writing))
    return on_to(SETTINGS, _("Your address stays as it is.") if kept else "")


@bp.get("/undo-address/<secret>")
@everybody
def ask_undo(secret: str) -> str | tuple[str, int]:
    """Ask whether the account shall go back to its old address."""
    found = links.find(db.session(), secret, Purpose.UNDO)
    if found is None:
        return _gone(_("It was used already, or is older than three days. Write to those who run the site."), 404)
    owner, link = found
    return render_template("accounts/undo.html", secret=secret, owner=owner, email=link.email)


@bp.post("/undo-address/<secret>")
@everybody
def undo(secret: str) -> tuple[str, int] | Response:
    """Give the account back to its old address, and lead to a new password."""
    try:
        with transaction() as writing:
            _owner, password_secret = addresses.undo(writing, secret)
    except Conflict as no:
        return _gone(str(no), 409)
    session.clear()
    return on_to(f"/password-reset/{password_secret}", _("The old address is back, and everybody is signed out."))


def _on_to_mail(username: str, email: str, target: str) -> Response:
    session[NEWCOMER] = [username[:30], email]
    return on_to("/register/sent")


def _welcome(owner: Member, target: str, *, known: bool) -> Response:
    looking = viewer()
    if known or (looking is not None and looking.id == owner.id):
        return on_to(target, _("Your address is confirmed. Welcome on board, %(name)s.", name=owner.name))
    said = _("The address is confirmed. Sign in as %(username)s to go on.", username=owner.username)
    return on_to(f"/login?next={quote(target, safe='/')}", said)


def _gone(text: str, code: int) -> tuple[str, int]:
    return render_template("accounts/link_gone.html", text=text, ask="/verify" if viewer() else "/login"), code
