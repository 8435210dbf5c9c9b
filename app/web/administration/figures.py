"""How the programme fares, in plots and numbers, for the team."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.db import db
from app.domain.catalogue import figures
from app.domain.ways import requests
from app.web import plots, site
from app.web.audience import staff_only

bp = Blueprint("figures", __name__, url_prefix="/staff/figures")


@bp.get("")
@staff_only
def show() -> str:
    """Awards, badges nobody has, requests, letters and categories."""
    session = db.session()
    days, wait = figures.awards_by_day(session, site.current().site.zone), requests.usual_wait(session)
    return render_template(
        "staff/figures.html",
        days=days,
        drawing=plots.columns([it.on for it in days], [(it.by_rule, it.by_people) for it in days]),
        unearned=figures.never_earned(session),
        ages=figures.waiting_by_age(session),
        wait=requests.wait_in_words(wait) if wait else "",
        letters=figures.letters_by_outcome(session),
        categories=figures.lively_categories(session),
        span=figures.DAYS,
    )
