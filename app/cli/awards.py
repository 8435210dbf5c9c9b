"""`flask awards`: retroactive awards, their export, and why somebody has a badge or not."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db, snapshot, transaction
from app.domain.awarding import backfill as backfills
from app.domain.awarding import export
from app.domain.awarding.backfill import Tell
from app.domain.awarding.gains import Gain
from app.domain.awarding.imported import ImportRun
from app.domain.badging import badges, explanations
from app.domain.badging.badges import Badge
from app.domain.badging.explanations import Explanation
from app.domain.people.members import Member


class Undo(Exception):
    """Ends a transaction without keeping anything of it."""


@click.group()
def awards() -> None:
    """Award retroactively, export awards, explain them."""


@awards.command()
@click.option("--badge", "slug", help="Only this badge.")
@click.option("--dry-run", is_flag=True, help="Say what would be awarded, and change nothing.")
@with_appcontext
def backfill(slug: str | None, dry_run: bool) -> None:
    """Book everything that waits and award everything that was earned, dated when it was."""
    try:
        gains = _with_bar(lambda tell: _preview(slug, tell) if dry_run else backfills.run(transaction, slug, tell))
    except KeyError:
        raise click.ClickException(
            f"No published badge with a rule is called {slug!r}. See: flask catalogue export -"
        ) from None
    except backfills.Busy as no:
        raise click.ClickException(str(no)) from None
    for gain in gains:
        click.echo(_line(gain, dry_run))
    total = sum(gain.awards for gain in gains)
    click.echo(f"{total} awards would be made. Nothing was changed." if dry_run else f"{total} awards made.")


def _preview(slug: str | None, tell: Tell) -> list[Gain]:
    gains: list[Gain] = []
    try:
        with transaction() as session:
            gains = backfills.preview(session, slug, tell)
            raise Undo
    except Undo:
        return gains


def _with_bar(work) -> list[Gain]:  # type: ignore[no-untyped-def]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        stages: dict[str, object] = {}

        def tell(stage: str, done: int, of: int) -> None:
            if stage not in stages:
                stages[stage] = bar.add_task(stage, total=of)
            bar.update(stages[stage], completed=done, total=of)  # type: ignore[arg-type]

        return work(tell)


def _line(gain: Gain, dry_run: bool) -> str:
    dates = f"{gain.earliest:%Y-%m-%d} to {gain.latest:%Y-%m-%d}" if gain.earliest and gain.latest else ""
    verb = "would gain it" if dry_run else "gained it"
    letters = f", {gain.letters} notices by mail" if dry_run else ""
    return f"{gain.slug:<28}{gain.members:>7} members {verb} ({gain.awards} awards, {dates}{letters})"


@awards.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--source", help="Only members imported from this source, by their numbers there.")
@with_appcontext
def export_to(file: Path, source: str | None) -> None:
    """Write all awards to FILE.csv ("-" for standard output)."""
    with snapshot() as session:
        if source and session.get(ImportRun, source) is None:
            known = ", ".join(session.scalars(select(ImportRun.source))) or "none"
            raise click.ClickException(f"Nothing was imported from {source!r}. Known sources: {known}.")
        with sys.stdout if str(file) == "-" else file.open("w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out)
            rows.writerow(export.COLUMNS)
            rows.writerows(export.awards(session, source))


@awards.command()
@click.argument("username")
@click.argument("badge_slug")
@with_appcontext
def explain(username: str, badge_slug: str) -> None:
    """Say how USERNAME stands with BADGE_SLUG: what is there, what is missing, what did not count."""
    session = db.session()
    member = session.scalar(select(Member).where(Member.username_key == username.lower()))
    if member is None:
        raise click.ClickException(f"There is no member called {username!r}.")
    badge = badges.find(session, badge_slug)
    if badge is None or badge.version_id is None:
        raise click.ClickException(f"There is no badge called {badge_slug!r}.")
    for line in _words(session, member, badge, explanations.explain(session, member, badge)):
        click.echo(line)


def _words(session: Session, member: Member, badge: Badge, it: Explanation) -> list[str]:
    lines = [f"{badge.name}: {it.how}"]
    for condition in it.conditions:
        step = condition.progress
        mark = "done" if step.done else f"{step.need - step.have} to go"
        lines.append(f"  {step.text}: {step.have} of {step.need} {step.noun}, {mark}")
        lines += [f"    {it.text}" for it in condition.left_out]
    for made in it.awards:
        by = f"by {made.kind}" + (f" on post {made.post_id}" if made.post_id else "") if made.kind else made.way
        day = "on an unknown day" if made.undated else f"{made.earned_at:%Y-%m-%d %H:%M} UTC"
        place = f" (activity {made.seq})" if made.seq else ""
        lines.append(f"  Earned {day} under version {made.number} of the rule, completed {by}{place}")
    return lines if it.awards else [*lines, f"  {member.name} does not have it yet."]
