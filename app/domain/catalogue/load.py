"""Brings a catalogue's file into the site.

A site has one active catalogue: badges, ranks and points are made for each other, and a member who
earned two sets for the same deeds would be puzzled. Loading a catalogue of another name therefore
replaces ranks and points, and the badges that only the old one has become legacy: whoever holds one
keeps it, and loading the old file again brings them back. A badge of the same slug goes over with
its holders, so that a community can rename its catalogue or make a copy its own. Badges that staff
made on the site belong to no file and are left alone.

Lessons, prepared replies and events are loaded one by one, like badges. A file without a table of them
says nothing about them: they stay as they are.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, null, select, update
from sqlalchemy.orm import Session

from app.domain.badging import criteria
from app.domain.badging.badges import Badge, BadgeVersion
from app.domain.base import now
from app.domain.catalogue import chronicle, extras, site
from app.domain.catalogue.check import circles
from app.domain.catalogue.compare import Change, Difference, difference
from app.domain.catalogue.entries import BadgeEntry, Catalogue, MilestoneEntry, PointsEntry, RankEntry
from app.domain.catalogue.fields import MADE_HERE
from app.domain.catalogue.loaded import LoadedCatalogue
from app.domain.people.members import Member
from app.domain.problems import Conflict
from app.domain.record.points import PointRule, Rank
from app.domain.rewards.swag import Milestone
from app.domain.ways import lessons
from app.domain.words import _


def load(
    session: Session, file: Catalogue, *, by: Member | None = None, force: bool = False, retire: bool = False,
    from_here: bool = False,
) -> Difference:  # fmt: skip
    """Make the site as the file says, and return what was different.

    What staff edited here stays unless `force`; what the file no longer has stays unless `retire`. A text
    `from_here` was edited on the site: it is not remembered as a file, and its new badges belong to none.
    Raises Conflict where what stays here and the file do not go together.
    """
    found = difference(session, file, whole=from_here)
    if _wanted(found.ranks, force):
        _write_ranks(session, file.ranks)
    if _wanted(found.points, force) or (not found.points and "points" in found.reordered):
        _write_points(session, file.points)
    _write_badges(session, file, found, force, retire, from_here)
    if _wanted(found.milestones, force) or (not found.milestones and "milestones" in found.reordered):
        _write_milestones(session, file.milestones)
    session.flush()
    refuse_circles(session)
    _write_extras(session, file, found, by, force, retire)
    if not from_here:
        _remember(session, file, found, retire)
    return found


def _wanted(changes: Sequence[Change], force: bool) -> bool:
    return bool(changes) and (force or not any(change.edited for change in changes))


def _write_ranks(session: Session, ladder: Sequence[RankEntry]) -> None:
    old = site.ranks(session)
    moved = {rank.position: _place(ladder, rank) for rank in old}
    by_slug = {rank.slug: rank for rank in old}
    for rank in old:
        rank.position = -1 - rank.position  # out of the way: positions are unique
        if rank.slug not in {it.slug for it in ladder}:
            session.delete(rank)
    session.flush()
    for position, entry in enumerate(ladder):
        rank = by_slug.get(entry.slug) or Rank(slug=entry.slug)
        rank.position, rank.name, rank.points = position, entry.name, entry.points
        rank.stars, rank.about, rank.unlocks = entry.stars, entry.about, list(entry.unlocks)
        session.add(rank)
    moved = {before: after for before, after in moved.items() if before != after}
    if moved:  # members keep the rank they reached, wherever it stands now
        session.execute(
            update(Member).where(Member.rank.in_(moved)).values(rank=case(moved, value=Member.rank)),
            execution_options={"synchronize_session": False},
        )


def _place(ladder: Sequence[RankEntry], rank: Rank) -> int:
    """Where a rank stands on a new ladder: itself, else the highest that its points reach."""
    same = [i for i, entry in enumerate(ladder) if entry.slug == rank.slug]
    return same[0] if same else max(i for i, entry in enumerate(ladder) if entry.points <= rank.points)


def _write_points(session: Session, rules: Sequence[PointsEntry]) -> None:
    old = {rule.slug: rule for rule in site.point_rules(session)}
    for slug in old.keys() - {entry.slug for entry in rules}:
        session.delete(old[slug])
    for position, entry in enumerate(rules):
        rule = old.get(entry.slug) or PointRule(slug=entry.slug)
        rule.position = position
        for name, value in site.columns(entry).items():
            if getattr(rule, name) != value:
                setattr(rule, name, null() if name == "where" and value is None else value)
        session.add(rule)


def _write_badges(
    session: Session, file: Catalogue, found: Difference, force: bool, retire: bool, from_here: bool
) -> None:
    whose = MADE_HERE if from_here else file.name
    rows = {badge.slug: badge for badge in site.badges(session)}
    for change in found.badges:
        if change.there is None:
            if retire:
                chronicle.enter(session, rows[change.slug], "legacy")
        elif force or not change.edited:
            rows[change.slug] = write_badge(session, change.there, rows.get(change.slug), whose, file.badge_names)
    for slug in found.replaced:
        chronicle.enter(session, rows[slug], "legacy")
    order = [*file.badge_names, *(slug for slug in rows if slug not in file.badge_names)]
    for position, slug in enumerate(order):
        rows[slug].position = position
        if slug in file.badge_names and not from_here:
            rows[slug].catalogue = file.name
    reword(rows)


def _write_milestones(session: Session, entries: Sequence[MilestoneEntry]) -> None:
    """Offer what the file offers. What it no longer has stays for those who reached it."""
    old = {it.slug: it for it in session.scalars(select(Milestone))}
    for slug in old.keys() - {entry.slug for entry in entries}:
        old[slug].offered = False
    for position, entry in enumerate(entries):
        milestone = old.get(entry.slug) or Milestone(slug=entry.slug)
        milestone.position, milestone.offered, milestone.name, milestone.about = position, True, entry.name, entry.about
        milestone.points, milestone.badge, milestone.choices = entry.points, entry.badge, list(entry.choices)
        session.add(milestone)


def _write_extras(
    session: Session, file: Catalogue, found: Difference, by: Member | None, force: bool, retire: bool
) -> None:
    for change in found.extras:
        if change.there is None:
            if retire:
                extras.retire(session, change.here, by)
        elif force or not change.edited:
            extras.put(session, change.there, by)
    if listed := file.extras.get("lesson"):
        lessons.arrange(session, [it.slug for it in listed])
    session.flush()


def write_badge(
    session: Session, entry: BadgeEntry, badge: Badge | None, catalogue: str, names: dict[str, str]
) -> Badge:
    """Add a badge or bring it up to date; a changed rule or `how` becomes a new version."""
    before = site.badge_entry(badge) if badge else None
    badge = badge or Badge(slug=entry.slug, catalogue=catalogue, position=0)
    badge.name, badge.family, badge.tier, badge.glyph = entry.name, entry.family, entry.tier, entry.glyph
    badge.about = entry.about
    if badge.ways != entry.ways:
        badge.ways = list(entry.ways)
    session.add(badge)
    chronicle.enter(session, badge, entry.state)
    if before is None or (before.earn, before.how) != (entry.earn, entry.how):
        session.flush()
        badge.version = _next_version(session, badge, entry, names)
    return badge


def _next_version(session: Session, badge: Badge, entry: BadgeEntry, names: dict[str, str]) -> BadgeVersion:
    last = session.scalar(select(func.max(BadgeVersion.number)).where(BadgeVersion.badge_id == badge.id))
    version = BadgeVersion(badge_id=badge.id, number=(last or 0) + 1, how=entry.words(names))
    if entry.earn:
        version.criterion = entry.earn
    session.add(version)
    session.flush()
    return version


def reword(rows: dict[str, Badge]) -> None:
    """Sentences that the site words itself follow its words and the badges' names; no rule changes."""
    names = {slug: badge.name for slug, badge in rows.items()}
    for badge in rows.values():
        if badge.version and badge.version.criterion:
            words = site.badge_entry(badge).words(names)
            if badge.version.how != words:
                badge.version.how = words


def refuse_circles(session: Session) -> None:
    """Raise Conflict where badges need each other in a circle, so that nobody could ever earn them."""
    rules = {
        badge.slug: criteria.parse(badge.version.criterion)
        for badge in site.badges(session)
        if badge.version and badge.version.criterion
    }
    for circle in circles(rules):
        raise Conflict(
            _(
                "Badges would need each other in a circle: %(badges)s."
                " Change one of them first, or overwrite what was edited on the site (--force).",
                badges=", ".join(circle),
            )
        )


def _remember(session: Session, file: Catalogue, found: Difference, retire: bool) -> None:
    content: dict[str, Any] = json.loads(json.dumps(file.as_data(), default=str))
    row = session.get(LoadedCatalogue, file.name)
    content["badge"] += _left_out(row, file, found, retire)
    used = site.active(session)
    content |= _extras_left_out(row or used, file, found, retire)
    if row and used is row and (row.title, row.content) == (file.title, content):
        return
    row = row or LoadedCatalogue(name=file.name)
    row.title, row.content, row.loaded_at = file.title, content, now()
    session.add(row)


def _left_out(row: LoadedCatalogue | None, file: Catalogue, found: Difference, retire: bool) -> list[dict[str, Any]]:
    """What was last read of badges that the file no longer has, should it have them again one day."""
    retired = {change.slug for change in found.badges if change.there is None} if retire else set()
    return [
        it | ({"state": "legacy"} if it["slug"] in retired else {})
        for it in (row.content["badge"] if row else [])
        if it["slug"] not in file.badge_names
    ]


def _extras_left_out(
    row: LoadedCatalogue | None, file: Catalogue, found: Difference, retire: bool
) -> dict[str, list[dict[str, Any]]]:
    """The same of lessons, replies and events, and all of them where the file has no such table."""
    before = Catalogue.from_data(row.content).extras if row else {}
    retired = {(change.what, change.slug) for change in found.extras if change.there is None} if retire else set()
    kept: dict[str, list[dict[str, Any]]] = {}
    for table in before.keys() | file.extras.keys():
        named = {it.slug for it in file.extras.get(table, ())}
        left = [it for it in before.get(table, ()) if it.slug not in named]
        left = [known for it in left if (known := it.retired() if (table, it.slug) in retired else it)]
        kept[table] = [it.as_data() for it in (*file.extras.get(table, ()), *left)]
    return json.loads(json.dumps(kept, default=str))
