"""`flask doctor`: looks at everything the site needs and says what to do."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

import config
from app import redis_server, schema
from app.db import db
from app.domain.awarding import backfill, stumbles
from app.domain.mail import mail_queue
from app.web.health import LONGEST_WAIT_SECONDS, waiting

GREATEST_SKEW_SECONDS = 5.0


class Trouble(Exception):
    """Something is wrong; the text says what to do."""


@click.command()
@with_appcontext
def doctor() -> None:
    """Check database, Redis, mail, keys and clock; say what to do. Status 1 if anything is wrong."""
    settings: config.Settings = current_app.config["SETTINGS"]
    failed = 0
    for name, check in CHECKS.items():
        try:
            click.echo(f"ok    {name:<10} {check(settings)}")
        except Trouble as no:
            failed += 1
            click.echo(f"FAIL  {name:<10} {no}")
        except SQLAlchemyError:
            failed += 1
            click.echo(f"FAIL  {name:<10} not checked: the database does not answer")
    if failed:
        raise SystemExit(1)


def _folder(settings: config.Settings) -> str:
    if not os.access(settings.instance_dir, os.W_OK | os.X_OK):
        raise Trouble(f"{settings.instance_dir} cannot be written to: chown or chmod it for this user")
    return str(settings.instance_dir)


def _database(_settings: config.Settings) -> str:
    try:
        current = schema.is_current(db.engine)
    except SQLAlchemyError as no:
        raise Trouble(f"does not answer ({type(no).__name__}): is DATABASE_URL right, is the server running?") from no
    if not current:
        raise Trouble("is not migrated: run flask db upgrade")
    return f"{db.engine.dialect.name}, migrated to {schema.newest()}"


def _redis(settings: config.Settings) -> str:
    url = redis_server.address(settings)
    if redis_server.answers(url):
        return "answers"
    if settings.redis_url:
        raise Trouble("does not answer at REDIS_URL; the sweep goes on, awards come a few seconds later")
    if redis_server.find_binary() is None:
        raise Trouble(
            "there is no redis-server: apt-get install redis-server, or set REDIS_URL; until then the sweep does it all"
        )
    return "will be started with the site"


def _mail(settings: config.Settings) -> str:
    if settings.mail_url.startswith("file:"):
        folder = Path(settings.mail_url.removeprefix("file:"))
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Trouble(f"{folder} cannot be written to: chown or chmod it, or set MAIL_URL")
        return f"goes to files in {folder}"
    parts = urlsplit(settings.mail_url)
    host, port = parts.hostname or "", parts.port or (465 if parts.scheme == "smtps" else 25)
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as no:
        raise Trouble(f"{host}:{port} does not answer ({no}): check MAIL_URL and the firewall") from no
    return f"goes to {host}:{port}"


def _keys(settings: config.Settings) -> str:
    kept = settings.instance_dir / "secret_key"
    if not settings.production and kept.exists() and stat.S_IMODE(kept.stat().st_mode) & 0o077:
        raise Trouble(f"{kept} can be read by others: chmod 600 {kept}")
    if settings.production and not settings.is_https:
        raise Trouble("SITE_URL is not https, so log-ins travel in the open: set SITE_URL=https://...")
    return "the secret key is ours alone"


def _clock(_settings: config.Settings) -> str:
    if db.engine.dialect.name == "sqlite":
        return "the database uses this machine's"
    theirs = db.session.execute(select(func.now())).scalar_one().astimezone(UTC)
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    if skew > GREATEST_SKEW_SECONDS:
        raise Trouble(f"differs from the database's by {skew:.0f} seconds: run NTP on both machines")
    return "agrees with the database's"


def _queue(_settings: config.Settings) -> str:
    count, seconds = waiting()
    if seconds > LONGEST_WAIT_SECONDS:
        raise Trouble(f"{count} activities wait, the oldest for {seconds:.0f} seconds: is worker.py running?")
    stumbled, aside = stumbles.standing(db.session())
    if aside:
        raise Trouble(f"{aside} activities could not be counted: see /staff/deeds for why, and try them again there")
    if failures := backfill.failures(db.session()):
        raise Trouble(
            f"a retroactive run failed {failures} times: the worker's log says why, and flask awards backfill tries again"
        )
    return f"{count} activities wait" + (f", {stumbled} are tried again" if stumbled else "")


def _letters(_settings: config.Settings) -> str:
    it = mail_queue.standing(db.session())
    if it.paused_since:
        raise Trouble(f"are paused since {it.paused_since:%Y-%m-%d %H:%M} UTC: run flask mail resume when all is well")
    if it.oldest_seconds > LONGEST_WAIT_SECONDS:
        raise Trouble(f"{it.waiting} wait, the oldest for {it.oldest_seconds:.0f} seconds: is worker.py running?")
    if it.dead:
        raise Trouble(f"{it.dead} could not be sent: see /staff/mail for why, and send them again there")
    return f"{it.waiting} letters wait"


Check = Callable[[config.Settings], str]
CHECKS: dict[str, Check] = {
    "folder": _folder, "database": _database, "Redis": _redis, "mail": _mail,
    "keys": _keys, "clock": _clock, "queue": _queue, "letters": _letters,
}  # fmt: skip
