"""One's own settings: what others see, and the page about the account, to which each part adds its forms."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template
from werkzeug.wrappers import Response

from app.domain.problems import Invalid
from app.web.audience import member, members_only

bp = Blueprint("settings", __name__)


@bp.get("/settings")
@members_only
def index() -> Response:
    """The first page of the settings."""
    return redirect("/settings/profile", 303)


@bp.get("/settings/account")
@members_only
def account() -> str:
    """How one signs in, where one is signed in, one's data, and leaving."""
    return account_page()


def account_page(form: str = "", problems: dict[str, str] | None = None, **typed: str) -> str:
    """The page about the account; one of its forms may show its problems and what was typed."""
    return render_template("settings/account.html", me=member(), form=form, problems=problems or {}, typed=typed)


def account_again(form: str, problem: Invalid, **typed: str) -> tuple[str, int]:
    """The page about the account with one form as it was typed."""
    return account_page(form, problem.fields, **typed), 422
