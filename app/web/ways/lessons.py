"""Lessons: read, answer the questions at the end, done; and the list of them for the team."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Invalid
from app.domain.site import texts
from app.domain.ways import lessons
from app.domain.ways.lessons import GUIDELINES, Offer
from app.domain.words import _
from app.web.answers import again, on_to
from app.web.audience import administrators_only, everybody, members_only, myself, viewer

bp = Blueprint("lessons", __name__)


@bp.get("/lessons")
@everybody
def index() -> str:
    """What there is to learn."""
    looking = viewer()
    return render_template("lessons/index.html", offers=lessons.every(db.session(), looking.id if looking else None))


@bp.get("/lessons/<slug>")
@everybody
def show(slug: str) -> str | Response:
    """A lesson, with its questions at the end."""
    offer = _find(slug)
    if slug == GUIDELINES:
        return redirect(offer.path, 308)
    return render_template("lessons/show.html", problems={}, **_around(offer))


@bp.get("/guidelines")
@everybody
def guidelines() -> str:
    """How to get along here, and the first lesson."""
    return render_template("texts/guidelines.html", problems={}, **_around(_find(GUIDELINES)))


@bp.post("/lessons/<slug>")
@members_only
def answer(slug: str) -> Response | tuple[str, int]:
    """Answer a lesson's questions."""
    offer = _find(slug)
    given = {
        n: int(it) for n in range(len(offer.questions)) if (it := request.form.get(f"q{n + 1}", "")[:3]).isdecimal()
    }
    seen = request.form.get("seen", "")[:9]
    try:
        with transaction() as writing:
            problems = lessons.answer(writing, myself(writing), slug, given, seen=int(seen) if seen.isdecimal() else -1)
    except Invalid as no:
        problems = no.fields
    if problems:
        template = "texts/guidelines.html" if slug == GUIDELINES else "lessons/show.html"
        return again(template, problems, **_around(offer, given))
    return on_to(f"{offer.path}#questions", _("Well done: you have finished this lesson."))


@bp.get("/staff/lessons")
@administrators_only
def manage() -> str:
    """Every lesson, with how many finished it."""
    return render_template("lessons/manage.html", problems={}, **_all())


@bp.post("/staff/lessons")
@administrators_only
def add() -> Response | tuple[str, int]:
    """Begin a lesson."""
    title = request.form.get("title", "")[:200]
    try:
        with transaction() as writing:
            lesson = lessons.add(writing, myself(writing), title)
    except Invalid as no:
        return again("lessons/manage.html", no, **_all(title))
    return on_to(f"/staff/texts/{texts.LESSON}{lesson.slug}", _("Write the lesson, with questions below it."))


@bp.post("/staff/lessons/<slug>/offering")
@administrators_only
def offer(slug: str) -> Response | tuple[str, int]:
    """Offer a lesson, or no longer."""
    offered = request.form.get("offered") == "1"
    try:
        with transaction() as writing:
            lessons.offer(writing, slug, myself(writing), offered)
    except Invalid as no:
        return again("lessons/manage.html", no, **_all())
    return on_to("/staff/lessons", _("Members see it now.") if offered else _("Members no longer see it."))


def _around(offer: Offer, given: dict[int, int] | None = None) -> dict[str, object]:
    """What a lesson's page asks for."""
    return {"offer": offer, "text": offer.text, "given": given or {}}


def _find(slug: str) -> Offer:
    looking = viewer()
    found = lessons.find(db.session(), slug, looking.id if looking else None)
    return found if found and (found.offered or found.passed_at or slug == GUIDELINES) else abort(404)


def _all(title: str = "") -> dict[str, object]:
    reading = db.session()
    return {"title": title, "offers": lessons.every(reading, also_unoffered=True), "counts": lessons.count(reading)}
