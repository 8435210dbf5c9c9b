"""Ranks by the hand of staff."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.awarding import ranks
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.rewards import guide
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import myself, staff_only

bp = Blueprint("ranks", __name__)


@bp.get("/staff/members/<username>/rank")
@staff_only
def form(username: str) -> str:
    """The rank of a member, and the form to give another."""
    return render_template("ranks/give.html", **_about(_find(username)), problems={}, typed={"rank": "", "reason": ""})


@bp.post("/staff/members/<username>/rank")
@staff_only
def give(username: str) -> Response | tuple[str, int]:
    """Give a member a rank."""
    person, typed = _find(username), {name: request.form.get(name, "") for name in ("rank", "reason")}
    try:
        with transaction() as writing:
            whom, me = writing.get_one(Member, person.id), myself(writing)
            ranks.give(writing, whom, me, typed["rank"], typed["reason"])
    except Invalid as no:
        return again("ranks/give.html", no, **_about(person), typed=typed)
    return on_to(f"/staff/members/{person.username}", _("Done. They are told, and it is in the log."))


def _find(username: str) -> Member:
    wanted = select(Member).filter_by(username_key=username.lower(), deleted_at=None)
    return db.session.scalars(wanted).one_or_none() or abort(404)


def _about(person: Member) -> dict[str, object]:
    ladder = guide.ladder(db.session())
    earned = ranks.earned(db.session(), person)
    return {
        "person": person,
        "ladder": [step for step in ladder if step.position >= earned],
        "earned": next((step for step in ladder if step.position == earned), None),
        "now": next((step for step in ladder if step.position == person.rank), None),
    }
