"""`flask mail`: hold letters back, let them go, see how they fare."""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import with_appcontext

from app.db import db, transaction
from app.domain.mail import mail_queue


@click.group()
def mail() -> None:
    """Look after letters."""


@mail.command()
@click.option("--why", default="", help="A word for the others of the team.")
@with_appcontext
def pause(why: str) -> None:
    """Let no letter leave until `flask mail resume`. What happens meanwhile is owed as ever."""
    with transaction() as session:
        news = mail_queue.pause(session, None, why)
    click.echo("Mail is paused." if news else "Mail was paused already.")


@mail.command()
@with_appcontext
def resume() -> None:
    """Let letters leave again, the oldest first."""
    with transaction() as session:
        news = mail_queue.resume(session, None)
    click.echo("Letters leave again." if news else "Mail was not paused.")


@mail.command()
@click.argument("older_than", type=click.IntRange(min=0), metavar="HOURS")
@with_appcontext
def discard(older_than: int) -> None:
    """Send none of the letters owed more than HOURS ago, as after a restore: they left before it."""
    with transaction() as session:
        gone = mail_queue.discard(session, None, timedelta(hours=older_than))
    click.echo(f"{gone} letters are not sent.")


@mail.command()
@with_appcontext
def status() -> None:
    """How many letters wait, how long, and what did not leave."""
    it = mail_queue.standing(db.session())
    if it.paused_since:
        click.echo(f"paused since {it.paused_since:%Y-%m-%d %H:%M} UTC: {it.paused_why or 'no reason was given'}")
    else:
        click.echo("letters leave")
    if it.resting_until:
        click.echo(f"the mail server is left alone until {it.resting_until:%H:%M:%S} UTC: it did not answer")
    click.echo(
        f"waiting    {it.waiting}, the oldest for {it.oldest_seconds:.0f} s, 95 of 100 less than {it.p95_seconds:.0f} s"
    )
    click.echo(f"put off    {it.put_off}")
    click.echo(f"uncertain  {it.uncertain}")
    click.echo(f"dead       {it.dead}")
