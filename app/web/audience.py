"""Who may use an address. Every view says it with one of these; a test holds the whole table."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote, urlsplit

from flask import Request, abort, current_app, g, redirect, request, session
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db import db
from app.domain.membership import sessions
from app.domain.membership.sessions import LogIn
from app.domain.people.members import Member, Role
from app.web.answers import by_htmx
from app.web.paths import own_path

P = ParamSpec("P")
R = TypeVar("R")
View = Callable[P, R]

SECRET = "log_in"  # noqa: S105  where the cookie has the secret of a log-in, not the secret


def viewer() -> Member | None:
    """The member who is looking, or nobody."""
    found = log_in()
    return found[0] if found else None


def log_in() -> tuple[Member, LogIn] | None:
    """Who is looking, and the log-in whose secret the cookie holds; looked up once a request."""
    if "log_in" not in g:
        current_user._get_current_object()  # Flask-Login asks whoever_asks
    found: tuple[Member, LogIn] | None = g.log_in
    return found


def whoever_asks(_request: Request) -> Member | None:
    """The member whose log-in the cookie holds."""
    secret = session.get(SECRET)
    g.log_in = sessions.find(db.session(), secret) if isinstance(secret, str) else None
    return g.log_in[0] if g.log_in else None


def member() -> Member:
    """The member who is looking, on addresses that need one."""
    found = viewer()
    if found is None:
        abort(404)
    return found


def myself(session: Session) -> Member:
    """The member who is looking, as a row of the session that writes."""
    return session.get_one(Member, member().id)


def everybody(view: View[P, R]) -> View[P, R]:
    """Open to all, signed in or not."""
    return _labelled(view, "everybody")


def members_only(view: View[P, R]) -> View[P, R | Response]:
    """For whoever is signed in; others are asked to, and led back."""

    @wraps(view)
    def guarded(*args: P.args, **named: P.kwargs) -> R | Response:
        return view(*args, **named) if viewer() else _to_login()

    return _labelled(guarded, "members")


def only_oneself(view: View[P, R]) -> View[P, R | Response]:
    """For the member whose name is in the address; to others it does not exist."""

    @wraps(view)
    def guarded(*args: P.args, **named: P.kwargs) -> R | Response:
        looking = viewer()
        if looking is None:
            return _to_login()
        if str(named["username"]).lower() != looking.username_key:
            abort(404)
        return view(*args, **named)

    return _labelled(guarded, "oneself")


def staff_only(view: View[P, R]) -> View[P, R]:
    """For moderators and administrators; to others it does not exist."""
    return _for_roles(view, "staff", (Role.MODERATOR, Role.ADMINISTRATOR))


def administrators_only(view: View[P, R]) -> View[P, R]:
    """For administrators; to others it does not exist."""
    return _for_roles(view, "administrators", (Role.ADMINISTRATOR,))


def sign_in_first() -> Response | None:
    """The way to the log-in, where the address asked for is for members and nobody is signed in."""
    view = current_app.view_functions.get(request.endpoint or "")
    guarded = view is not None and of(view) in ("members", "oneself")
    return _to_login() if guarded and viewer() is None else None


def of(view: Callable[..., Any]) -> str | None:
    """The audience a view states, or None where it forgot to."""
    return getattr(view, "audience", None)


def _for_roles(view: View[P, R], name: str, roles: tuple[str, ...]) -> View[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **named: P.kwargs) -> R:
        looking = viewer()
        if looking is None or looking.role not in roles:
            abort(404)
        return view(*args, **named)

    return _labelled(guarded, name)


def _labelled(view: View[P, R], name: str) -> View[P, R]:
    view.audience = name  # type: ignore[attr-defined]
    return view


def _to_login() -> Response:
    path = f"/login?next={quote(_wanted(), safe='/')}"
    return Response("", 204, {"HX-Redirect": path}) if by_htmx() else redirect(path, 303)


def _wanted() -> str:
    """The page to come back to: the one asked for, or the one that the form stood on."""
    if request.method == "GET" and not by_htmx():
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    return own_path(came_from._replace(scheme="", netloc="").geturl()) if came_from.netloc == request.host else "/"
