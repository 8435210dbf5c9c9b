"""Badges, ranks and points edited on the site: held to what a file is held to, and seen before they are published."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.domain import catalogue
from app.domain.awarding import backfill, gains
from app.domain.badging import badges, criteria
from app.domain.badging.badges import Award, Badge
from app.domain.base import ring_after_commit
from app.domain.catalogue import BadgeEntry, Catalogue, Difference, site
from app.domain.catalogue.check import flaws
from app.domain.catalogue.fields import MADE_HERE
from app.domain.catalogue.flaws import Flaw
from app.domain.catalogue.load import refuse_circles, reword
from app.domain.hashed import hashed
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.record import audit_log
from app.domain.words import _

FIELDS = ("slug", "name", "family", "tier", "glyph", "about", "state", "ways", "how")
SAMPLE = 5


class Outlook(NamedTuple):
    """What a rule brings to those who have done it already: how many, since when, how many letters, and some names."""

    members: int
    awards: int
    letters: int
    earliest: datetime | None
    latest: datetime | None
    some: Sequence[str]


def seen(badge: Badge | None) -> str:
    """A mark of how a badge stands, to tell whether somebody changed it meanwhile."""
    return hashed(repr(site.badge_entry(badge)))[:16] if badge else ""


def seen_all(session: Session) -> str:
    """The same for the whole catalogue."""
    return hashed(catalogue.as_toml(catalogue.current(session)))[:16]


def entry(session: Session, typed: Mapping[str, Any]) -> BadgeEntry:
    """The badge that was typed, checked as if it stood in the site's catalogue. Raises Invalid by field.

    `typed` holds the FIELDS, and `rule` as TOML: a table in braces, or a key a line.
    """
    table = {name: typed[name] for name in FIELDS if typed.get(name)} | _rule(str(typed.get("rule", "")))
    data = catalogue.current(session).as_data()
    listed = data["badge"]
    place = next((i for i, it in enumerate(listed) if it["slug"] == table.get("slug")), len(listed))
    listed[place : place + 1] = [table]
    problems: dict[str, str] = {}
    for flaw in flaws(data):
        problems.setdefault(_field(flaw, place), _told(flaw, place))
    if problems:
        raise Invalid(**problems)
    return BadgeEntry.from_data(table)


def rule_of(badge: BadgeEntry) -> str:
    """A badge's rule as it is typed."""
    return catalogue.value_as_toml(badge.earn) if badge.earn else ""


def sentence(session: Session, badge: BadgeEntry) -> str:
    """How to earn it, as members will read it."""
    return badge.words({it.slug: it.name for it in site.badges(session)} | {badge.slug: badge.name})


def outlook(session: Session, badge: BadgeEntry) -> Outlook | None:
    """Who has earned it already by what was booked so far and does not hold it; None where people decide."""
    if not badge.earn or badge.state != "published":
        return None
    earned = criteria.parse(badge.earn).earned()
    known = badges.find(session, badge.slug)
    held = and_(
        Award.badge_id == (known.id if known else 0),
        Award.member_id == earned.c.member_id,
        Award.subject == earned.c.subject,
    )
    fresh = select(earned.c.member_id, earned.c.at).outerjoin(Award, held).where(Award.id.is_(None)).subquery("fresh")
    whole = select(func.count(fresh.c.member_id.distinct()), func.count(), func.min(fresh.c.at), func.max(fresh.c.at))
    members, awards, earliest, latest = session.execute(whole).one()
    whose = select(fresh.c.member_id)
    letters = session.scalar(select(func.count(Member.id)).where(Member.id.in_(whose), gains.REACHABLE)) or 0
    some = select(Member.name).where(Member.id.in_(whose), Member.deleted_at.is_(None))
    names = session.scalars(some.order_by(Member.points.desc(), Member.id).limit(SAMPLE)).all()
    return Outlook(members, awards, letters, earliest, latest, names)


def publish(session: Session, by: Member, badge: BadgeEntry, *, mark: str) -> Badge:
    """Write a badge, new or changed. Who earned it already gets it from the worker, dated when they did.

    Raises Conflict where somebody changed it since `mark` was seen, or badges would need each other in a circle.
    """
    before = badges.find(session, badge.slug)
    if seen(before) != mark:
        raise Conflict(
            _(
                "Somebody else changed this badge meanwhile. Yours is not saved: copy what you need, and begin anew with theirs."
            )
        )
    rows = {it.slug: it for it in site.badges(session)}
    names = {slug: it.name for slug, it in rows.items()} | {badge.slug: badge.name}
    old = site.badge_entry(before) if before else None
    row = catalogue.write_badge(session, badge, before, before.catalogue if before else MADE_HERE, names)
    if before is None:
        row.position = max((it.position for it in rows.values()), default=-1) + 1
    session.flush()
    reword(rows | {row.slug: row})
    refuse_circles(session)
    audit_log.record(
        session, by, "badge", subject=badge.name, before=old.as_data() if old else None, after=badge.as_data()
    )
    if (
        badge.earn
        and badge.state == "published"
        and (old is None or (old.earn, old.state) != (badge.earn, badge.state))
    ):
        _award_what_was_earned(session, badge.slug)
    return row


def apply(
    session: Session, by: Member, file: Catalogue, *, mark: str, from_here: bool, force: bool = False,
    retire: bool = False,
) -> Difference:  # fmt: skip
    """Make the site as a text says: one that was edited here, or a file's. Raises Conflict as `publish`.

    What is edited here counts as the team's own from then on: loading a file does not overwrite it unasked. Raises
    Invalid where it goes by another name.
    """
    if from_here and file.name != catalogue.current(session).name:
        raise Invalid(content=_("Keep the name of the catalogue. To use another one, load it as a file."))
    if seen_all(session) != mark:
        raise Conflict(
            _(
                "Somebody changed the catalogue meanwhile. Yours is not saved: look at the difference before you try again."
            )
        )
    force = force or from_here
    found = catalogue.load(session, file, by=by, force=force, retire=retire, from_here=from_here)
    note(session, by, file, found.lines(force, retire))
    if any(it.there and it.there.earn and it.there.state == "published" for it in found.badges):
        _award_what_was_earned(session, None)
    return found


def note(session: Session, by: Member | None, file: Catalogue, lines: Sequence[str]) -> None:
    """Enter what loading a catalogue changed into the log."""
    if lines:
        audit_log.record(session, by, "catalogue", subject=file.title, after={"lines": list(lines)[:50]})


def _award_what_was_earned(session: Session, slug: str | None) -> None:
    backfill.owe(session, slug)
    ring_after_commit(session, "awards")


def _rule(typed: str) -> dict[str, Any]:
    """The rule as it was typed, as a part of a badge's table."""
    text = typed.strip()
    if not text:
        return {}
    try:
        if text.startswith("{"):
            return tomllib.loads("earn = " + " ".join(text.split()))
        return {"earn": tomllib.loads(text)}
    except tomllib.TOMLDecodeError as no:
        told = _('This is not a rule: %(why)s. Write for example { count = "accepted", n = 10 }', why=str(no))
        raise Invalid(rule=told) from no


def _told(flaw: Flaw, place: int) -> str:
    """A flaw in words, with whose it is where it is another's, and which part of a rule it is in."""
    if flaw.path and flaw.path[:2] != ("badge", place):
        return str(flaw)
    way = flaw.path[3:]
    part = ", ".join(_("part %(number)s", number=it + 1) if isinstance(it, int) else it for it in way)
    said = f"{flaw.problem}. {flaw.remedy}".strip()
    return f"{part}: {said}" if any(isinstance(it, int) for it in way) else said


def _field(flaw: Flaw, place: int) -> str:
    """The field of the form that a flaw of the catalogue belongs to."""
    if flaw.path[:2] == ("badge", place) and len(flaw.path) > 2:
        return str(flaw.path[2]) if flaw.path[2] in FIELDS else "rule"
    missing = flaw.problem.partition(" is missing")[0]
    return missing if missing in FIELDS else "rule"
