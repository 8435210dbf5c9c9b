"""Every fault at full size, a table of what was seen. Stop it when you like: finished runs are kept.

`python -m tests.faults`; the finished runs stand in `faults.json` in INSTANCE_DIR, delete it to begin anew.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import config
from tests import servers
from tests.faults import crashes

RUNS, KILLS, DEEDS = 10, 20, 2000  # on each database: 200 kills
HEADER = f"{'run':<16}{'deeds':>7}{'awards':>8}{'kills':>7}  {'who':<64}{'quiet after':>12}"


def main() -> None:
    """Do the runs that are not done yet, and print all of them."""
    kept = config.read_or_exit().instance_dir / "faults.json"
    done: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    print(HEADER)
    with ExitStack() as stack:
        cluster: servers.Postgres | None = None
        for name in (f"{engine} {number}" for number in range(RUNS) for engine in ("sqlite", "postgresql")):
            if name not in done:
                if name.startswith("postgresql") and cluster is None:
                    cluster = stack.enter_context(servers.postgres())
                done[name] = _run(name, cluster)
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(done, indent=1))
            print(_line(name, done[name]), flush=True)
    print(
        f"{sum(sum(it['kills'].values()) for it in done.values())} kills in {len(done)} runs: nothing lost, nothing twice."
    )


def _run(name: str, cluster: servers.Postgres | None) -> dict[str, Any]:
    engine, number = name.split()
    folder = Path(tempfile.mkdtemp(prefix="contrail-faults-"))
    url = cluster.database("faults") if engine == "postgresql" and cluster else None
    outcome = crashes.run(folder, url, deeds=DEEDS, kills=KILLS, seed=int(number))
    shutil.rmtree(folder)
    return asdict(outcome)


def _line(name: str, it: dict[str, Any]) -> str:
    who = ", ".join(f"{times} {what}" for what, times in sorted(it["kills"].items()))
    return (
        f"{name:<16}{it['deeds']:>7}{it['awards']:>8}{sum(it['kills'].values()):>7}  {who:<64}{it['quiet_after']:>10} s"
    )


if __name__ == "__main__":
    main()
