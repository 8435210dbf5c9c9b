"""The retroactive run of the whole flight catalogue, beside the bare statements of the same thresholds."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, event, func, select

from app.domain.awarding import backfill, programme
from app.domain.badging import criteria
from app.domain.badging.criteria import Count, Node, Together, Yearly
from tests.bench.history import Size
from tests.bench.report import Row, at_most, say, shown
from tests.bench.site import Site

SLOWEST = 12


def run(site: Site, size: Size) -> list[Row]:
    """Award a whole history at once."""
    say(f"{site.engine_name}: retroactive run over {size.activities:,} activities")
    statements = _bare(site)
    with site.engine.connect() as connection:  # once unmeasured: both find what they read in memory
        for statement in statements:
            connection.execute(statement).all()
    began, cpu = time.perf_counter(), site.cpu()
    with site.engine.connect() as connection:
        for statement in statements:
            connection.execute(statement).all()
    bare, bare_cpu = time.perf_counter() - began, site.cpu() - cpu
    began, cpu = time.perf_counter(), site.cpu()
    with _watched(site) as spent:
        gains = backfill.run(site.open)
    took, took_cpu = time.perf_counter() - began, site.cpu() - cpu
    for text, seconds in spent.most_common(SLOWEST):
        say(f"  {seconds:6.2f} s  {text}")
    awards = sum(gain.awards for gain in gains)
    what = f"retroactive, {size.activities:,} activities, {awards:,} awards"
    return [
        at_most(what, site.engine_name, shown(took), f"{shown(bare)} for {len(statements)} bare", took / bare, 3),
        at_most("... in CPU seconds, with the database", site.engine_name, shown(took_cpu), shown(bare_cpu),
                took_cpu / bare_cpu, 3),
    ]  # fmt: skip


def _bare(site: Site) -> list[Select[Any]]:
    """For each threshold of each rule, who stands at it or above: GROUP BY and HAVING, nothing else."""
    with site.open() as session:
        rules = programme.published(session)
    return [statement for rule in rules for statement in _thresholds(rule.node)]


def _thresholds(node: Node) -> Iterator[Select[Any]]:
    match node:
        case Count():
            yield _standing(node.measure, node.n)
        case Yearly():
            yield _standing(node.years, 1)
            yield _standing(node.ledger, node.points)
        case criteria.All() | criteria.Any() | Together():
            for part in node.parts:
                yield from _thresholds(part)


def _standing(measure: criteria.Measure, n: int) -> Select[Any]:
    deeds = measure.deeds()
    whole = (deeds.c.member_id, deeds.c.subject) if measure.each else (deeds.c.member_id,)
    if not measure.per:
        return select(*whole).group_by(*whole).having(func.sum(deeds.c.step) >= n)
    parts = select(*whole).group_by(*whole, deeds.c.part).having(func.sum(deeds.c.step) >= measure.reaches).subquery()
    return select(*parts.c).group_by(*parts.c).having(func.count() >= n)


@contextmanager
def _watched(site: Site) -> Iterator[Counter[str]]:
    """Adds up the seconds of each statement meanwhile."""
    spent: Counter[str] = Counter()

    def begin(connection: Connection, *_: object) -> None:
        connection.info["began"] = time.perf_counter()

    def end(connection: Connection, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        values = list(parameters.values()) if isinstance(parameters, dict) else parameters
        named = [it for it in values if isinstance(it, str)] if isinstance(values, list | tuple) else []
        text = f"{' '.join(statement.split())[:70]} ... {', '.join(named)[:60]}"
        spent[text] += time.perf_counter() - connection.info["began"]

    event.listen(site.engine, "before_cursor_execute", begin)
    event.listen(site.engine, "after_cursor_execute", end)
    try:
        yield spent
    finally:
        event.remove(site.engine, "before_cursor_execute", begin)
        event.remove(site.engine, "after_cursor_execute", end)
