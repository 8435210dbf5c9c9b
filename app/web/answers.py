"""Answers to a form: on to the next page, a part of the page for htmx, or the form again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

from app.domain.problems import Invalid

A = TypeVar("A", bound=Response)


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


def kept(answer: A, seconds: int) -> A:
    """The answer, which caches may keep for so long; unchanged, it is not sent again."""
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
