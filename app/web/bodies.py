"""What a body of a request may be: how large, and made of text that a database can hold."""

from collections.abc import Callable
from itertools import chain
from typing import TypeVar

from flask import Flask, abort, request

from app.domain.people.pictures import MOST_BYTES

# A post of 20,000 characters takes 180 KB where each of them is sent as three escaped bytes.
TEXT = 256 * 1024
View = TypeVar("View", bound=Callable[..., object])


def takes_pictures(view: View, most: int = 1) -> View:
    """Let a view receive an uploaded picture, or several, besides its fields."""
    view.pictures = most  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    """Refuse what no view should see. Comes before whatever reads forms."""

    @app.before_request
    def bound() -> None:
        view = app.view_functions.get(request.endpoint or "")
        request.max_content_length = TEXT + MOST_BYTES * getattr(view, "pictures", 0)

    @app.before_request
    def only_text() -> None:
        given = chain((request.view_args or {}).values(), request.args.values(), request.form.values())
        if any("\x00" in it for it in given if isinstance(it, str)):
            abort(400, "That contained a character that is no text.")
