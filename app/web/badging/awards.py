"""An award's page, its picture for other sites, and the corrections that staff make there."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy import Row
from werkzeug.wrappers import Response as Answer

from app import cards
from app.db import db, transaction
from app.domain.awarding import awards
from app.domain.badging import library
from app.domain.badging.badges import Award
from app.domain.problems import Invalid
from app.domain.words import _
from app.web import site
from app.web.answers import again, kept, on_to
from app.web.audience import everybody, myself, staff_only, viewer
from app.web.badging import rules
from app.web.looks import on_date

bp = Blueprint("awards", __name__)

CARD_LASTS = 3600  # seconds: whoever leaves or is renamed is not shown for much longer
REVOKE, GIVE_BACK = "revocation", "return"


@bp.get("/awards/<int:award_id>")
@everybody
def show(award_id: int) -> str:
    """Why and when somebody got a badge. One that was taken back is only there for its holder and for staff."""
    return render_template("badges/award.html", problems={}, reason="", **_around(award_id))


@bp.get("/awards/<int:award_id>.png")
@everybody
def picture(award_id: int) -> Response:
    """The picture that other sites show beside a link to the award."""
    it = library.award(db.session(), award_id) or abort(404)
    drawn = cards.png(
        it.family, it.tier, it.glyph, it.badge, it.name or "", _("earned the badge"), on_date(it.earned_at.date()),
        site.surroundings()["site_name"],
    )  # fmt: skip
    return kept(Response(drawn, mimetype="image/png"), CARD_LASTS)


@bp.post("/awards/<int:award_id>/revocation")
@staff_only
def revoke(award_id: int) -> Answer | tuple[str, int]:
    """Take an award back that was given in error."""
    return _correct(award_id, REVOKE, _("Taken back. The member is told why."))


@bp.post("/awards/<int:award_id>/return")
@staff_only
def give_back(award_id: int) -> Answer | tuple[str, int]:
    """Give an award back, with its old date."""
    return _correct(award_id, GIVE_BACK, _("Given back. The member is told."))


def _correct(award_id: int, deed: str, said: str) -> Answer | tuple[str, int]:
    reason, verb = request.form.get("reason", ""), awards.revoke if deed == REVOKE else awards.give_back
    try:
        with transaction() as writing:
            verb(writing, writing.get(Award, award_id) or abort(404), myself(writing), reason)
    except Invalid as no:
        return again("badges/award.html", no, reason=reason, **_around(award_id))
    return on_to(f"/awards/{award_id}", said)


def _around(award_id: int) -> dict[str, object]:
    """An award with what explains it to the viewer."""
    looking = viewer()
    it: Row = library.award(db.session(), award_id, taken_back=True) or abort(404)
    own, staff = looking is not None and looking.id == it.member_id, looking is not None and looking.is_staff
    if it.revoked_at and not (own or staff):
        abort(404)
    earlier = rules.of_award(it) if it.version_id != it.rule_now else None
    return {"award": it, "earlier": earlier, "own": own, "may_correct": staff and not own}
