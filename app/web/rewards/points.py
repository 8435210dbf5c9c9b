"""One's own points: the statement, its file, and the climb as a drawing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import urlencode

from flask import Blueprint, abort, render_template, request
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from app.db import db, snapshot
from app.domain.base import now
from app.domain.record import scores
from app.domain.rewards import climbs, guide, statements
from app.domain.rewards.statements import Mark, Wanted
from app.web import plots, site
from app.web.audience import member, only_oneself
from app.web.paging import choice

bp = Blueprint("points", __name__)

PERIODS = ("all", "week", "month")


@bp.get("/u/<username>/points")
@only_oneself
def statement(username: str) -> str:
    """The viewer's own ledger, entry by entry."""
    reading, causes, below = db.session(), statements.causes(db.session()), _below()
    wanted, filters = _wanted([it.slug for it in causes])
    entries, more = statements.page(reading, member().id, wanted, below)
    if below and not entries:
        abort(404)
    base = f"/u/{member().username}/points"
    return render_template(
        "members/points.html",
        points=member().points,
        entries=entries, causes=causes, filters=filters, base=base,
        query=urlencode({name: value for name, value in filters.items() if value not in ("", "all")}),
        older=Mark(entries[-1].seq, entries[-1].id) if more else None, below=below,
        drawing=None if below else _drawing(),
    )  # fmt: skip


@bp.get("/u/<username>/points.csv")
@only_oneself
def statement_as_file(username: str) -> Response:
    """The same as a file for a spreadsheet, with every entry of what the filters ask for."""
    wanted, _filters = _wanted([it.slug for it in statements.causes(db.session())])
    name = f"points-{member().username}-{now():%Y-%m-%d}.csv"
    return Response(
        _csv(db.engine, member().id, wanted), mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )  # fmt: skip


def _csv(engine: Engine, member_id: int, wanted: Wanted) -> Iterator[str]:
    buffer = io.StringIO()
    lines = csv.writer(buffer)
    lines.writerow(statements.CSV_COLUMNS)
    with snapshot(engine) as reading:  # read while the answer is sent, when the request's surroundings are gone
        for row in statements.csv_rows(reading, member_id, wanted):
            lines.writerow(row)
            if buffer.tell() > 64 * 1024:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def _wanted(causes: list[str]) -> tuple[Wanted, dict[str, str]]:
    cause, zone = request.args.get("cause", ""), site.current().site.zone
    if cause and cause not in causes:
        abort(400, "That filter is not known.")
    direction, period = choice("direction", statements.DIRECTIONS), choice("period", PERIODS)
    wanted = Wanted(
        cause, direction,
        scores.week_at(now(), zone) if period == "week" else None,
        scores.month_at(now(), zone) if period == "month" else None,
    )  # fmt: skip
    return wanted, {"cause": cause, "direction": direction, "period": period}


def _below() -> Mark | None:
    text = request.args.get("below", "")
    found = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", text, re.ASCII)
    if text and not found:
        abort(400, "There is no such page.")
    return Mark(int(found[1]), int(found[2])) if found else None


def _drawing() -> plots.Plot | None:
    """The viewer's last year, with the ranks it passed."""
    me, zone = member(), site.current().site.zone
    steps = climbs.of(db.session(), me.id, me.points, scores.week_at(now(), zone))
    ranks = [(step.name, step.points) for step in guide.ladder(db.session()) if step.points > 0]
    return plots.draw(steps, ranks) if steps else None
