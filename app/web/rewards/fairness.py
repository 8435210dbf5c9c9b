"""Fairness for staff: who mostly reacts to whom, and what the allowances held back."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select

from app.db import db
from app.domain.base import now
from app.domain.people.members import Member
from app.domain.record import scores
from app.domain.rewards import fairness
from app.web import site
from app.web.audience import staff_only
from app.web.paging import choice, page_number

bp = Blueprint("fairness", __name__, url_prefix="/staff/fairness")


@bp.get("")
@staff_only
def pairs() -> str:
    """Members who mostly react to each other."""
    page, days = page_number(), choice("days", tuple(map(str, fairness.PERIODS)))
    found, more = fairness.reciprocal(db.session(), now() - timedelta(days=int(days)), page)
    if page > 1 and not found:
        abort(404)
    return render_template(
        "fairness/pairs.html", found=found, more=more, page=page, days=int(days), periods=fairness.PERIODS,
        fewest=fairness.FEWEST,
    )  # fmt: skip


@bp.get("/<username>/<other>")
@staff_only
def pair(username: str, other: str) -> str:
    """What two members gave each other."""
    page, one, second = page_number(), _find(username), _find(other)
    found, more = fairness.between(db.session(), one, second, page)
    if page > 1 and not found:
        abort(404)
    return render_template("fairness/pair.html", one=one, other=second, found=found, more=more, page=page)


@bp.get("/held")
@staff_only
def held() -> str:
    """What the allowances of a week held back."""
    page, running, name = page_number(), scores.week_at(now(), site.current().site.zone), request.args.get("week", "")
    week = scores.week_named(name) if name else running
    if week is None:
        abort(400, "Name a week as 2026-W47.")
    if not 0 <= week <= running:
        abort(404)
    found, more = fairness.held_back(db.session(), week, page)
    if page > 1 and not found:
        abort(404)
    return render_template(
        "fairness/held.html", found=found, more=more, page=page, name=scores.week_name(week), week=week,
        monday=scores.monday(week), before=scores.week_name(week - 1) if week else "",
        after=scores.week_name(week + 1) if week < running else "",
    )  # fmt: skip


def _find(username: str) -> Member:
    return db.session.scalars(
        select(Member).filter_by(username_key=username.lower(), deleted_at=None)
    ).one_or_none() or abort(404)
