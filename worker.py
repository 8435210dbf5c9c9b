"""Runs what the site does outside a request.

`python worker.py` starts one process a queue and the sweep, and keeps them running. The sweep
needs no Redis: it looks into the database every two seconds and does what no bell was rung for.
`python worker.py awards`, `mail` or `sweep` is one of them alone.
"""

from __future__ import annotations

import os
import sys
from functools import partial

import structlog

import config
from app import create_app, logs, queue, redis_server, sweep
from app.supervisor import Child, Supervisor

GRACE_SECONDS = 20.0  # a running job may finish

log = structlog.get_logger("contrail.worker")


def supervise(settings: config.Settings) -> None:
    """Keep every part of the worker running until told to stop."""
    logs.configure(pretty=not settings.production)
    children = [Child("sweep", partial(be, "sweep", settings))]
    own_redis = not settings.redis_url and redis_server.find_binary()
    if settings.redis_url or own_redis:
        children += [Child(name, partial(be, name, settings)) for name in queue.QUEUES]
    else:
        log.warning(
            "no Redis: the sweep does it all, within seconds", remedy="apt-get install redis-server, or set REDIS_URL"
        )
    if own_redis:
        environ = {**os.environ, "INSTANCE_DIR": str(settings.instance_dir)}
        children.append(Child("redis", [sys.executable, "-m", "app.redis_server"], environ, stays_last=True))
    Supervisor(children, grace=GRACE_SECONDS).run()


def be(part: str, settings: config.Settings) -> None:
    """Be one part of the worker: a queue's, or the sweep."""
    site = create_app(settings)
    if part == "sweep":
        sweep.forever(site)
    else:
        queue.work(part, site)


def main(arguments: list[str]) -> None:
    """Be the whole worker, or the part that is named."""
    settings = config.read_or_exit()
    match arguments:
        case []:
            supervise(settings)
        case [part] if part in (*queue.QUEUES, "sweep"):
            be(part, settings)
        case _:
            print(f"Usage: worker.py [{'|'.join((*queue.QUEUES, 'sweep'))}]", file=sys.stderr)
            raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
