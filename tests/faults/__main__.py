"""Every fault at full size, a table of what was seen. Stop it when you like: finished runs are kept.

`python -m tests.faults` runs all, `python -m tests.faults mails` or `deeds` or `places` some. The finished runs stand in
`faults.json` in INSTANCE_DIR; delete it to begin anew.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import config
from tests import servers
from tests.faults import crashes, mails
from tests.servers import ROOT

ENGINES = ("sqlite", "postgresql")
RUNS, KILLS, DEEDS = 10, 20, 2000  # on each database: 200 kills
MAIL_RUNS, TURNS, LETTERS = 12, 24, 200  # on each database; at about half of the turns somebody is killed
WITHOUT_REDIS = 3  # every so manieth run of letters has none at all
KINDS = ("deeds", "mails", "places")
HEADER = (
    f"{'run':<20}{'deeds':>7}{'mails':>7}{'kills':>7}{'others':>8}{'SMTP faults':>13}{'lost':>6}{'doubled':>9}"
    f"{'refused':>9}{'in doubt':>10}{'quiet after':>13}"
)


def main(wanted: list[str]) -> int:
    """Do the runs that are not done yet, and print all of them."""
    if unknown := [it for it in wanted if it not in KINDS]:
        print(f"{unknown[0]} is unknown. Use one or more of: {', '.join(KINDS)}.", file=sys.stderr)
        return 2
    logging.disable(logging.WARNING)  # the mail server tells every word it hears
    kept = config.read_or_exit().instance_dir / "faults.json"
    done: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    print(HEADER)
    with ExitStack() as stack:
        cluster: servers.Postgres | None = None
        for name in (it for it in names() if it.split()[0] in (wanted or KINDS)):
            if name not in done:
                if "postgresql" in name and cluster is None:
                    cluster = stack.enter_context(servers.postgres())
                done[name] = _run(name, cluster)
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(done, indent=1))
            print(_line(name, done[name]), flush=True)
    print(_in_all(list(done.values())))
    return 0


def names() -> Iterator[str]:
    """All runs, on both databases in turn."""
    for kind, number in (("deeds", RUNS), ("mails", MAIL_RUNS), ("places", 1)):
        yield from (f"{kind} {engine} {nth}" for nth in range(number) for engine in ENGINES)


def _run(name: str, cluster: servers.Postgres | None) -> dict[str, Any]:
    kind, engine, number = name.split()
    if kind == "places":
        return _places(engine)
    folder = Path(tempfile.mkdtemp(prefix="contrail-faults-"))
    url = cluster.database("faults") if engine == "postgresql" and cluster else None
    if kind == "deeds":
        outcome = asdict(crashes.run(folder, url, deeds=DEEDS, kills=KILLS, seed=int(number)))
    else:
        outcome = asdict(
            mails.run(
                folder, url, letters=LETTERS, kills=TURNS, seed=int(number),
                about=("award", "account")[int(number) % 2], redis=int(number) % WITHOUT_REDIS != 2,
            )
        )  # fmt: skip
    shutil.rmtree(folder)
    return outcome


def _places(engine: str) -> dict[str, Any]:
    """Every named place and every single fault, many times; the tests' own assertions hold."""
    environ, counted = {**os.environ, "FULL": "1"}, Path(tempfile.mkstemp(prefix="contrail-faults-")[1])
    environ["FAULTS_COUNTED"] = str(counted)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-k", engine, "--timeout=3600"]
    files = ["tests/faults/test_mail_places.py", "tests/faults/test_mail_faults.py", "tests/mail/test_on_the_wire.py"]
    ended = subprocess.run([*command, *files], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    found: dict[str, Any] = {"lost": 0}
    for line in counted.read_text().splitlines():
        for what, number in json.loads(line).items():
            if isinstance(number, dict):
                found[what] = Counter(found.get(what, {})) + Counter(number)
            else:
                found[what] = found.get(what, 0) + number
    counted.unlink()
    return found


def _line(name: str, it: dict[str, Any]) -> str:
    def total(what: str) -> int:
        return sum(it.get(what, {}).values())

    numbers = (
        (it.get("deeds", 0), 7), (it.get("mails", 0), 7), (total("kills"), 7), (total("pranks"), 8), (total("faults"), 13),
        (it.get("lost", 0), 6), (it.get("doubled", 0), 9), (it.get("refused", 0), 9), (it.get("doubtful", 0), 10),
    )  # fmt: skip
    quiet = f"{it['quiet_after']} s" if "quiet_after" in it else ""
    return f"{name:<20}" + "".join(f"{number:>{width}}" for number, width in numbers) + f"{quiet:>13}"


def _in_all(runs: list[dict[str, Any]]) -> str:
    def total(what: str) -> int:
        found = [it.get(what, 0) for it in runs]
        return sum(sum(it.values()) if isinstance(it, dict) else it for it in found)

    killed = Counter[str]()
    for it in runs:
        killed.update(it.get("kills", {}))
    return (
        f"\n{len(runs)} runs: {total('deeds'):,} deeds, {total('mails'):,} mails, {total('kills'):,} kills, {total('pranks')} other"
        f" mischiefs, {total('faults'):,} faults of the mail server: {total('lost')} lost, {total('doubled')} doubled, all of them within"
        f" the hand-over and told apart in their rows; {total('refused')} refused for good by the server, {total('doubtful')} left for"
        f" staff to decide; {total('unwanted')} members wanted no letter and got none."
        f"\nKilled: {', '.join(f'{number} x {who}' for who, number in killed.most_common())}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
