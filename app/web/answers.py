"""Answers to a form: on to the next page, a part of the page for htmx, or the form again."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from app.domain.problems import Invalid


def by_htmx() -> bool:
    """Whether htmx asked, and so wants a part of the page."""
    return request.headers.get("HX-Request") == "true"


def on_to(path: str, said: str = "") -> Response:
    """Go on to a page of this site, which says a sentence about what was done.

    htmx would follow a redirect and put the whole page into a part of it: it is told to go there.
    """
    if said:
        flash(said)
    if by_htmx():
        return Response("", 204, {"HX-Redirect": path})
    return redirect(path, 303)


def again(template: str, problem: Invalid | Mapping[str, str], **given: object) -> tuple[str, int]:
    """The form as it was typed, with what needs another look at its fields."""
    problems = problem.fields if isinstance(problem, Invalid) else dict(problem)
    return render_template(template, problems=problems, **given), 422
