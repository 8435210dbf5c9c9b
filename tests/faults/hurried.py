"""The site's worker, in a hurry: what takes minutes takes seconds. `python -m tests.faults.hurried` is `python worker.py`."""

from __future__ import annotations

import os

import worker
from app.supervisor import die_with_parent
from tests.faults import places

if __name__ == "__main__":
    die_with_parent(os.getppid())
    places.hurry()
    worker.main([])
