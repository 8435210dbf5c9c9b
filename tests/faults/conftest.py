"""What fault tests count, for whoever wants the sum."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

COUNTED = os.environ.get("FAULTS_COUNTED")  # a file in which each test leaves a line


@pytest.fixture
def count() -> Iterator[Callable[..., None]]:
    """Count mails, kills and faults; they are written down once the test has passed."""
    seen: dict[str, object] = {}
    yield seen.update
    if COUNTED and seen:
        with Path(COUNTED).open("a") as file:
            file.write(json.dumps(seen) + "\n")
