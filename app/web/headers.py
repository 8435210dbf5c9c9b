"""The headers that every answer carries: pages, fragments, static files, errors and 304s."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, g, request

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: under https the check of forms against forgery needs to see where they came from.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
WSGI = Callable[..., Iterable[bytes]]


class Guarded:
    """A WSGI application whose every answer has the headers above, unless it chose its own."""

    def __init__(self, inner: WSGI, *, https: bool) -> None:
        self.inner = inner
        self.headers = dict(ALWAYS)
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            missing = [(name, value) for name, value in self.headers.items() if name.lower() not in present]
            return start_response(status, [*headers, *missing], *rest)

        return self.inner(environ, start)


def install(app: Flask) -> None:
    """Set the headers that depend on who asks; the others are `Guarded`'s."""

    @app.after_request
    def private(response: Response) -> Response:
        response.vary.update(("HX-Request", "HX-Request-Type", "Cookie"))
        if "Cache-Control" not in response.headers and request.endpoint != "static":
            response.headers["Cache-Control"] = "private, no-store" if g.get("log_in") else "private, no-cache"
        return response
