"""Day or night: a choice kept in a cookie of the device."""

from flask import Blueprint, abort, current_app, redirect, render_template, request
from werkzeug.wrappers import Response

from app.web.audience import everybody
from app.web.looks import THEMES

bp = Blueprint("appearance", __name__)

A_YEAR = 365 * 24 * 3600


@bp.get("/appearance")
@everybody
def show() -> str:
    """The choice."""
    return render_template("appearance/show.html")


@bp.post("/appearance")
@everybody
def choose() -> Response:
    """Keep the choice on this device."""
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        abort(400, "Choose one of the three.")
    answer = redirect("/appearance", 303)
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie("theme", theme, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
    return answer
