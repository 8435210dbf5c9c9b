"""Best Of: what the community liked most."""

from flask import Blueprint, abort, render_template

from app.db import db
from app.domain.finding import best
from app.web.audience import everybody
from app.web.finding import hits
from app.web.paging import choice, page_number

bp = Blueprint("best", __name__)


@bp.get("/best")
@everybody
def show() -> str:
    """The posts with most reactions of a week, a month, or ever."""
    period, kind, page = choice("period", tuple(best.PERIODS)), choice("what", best.KINDS), page_number()
    found, more = best.of(db.session(), period, kind, page)
    if page > 1 and not found:
        abort(404)
    return render_template("best/show.html", hits=hits.of(found), more=more, page=page, period=period, what=kind)
