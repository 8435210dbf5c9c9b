"""Runs what the site does outside a request.

`python worker.py` starts one process a queue and the sweep, and keeps them running. The sweep
needs no Redis: it looks into the database every two seconds and does what no bell was rung for.
`python worker.py awards`, `mail` or `sweep` is one of them alone.
"""

from __future__ import annotations

import os
import sys

import structlog

import config
from app import create_app, logs, queue, redis_server
from app.supervisor import Child, Supervisor

GRACE_SECONDS = 20.0  # a running job may finish

log = structlog.get_logger("contrail.worker")


def supervise(settings: config.Settings) -> None:
    """Keep every part of the worker running until told to stop."""
    logs.configure(pretty=not settings.production)
    url = redis_server.address(settings)
    environ = {**os.environ, "REDIS_URL": url}
    me = [sys.executable, os.path.abspath(__file__)]
    children = [Child("sweep", [*me, "sweep"], environ)]
    if settings.redis_url or redis_server.find_binary():
        children += [Child(name, [*me, name], environ) for name in queue.QUEUES]
    else:
        log.warning(
            "no Redis: the sweep does it all, within seconds", remedy="apt-get install redis-server, or set REDIS_URL"
        )
    if not settings.redis_url and redis_server.find_binary():
        children.append(Child("redis", [sys.executable, "-m", "app.redis_server"], stays_last=True))
    Supervisor(children, grace=GRACE_SECONDS).run()


def main(arguments: list[str]) -> None:
    """Be the whole worker, or the part that is named."""
    settings = config.read_or_exit()
    match arguments:
        case []:
            supervise(settings)
        case ["sweep"]:
            from app import sweep

            sweep.forever(create_app(settings))
        case [name] if name in queue.QUEUES:
            queue.work(name, create_app(settings))
        case _:
            print(f"Usage: worker.py [{'|'.join((*queue.QUEUES, 'sweep'))}]", file=sys.stderr)
            raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
