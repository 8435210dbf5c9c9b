"""Requests that broke on our side while they were sent. They are noted in a file: the database may be what broke."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, current_app, render_template
from sqlalchemy.exc import SQLAlchemyError

from app.domain.base import now
from app.logs import log, reference
from app.web.audience import staff_only, viewer
from app.web.paging import line

bp = Blueprint("failed_requests", __name__)

MOST_BYTES, SHOWN = 256 * 1024, 100


class Failure(NamedTuple):
    """Who could not send a request for which badge, when, and where the log tells why."""

    at: datetime
    reference: str
    badge: str
    member: str
    error: str


@bp.get("/moderation/requests/failed")
@staff_only
def index() -> str:
    """The latest of them, or the one that somebody names."""
    wanted = line("reference", 20)
    found = [it for it in latest() if wanted in ("", it.reference)]
    return render_template("queue/failed.html", found=found[:SHOWN], wanted=wanted)


def note(badge: str, error: Exception) -> None:
    """Keep that a request could not be sent; what was typed stays with its member."""
    said = Failure(now(), reference(), badge, _who(), type(error).__name__)
    path = _file()
    try:
        if path.exists() and path.stat().st_size > MOST_BYTES:
            path.replace(_older(path))
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(said._asdict(), default=datetime.isoformat) + "\n")
    except OSError as no:
        log.error("failed request not noted", reason=str(no))


def latest() -> list[Failure]:
    """Those that are still kept, the latest first."""
    texts = [it.read_text(encoding="utf-8") for it in (_older(_file()), _file()) if it.exists()]
    kept = [json.loads(text) for text in "".join(texts).splitlines()]
    return [Failure(**it | {"at": datetime.fromisoformat(it["at"])}) for it in reversed(kept)]


def _file() -> Path:
    folder: Path = current_app.config["SETTINGS"].instance_dir
    return folder / "failed-requests.jsonl"


def _older(path: Path) -> Path:
    return path.with_suffix(".old.jsonl")


def _who() -> str:
    try:
        looking = viewer()
        return looking.username if looking else ""
    except SQLAlchemyError:
        return ""
