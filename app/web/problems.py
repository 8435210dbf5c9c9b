"""Pages for what did not work. They say what happened, what was kept and what to do."""

from flask import Flask, Response, current_app, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.domain.problems import Conflict, Invalid, Problem, TooSoon
from app.logs import log, reference
from app.web import site
from app.web.answers import by_htmx
from app.web.audience import sign_in_first
from app.web.looks import theme

WORDS = {
    400: ("That request was not understood", "Go back and try again; what you typed is still there."),
    403: ("This part is not open to you", "It needs a right that your account does not have."),
    404: ("This page has left the gate", "It was moved, removed, or never was."),
    405: ("That cannot be done here", "The address is right, what was asked of it is not."),
    409: ("Something changed meanwhile", "Reload the page to see how it stands now."),
    413: ("That was too large", "Send less at once: a smaller picture, a shorter text."),
    422: ("Something needs another look", "Go back, put it right, and send it again."),
    429: ("That was quick", "Try again in a little while."),
    500: ("Something broke on our side", "Nothing you sent was half done. We have been told; try again in a minute."),
    503: ("We are not ready yet", "The site is starting or being looked after. Try again in a minute."),
}
EXPIRED = ("This form has expired", "Nothing was sent. Go back, reload the page and send it again.")


def install(app: Flask) -> None:
    """Answer every error of an app with one of these pages."""
    app.register_error_handler(HTTPException, expected)
    app.register_error_handler(CSRFError, expired)
    app.register_error_handler(Problem, refused)
    app.register_error_handler(OperationalError, out_of_reach)
    app.register_error_handler(Exception, unexpected)


def expected(error: HTTPException) -> Response:
    """An error that was raised on purpose. Its own words are shown where somebody wrote some."""
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    code = error.code if error.code in WORDS else 500 if error.code >= 500 else 400
    heading, text = WORDS[code]
    own = error.description if error.description != type(error).description else None
    found = answer(error.code, heading, own if own and code < 500 else text)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            found.headers[name] = value
    return found


def expired(_error: CSRFError) -> BaseResponse:
    """A form that is too old, or never was one of ours. Whoever was signed out since has to sign in first."""
    # Not where htmx sent it: the page would be left with what is typed on it.
    to_login = None if by_htmx() else sign_in_first()
    return to_login or answer(400, *EXPIRED)


def any_of(error: Exception) -> Response:
    """Whatever happened, for a part of the site that looks at it first."""
    if isinstance(error, HTTPException):
        return expected(error)
    if isinstance(error, Problem):
        return refused(error)
    return out_of_reach(error) if isinstance(error, OperationalError) else unexpected(error)


def code_of(problem: Problem) -> int:
    """The status that tells browsers what kind of problem it is."""
    return 409 if isinstance(problem, Conflict) else 422 if isinstance(problem, Invalid) else 403


def refused(problem: Problem) -> Response:
    """What the community's rules do not allow: their own words say why."""
    if isinstance(problem, TooSoon):
        found = answer(429, WORDS[429][0], str(problem))
        found.headers["Retry-After"] = str(max(1, round(problem.wait.total_seconds())))
        return found
    code = code_of(problem)
    heading = "That is not possible" if code == 403 else WORDS[code][0]
    return answer(code, heading, str(problem))


def unexpected(error: Exception) -> Response:
    """An error nobody meant: the log gets everything, the page nothing but the reference."""
    log.error("unhandled", exc_info=error)
    return answer(500, *WORDS[500])


def out_of_reach(error: OperationalError) -> Response:
    """The database does not answer, for now."""
    log.error("database out of reach", exc_info=error)
    found = answer(503, *WORDS[503])
    found.headers["Retry-After"] = "30"
    return found


def answer(code: int, heading: str, text: str) -> Response:
    """The page of an error, or only its words where htmx asked for a part of a page."""
    headers: dict[str, str] = {}
    said = {"code": code, "heading": heading, "text": text, "reference": reference()}
    if by_htmx():
        # Into the place for problems: in the part of the page that was asked for something may be half typed.
        body, headers = _alone("problems/bare.html", **said), {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML"}
    elif code >= 500:
        body = _alone("problems/alone.html", theme=theme(), site_name=site.last_known_name(), **said)
    else:
        body = _among_the_others(**said)
    return Response(body, code, headers, content_type="text/html; charset=utf-8")


def _among_the_others(**said: object) -> str:
    try:
        return render_template("problems/show.html", **said)
    except SQLAlchemyError as error:  # the layout asks who is looking
        log.error("error page failed", exc_info=error)
        return _alone("problems/alone.html", theme=theme(), site_name=site.last_known_name(), **said)


def _alone(template: str, **said: object) -> str:
    return current_app.jinja_env.get_template(template).render(**said)
