"""Pages of communities that really existed, imported into one site: `DUMPS` names the folder their dumps lie in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from tests.bench import pages
from tests.bench.report import Row, at_most, say, shown
from tests.bench.site import Site, Workshop
from tests.servers import ROOT

# Path, whether signed in, the most it may take on SQLite and on PostgreSQL.
PAGES = (
    ("latest threads", "/", False, 4.0, 6.0),
    ("latest threads, signed in", "/", True, 4.0, 6.0),
    ("a usual thread", "/t/{usual}", False, 2.0, 3.0),
    ("a usual thread, signed in", "/t/{usual}", True, 3.5, 5.0),
    ("the longest thread", "/t/{longest}", False, 2.0, 3.0),
    ("the longest thread, signed in", "/t/{longest}", True, 3.5, 5.0),
    ("search for two words", "/search?q={word}+recommend", True, 4.0, 6.0),
    ("search for a misspelt word", "/search?q={misspelt}", True, 4.0, 6.0),
    ("search for one letter", "/search?q=a", True, 4.0, 6.0),
    ("Best Of, all time", "/best?period=all", True, 4.0, 6.0),
    ("the busiest member's profile", "/u/{busiest}", False, 4.0, 6.0),
    ("the busiest member's profile, signed in", "/u/{busiest}", True, 4.0, 6.0),
    ("leaders of all time", "/leaders?period=all", True, 4.0, 6.0),
)


def run(shop: Workshop, engine_name: str, folder: Path) -> list[Row]:
    """Import every dump of the folder, award what was earned, and ask for the pages beside one from memory."""
    site = shop.site(engine_name)
    for dump in sorted(it for it in folder.iterdir() if (it / "Posts.xml").is_file()):
        say(f"{engine_name}: importing {dump.name}")
        _flask(site, "import", "stackexchange", str(dump))
    say(f"{engine_name}: awarding")
    _flask(site, "awards", "backfill")
    with site.open() as session:  # type: ignore[attr-defined]
        if not site.on_sqlite:
            session.execute(text("ANALYZE"))

    names, cookie = _places(site), pages.sign_in(site, str(_places(site)["busiest"]))
    reference = pages.asking(pages.page_from_memory(), "/", "")
    rows: list[Row] = []
    for what, path, signed_in, on_sqlite, on_postgres in PAGES:
        say(f"{engine_name}: {what}")
        ask = pages.asking(site.app, path.format(**names), cookie if signed_in else "")
        spent, bare = pages.in_turn(site, ask, reference)
        value = f"{shown(spent)}, {pages.statements(site, ask)} SQL, {len(ask()) / 1024:.0f} KB"
        target = on_sqlite if site.on_sqlite else on_postgres
        rows.append(at_most(what, engine_name, value, shown(bare), spent / bare, target))
    return rows


def _flask(site: Site, *arguments: str) -> None:
    command = [sys.executable, "-m", "flask", *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **site.settings}, check=True, capture_output=True)


def _places(site: Site) -> dict[str, object]:
    """The threads, the member and the words that are asked for."""
    by_length = (
        "SELECT t.id || '/' || t.slug FROM threads t JOIN posts p ON p.thread_id = t.id AND p.deleted_at IS NULL"
        " WHERE t.deleted_at IS NULL GROUP BY t.id, t.slug ORDER BY count(*) DESC, t.id"
    )
    with site.open() as session:  # type: ignore[attr-defined]
        threads = session.scalars(text(by_length)).all()
        busiest = session.scalars(
            text(
                "SELECT username FROM members JOIN posts ON posts.author_id = members.id"
                " GROUP BY members.id, username ORDER BY count(*) DESC, members.id LIMIT 1"
            )
        ).one()
    return {
        "longest": threads[0], "usual": threads[len(threads) // 2], "busiest": busiest,
        "word": "coffee", "misspelt": "temprature",
    }  # fmt: skip
