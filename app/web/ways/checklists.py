"""Checklists: what to do first, and how far one is."""

from flask import Blueprint, render_template

from app.db import db
from app.domain.badging import checklists
from app.web.audience import everybody, viewer
from app.web.badging import next_steps

bp = Blueprint("checklists", __name__)


@bp.get("/checklist")
@everybody
def show() -> str:
    """Every checklist, with one's own progress."""
    looking = viewer()
    lists = checklists.every(db.session(), looking.id if looking else None)
    return render_template("checklists/show.html", lists=lists, towards=next_steps.towards)
