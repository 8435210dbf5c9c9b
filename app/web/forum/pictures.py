"""Showing what members uploaded: always as a picture, whatever it may contain."""

from flask import Blueprint, abort
from werkzeug.wrappers import Response

from app.db import db
from app.domain.people import pictures
from app.web.audience import everybody

bp = Blueprint("pictures", __name__)

FOR_EVER = "public, max-age=31536000, immutable"  # another picture has another name
LOCKED = "default-src 'none'; sandbox"


@bp.get("/pictures/<name>.webp")
@everybody
def show(name: str) -> Response:
    """A picture. Its name is what keeps it from those who never saw the page it is on."""
    found = pictures.content(db.session(), name) or abort(404)
    return Response(
        found,
        content_type="image/webp",
        headers={
            "Cache-Control": FOR_EVER,
            "Content-Security-Policy": LOCKED,
            "Content-Disposition": f'inline; filename="{name}.webp"',
        },
    )
