"""Pages for what did not work. They say what happened, what was kept and what to do."""

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.logs import log, reference

WORDS = {
    400: ("That request was not understood", "Go back and try again; what you typed is still there."),
    403: ("This part is not open to you", "It needs a right that your account does not have."),
    404: ("This page has left the gate", "It was moved, removed, or never was."),
    405: ("That cannot be done here", "The address is right, what was asked of it is not."),
    413: ("That was too large", "Send less at once: a smaller picture, a shorter text."),
    429: ("That was quick", "Try again in a little while."),
    500: ("Something broke on our side", "Nothing you sent was half done. We have been told; try again in a minute."),
    503: ("We are not ready yet", "The site is starting or being looked after. Try again in a minute."),
}
EXPIRED = ("This form has expired", "Nothing was sent. Go back, reload the page and send it again.")


def install(app: Flask) -> None:
    """Answer every error of an app with one of these pages."""
    app.register_error_handler(HTTPException, expected)
    app.register_error_handler(CSRFError, lambda error: answer(400, *EXPIRED))
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


def unexpected(error: Exception) -> Response:
    """An error nobody meant: the log gets everything, the page nothing but the reference."""
    log.error("unhandled", exc_info=error)
    return answer(500, *WORDS[500])


def answer(code: int, heading: str, text: str) -> Response:
    """The page of an error, or only its words where htmx asked for a part of a page."""
    said = {"code": code, "heading": heading, "text": text, "reference": reference()}
    whole = request.headers.get("HX-Request") != "true"
    try:
        body = render_template("problems/show.html" if whole and code < 500 else "problems/bare.html", **said)
    except Exception as error:  # the page asks for the viewer, and the database may be the one that is broken
        log.error("error page failed", exc_info=error)
        body = render_template("problems/bare.html", **said)
    return Response(body, code, content_type="text/html; charset=utf-8")
