"""What staff decide about the site itself: its name, its colours, whether it is set up."""

import re
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.people import introductions
from app.domain.people.members import Member
from app.domain.problems import Invalid
from app.domain.record import audit_log
from app.domain.site import colours
from app.domain.words import _

NAME_MOST, WORD_MOST = 60, 24
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


class SiteSetting(Base):
    """One decision; where there is no row, what the site ships with holds."""

    __tablename__ = "site_settings"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime] = mapped_column(default=now)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))


class Site(NamedTuple):
    """The site as staff want it. An empty name or colour means the one it came with."""

    name: str = ""
    word: str = ""  # beside the logo, where the name is too long
    light: str = ""  # the accent by day and by night, as #RRGGBB
    dark: str = ""
    is_set_up: bool = False
    zone: str = "UTC"  # where the site is: its weeks begin there on Monday at midnight


def read(session: Session) -> Site:
    """Every setting, as it stands now."""
    rows = session.execute(select(SiteSetting.key, SiteSetting.value)).all()
    return Site(**{key: value for key, value in rows if key in Site._fields})


def change(session: Session, by: Member, *, at: datetime | None = None, **wanted: Any) -> bool:
    """Decide anew; whether anything is different now. Raises Invalid with a field for each that cannot be."""
    session.connection()  # on SQLite this waits for its turn, so that what is read next is the latest
    before, moment = read(session), at or now()
    after = before._replace(**_checked(before, wanted))
    changed = [key for key in Site._fields if getattr(before, key) != getattr(after, key)]
    for key in changed:
        session.merge(SiteSetting(key=key, value=getattr(after, key), changed_at=moment, changed_by_id=by.id))
    if changed:
        audit_log.record(
            session, by, "site", subject=", ".join(map(audit_log.named, changed)), at=moment,
            before={key: getattr(before, key) for key in changed},
            after={key: getattr(after, key) for key in changed},
        )  # fmt: skip
    return bool(changed)


def _checked(before: Site, wanted: dict[str, Any]) -> dict[str, Any]:
    found, problems = dict(wanted), {}
    for key, most in (("name", NAME_MOST), ("word", WORD_MOST)):
        if key in found:
            found[key] = " ".join(str(found[key]).replace("\x00", "").split())
            if len(found[key]) > most:
                problems[key] = _("Make it shorter: at most %(most)s characters.", most=most)
    for key, flaw in (("light", colours.flaw_by_day), ("dark", colours.flaw_by_night)):
        if found.get(key):
            found[key] = str(found[key]).strip().upper()
            known = COLOUR.fullmatch(found[key])
            if problem := flaw(found[key]) if known else _("Write a colour as # and six digits, such as #0A58B5."):
                problems[key] = problem
    if "zone" in found and found["zone"] != before.zone and found["zone"] not in introductions.zones():
        problems["zone"] = _("Choose a time zone of the list.")
    if problems:
        raise Invalid(**problems)
    return found
