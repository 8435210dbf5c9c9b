"""From a deed to the award that everybody sees, through the real web server, worker and Redis; and their memory."""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

import config
from app import bell, redis_server
from app.db import snapshot
from app.domain.awarding import derived, evaluator
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.record import activities
from app.domain.record.activities import Activity
from tests.bench import history
from tests.bench.history import Size
from tests.bench.report import Row, say, share, shown
from tests.bench.site import Site, Workshop
from tests.servers import ROOT, free_port, until

BADGE = 'data-recent-badge="checked-in"'  # for the address confirmed: one deed is enough
A_SECOND = 20
PATIENCE_SECONDS = 10.0
MOST_MB = 120


def run(shop: Workshop, engine_name: str, deeds: int, looks: int = 40) -> list[Row]:
    """Deeds one by one on an idle site and on a busy one, then many at once."""
    say(f"{engine_name}: from the deed to the award")
    site = shop.site(engine_name, APP_ENV="production", PORT=str(free_port()))
    history.write(site, Size(activities=20_000, members=5000), waiting=deeds)
    with site.open() as session:
        evaluator.kept(session)  # adds up the history, which is another figure
    began = time.perf_counter()
    with snapshot(site.engine) as reading:
        derived.look(reading, site.open, now())
    looked = time.perf_counter() - began
    with served(site) as process:
        # The many deeds that wait are evaluated first: by then every process has its full size.
        until(lambda: not waiting(site), "all is evaluated", seconds=600)
        idle = [_seen(site, member) for member in range(1001, 1001 + looks)]
        with _busy(site):
            time.sleep(1)
            busy = [_seen(site, member) for member in range(2001, 2001 + looks)]
        memory = _memory(process.pid)
    return [
        Row("first look around, 5,000 members", engine_name, shown(looked)),
        _row("idle", engine_name, idle, 0.060, 0.200), _row(f"at {A_SECOND} deeds a second", engine_name, busy, 0.150, 0.500),
        *(
            Row(f"memory of a {name} process after {deeds:,} deeds", engine_name, f"{size:.0f} MB", "", "", f"<= {MOST_MB} MB", size <= MOST_MB)
            for name, size in memory.items()
        ),
    ]  # fmt: skip


def _row(when: str, on: str, times: list[float], p50: float, p99: float) -> Row:
    half, most = share(times, 0.5), share(times, 0.99)
    value, target = f"p50 {shown(half)}, p99 {shown(most)}", f"<= {p50 * 1000:.0f}, {p99 * 1000:.0f} ms"
    return Row(f"deed to visible award, {when}", on, value, target=target, met=half <= p50 and most <= p99)


def _seen(site: Site, member: int) -> float:
    """Seconds from the commit of a deed to the profile that shows its badge."""
    time.sleep(random.uniform(0.05, 0.2))
    connection = http.client.HTTPConnection("127.0.0.1", int(site.settings["PORT"]), timeout=5)
    _note(site, member)
    began = time.perf_counter()
    while time.perf_counter() - began < PATIENCE_SECONDS:
        connection.request("GET", f"/u/member{member}")
        if BADGE in connection.getresponse().read().decode():
            break
        time.sleep(0.003)
    connection.close()
    return time.perf_counter() - began


def _note(site: Site, member: int) -> None:
    with site.open() as session:
        activities.note(session, "email_verified", session.get_one(Member, member))


@contextmanager
def _busy(site: Site) -> Iterator[None]:
    """Other members do things meanwhile."""
    stop = threading.Event()

    def go_on() -> None:
        member = 3000
        while not stop.wait(1 / A_SECOND):
            member += 1
            _note(site, member)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def served(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """The site as `make run` starts it."""
    settings = config.read(site.settings)
    environ = {**os.environ, **site.settings}
    with (settings.instance_dir / "log").open("wb") as log:
        command = [sys.executable, "-m", "flask", "serve", "--with-parent"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        until(lambda: _answers(settings.port), "the site answers", seconds=60)
        bell.hang(redis_server.address(settings), settings.secret_key)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def waiting(site: Site) -> bool:
    """Whether any deed waits to be evaluated."""
    time.sleep(0.5)
    # Only looking: a transaction of ours would have to wait for the worker's.
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return connection.scalar(select(Activity.id).where(Activity.seq.is_(None)).limit(1)) is not None


def _memory(process: int) -> dict[str, float]:
    """Resident MB of the largest process of each kind."""
    largest: dict[str, float] = {"web": 0.0, "worker": 0.0}
    for each in _below(process):
        command = Path(f"/proc/{each}/cmdline").read_text()
        name = "web" if "granian" in command else "worker" if "worker.py" in command else None
        if name:
            largest[name] = max(largest[name], _resident(each))
    return largest


def _below(process: int) -> list[int]:
    children = [int(it) for it in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return [*children, *(it for child in children for it in _below(child))]


def _resident(process: int) -> float:
    [line] = [it for it in Path(f"/proc/{process}/status").read_text().splitlines() if it.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
