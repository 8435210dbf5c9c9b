"""Who looks at the pages, and at what they leave in the database. Each file says who its `people` are."""

from __future__ import annotations

import pytest

from app.db import transaction
from tests.web.scenery import sign_in


@pytest.fixture
def browse(app, engine, people):
    """A browser of somebody."""
    return lambda name: sign_in(app.test_client(), engine, people[name])


@pytest.fixture
def look(engine):
    """What the database says, without keeping it waiting: the first column of each row."""

    def read(query):
        with transaction(engine) as session:
            return session.scalars(query).all()

    return read
