"""The queues, and how a job travels: as signed JSON that names one of a few functions.

Whoever can write to Redis must not be able to run code. So payloads are signed, the function is
looked up in a list, and the callbacks and webhooks that RQ would read from the job are dropped.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

import structlog
from flask import Flask
from itsdangerous import URLSafeSerializer
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.executions import Execution
from rq.job import Job
from rq.serializers import Serializer

import config
from app import logs, redis_server

log = structlog.get_logger("contrail.queue")

AWARDS, MAIL, ANNOUNCEMENTS, EXPORTS = "awards", "mail", "announcements", "exports"
QUEUES = (AWARDS, MAIL)
FUNCTIONS = {
    AWARDS: "app.jobs.evaluate", MAIL: "app.jobs.send", ANNOUNCEMENTS: "app.jobs.announce",
    EXPORTS: "app.jobs.make_exports",
}  # fmt: skip
SHARED = {ANNOUNCEMENTS: MAIL, EXPORTS: MAIL}  # what comes now and then is not worth a process of its own
JOB_SECONDS = 600
IGNORED = (
    "success_callback_name", "failure_callback_name", "stopped_callback_name", "webhooks",
    "dependency_ids", "dependency_id", "repeats_left", "repeat_intervals", "meta",
)  # fmt: skip


class OurJob(Job):
    """A job that can only be one of ours."""

    def restore(self, raw_data: dict[bytes, Any]) -> None:
        harmless = {key: value for key, value in raw_data.items() if key.decode(errors="replace") not in IGNORED}
        try:
            super().restore(harmless)
        except (DeserializationError, ValueError, TypeError, KeyError, AttributeError) as no:
            # A damaged hash would end this worker and every one after it.
            self.connection.delete(self.key)
            raise NoSuchJobError(f"unreadable job {self.id}") from no

    def _deserialize_data(self) -> None:
        super()._deserialize_data()
        if self._func_name not in FUNCTIONS.values() or self._instance is not None:
            raise DeserializationError(f"not a job of this site: {self._func_name!r}")


class OurWorker(SimpleWorker):
    """Runs jobs in its own process (a fork a job costs more than the job), and takes no orders over Redis."""

    job_class = OurJob
    site: Flask
    max_connection_wait_time = 2.0

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """Run the job as the site does everything: in its context, with a reference in the log."""
        logs.start_job(queue.name)  # not the function: naming it means decoding the job, which may fail
        with self.site.app_context():
            return bool(super().perform_job(job, queue, execution))

    def subscribe(self) -> None:
        """RQ would listen for commands such as 'kill' here; signals are enough."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed to."""


def serializer(secret_key: str) -> Serializer:
    """RQ's serializer for this site's key: signed JSON."""
    signed = URLSafeSerializer(
        secret_key, salt="contrail.jobs", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )

    class Signed:
        @staticmethod
        def dumps(what: Any) -> bytes:
            text = signed.dumps(what)
            return text if isinstance(text, bytes) else text.encode()

        @staticmethod
        def loads(data: bytes) -> Any:
            return signed.loads(data)

    return cast(Serializer, Signed)


def queue(name: str, client: Redis, secret_key: str) -> Queue:
    """One of the site's queues."""
    return Queue(
        name, connection=client, job_class=OurJob, serializer=serializer(secret_key), default_timeout=JOB_SECONDS
    )


def worker(name: str, client: Redis, secret_key: str, site: Flask) -> OurWorker:
    """A worker for one queue. With two, RQ pops in a way that loses the job when the worker dies."""
    its = OurWorker(
        [queue(name, client, secret_key)], connection=client, serializer=serializer(secret_key), worker_ttl=45,
        maintenance_interval=20, log_job_description=False,
    )  # fmt: skip
    its.site = site
    return its


def enqueue(name: str, client: Redis, secret_key: str) -> None:
    """Put a job into its queue; each queue has one function of its own, and may have another as a guest."""
    queue(SHARED.get(name, name), client, secret_key).enqueue_call(
        FUNCTIONS[name], result_ttl=0, failure_ttl=86400, ttl=600
    )


def work(name: str, site: Flask) -> None:
    """Do a queue's jobs until SIGTERM; waits for Redis as long as it takes."""
    settings: config.Settings = site.config["SETTINGS"]
    url = redis_server.address(settings)
    while not redis_server.answers(url, within=30.0):
        log.warning("no Redis yet", queue=name)
    # The worker itself waits up to its own time-outs for a job, and again when Redis is gone.
    client = Redis.from_url(url, retry=Retry(NoBackoff(), 0), protocol=2)
    worker(name, client, settings.secret_key, site).work(logging_level=None)
