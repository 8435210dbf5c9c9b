"""Processes die at random while deeds are written; in the end everything happened, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import crashes


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_is_lost_or_done_twice_however_often_processes_die(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres").database("faults") if kind == "postgresql" else None
    outcome = crashes.run(tmp_path, url, deeds=2000, kills=20, seed=1)
    assert outcome.deeds >= 2000
    assert sum(outcome.kills.values()) >= 15
    assert outcome.awards > 50
