"""Real servers for the tests: a PostgreSQL cluster, a Redis, and the site as its own process."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine

from app import redis_server
from app.supervisor import tied_to

ROOT = Path(__file__).parent.parent


@dataclass
class Postgres:
    """A running cluster, reached through a socket in `folder`."""

    folder: Path
    process: subprocess.Popen[bytes]

    def database(self, name: str) -> str:
        """Make an empty database anew; gives its address."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://contrail@/{name}?host={self.folder}"

    def _address(self, name: str) -> str:
        return f"host={self.folder} user=contrail dbname={name}"

    def is_up(self) -> bool:
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


def postgres_binary(name: str) -> str:
    """A program of Debian's PostgreSQL, the newest that is installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: -int(it.parent.name)):
        if (folder / name).exists():
            return str(folder / name)
    raise FileNotFoundError("PostgreSQL's server is missing: apt-get install postgresql")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A throw-away cluster. PostgreSQL refuses to run as root, so then it runs as its own user."""
    folder = Path(tempfile.mkdtemp(prefix="contrail-pg-"))
    who: dict[str, Any] = {"cwd": "/"}
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        who |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = folder / "data"
    initdb = [
        postgres_binary("initdb"),
        "-D",
        data,
        "-U",
        "contrail",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **who)
    options = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [postgres_binary("postgres"), "-D", data, "-k", folder]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=tied_to(os.getpid()), **who)
    cluster = Postgres(folder, process)
    try:
        until(cluster.is_up, "PostgreSQL is up")
        yield cluster
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


class Emptier:
    """Deletes every row of a database and starts every number at 1; far cheaper than a new database.

    It keeps its connection, which soon knows by heart how to find the few tables that have rows at all.
    """

    def __init__(self, engine: Engine) -> None:
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        self._connection.execute("SET session_replication_role = replica")  # the keys hold again when all are empty
        tables = self._names(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        numbers = self._names("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        self._filled = " UNION ALL ".join(
            f'SELECT \'DELETE FROM "{it}"\' WHERE EXISTS (SELECT FROM "{it}")' for it in tables
        )
        self._counted = " UNION ALL ".join(
            f"SELECT 'SELECT setval(''\"{it}\"'', 1, false)' FROM \"{it}\" WHERE is_called" for it in numbers
        )

    def _names(self, query: str) -> list[str]:
        return [name for (name,) in self._connection.execute(query)]

    def empty(self) -> None:
        """Delete everything. Who left a transaction open loses it."""
        self._names(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        statements = self._names(self._filled) + self._names(self._counted)
        if statements:
            self._connection.execute("; ".join(statements), prepare=False)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def redis(instance_dir: Path) -> Iterator[str]:
    """The embedded Redis of an instance, as the site starts it."""
    process = start_redis(instance_dir)
    try:
        yield f"unix://{redis_server.socket_path(instance_dir)}"
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def start_redis(instance_dir: Path) -> subprocess.Popen[bytes]:
    """Start the embedded Redis and wait until it answers."""
    environ = {**os.environ, "INSTANCE_DIR": str(instance_dir)}
    command = [sys.executable, "-m", "app.redis_server"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, preexec_fn=tied_to(os.getpid())
    )
    assert redis_server.answers(f"unix://{redis_server.socket_path(instance_dir)}", within=30)
    return process


@contextmanager
def signals_kept() -> Iterator[None]:
    """Undo what a worker that runs in this process does to our signal handlers."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def free_port() -> int:
    """A port that nobody uses, and that the system gives nobody by itself before it is used."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with socket.socket() as trial, suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


def until(holds: Any, what: str, *, seconds: float = 30.0) -> None:
    """Wait until something holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)
