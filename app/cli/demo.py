"""`flask demo`: the demo community on an empty site."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app import demo as play


@click.command()
@with_appcontext
def demo() -> None:
    """Fill an empty site with the demo community and print its log-ins. A site with members stays as it is."""
    log_ins = play.load(current_app.config["SETTINGS"])
    for username, password, role in log_ins:
        click.echo(f"demo  {username}  {password}  {role}")
    if not log_ins:
        raise click.ClickException("This site has members of its own; the demo is for an empty one.")
