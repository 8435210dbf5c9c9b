"""`flask import`: communities from elsewhere become members, threads and deeds of this one."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
import rich.progress
from flask import current_app
from flask.cli import AppGroup
from rich.console import Console

import config
from app.db import db, transaction
from app.domain import catalogue as catalogues
from app.domain.badging import criteria
from app.domain.catalogue import Catalogue, InvalidCatalogue, site
from app.imports import stackexchange
from app.imports.stackexchange import Outcome

LONGEST_SOURCE = 80

import_ = AppGroup("import", help="Bring in a community from elsewhere.")


@import_.command("stackexchange")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--catalogue", metavar="FILE", help="Load this catalogue first, for example stackexchange.")
@click.option("--source", metavar="NAME", help="What to call where it came from; the folder's name unless given.")
def from_stackexchange(directory: Path, catalogue: str | None, source: str | None) -> None:
    """Bring in the Stack Exchange data dump in DIR, or go on where an import was interrupted.

    Afterwards flask awards backfill finds who earned which badge, and when. A community that never
    loaded a catalogue takes Stack Exchange's own.
    """
    name = _source(directory, source)
    settings: config.Settings = current_app.config["SETTINGS"]
    wanted = _catalogue(catalogue)
    if wanted:
        with transaction() as session:
            catalogues.load(session, wanted)
        click.echo(f"{wanted.title}: loaded.")
    with Bar() as bar:
        outcome = stackexchange.run(db.engine, directory, name, settings.instance_dir, bar)
    _report(outcome)


def _source(directory: Path, given: str | None) -> str:
    name = given if given is not None else directory.resolve().name
    if not name.strip() or len(name) > LONGEST_SOURCE or not name.isprintable():
        raise click.UsageError(
            f"A source's name has 1 to {LONGEST_SOURCE} printable characters: give one with --source."
        )
    return name


def _catalogue(given: str | None) -> Catalogue | None:
    """The catalogue to load: the one given, or Stack Exchange's where the site has none."""
    if given is None:
        return None if site.active(db.session()) else catalogues.shipped("stackexchange")
    if not Path(given).exists() and given in catalogues.SHIPPED:
        return catalogues.shipped(given)
    try:
        return catalogues.read(given)
    except InvalidCatalogue as no:
        raise click.ClickException(no.lines[0]) from None


def _report(outcome: Outcome) -> None:
    if outcome.since:
        click.echo(
            f"{outcome.source} was imported on {outcome.since:%Y-%m-%d %H:%M} UTC: nothing to do."
            " To bring in a newer dump beside it, give it a name of its own with --source."
        )
        return
    if outcome.missing:
        click.echo(_dropped(outcome.missing))
    counts = outcome.counts
    click.echo(
        f"{outcome.source}: {outcome.rows:,} rows in {outcome.seconds:.1f} s ({outcome.rows / outcome.seconds:,.0f} a second);"
        f" {counts.get('member', 0):,} members, {counts.get('thread', 0):,} threads,"
        f" {counts.get('post', 0) + counts.get('comment', 0):,} posts, {counts['activity']:,} activities."
        " Next: flask awards backfill"
    )


def _dropped(missing: list[str]) -> str:
    """Which badges nobody can be given for what a dump leaves out."""
    untold = stackexchange.untold(missing)
    names = [
        badge.name
        for badge in site.badges(db.session())
        if badge.version and badge.version.criterion and untold & _kinds(badge.version.criterion)
    ]
    files = ", ".join(f"{table}.xml" for table in missing)
    return f"The dump has no {files}. Not awarded from it: {', '.join(names) or 'nothing'}."


def _kinds(criterion: dict[str, Any]) -> set[str]:
    return {kind for measure in criteria.parse(criterion).measures() for kind, _ in measure.weights}


class Bar:
    """The progress of an import on the terminal, a line a stage."""

    def __init__(self) -> None:
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn("{task.description:<20}"),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._stage: rich.progress.TaskID | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, no: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._end_stage()
        self._bar.stop()

    def begin(self, stage: str, rows: int | None) -> None:
        self._end_stage()
        self._stage = self._bar.add_task(stage, total=rows)

    def advance(self, rows: int) -> None:
        if self._stage is not None:
            self._bar.advance(self._stage, rows)

    def _end_stage(self) -> None:
        if self._stage is not None:
            done = self._bar.tasks[self._stage].completed
            self._bar.update(self._stage, total=done or 1, completed=done or 1)
