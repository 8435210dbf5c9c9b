"""The links in letters that stop them: opening one asks, sending the form acts, signed in or not."""

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from app.db import db, transaction
from app.domain.mail import preferences, unsubscribing
from app.domain.mail.unsubscribing import Subscription
from app.domain.words import _
from app.web.audience import everybody, viewer
from app.web.site import surroundings

bp = Blueprint("unsubscribing", __name__)

ONE_CLICK = "List-Unsubscribe"  # what mail programs send, see RFC 8058: no cookie, no token, and no redirect in return


@bp.get("/unsubscribe/<token>")
@everybody
def ask(token: str) -> str | tuple[str, int]:
    """Ask whether the letters shall stop; mail scanners open this too, so it changes nothing."""
    found = _find(db.session(), token)
    if found is None:
        return _unknown()
    return render_template(
        "unsubscribing/show.html",
        token=token,
        what=found.what,
        about=unsubscribing.about(found.what),
        gone=found.member.deleted_at is not None,
        all_stopped=found.member.mail_stopped_at is not None,
        stopped=unsubscribing.is_stopped(db.session(), found),
        row=found.what if found.what in preferences.KINDS else "choices",
        stranger=(looking := viewer()) is not None and looking.id != found.member.id,
    )


@bp.post("/unsubscribe/<token>")
@everybody
def stop(token: str) -> tuple[str, int] | Answer:
    """Stop the letters. Mail programs send this by themselves when their own button is pressed."""
    with transaction() as writing:
        found = _find(writing, token)
        if found is None:
            return _unknown()
        unsubscribing.stop(writing, found)
        about = unsubscribing.about(found.what)
    if ONE_CLICK in request.form:
        said = _(
            "Done. %(site)s will not e-mail you about %(about)s any more.",
            site=surroundings()["site_name"],
            about=about,
        )
        return Response(f"{said}\n", mimetype="text/plain")
    return redirect(f"/unsubscribe/{token}", 303)


@bp.post("/unsubscribe/<token>/undo")
@everybody
def undo(token: str) -> tuple[str, int] | Answer:
    """Let the letters come again as before."""
    with transaction() as writing:
        found = _find(writing, token)
        if found is None:
            return _unknown()
        unsubscribing.resume(writing, found)
    return redirect(f"/unsubscribe/{token}", 303)


@bp.record_once
def let_in_without_a_token(state: BlueprintSetupState) -> None:
    """The one form that needs no token against forgery: mail programs have none, and the address is the secret."""
    state.app.extensions["csrf"].exempt(stop)


def _find(session: Session, token: str) -> Subscription | None:
    return unsubscribing.find(session, current_app.config["SETTINGS"].secret_keys, token)


def _unknown() -> tuple[str, int]:
    return render_template("unsubscribing/unknown.html"), 404
