"""Deeds as they come: how many a worker evaluates in a second, and what one costs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import insert, text

from app.domain.awarding import evaluator
from app.domain.base import now
from app.domain.record.activities import Activity
from tests.bench import history
from tests.bench.history import Size
from tests.bench.report import Row, at_most, say, shown
from tests.bench.site import Site, Workshop

WANTED = {"SQLite": 3000, "PostgreSQL": 1000}  # deeds a second
ROUNDS = 120
REFERENCE = """CREATE TABLE bare_entries (deed BIGINT PRIMARY KEY, member BIGINT, amount BIGINT);
CREATE TABLE bare_counters (kind VARCHAR(30), member BIGINT, value BIGINT, PRIMARY KEY (kind, member))"""


def throughput(shop: Workshop, engine_name: str, deeds: int = 6000) -> list[Row]:
    """Evaluate many deeds that wait, in the batches a worker takes."""
    say(f"{engine_name}: deeds a second")
    site = shop.site(engine_name)
    history.write(site, Size(activities=100_000, members=10_000), waiting=deeds)
    with site.open() as session:
        evaluator.kept(session)
    # Alternating: what else the machine does meanwhile slows both.
    wall, cpu = _timed(site, lambda: evaluator.run(site.open))
    bare_wall, bare_cpu = _timed(site, lambda: _bare(site, deeds))
    wanted = WANTED[engine_name]
    return [
        Row("deeds evaluated a second", engine_name, f"{deeds / wall:,.0f}", f"{deeds / bare_wall:,.0f} bare",
            f"{wall / bare_wall:.1f} x", f">= {wanted:,}", deeds / wall >= wanted),
        Row("... a CPU second, with the database", engine_name, f"{deeds / cpu:,.0f}", f"{deeds / bare_cpu:,.0f} bare",
            f"{cpu / bare_cpu:.1f} x", f">= {wanted:,}", deeds / cpu >= wanted),
    ]  # fmt: skip


def _timed(site: Site, work: object) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), site.cpu()
    work()  # type: ignore[operator]
    return time.perf_counter() - wall, site.cpu() - cpu


def _bare(site: Site, deeds: int) -> None:
    """The least that could be done: read the deed, write one entry, raise one counter."""
    with site.engine.begin() as connection:
        for statement in REFERENCE.split(";"):
            connection.execute(text(statement))
    last = 0
    while True:
        with site.engine.begin() as connection:
            rows = (
                connection.execute(
                    text("SELECT id, kind, member_id, amount FROM activities WHERE id > :last ORDER BY id LIMIT 500"),
                    {"last": max(last, 100_000)},
                )
                .mappings()
                .all()
            )
            if not rows:
                return
            given = [dict(row) for row in rows]
            connection.execute(text("INSERT INTO bare_entries VALUES (:id, :member_id, :amount)"), given)
            connection.execute(
                text(
                    "INSERT INTO bare_counters VALUES (:kind, :member_id, :amount) ON CONFLICT (kind, member)"
                    " DO UPDATE SET value = bare_counters.value + excluded.value"
                ),
                given,
            )
            last = rows[-1]["id"]


def cost(shop: Workshop, large: Site, size: Size) -> list[Row]:
    """Evaluate deeds one by one: of a quiet and a busy member, on a small and a large site."""
    say(f"{large.engine_name}: cost of a deed")
    small = shop.site(large.engine_name)
    history.write(small, Size(activities=10_000, members=1000))
    quiet, busy = size.members - 1, size.members
    history.live(large, quiet, 100)
    history.live(large, busy, 100_000)
    history.live(small, 999, 100)
    for site in (small, large):
        evaluator._kept.clear()
        with site.open() as session:
            evaluator.programme.forget(session)
            evaluator.kept(session)
        if not site.on_sqlite:
            with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    times = _one_by_one([(large, quiet), (large, busy), (small, 999)])
    on, booked = large.engine_name, f"{size.activities:,}"
    return [
        at_most("cost of a deed: member with 100,000 own deeds, with 100", on, shown(times[1]), shown(times[0]),
                times[1] / times[0], 1.5),
        at_most(f"cost of a deed: site of {booked} activities, of 10,000", on, shown(times[0]), shown(times[2]),
                times[0] / times[2], 1.5),
    ]  # fmt: skip


def _one_by_one(doers: Sequence[tuple[Site, int]]) -> list[float]:
    """The median time of one deed, for each doer; they take turns."""
    times: list[list[float]] = [[] for _ in doers]
    for number in range(ROUNDS):
        for (site, member), its in zip(doers, times, strict=True):
            _note(site, member, number)
            began = time.perf_counter()
            evaluator.run(site.open)
            its.append(time.perf_counter() - began)
    return [sorted(its)[len(its) // 2] for its in times]


def _note(site: Site, member: int, number: int) -> None:
    kind, thread = history.LIFE[number % len(history.LIFE)], number % 100 + 1
    with site.engine.begin() as connection:
        connection.execute(
            insert(Activity).values(
                kind=kind,
                member_id=member,
                actor_id=1,
                post_id=4 * thread - 3,
                thread_id=thread,
                category_id=1,
                happened_at=now(),
                local_day=history.FIRST_DAY + history.DAYS + number // 5,
                noted_at=now(),
                undated=False,
            )
        )
