"""Rosters: lists of people as staff have them, pasted or from a file, and whom of the community they name."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.base import chunks
from app.domain.people.members import IN_SIGHT, Member
from app.domain.problems import Invalid
from app.domain.words import _

LINES_MOST, FILE_MOST, LABEL_MOST = 2000, 200 * 1024, 100
# What the first line of a file may call its columns; in those of NAMING somebody is looked for.
NAMING = {
    "username",
    "user name",
    "user",
    "member",
    "login",
    "e-mail",
    "email",
    "e-mail address",
    "email address",
    "mail",
}
OTHER = {"name", "full name", "first name", "last name", "company", "date", "id", "no", "nr", "#"}
BETWEEN = re.compile(r"[\n,;]")
IN_BRACKETS = re.compile(r"<([^<>]+)>\s*$")

Line = tuple[str, ...]  # what one person may be known by: a username, an e-mail address, or both


class Roster(NamedTuple):
    """Whom a list names, each once; what names nobody, with how often; and how many lines named somebody again."""

    members: list[Member]
    unmatched: dict[str, int]
    again: int


def pasted(text: str) -> list[Line]:
    """The people of a pasted list: one a line, or between commas; raises Invalid for `who`."""
    parts = BETWEEN.split(text.replace("\x00", "").replace("\r", "\n"))
    names = [(found[1] if (found := IN_BRACKETS.search(part)) else part).strip() for part in parts]
    return _few_enough("who", [(name,) for name in names if name])


def filed(content: bytes) -> list[Line]:
    """The people of a CSV file, one a line; raises Invalid for `file` with the line that cannot be read.

    Where the first line names the columns, people are looked for in those of usernames and addresses; else in the
    first column, and wherever there is an address.
    """
    text = _decoded(content)
    rows = [[cell.strip() for cell in row] for row in _rows(text)]
    heading = [cell.casefold() for cell in rows[0]] if rows else []
    wanted = [place for place, cell in enumerate(heading) if cell in NAMING]
    if wanted and all(cell in NAMING | OTHER or "@" not in cell for cell in heading):
        lines = [tuple(row[place] for place in wanted if place < len(row) and row[place]) for row in rows[1:]]
    else:
        lines = [tuple(cell for place, cell in enumerate(row) if cell and (place == 0 or "@" in cell)) for row in rows]
    return _few_enough("file", [line for line in lines if line])


def match(session: Session, lines: Sequence[Line]) -> Roster:
    """Whom the lines name. An address names only who has confirmed it; however it is capitalised."""
    known = _known(session, {_key(cell) for line in lines for cell in line})
    found: dict[int, Member] = {}
    unmatched: Counter[str] = Counter()
    labels: dict[str, str] = {}
    again = 0
    for line in lines:
        hits = {member.id: member for cell in line if (member := known.get(_key(cell)))}
        if len(hits) == 1:
            again += hits.keys() <= found.keys()
            found |= hits
        else:
            label = ", ".join(line)[:LABEL_MOST]
            label = _("%(line)s (two different members)", line=label) if hits else label
            unmatched[labels.setdefault(label.casefold(), label)] += 1
    return Roster(sorted(found.values(), key=lambda it: it.username_key), dict(unmatched), again)


def _known(session: Session, keys: Iterable[str]) -> dict[str, Member]:
    """Members that others may see, by username and by confirmed address."""
    found: dict[str, Member] = {}
    here = select(Member).where(Member.deleted_at.is_(None), IN_SIGHT)
    for some in chunks(sorted(keys)):
        found |= {it.username_key: it for it in session.scalars(here.where(Member.username_key.in_(some)))}
        by_address = here.where(Member.email.in_(some), Member.email_verified_at.is_not(None))
        found |= {str(it.email): it for it in session.scalars(by_address)}
    return found


def _key(cell: str) -> str:
    key = cell.lower()
    return key[1:] if key.startswith("@") else key


def _few_enough(field: str, lines: list[Line]) -> list[Line]:
    if not lines:
        raise Invalid(**{field: _("There is nobody in it. Write usernames or e-mail addresses, one a line.")})
    if len(lines) > LINES_MOST:
        raise Invalid(**{field: _(
            "At most %(most)s people at once; these are %(number)s. Send the rest as a second list.",
            most=f"{LINES_MOST:,}", number=f"{len(lines):,}",
        )})  # fmt: skip
    return lines


def _decoded(content: bytes) -> str:
    if len(content) > FILE_MOST:
        raise Invalid(file=_("This file is larger than 200 KB. Send only the column with the names."))
    if content.startswith(b"PK") or b"\x00" in content:
        raise Invalid(file=_("This is not a text file. Save the sheet as CSV first, and send that."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as no:
        line = content.count(b"\n", 0, no.start) + 1
        raise Invalid(file=_("Line %(line)s is not UTF-8. Save the file as “CSV UTF-8”.", line=line)) from None


def _rows(text: str) -> list[list[str]]:
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    rows, begun = [], 1
    try:
        for row in reader:
            rows.append(row)
            begun = reader.line_num + 1
    except csv.Error:
        raise Invalid(file=_("Line %(line)s cannot be read: look at its quotation marks.", line=begun)) from None
    return [row for row in rows if any(cell.strip() for cell in row)]
