"""`flask points`: hold what is kept against the ledger."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.db import db, transaction
from app.domain.awarding import audit as audits


@click.group()
def points() -> None:
    """Look after points."""


@points.command()
@click.option("--repair", is_flag=True, help="Set balances, weeks and ranks to what the ledger says.")
@with_appcontext
def audit(repair: bool) -> None:
    """Compute balances, weeks, ranks and the holders of badges anew; print what differs. Status 1 if anything does."""
    found = audits.differences(db.session())
    for it in found:
        click.echo(f"{it.member}: {it.what} is {it.kept}, should be {it.should}")
    click.echo(f"{len(found)} differences, {audits.waiting(db.session())} activities waiting.")
    if found and repair:
        with transaction() as session:
            audits.repair(session)
        click.echo("Repaired.")
    elif found:
        raise SystemExit(1)
