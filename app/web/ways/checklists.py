"""Checklists: what to do first, and how far one is."""

from flask import Blueprint, render_template

from app.db import db
from app.domain.badging import checklists
from app.web.audience import everybody, viewer

bp = Blueprint("checklists", __name__)

# Where each step is done, by the kind of deed; the member's own profile where nothing else is said.
PLACES = {
    "email_verified": "/settings/account",
    "profile_completed": "/settings/profile",
    "second_factor_on": "/settings/second-factor",
    "lesson_passed": "/lessons",
    "thread_read": "/",
    "answered": "/?sort=unanswered",
    "asked": "/t/new",
    "started": "/t/new",
    "insightful_given": "/best",
    "upvote_given": "/best",
    "event_attended": "/events",
    "feedback_given": "/feedback",
}


@bp.get("/checklist")
@everybody
def show() -> str:
    """Every checklist, with one's own progress."""
    looking = viewer()
    lists = checklists.every(db.session(), looking.id if looking else None)
    return render_template("checklists/show.html", lists=lists, places=PLACES)
