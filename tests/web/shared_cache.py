"""A shared cache between browsers and the site, as a proxy or a delivery network is, as greedy as RFC 9111 lets it be."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

KEPT_STATES = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}  # without a word on how long they are good
BY_ITSELF = 3600  # seconds for which it keeps what says nothing about that


@dataclass
class Kept:
    """An answer, what of the question it depends on, and until when it is good."""

    asked: dict[str, str]
    status: int
    headers: Headers
    body: bytes
    until: float


@dataclass
class SharedCache:
    """A WSGI application before the site. `heeds` what the site says of its answers; one that does not is a broken one."""

    site: Flask
    heeds: bool = True
    kept: dict[str, list[Kept]] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        found = self._find(request) if request.method in ("GET", "HEAD") else None
        if found is None:
            answer = Response(*run_wsgi_app(self.site, environ, buffered=True))
            self._keep(request, answer)
        else:
            answer = Response(found.body, found.status, found.headers)
            answer.age = 1  # type: ignore[assignment]  # so that one sees where it comes from
        return answer(environ, start)

    def _find(self, request: Request) -> Kept | None:
        for it in self.kept.get(request.url, []):
            if it.until > time.monotonic() and all(
                request.headers.get(name, "") == said for name, said in it.asked.items()
            ):
                return it
        return None

    def _keep(self, request: Request, answer: Response) -> None:
        said = answer.cache_control
        seconds = next((it for it in (said.s_maxage, said.max_age) if it is not None), BY_ITSELF)
        may = not (said.no_store or said.private or said.no_cache) and "*" not in answer.vary
        may = may and (answer.status_code in KEPT_STATES or said.max_age is not None)
        if request.method != "GET" or not (may or not self.heeds):
            return
        asked = {it: request.headers.get(it, "") for it in answer.vary} if self.heeds else {}
        until = time.monotonic() + (seconds if self.heeds else BY_ITSELF)
        kept = Kept(asked, answer.status_code, Headers(answer.headers), answer.get_data(), until)
        self.kept.setdefault(request.url, []).append(kept)
