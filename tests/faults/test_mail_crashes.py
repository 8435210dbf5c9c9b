"""Processes die, sleep and starve at random while letters leave, and the mail server misbehaves; each letter arrives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import mails


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_letter_is_lost_and_none_is_doubled_outside_the_hand_over(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres").database("faults") if kind == "postgresql" else None
    outcome = mails.run(tmp_path, url, letters=50, kills=12, seed=3)
    assert outcome.mails >= 50
    assert sum(outcome.kills.values()) + sum(outcome.pranks.values()) >= 6
    assert sum(outcome.faults.values()) >= 3
    assert outcome.lost == 0
