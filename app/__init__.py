"""Contrail: a community that thanks people for helping. `create_app` knows all the pieces."""

from __future__ import annotations

from pathlib import Path

import click
import jinja2
from flask import Flask
from flask.cli import ScriptInfo
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import config

ROOT = Path(__file__).parent.parent


def create_app(settings: config.Settings | None = None) -> Flask:
    """The site, ready to serve or to work."""
    from app import bell, db, logs, redis_server, web
    from app.web import bodies, headers, health, looks, presence, static
    from app.web.membership import sessions

    settings = settings or config.read()
    app = Flask("app", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.jinja_environment = looks.Templates
    app.config.update(settings.for_flask(), SETTINGS=settings)
    app.jinja_env.undefined = jinja2.StrictUndefined

    logs.configure(pretty=not settings.production)
    db.install(app)
    bell.hang(redis_server.address(settings), settings.secret_key)
    bodies.install(app)
    CSRFProtect(app)
    logs.watch_requests(app)
    headers.install(app)
    health.install(app)
    sessions.install(app)
    presence.install(app)
    web.install(app)
    if _typed_by_a_person():
        from app import cli

        cli.install(app)

    static.install(app, ROOT / "static")
    app.wsgi_app = headers.Guarded(app.wsgi_app, https=settings.is_https)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _typed_by_a_person() -> bool:
    """Whether this is the `flask` command; web workers and tests need not load its commands."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_object(ScriptInfo) is not None
