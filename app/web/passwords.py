"""Choosing a password: by a link from a letter or from the command line."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain import password_links
from app.domain.problems import Conflict, Invalid
from app.web.audience import everybody

bp = Blueprint("passwords", __name__)


@bp.get("/password-reset/<secret>")
@everybody
def choose_password(secret: str) -> str | tuple[str, int]:
    """Ask for a new password; only sending it uses the link up."""
    member = password_links.find(db.session(), secret)
    if member is None:
        return render_template("sessions/link_gone.html", text=password_links.GONE), 404
    return render_template("sessions/choose_password.html", secret=secret, member=member, problem="")


@bp.post("/password-reset/<secret>")
@everybody
def set_password(secret: str) -> tuple[str, int] | Response:
    """Set the password of the link's member, who then logs in with it."""
    try:
        with transaction() as writing:
            password_links.use(writing, secret, request.form.get("password", ""))
    except Conflict as no:
        return render_template("sessions/link_gone.html", text=str(no)), 409
    except Invalid as no:
        member = password_links.find(db.session(), secret) or abort(404)
        return render_template("sessions/choose_password.html", secret=secret, member=member, problem=str(no)), 422
    session.clear()
    return redirect("/login", 303)
