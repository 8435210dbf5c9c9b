"""Leaders and statements on a ledger of any length: what their pages cost, and that they do not grow with it."""

from __future__ import annotations

from sqlalchemy import text

from app.domain.awarding import audit
from app.domain.record import scores
from tests.bench import history, pages
from tests.bench.history import DAYS, FIRST_DAY, Size
from tests.bench.report import Row, at_most, say, shown
from tests.bench.site import Site, Workshop

MEMBERS = 10_000
PAGES = (
    ("leaders of a week", "/leaders?period=week&week={week}", False),
    ("leaders of a week, signed in", "/leaders?period=week&week={week}", True),
    ("leaders of all time, signed in", "/leaders?period=all", True),
    ("statement of points", "/u/member1/points", True),
    ("statement of points, far down", "/u/member1/points?below={below}", True),
)


def run(shop: Workshop, engine_name: str, sizes: tuple[int, int]) -> list[Row]:
    """The same pages on a short and on a long history, each beside the page from memory."""
    reference = pages.asking(pages.page_from_memory(), "/", "")
    few, many = (_site(shop, engine_name, size) for size in sizes)
    rows: list[Row] = []
    for what, path, signed_in in PAGES:
        spent: list[float] = []
        for site in (few, many):
            ask = pages.asking(site.app, path.format(**_places(site)), pages.sign_in(site) if signed_in else "")
            page, bare = pages.in_turn(site, ask, reference)
            spent.append(page)
        rows.append(at_most(what, engine_name, shown(page), shown(bare), page / bare, 4.0 if many.on_sqlite else 6.0))
        grown = f"... with {sizes[1] // sizes[0]} times the entries"
        rows.append(at_most(grown, engine_name, shown(spent[1]), shown(spent[0]), spent[1] / spent[0], 1.5))
    return rows


def _site(shop: Workshop, engine_name: str, entries: int) -> Site:
    """A site whose ledger has so many entries, about a fifth of its deeds, and the sums that follow."""
    say(f"{engine_name}: a ledger of {entries:,} entries")
    site = shop.site(engine_name)
    history.write(site, Size(activities=entries * 5, members=MEMBERS))
    with site.open() as session:  # type: ignore[attr-defined]
        session.execute(text("UPDATE point_entries SET week = (local_day + 3) / 7, month = local_day / 30"))
        audit.repair(session)
        if not site.on_sqlite:
            session.execute(text("ANALYZE"))
    return site


def _places(site: Site) -> dict[str, object]:
    """A week in the middle of the history, and a place far down in a statement."""
    with site.open() as session:  # type: ignore[attr-defined]
        below = session.execute(
            text("SELECT seq, id FROM point_entries WHERE member_id = 1 ORDER BY seq LIMIT 1 OFFSET 60")
        ).one()
    return {"week": scores.week_name((FIRST_DAY + DAYS // 2) // 7), "below": f"{below.seq}-{below.id}"}
