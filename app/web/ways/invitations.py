"""One's invitations to badges, and the answers to them."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.base import now
from app.domain.ways import invitations
from app.domain.ways.invitations import Invitation
from app.domain.words import _
from app.web.answers import on_to
from app.web.audience import member, members_only, myself

bp = Blueprint("invitations", __name__, url_prefix="/invitations")


@bp.get("")
@members_only
def index() -> str:
    """Every badge one was invited to."""
    return render_template("invitations/index.html", listed=invitations.of(db.session(), member()), moment=now())


@bp.post("/<int:invitation_id>/acceptance")
@members_only
def accept(invitation_id: int) -> Response:
    """Take the badge."""
    _find(invitation_id)
    with transaction() as writing:
        it = writing.get_one(Invitation, invitation_id)
        invitations.accept(writing, it, myself(writing))
        slug, name = it.badge.slug, it.badge.name
    return on_to(f"/badges/{slug}", _("%(badge)s is yours. Congratulations!", badge=name))


@bp.post("/<int:invitation_id>/refusal")
@members_only
def decline(invitation_id: int) -> Response:
    """Say no, thank you."""
    _find(invitation_id)
    with transaction() as writing:
        invitations.decline(writing, writing.get_one(Invitation, invitation_id), myself(writing))
    return on_to("/invitations", _("Declined. Only the team sees it."))


def _find(invitation_id: int) -> Invitation:
    """An invitation of one's own; that of somebody else does not exist."""
    it = db.session.get(Invitation, invitation_id)
    return it if it is not None and it.member_id == member().id else abort(404)
