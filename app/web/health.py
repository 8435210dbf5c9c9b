"""Is it alive, is it ready, how is it doing: for machines that watch the site."""

from __future__ import annotations

import hmac
import ipaddress
import os
import time
from collections.abc import Iterable
from datetime import datetime

from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app import schema
from app.db import db
from app.domain.awarding import backfill, stumbles
from app.domain.base import now
from app.domain.mail import mail_queue
from app.domain.record.activities import Activity

bp = Blueprint("health", __name__)

LONGEST_WAIT_SECONDS = 120

REQUESTS = Counter("contrail_requests_total", "Requests answered", ["endpoint", "method", "status"])
SECONDS = Histogram(
    "contrail_request_seconds", "Time to answer", ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)  # fmt: skip


def install(app: Flask) -> None:
    """Count requests, and answer the three addresses."""
    app.register_blueprint(bp)

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        endpoint = request.endpoint or "-"
        method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
        REQUESTS.labels(endpoint, method, str(response.status_code)).inc()
        SECONDS.labels(endpoint).observe(time.perf_counter() - g.get("began", time.perf_counter()))
        return response


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return _plain("ok\n")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers with the tables we know, and what was done does not wait for long."""
    problems: list[str] = []
    count, wait, letters = 0, 0.0, None
    try:
        if not schema.is_current(db.engine):
            problems.append("the database is not migrated: run flask db upgrade")
        else:
            count, wait = waiting()
            letters = mail_queue.standing(db.session())
    except SQLAlchemyError as no:
        problems.append(f"the database does not answer ({type(no).__name__})")
    if wait > LONGEST_WAIT_SECONDS:
        problems.append(f"a deed has waited {wait:.0f} seconds for the worker")
    mail = {  # no reason to send visitors elsewhere: pages do not need the mail server
        "waiting": letters.waiting, "oldest_seconds": round(letters.oldest_seconds, 1),
        "paused": letters.paused_since is not None,
    } if letters else None  # fmt: skip
    answer = jsonify(ready=not problems, problems=problems, waiting=count, oldest_seconds=round(wait, 1), mail=mail)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 503 if problems else 200


@bp.get("/metrics")
def metrics() -> Response:
    """Numbers for Prometheus; to this machine, or to who knows the token."""
    if not _may_see_metrics():
        abort(404)
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # set by the server for its own workers, which count together
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    own = CollectorRegistry()
    own.register(_Community())
    return _plain(generate_latest(registry) + generate_latest(own), CONTENT_TYPE_LATEST)


def waiting() -> tuple[int, float]:
    """How many activities are not booked yet, and for how many seconds the oldest has waited.

    What could not be booked does not count: pages do without it, and no visitor should be sent elsewhere for it.
    """
    count, oldest = db.session.execute(
        select(func.count(), func.min(Activity.noted_at)).select_from(Activity).where(stumbles.WAITS)
    ).one()
    return count, _seconds_since(oldest)


def _seconds_since(moment: datetime | None) -> float:
    return max(0.0, (now() - moment).total_seconds()) if moment else 0.0


class _Community(Collector):
    """What the database knows about the queues."""

    def collect(self) -> Iterable[Metric]:
        count, wait = waiting()
        yield GaugeMetricFamily("contrail_waiting_activities", "Activities not booked yet", value=count)
        yield GaugeMetricFamily("contrail_oldest_waiting_seconds", "Age of the oldest of them", value=wait)
        stumbled, aside = stumbles.standing(db.session())
        yield GaugeMetricFamily("contrail_stumbled_activities", "Activities that are tried again", value=stumbled)
        yield GaugeMetricFamily("contrail_set_aside_activities", "Activities that were given up", value=aside)
        failures = backfill.failures(db.session())
        yield GaugeMetricFamily("contrail_retroactive_failures", "Tries in vain to finish a run", value=failures)
        mail = mail_queue.standing(db.session())
        yield GaugeMetricFamily("contrail_waiting_letters", "Letters that could leave now", value=mail.waiting)
        yield GaugeMetricFamily(
            "contrail_oldest_letter_seconds", "For how long the oldest could", value=mail.oldest_seconds
        )
        yield GaugeMetricFamily(
            "contrail_letter_wait_p95_seconds", "For how long 95 of 100 could", value=mail.p95_seconds
        )
        yield GaugeMetricFamily("contrail_uncertain_letters", "Letters that may have left", value=mail.uncertain)
        yield GaugeMetricFamily("contrail_dead_letters", "Letters that were given up", value=mail.dead)
        yield GaugeMetricFamily(
            "contrail_mail_paused", "1 while no letter leaves", value=int(mail.paused_since is not None)
        )


def _may_see_metrics() -> bool:
    token = current_app.config["SETTINGS"].metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token:
        return hmac.compare_digest(given.encode(), token.encode())
    # Behind a proxy on this machine everybody seems to be local.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not forwarded and ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104


def _plain(body: str | bytes, content_type: str = "text/plain; charset=utf-8") -> Response:
    return Response(body, content_type=content_type, headers={"Cache-Control": "no-store"})
