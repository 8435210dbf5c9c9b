"""One's own data: asking for it, and fetching the file while it lasts."""

from collections.abc import Iterator

from flask import Blueprint, abort
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from app.db import db, snapshot, transaction
from app.domain.leaving import exports
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.answers import on_to
from app.web.audience import member, members_only, myself
from app.web.membership import reauthentication
from app.web.membership.settings import account_again

bp = Blueprint("exports", __name__)


@bp.post("/settings/exports")
@members_only
def ask() -> tuple[str, int] | Response:
    """Ask for one's data."""
    try:
        reauthentication.confirm("export_password")
    except Invalid as no:
        return account_again("export", no)
    with transaction() as writing:
        exports.ask(writing, myself(writing))
    return on_to("/settings/account#export", _("We are gathering your data. A letter tells you when it is ready."))


@bp.get("/settings/exports/<token>")
@members_only
def fetch(token: str) -> Response:
    """The file, for the member whose it is."""
    me = member()
    export = exports.find(db.session(), me, token) or abort(404)
    name = f"{me.username}-{export.asked_at:%Y-%m-%d}.zip"
    return Response(
        _pieces(db.engine, export.id),
        content_type="application/zip",
        headers={"Content-Length": str(export.size), "Content-Disposition": f'attachment; filename="{name}"'},
    )


def _pieces(engine: Engine, export_id: int) -> Iterator[bytes]:
    # The request's own session is gone by the time the file is sent.
    with snapshot(engine) as reading:
        yield from exports.pieces(reading, export_id)
