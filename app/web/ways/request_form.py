"""The form of a request, as it was typed."""

import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flask import request

from app.domain.ways.requests import EVENTS_MOST
from app.domain.words import _

ROWS = 3  # for events, where nothing was typed yet


class Form(NamedTuple):
    """What stands in the fields; `token` makes sending twice the same as once, `kept` is where it was kept meanwhile."""

    note: str = ""
    evidence: str = ""
    events: Sequence[tuple[str, str]] = ()
    token: str = ""
    kept: str = ""

    @property
    def links(self) -> list[str]:
        return [it.strip() for it in self.evidence.splitlines() if it.strip()]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The rows for events: those that were typed, and room for more."""
        room = min(max(ROWS, len(self.events) + 1), EVENTS_MOST)
        return [*self.events, *[("", "")] * (room - len(self.events))]


def blank() -> Form:
    """A form that nobody has sent yet."""
    return Form(token=secrets.token_urlsafe(18))


def sent() -> Form:
    """The form that is being sent."""
    typed = _read(request.form.to_dict(flat=False))
    return typed._replace(token=request.form.get("token", "")[:40], kept=request.form.get("kept", "")[:64])


def restored(key: str, kept: Mapping[str, Sequence[str]]) -> Form:
    """A form with what was kept of an earlier one."""
    return _read(kept)._replace(token=secrets.token_urlsafe(18), kept=key)


def missing_note() -> str:
    """What to say where nothing was typed."""
    return _("Write a note, so that we know what to check.")


def _read(fields: Mapping[str, Sequence[str]]) -> Form:
    titles, days = fields.get("event_title", ()), fields.get("event_on", ())
    events = [(title.strip(), day.strip()) for title, day in zip(titles, days, strict=False)]
    note, links = ("".join(fields.get(name, ("",))[:1]) for name in ("note", "evidence"))
    return Form(note.replace("\r\n", "\n"), links, [it for it in events if any(it)])
