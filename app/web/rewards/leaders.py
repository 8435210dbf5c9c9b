"""Leaders of the week, the month and ever; and whether one wants to be listed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.awarding import leaders
from app.domain.base import day_number, now
from app.domain.forum import listing
from app.domain.forum.threads import Category
from app.domain.record import scores
from app.domain.record.scores import EVER, EVERYWHERE, MONTH, WEEK
from app.domain.rewards import guide
from app.domain.words import _
from app.web import site
from app.web.answers import on_to
from app.web.audience import everybody, members_only, myself, viewer
from app.web.looks import on_date
from app.web.paging import choice

bp = Blueprint("leaders", __name__)

SPANS = {"week": WEEK, "month": MONTH, "all": EVER}


class Week(NamedTuple):
    """The week that is shown, between its neighbours; `next` is empty for the running one."""

    number: int
    name: str
    before: str
    next: str
    last: str
    is_running: bool


@bp.get("/leaders")
@everybody
def show() -> str:
    """Who leads, everywhere or in a category."""
    period, zone, looking = choice("period", tuple(SPANS)), site.current().site.zone, viewer()
    category_id, slug = _category()
    week = _week(period, zone)
    number = {"week": week.number, "month": scores.month_at(now(), zone), "all": 0}[period]
    board = leaders.board(db.session(), SPANS[period], number, category_id, viewer_id=looking.id if looking else 0)
    return render_template(
        "leaders/show.html",
        board=board, period=period, week=week, category=slug, zone=zone,
        days=_days(scores.monday(week.number)),
        categories=listing.all_categories(db.session()),
        rules=guide.point_rules(db.session(), day_number(now())),
    )  # fmt: skip


@bp.post("/settings/leaders")
@members_only
def change_listing() -> Response:
    """Be in the lists of leaders, or in none of them."""
    listed = request.form.get("listed") == "1"
    with transaction() as writing:
        leaders.list_member(writing, myself(writing), listed)
    return on_to(
        "/settings/profile#leaders",
        _("Saved. You are in the lists of leaders.") if listed else _("Saved. You are in no list of leaders."),
    )


def _category() -> tuple[int, str]:
    slug = request.args.get("category", "")
    if not slug:
        return EVERYWHERE, ""
    found = db.session.execute(select(Category.id, Category.slug).filter_by(slug=slug)).one_or_none() or abort(404)
    return found.id, found.slug


def _days(monday: date) -> tuple[str, str]:
    """The first and the last day of a week; the first without what it has in common with the last: 16, 22 Nov 2026."""
    sunday = monday + timedelta(days=6)
    last = on_date(sunday)
    first = str(monday.day) if monday.month == sunday.month else on_date(monday)
    return first.removesuffix(f" {sunday.year}"), last


def _week(period: str, zone: str) -> Week:
    """The week asked for, or the running one; a week to come is not there."""
    running, name = scores.week_at(now(), zone), request.args.get("week", "")
    number = scores.week_named(name) if name else running
    if number is None or (name and period != "week"):
        abort(400, "Name a week as 2026-W47.")
    if number > running or number < 0:
        abort(404)
    return Week(
        number, scores.week_name(number), scores.week_name(number - 1) if number else "",
        scores.week_name(number + 1) if number < running else "", scores.week_name(running - 1), number == running,
    )  # fmt: skip
