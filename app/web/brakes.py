"""Brakes: how often one network may do something, whoever it is."""

from __future__ import annotations

from typing import NamedTuple

from flask import current_app
from werkzeug.exceptions import TooManyRequests

from app.db import db, transaction
from app.domain import limits
from app.domain.limits import Limit
from app.domain.problems import duration
from app.domain.words import _
from app.web.networks import network


class Brake(NamedTuple):
    """What is slowed, and from when on. In development somebody tries things out."""

    what: str
    production: Limit
    development: Limit

    @property
    def limit(self) -> Limit:
        """The one in force."""
        return self.production if current_app.config["SETTINGS"].production else self.development


def spend(brake: Brake) -> None:
    """Count one use by the network that asks; answers 429 where there were too many."""
    key, limit = limits.key(brake.what, network()), brake.limit
    if wait := limits.wait(db.session(), key, limit):
        raise TooManyRequests(
            _("That was quick: try again in %(wait)s.", wait=duration(wait)),
            retry_after=max(1, int(wait.total_seconds())),
        )
    with transaction() as writing:
        limits.spend(writing, key, limit)
