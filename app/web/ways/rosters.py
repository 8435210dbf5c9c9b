"""Lists of people in a form: pasted or as a file, looked through before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import db
from app.domain.people.members import Member
from app.domain.ways import rosters
from app.domain.ways.rosters import Roster

AT_ONCE = 200
Group = tuple[str, Sequence[Member]]  # what becomes of some, in words, and who they are


def read() -> Roster:
    """Whom the list that was sent names; a file goes before what was pasted. Raises Invalid for `who` or `file`."""
    file = request.files.get("file")
    content = file.read(rosters.FILE_MOST + 1) if file and file.filename else b""
    return rosters.match(
        db.session(), rosters.filed(content) if content else rosters.pasted(request.form.get("who", ""))
    )


def looked_through() -> list[Member]:
    """The members of a list that was looked through; who left meanwhile is no longer among them."""
    return rosters.match(db.session(), rosters.pasted(request.form.get("who", ""))).members


def a_few_at_a_time(members: Sequence[Member]) -> Iterator[Sequence[Member]]:
    """A list in parts, each a transaction of its own: a long one would keep everybody else from writing.

    Where it ends half way, sending it again does the rest.
    """
    for start in range(0, len(members), AT_ONCE):
        yield members[start : start + AT_ONCE]


def of_session(writing: Session, members: Sequence[Member]) -> list[Member]:
    """The same members as rows of the session that writes."""
    return list(writing.scalars(select(Member).where(Member.id.in_([it.id for it in members])).order_by(Member.id)))


def preview(
    title: str, found: Roster, new: Sequence[Member], others: Sequence[Group], *, action: str, back: str, button: str,
    kept: Mapping[str, str] | None = None, tab: str = "",
) -> str:  # fmt: skip
    """The page that says what a list would do, with the button to do it. `kept` is sent along unchanged."""
    return render_template("rosters/preview.html", **_page(locals()))


def _page(said: dict[str, Any]) -> dict[str, Any]:
    return said | {"kept": said["kept"] or {}, "others": [it for it in said["others"] if it[1]]}
