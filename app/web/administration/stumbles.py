"""Deeds that could not be counted, for administrators: why, and another try."""

from flask import Blueprint, abort, render_template
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.awarding import stumbles
from app.domain.awarding.stumbles import Stumble
from app.domain.words import _, ngettext
from app.web.answers import on_to
from app.web.audience import administrators_only, myself

bp = Blueprint("stumbles", __name__, url_prefix="/staff/deeds")

PAGE = "/staff/deeds"


@bp.get("")
@administrators_only
def show() -> str:
    """What could not be counted so far."""
    stumbled, aside = stumbles.standing(db.session())
    return render_template("staff/deeds.html", stumbled=stumbled, aside=aside, found=stumbles.page(db.session()))


@bp.post("/retry")
@administrators_only
def retry_all() -> Response:
    """Try all that were set aside once more."""
    with transaction() as writing:
        tried = stumbles.retry(writing, myself(writing))
    return on_to(PAGE, ngettext("One deed is tried again.", "%(num)s deeds are tried again.", tried))


@bp.post("/<int:deed_id>/retry")
@administrators_only
def retry(deed_id: int) -> Response:
    """Try one that was set aside once more."""
    if db.session.get(Stumble, deed_id) is None:
        abort(404)
    with transaction() as writing:
        stumbles.retry(writing, myself(writing), deed_id)
    return on_to(PAGE, _("It is tried again."))
