"""The bell: tells the worker that something waits. A comfort, never a promise.

The database is the queue, and a sweep finds whatever no bell was rung for. So ringing may fail,
costs at most 0.3 seconds once, and is then left alone for a while.
"""

from __future__ import annotations

import threading
import time

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app import queue, redis_server

log = structlog.get_logger("contrail.bell")

BUDGET_SECONDS = 0.3
STEP_SECONDS = 0.12  # at most two steps a ring, each with its time-out
REST_SECONDS = 10.0
MARK_SECONDS = 5


class Bell:
    """Rings one Redis; after a failure it rests."""

    def __init__(self, url: str, secret_key: str) -> None:
        self._client: Redis = redis_server.connect(url, timeout=STEP_SECONDS)
        self._secret_key = secret_key
        self._resting_until = 0.0
        self._lock = threading.Lock()

    def ring(self, *names: str) -> bool:
        """Ask for one run of each named queue's job; False when that was not possible."""
        if time.monotonic() < self._resting_until:
            return False
        began = time.monotonic()
        try:
            for name in (it for it in names if it in queue.FUNCTIONS):
                if time.monotonic() - began > BUDGET_SECONDS / 2:
                    return False
                # Many deeds, one job: the mark stays until that job begins.
                if self._client.set(mark(name), 1, nx=True, ex=MARK_SECONDS):
                    queue.enqueue(name, self._client, self._secret_key)
        except (RedisError, OSError) as no:
            with self._lock:
                self._resting_until = time.monotonic() + REST_SECONDS
            log.warning("bell out of reach", reason=type(no).__name__, resting=REST_SECONDS)
            return False
        return True

    def answer(self, name: str) -> None:
        """Say that the job begins: whatever is noted from now on rings again."""
        try:
            self._client.delete(mark(name))
        except (RedisError, OSError) as no:
            log.warning("bell not answered", reason=type(no).__name__)


def mark(name: str) -> str:
    """The key that says a job for this queue is on its way."""
    return f"contrail:rung:{name}"


_bell: Bell | None = None


def hang(url: str, secret_key: str) -> Bell:
    """Put up this process's bell."""
    global _bell
    _bell = Bell(url, secret_key)
    return _bell


def ring(*names: str) -> bool:
    """Ring the process's bell, if there is one."""
    return _bell is not None and _bell.ring(*names)


def answer(name: str) -> None:
    """Answer the process's bell, if there is one."""
    if _bell is not None:
        _bell.answer(name)
