"""Logging in and out.

The cookie holds a random secret, the database its hash: a log-in that ended is dead everywhere,
whoever copied its cookie. Flask-Login only carries the member to the views.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import quote

from flask import Blueprint, Flask, current_app, redirect, render_template, request, session
from flask_login import LoginManager
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain import limits
from app.domain.base import now
from app.domain.forum import visits
from app.domain.limits import Limit
from app.domain.membership import accounts, second_factors, sessions
from app.domain.moderation import suspensions
from app.domain.people.members import Member
from app.web.audience import SECRET, everybody, viewer, whoever_asks
from app.web.networks import network
from app.web.paths import own_path

bp = Blueprint("sessions", __name__)

DEVICE = "device"
WRONG = "This username or e-mail address and password do not belong together."
FAILURES = {
    # In production somebody guesses; in development somebody tries things out.
    True: {"account": Limit(10, timedelta(minutes=15)), "address": Limit(100, timedelta(hours=1))},
    False: {"account": Limit(60, timedelta(minutes=1)), "address": Limit(120, timedelta(minutes=1))},
}


def install(app: Flask) -> None:
    """Let views know who is looking."""
    manager = LoginManager()
    manager.session_protection = None  # the log-in itself is what is checked, at every request
    manager.init_app(app, add_context_processor=False)
    manager.request_loader(whoever_asks)
    app.config["PERMANENT_SESSION_LIFETIME"] = sessions.LONGEST
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.register_blueprint(bp)


@bp.get("/login")
@everybody
def show() -> str | Response:
    """The form to log in with."""
    target = own_path(request.args.get("next"))
    return redirect(target, 303) if viewer() else _form(target)


@bp.post("/login")
@everybody
def log_in() -> tuple[str, int] | Response:
    """Log in, and go on to where one wanted to be."""
    target, name = own_path(request.form.get("next")), request.form.get("username", "")[:254]
    member = accounts.find(db.session(), name)
    counters = _counters(name, member)
    pause = _pause(counters)
    if pause:
        return _form(target, name, f"Too many attempts. Try again in {_words(pause)}."), 429
    member = accounts.recognise(db.session(), name, request.form.get("password", ""))
    if member is None or member.deleted_at:
        _count_failure(counters)
        return _form(target, name, WRONG), 422
    if not sessions.may_log_in(member, now()):
        return _form(target, name, suspensions.farewell(db.session(), member)), 422

    code_needed = _begin(member, counters)
    return _known_device(redirect(f"/login/code?next={quote(target)}" if code_needed else target, 303), member)


@bp.post("/logout")
@everybody
def log_out() -> Response:
    """Log out here, at once."""
    secret = session.get(SECRET)
    if isinstance(secret, str):
        with transaction() as writing:
            sessions.end(writing, secret)
    session.clear()
    return redirect(own_path(request.form.get("next")), 303)


def begin(writing: Session, member: Member, *, code_given: bool = False) -> bool:
    """Let this browser be a member from now on, under a new secret; whoever knew the cookie from before knows nothing.

    Where the member has a second factor, the log-in waits for its code at /login/code; returns whether it does.
    """
    code_needed = not code_given and second_factors.find(writing, member) is not None
    secret = sessions.start(writing, member, device=request.user_agent.string, code_needed=code_needed)
    if not code_needed:
        visits.record(writing, member)
    session.clear()
    session.permanent = True
    session[SECRET] = secret
    return code_needed


def _form(target: str, name: str = "", problem: str = "") -> str:
    return render_template("sessions/login.html", target=target, name=name, problem=problem)


def _begin(member: Member, counters: dict[str, str]) -> bool:
    with transaction() as writing:
        member = writing.get_one(Member, member.id)
        limits.forgive(writing, counters["account"])
        return begin(writing, member)


def _counters(name: str, member: Member | None) -> dict[str, str]:
    """What failures are counted under. A device that logged in before is counted by itself, so strangers cannot lock anybody out."""
    device = _device_of(member)
    account = (
        limits.key("log-in", "device", device) if device else limits.key("log-in", "account", name.strip().lower())
    )
    if not device and member is not None:
        account = limits.key("log-in", "member", str(member.id))
    return {"account": account, "address": limits.key("log-in", "address", network())}


def _pause(counters: dict[str, str]) -> timedelta | None:
    at_most = FAILURES[current_app.config["SETTINGS"].production]
    waits = (limits.wait(db.session(), counters[what], at_most[what]) for what in counters)
    return max((wait for wait in waits if wait), default=None)


def _count_failure(counters: dict[str, str]) -> None:
    at_most = FAILURES[current_app.config["SETTINGS"].production]
    with transaction() as writing:
        for what, key in counters.items():
            limits.spend(writing, key, at_most[what])


def _words(wait: timedelta) -> str:
    minutes = -(-wait // timedelta(minutes=1))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="device")


def _device_cookie() -> str:
    return f"__Host-{DEVICE}" if current_app.config["SESSION_COOKIE_SECURE"] else DEVICE


def _device_of(member: Member | None) -> str | None:
    """The mark of this device if the member has logged in on it before."""
    try:
        owner, mark = _signer().loads(request.cookies.get(_device_cookie(), ""))
    except (BadSignature, TypeError, ValueError):
        return None
    return str(mark) if member is not None and owner == member.id else None


def _known_device(answer: Response, member: Member) -> Response:
    mark = _device_of(member) or secrets.token_urlsafe(12)
    answer.set_cookie(
        _device_cookie(), _signer().dumps([member.id, mark]), max_age=timedelta(days=365), httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"], samesite="Lax", path="/",
    )  # fmt: skip
    return answer
