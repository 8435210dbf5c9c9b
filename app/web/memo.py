"""What may be a minute old: read once a minute in each process, however many pages show it."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app

P = ParamSpec("P")
R = TypeVar("R")
SECONDS = 60


def minutely(read: Callable[P, R]) -> Callable[P, R]:
    """Keep what a reader without arguments found, for a minute and for this application."""

    @wraps(read)
    def kept(*args: P.args, **named: P.kwargs) -> R:
        store: dict[str, tuple[float, R]] = current_app.extensions.setdefault("minutely", {})
        until, found = store.get(read.__qualname__, (0.0, None))
        if found is None or until < time.monotonic():
            found = read(*args, **named)
            store[read.__qualname__] = (time.monotonic() + SECONDS, found)
        return found

    return kept
