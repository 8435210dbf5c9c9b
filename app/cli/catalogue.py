"""`flask catalogue`: the whole programme from a file, and back into one."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from app.db import db, transaction
from app.domain import catalogue as catalogues
from app.domain.catalogue import Catalogue, InvalidCatalogue, editing

catalogue = AppGroup("catalogue", help="Check, load, compare and export badges, ranks, points, lessons and the like.")
TABLES = {"lesson": "lessons", "reply": "prepared replies", "event": "events"}
FILE = click.argument("file", metavar="FILE")


def _read(file: str) -> Catalogue:
    """The catalogue in a file, or of a name that ships with the site. Problems go to stderr, one a line."""
    try:
        if not Path(file).exists() and file in catalogues.SHIPPED:
            return catalogues.shipped(file)
        return catalogues.read(file)
    except OSError as no:
        raise click.ClickException(f"{file}: {no.strerror or no}") from no
    except InvalidCatalogue as no:
        for line in no.lines:
            click.echo(line, err=True)
        count = len(no.lines)
        click.echo(f"{count} problem{'s' if count > 1 else ''}; nothing was changed.", err=True)
        sys.exit(1)


@catalogue.command()
@FILE
def check(file: str) -> None:
    """Say what is wrong with FILE, each problem with its line and what to do. Status 1 if there is any."""
    found = _read(file)
    earnable = sum(badge.state == "published" for badge in found.badges)
    click.echo(
        f"{file} is in order: {len(found.badges)} badges, {earnable} of them to be earned,"
        f" {len(found.ranks)} ranks, {len(found.points)} rules for points"
        + "".join(f", {len(entries)} {TABLES[table]}" for table, entries in found.extras.items())
        + "."
    )


@catalogue.command()
@FILE
def diff(file: str) -> None:
    """Show what loading FILE would change. Status 1 if there is any difference."""
    file_says = _read(file)
    found = catalogues.difference(db.session(), file_says)
    for line in found.lines():
        click.echo(line)
    if found:
        sys.exit(1)
    click.echo(f"The site is as {file} says.")


@catalogue.command()
@FILE
@click.option("--force", is_flag=True, help="Overwrite what was edited on the site.")
@click.option("--retire", is_flag=True, help="Retire what FILE brought once and no longer has.")
def load(file: str, force: bool, retire: bool) -> None:
    """Make badges, ranks, points and all else as FILE says, and show what changed.

    FILE may also be the name of a catalogue that ships with the site: flight or stackexchange. What was
    edited on the site stays and is shown; members keep every badge they hold. A file without any [[lesson]],
    [[reply]] or [[event]] leaves all of them as they are.
    """
    file_says = _read(file)
    with transaction() as session:
        found = catalogues.load(session, file_says, force=force, retire=retire)
        editing.note(session, None, file_says, found.lines(force, retire))
    for line in found.lines(force, retire):
        click.echo(line)
    click.echo(f"{file_says.title}: loaded." if found else f"{file_says.title}: nothing to change.")


@catalogue.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
def export(file: str) -> None:
    """Write the site's whole programme to FILE (- for the screen); loading it back changes nothing."""
    now_here = catalogues.current(db.session())
    try:
        with click.open_file(file, "w", encoding="utf-8", atomic=file != "-") as target:
            target.write(catalogues.as_toml(now_here))
    except OSError as no:  # it names the draft beside FILE, which nobody asked for
        raise click.ClickException(f"{file}: {no.strerror}") from None
    if file != "-":
        click.echo(f"{file}: {len(now_here.badges)} badges.")
