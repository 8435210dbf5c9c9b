"""`flask serve`: the whole site on this machine: Redis, database, web and worker, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
import time
import urllib.request
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import config
from app import demo, redis_server, schema, supervisor
from app.db import db
from app.supervisor import Child, Supervisor

PORT_PATIENCE_SECONDS = 3.0
START_PATIENCE_SECONDS = 180.0


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--with-parent", is_flag=True, help="Stop when the process that started this one ends.")
@with_appcontext
def serve(host: str, with_parent: bool) -> None:
    """Serve the site with its worker and, unless REDIS_URL is set, its own Redis."""
    if with_parent:
        supervisor.die_with_parent(os.getppid())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    settings: config.Settings = app.config["SETTINGS"]
    lock = take_lock(settings)
    await_port(host, settings.port)
    schema.upgrade(app)
    logins = [] if settings.production else demo.load(settings)
    db.engine.dispose()  # the children make their own connections
    team = Supervisor(children(settings, host))
    team.run(lambda: greet(settings, host, logins, team))
    os.close(lock)


def take_lock(settings: config.Settings) -> int:
    """One site an instance: the lock lasts as long as this process. Status 1 if somebody has it."""
    path = settings.instance_dir / "serve.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = os.read(lock, 200).decode(errors="replace").strip()
        fail(f"{settings.instance_dir} is already served ({who}). Use that one, or another INSTANCE_DIR and PORT.")
    os.ftruncate(lock, 0)
    os.write(lock, f"{settings.site_url}, process {os.getpid()}\n".encode())
    return lock


def await_port(host: str, port: int) -> None:
    """Wait a moment for a port that was in use until just now. Status 1 if it stays so."""
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                return trial.bind((host, port))
            except OSError as no:
                if time.monotonic() > deadline:
                    fail(
                        f"Port {port} cannot be used ({no.strerror}). Choose another: PORT={port % 65535 + 1} make run"
                    )
        time.sleep(0.1)


def children(settings: config.Settings, host: str) -> list[Child]:
    """The processes that are the site."""
    python, root = sys.executable, Path(__file__).parents[2]
    environ = {**os.environ, "INSTANCE_DIR": str(settings.instance_dir), "REDIS_URL": redis_server.address(settings)}
    own_redis = not settings.redis_url and redis_server.find_binary()
    if not settings.redis_url and not own_redis:
        del environ["REDIS_URL"]
    counters = settings.instance_dir / "metrics"
    shutil.rmtree(counters, ignore_errors=True)
    counters.mkdir()
    web = [
        python, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(settings.port),
        "--workers", str(settings.web_workers), "--blocking-threads", "1", "--no-ws", "--log-level", "warning",
        "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "5",
        "--working-dir", str(root), "wsgi:app",
    ]  # fmt: skip
    found = [Child("redis", [python, "-m", "app.redis_server"], environ, stays_last=True)] if own_redis else []
    return [
        *found,
        Child("web", web, {**environ, "PROMETHEUS_MULTIPROC_DIR": str(counters)}),
        Child("worker", [python, str(root / "worker.py")], environ),
    ]


def greet(settings: config.Settings, host: str, logins: list[tuple[str, str, str]], team: Supervisor) -> None:
    """Say where the site is, as soon as it answers."""
    if not await_answer(f"http://{host}:{settings.port}/healthz", team):
        return
    mail = settings.mail_url if settings.mail_url.startswith("file:") else settings.mail_url.rpartition("@")[2]
    click.echo(f"Contrail is at {settings.site_url}")
    click.echo(f"Mails go to {mail}")
    for username, password, role in logins:
        click.echo(f"demo  {username}  {password}  {role}")
    click.echo("Stop with Ctrl-C.")


def await_answer(url: str, team: Supervisor) -> bool:
    """Whether the web server answered before it was stopped or the patience ran out."""
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while not team.stop.times and time.monotonic() < deadline:
        try:
            return urllib.request.urlopen(url, timeout=1).status == 200  # noqa: S310  our own address
        except OSError:
            team.stop.wait(0.05)
    return False


def fail(problem: str) -> None:
    """End with one clear line and status 1."""
    raise click.ClickException(problem)
