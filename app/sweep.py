"""The sweep: looks into the database every two seconds, so nothing waits for a bell that was not rung."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import structlog
from flask import Flask

from app import jobs, logs
from app.supervisor import Stop

log = structlog.get_logger("contrail.sweep")

EVERY_SECONDS = 2.0
SWEPT = {
    jobs.evaluate: 0.0,
    jobs.announce: 0.0,
    jobs.send: 0.0,
    jobs.make_exports: 20.0,
    jobs.write_digests: 20.0,
    jobs.look_around: 60.0,
    jobs.close_weeks: 60.0,
    jobs.nudge: 600.0,
    jobs.tidy: 3600.0,
}  # and how many seconds each may rest


def forever(app: Flask) -> None:
    """Sweep until SIGTERM or SIGINT; the sweep at hand is finished first."""
    stop = Stop()
    rested: dict[Callable[[], int], float] = {}
    while not stop.times:
        due = [job for job, rest in SWEPT.items() if time.monotonic() - rested.get(job, -rest) >= rest]
        once(app, due)
        rested |= dict.fromkeys(due, time.monotonic())
        stop.wait(EVERY_SECONDS)


def once(app: Flask, swept: Iterable[Callable[[], int]] = tuple(SWEPT)) -> None:
    """Do whatever waits. What fails is logged and looked at again next time."""
    for job in swept:
        logs.start_job(f"sweep.{job.__name__}")
        try:
            with app.app_context():
                job()
        except Exception:
            log.exception("sweep failed")
