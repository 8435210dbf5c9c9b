"""Logs: one JSON object a line on stderr, each with the reference of its request or job."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from structlog.typing import EventDict

EMAIL = re.compile(r"[^\s@\"'<>()=,:;]+@[^\s@\"'<>(),:;]+")
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MULTI_LINE = {"exception", "stack"}

log = structlog.get_logger("contrail")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what is stderr at the moment, not to what it was when the process began."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def configure(*, pretty: bool = False, level: str = "INFO") -> None:
    """Send our own lines and those of every library through one pipe to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        discreet,
    ]
    pretty = pretty and sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _Stderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.root.handlers[:] = [*(it for it in logging.root.handlers if not isinstance(it, _Stderr)), handler]
    logging.root.setLevel(level)
    for chatty in ("rq.worker", "rq.job", "rq.queue", "alembic", "werkzeug"):
        logging.getLogger(chatty).setLevel("WARNING")


def word_commands() -> None:
    """Let commands speak to the person who typed them: errors of migrations as plain lines, nothing about the bell.

    A command may well run while no Redis does; the sweep finds what it left behind.
    """
    logging.getLogger("contrail.bell").setLevel("ERROR")
    handler = _Stderr()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("flask_migrate")
    logger.handlers[:], logger.propagate = [handler], False


def discreet(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep addresses out of the log, and each entry on its own line."""
    return {key: _cleaned(key, value) for key, value in event.items()}


def _cleaned(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return (
            value if isinstance(value, int | float | bool | None) or key.startswith("_") else _cleaned(key, repr(value))
        )
    value = EMAIL.sub("[address]", value)
    return value if key in MULTI_LINE else UNSEEN.sub(lambda found: repr(found.group())[1:-1], value)


def new_reference() -> str:
    """A short name for one request or job, to be read out over the phone."""
    return secrets.token_hex(4)


def start_job(name: str) -> str:
    """Begin the log context of a job; returns its reference."""
    clear_contextvars()
    reference = new_reference()
    bind_contextvars(reference=reference, job=name)
    return reference


def watch_requests(app: Flask) -> None:
    """Give every request a reference, and one line in the log."""

    @app.before_request
    def begin() -> None:
        clear_contextvars()
        g.reference, g.started_at = new_reference(), time.perf_counter()
        bind_contextvars(reference=g.reference)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Reference"] = reference()
        if request.endpoint not in ("health.healthz", "health.readyz", "health.metrics"):
            milliseconds = round((time.perf_counter() - g.get("started_at", time.perf_counter())) * 1000, 1)
            log.info("request", method=_method(), route=_route(), status=response.status_code, ms=milliseconds)
        return response

    @app.context_processor
    def for_templates() -> dict[str, str]:
        return {"reference": reference()}


def reference() -> str:
    """The reference of the request at hand."""
    if "reference" not in g:
        g.reference = new_reference()
    return str(g.reference)


def _method() -> str:
    return request.method if request.method.isalpha() else "?"


def _route() -> str:
    # The rule, not the path: paths carry tokens (/verify/TOKEN) and queries carry what people look for.
    return request.url_rule.rule if request.url_rule else "-"
