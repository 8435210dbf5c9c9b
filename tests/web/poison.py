"""Bad intentions for every text of the database."""

from __future__ import annotations

import re

from sqlalchemy import String, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.domain import markup
from app.domain.base import Base

EVIL = "\"'></textarea></title></style><img src=x onerror=alert(1)><svg onload=alert(1)><b hx-post=/logout hx-trigger=load>{{7*7}}javascript:alert(1)"
POST = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) {{7*7}}\n\n"
    '<div hx-post="/logout" hx-trigger="load" id="main" class="x" style="position:fixed">x</div>\n\n'
    "![x](https://tracker.example/p.png) <form action=/logout><button formaction=/x>x</button></form>"
)
# What is no text but a key, a choice among few, or a number: the domain writes these, people cannot.
NO_TEXT = re.compile(
    r"(^|_)(kind|state|role|slug|key|username|family|tier|glyph|catalogue|zone|hash|secret|token|rule|part|way|measure|listens|version|digest|media_type|fingerprint|held|photo|portrait|place)$|^(alembic)"
)


def poison_everything(session: Session) -> None:
    """Fill every text with as much evil as it takes."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if isinstance(column.type, String) and not NO_TEXT.search(column.name) and name != "pictures.name":
                poison(session, table, column)


def poison(session, table, column):
    """Put as much evil into a column as it takes; one that must be unique gets a number before it."""
    if column.name.endswith("html"):
        session.execute(update(table).values({column: markup.clean(POST) + markup.render(POST)}))
        return
    evil = EVIL[: (column.type.length or 500) - 8]
    keys = [key for key in table.primary_key if key is not column]
    for number, row in enumerate(session.execute(select(*keys).distinct()) if keys else []):
        where = [key == value for key, value in zip(keys, row, strict=True)]
        try:
            with session.begin_nested():
                session.execute(update(table).where(*where).values({column: f"{number}{evil}"}))
        except (IntegrityError, ProgrammingError):
            continue  # the database itself allows only some values here, or no change at all, as in the audit log
