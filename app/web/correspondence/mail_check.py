"""Is this e-mail legitimate? Who we are as a sender, and whether a code is of a letter that we sent."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, render_template

from app.db import db
from app.domain.limits import Limit
from app.domain.mail import check_codes, mailbox
from app.web import brakes
from app.web.audience import everybody
from app.web.brakes import Brake
from app.web.paging import line

bp = Blueprint("mail_check", __name__)

CHECKING = Brake(
    "mail-check", production=Limit(30, timedelta(minutes=10)), development=Limit(120, timedelta(minutes=1))
)
CODE_MOST = 200  # a Message-ID can be long


@bp.get("/mail-check")
@everybody
def show() -> str:
    """The sender, and what is known about the code that was asked for."""
    settings, typed = current_app.config["SETTINGS"], line("code", CODE_MOST)
    if typed:
        brakes.spend(CHECKING)
    letter = check_codes.find(db.session(), settings.secret_keys, typed) if typed else None
    return render_template(
        "mail_check/show.html",
        typed=typed,
        about=mailbox.subject(letter.kind) if letter else "",
        when=(letter.sent_at or letter.created_at) if letter else None,
        mail_from=settings.mail_from,
        site_url=settings.site_url,
    )
