"""What the engine's tests stand on: tables that nothing but their histories uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from app.db import prepare
from app.domain.base import Base


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def bare_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on empty tables; a Stage undoes whatever it plays there."""
    if request.param == "sqlite":
        engine = prepare(create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}))
    else:
        url = request.getfixturevalue("postgres").database("histories")
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()
