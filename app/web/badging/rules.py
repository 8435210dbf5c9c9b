"""The rules a badge had and has, as pages name them: the 2025 rule, the rule of 3 Nov 2026."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row

from app.db import db
from app.domain.badging.badges import BadgeVersion
from app.domain.catalogue import chronicle
from app.domain.words import _
from app.web.looks import on_date


class NamedRule(NamedTuple):
    """A rule with its sentence, what to call it, and from when until when it held; None where it still does."""

    id: int
    name: str
    how: str
    since: datetime
    until: datetime | None


def of(badge_id: int) -> dict[int, NamedRule]:
    """Every rule a badge ever had, by the id of its version, the first one first."""
    versions = chronicle.versions(db.session(), badge_id)
    years = Counter(it.published_at.year for it in versions)
    ends = [*(it.published_at for it in versions[1:]), None]
    return {
        it.id: NamedRule(it.id, _name(it, years), it.how, it.published_at, until)
        for it, until in zip(versions, ends, strict=True)
    }


def of_award(award: Row) -> NamedRule | None:
    """The rule that an award was earned under."""
    return of(award.badge_id).get(award.version_id)


def earlier(found: dict[int, NamedRule]) -> Sequence[NamedRule]:
    """Those that no longer hold, the latest first."""
    return [it for it in reversed(found.values()) if it.until]


def _name(version: BadgeVersion, years: Counter[int]) -> str:
    if years[version.published_at.year] == 1:
        return _("the %(year)s rule", year=version.published_at.year)
    return _("the rule of %(day)s", day=on_date(version.published_at.date()))
