"""The sweep: looks into the database every two seconds, so nothing waits for a bell that was not rung."""

from __future__ import annotations

import structlog
from flask import Flask

from app import jobs, logs
from app.supervisor import Stop

log = structlog.get_logger("contrail.sweep")

EVERY_SECONDS = 2.0
SWEPT = (jobs.evaluate,)


def forever(app: Flask) -> None:
    """Sweep until SIGTERM or SIGINT; the sweep at hand is finished first."""
    stop = Stop()
    while not stop.times:
        once(app)
        stop.wait(EVERY_SECONDS)


def once(app: Flask) -> None:
    """Do whatever waits. What fails is logged and looked at again next time."""
    for job in SWEPT:
        logs.start_job(f"sweep.{job.__name__}")
        try:
            with app.app_context():
                job()
        except Exception:
            log.exception("sweep failed")
