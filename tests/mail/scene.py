"""Letters owed in a test, a look at their rows, and time that passes for them."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery, MailRoute
from tests.factories import make_member


def use(app, monkeypatch, url):
    """Let the site send by another way."""
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], mail_url=url))


def owe(engine, name="ada", kind="password_changed", **more):
    """A letter owed to somebody new."""
    with transaction(engine) as session:
        letter = deliveries.owe(session, kind, make_member(session, name), **more)
        session.flush()
        return letter.id


def look(engine, delivery_id=None):
    """The row of a letter, the first unless told otherwise."""
    with Session(engine) as session:
        found = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        return found[0] if delivery_id is None else session.get_one(Delivery, delivery_id)


def wait(engine, minutes, *, older=False):
    """Let time pass, as far as letters know; their own age counts only where it is asked for, it is in their names."""
    with transaction(engine) as session:
        for row in session.scalars(select(Delivery)):
            row.due_at -= timedelta(minutes=minutes)
            row.created_at -= timedelta(minutes=minutes if older else 0)
            row.lease_until = row.lease_until and row.lease_until - timedelta(minutes=minutes)
        for route in session.scalars(select(MailRoute)):
            route.rests_until -= timedelta(minutes=minutes)
