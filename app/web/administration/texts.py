"""The texts that staff can edit: where they are read, and where they are written."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from app.db import db, transaction
from app.domain.problems import Invalid
from app.domain.site import quizzes, texts
from app.domain.words import _
from app.web import site
from app.web.answers import again, by_htmx, on_to
from app.web.audience import administrators_only, everybody, myself

bp = Blueprint("texts", __name__)


@bp.get("/faq")
@everybody
def faq() -> str:
    """What people ask about this site."""
    return render_template("texts/faq.html", text=texts.find(db.session(), "faq"))


@bp.get("/staff/texts")
@administrators_only
def index() -> str:
    """Every text that can be edited."""
    return render_template("texts/index.html", texts=[texts.find(db.session(), slug) for slug in texts.SLUGS])


@bp.get("/staff/texts/<slug>")
@administrators_only
def show(slug: str) -> str:
    """A text to be edited, and who changed it before. An earlier version can be taken up again."""
    text = _find(slug)
    number = request.args.get("version", "")
    older = (
        texts.version(db.session(), slug, int(number))
        if number.isascii() and number.isdigit() and len(number) < 9
        else None
    )
    if number and older is None:
        abort(404)
    return _form(text, older if older is not None else text.body, version=number)


@bp.post("/staff/texts/<slug>")
@administrators_only
def change(slug: str) -> str | Response | tuple[str, int]:
    """Write a new version, or only look at what it would look like."""
    text, body = _find(slug), request.form.get("body", "")
    seen = request.form.get("seen", "")
    seen_number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else -1
    try:
        if request.form.get("do") == "preview":
            return _preview(text, texts.checked_body(body), seen_number)
        with transaction() as writing:
            texts.change(writing, slug, myself(writing), body, seen=seen_number)
    except Invalid as no:
        return again("texts/edit.html", no, **_around(text, body, seen_number))
    site.forget()
    return on_to(f"/staff/texts/{slug}", _("Saved. Everybody reads the new text."))


def _find(slug: str) -> texts.Text:
    try:
        return texts.find(db.session(), slug)
    except KeyError:
        abort(404)


def _form(text: texts.Text, body: str, version: str) -> str:
    return render_template("texts/edit.html", problems={}, **_around(text, body, text.number, version=version))


def _preview(text: texts.Text, body: str, seen: int) -> str:
    html = texts.html_of(text.slug, body)
    if by_htmx():
        return render_template("texts/_preview.html", html=html)
    return render_template("texts/edit.html", problems={}, **_around(text, body, seen, html=html))


def _around(text: texts.Text, body: str, seen: int, *, html: str = "", version: str = "") -> dict[str, object]:
    return {
        "text": text, "body": body, "seen": seen, "html": html, "version": version,
        "history": texts.history(db.session(), text.slug), "comes": texts.is_shipped(text.slug),
        "page": texts.page_of(text.slug), "questions": quizzes.questions(text.body),
    }  # fmt: skip
