"""`make bench`: what exists, measured beside references of the same run.

BENCH=pages, leaders, engine, import, mail or journey runs that part, BENCH=full everything at ten times the size.
BENCH=communities measures pages of the Stack Exchange dumps in the folder DUMPS, imported into one site.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import communities, history, imports, journey, leaders, live, mail, pages, report, retroactive
from tests.bench.history import Size
from tests.bench.report import Row, say
from tests.bench.site import ENGINES, Workshop, workshop

PARTS = ("engine", "pages", "leaders", "import", "journey", "mail", "communities")


def main() -> int:
    """Measure, and print the table. Status 0: a target missed is a figure, not an error."""
    wanted = os.environ.get("BENCH", "")
    if wanted not in ("", "full", *PARTS):
        print(f"BENCH={wanted} is unknown. Use full or one of: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    dumps = os.environ.get("DUMPS", "")
    if wanted == "communities" and not (dumps and Path(dumps).is_dir()):
        print("Set DUMPS to the folder that the dumps lie in, each in a folder of its own.", file=sys.stderr)
        return 2
    full, began = wanted == "full", time.monotonic()
    rows: list[Row] = []
    with workshop() as shop:
        logging.disable(logging.WARNING)  # the request logs of thousands of requests
        for name, part in _parts(shop, full).items():
            if wanted in ("", "full", name):
                for engine_name in ENGINES:
                    rows += part(engine_name)
    print(report.table(rows))
    missed = sum(row.met is False for row in rows)
    print(f"\n{missed} of {sum(row.met is not None for row in rows)} targets missed; {time.monotonic() - began:.0f} s.")
    return 0


def _parts(shop: Workshop, full: bool) -> dict[str, Callable[[str], list[Row]]]:
    def engine(name: str) -> list[Row]:
        rows = live.throughput(shop, name)
        size = Size(activities=10_000_000 if full else 1_000_000, members=100_000)
        say(f"{name}: writing {size.activities:,} activities")
        large = shop.site(name)
        history.write(large, size)
        rows += retroactive.run(large, size)
        return rows + live.cost(shop, large, size)

    parts = {
        "engine": engine,
        "pages": lambda name: pages.run(shop, name),
        "leaders": lambda name: leaders.run(shop, name, (50_000, 1_000_000) if full else (10_000, 200_000)),
        "import": lambda name: imports.run(shop, name, (5_000, 1_000_000 if full else 25_000)),
        "mail": lambda name: mail.run(shop, name, (1000, 10_000, *((100_000,) if full else ()))),
        "journey": lambda name: journey.run(shop, name, 100_000 if full else 5_000),
    }
    if dumps := os.environ.get("DUMPS"):
        parts["communities"] = lambda name: communities.run(shop, name, Path(dumps))
    return parts


if __name__ == "__main__":
    sys.exit(main())
