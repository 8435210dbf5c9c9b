"""Asking for the password again, before what a stranger at an open browser would do first."""

from datetime import timedelta

from flask import request

from app.db import db, transaction
from app.domain import limits
from app.domain.limits import Limit
from app.domain.membership import accounts
from app.domain.problems import Invalid
from app.domain.words import _
from app.web.audience import member

FAILURES = Limit(10, timedelta(minutes=15))


def confirm(field: str) -> None:
    """Raise Invalid unless the field of the form holds the password of whoever is looking.

    Comparing takes a moment: call it before the transaction, in which nobody else could write.
    """
    me, key = member(), limits.key("password-again", str(member().id))
    if limits.wait(db.session(), key, FAILURES):
        raise Invalid(**{field: _("That was wrong too often. Try again in a quarter of an hour.")})
    if not accounts.matches(me, request.form.get(field, "")):
        with transaction() as writing:
            limits.spend(writing, key, FAILURES)
        raise Invalid(**{field: _("This is not your password.")})
    # Counted attempts run out by themselves: a right one in between must not give a guesser ten more.
