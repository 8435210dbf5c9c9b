"""Where a member is signed in, and signing out there from here."""

from flask import Blueprint, abort, g
from werkzeug.wrappers import Response

from app.db import transaction
from app.domain.membership import sessions
from app.domain.words import _, ngettext
from app.web.answers import on_to
from app.web.audience import members_only, myself

bp = Blueprint("devices", __name__)

PAGE = "/settings/account#devices"


@bp.post("/settings/account/devices/<handle>/removal")
@members_only
def end_one(handle: str) -> Response:
    """Sign out on one device."""
    with transaction() as writing:
        if not sessions.end_one(writing, myself(writing), handle):
            abort(404)
    return on_to(PAGE, _("Signed out on that device."))


@bp.post("/settings/account/devices/removal")
@members_only
def end_others() -> Response:
    """Sign out everywhere but here."""
    with transaction() as writing:
        ended = sessions.end_others(writing, myself(writing), g.log_in[1])
    return on_to(PAGE, ngettext("Signed out on one other device.", "Signed out on %(num)s other devices.", ended))
