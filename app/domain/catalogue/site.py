"""The catalogue that a site is using: its rows in the form of a file."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.domain.badging.badges import Badge
from app.domain.base import EPOCH, Base
from app.domain.catalogue import extras
from app.domain.catalogue.entries import BadgeEntry, Catalogue, Entry, MilestoneEntry, PointsEntry, RankEntry
from app.domain.catalogue.fields import MADE_HERE
from app.domain.catalogue.loaded import LoadedCatalogue
from app.domain.record.points import PointRule, Rank
from app.domain.rewards.swag import Milestone

E = TypeVar("E", bound=Entry)
UNNAMED = ("community", "Our badges")  # of a site that never loaded a file


def active(session: Session) -> LoadedCatalogue | None:
    """The catalogue loaded last: a site has one at a time."""
    return session.scalars(
        select(LoadedCatalogue).order_by(LoadedCatalogue.loaded_at.desc(), LoadedCatalogue.name)
    ).first()


def current(session: Session) -> Catalogue:
    """The site's catalogue as it stands, with what staff changed and made here."""
    loaded = active(session)
    name, title = (loaded.name, loaded.title) if loaded else UNNAMED
    return Catalogue(
        name,
        title,
        tuple(map(rank_entry, ranks(session))),
        tuple(map(points_entry, point_rules(session))),
        tuple(badge_entry(it) for it in badges(session) if it.catalogue in (name, MADE_HERE)),
        tuple(map(milestone_entry, milestones(session))),
        {table: entries for table, entries in extras.here(session).items() if entries},
    )


def badges(session: Session) -> Sequence[Badge]:
    """Every badge of the site in its order, with its present version."""
    return session.scalars(select(Badge).options(selectinload(Badge.version)).order_by(Badge.position, Badge.id)).all()


def ranks(session: Session) -> Sequence[Rank]:
    return session.scalars(select(Rank).order_by(Rank.position)).all()


def point_rules(session: Session) -> Sequence[PointRule]:
    return session.scalars(select(PointRule).order_by(PointRule.position, PointRule.id)).all()


def milestones(session: Session) -> Sequence[Milestone]:
    """The milestones on offer."""
    offered = select(Milestone).where(Milestone.offered.is_(True))
    return session.scalars(offered.order_by(Milestone.position, Milestone.id)).all()


def badge_entry(badge: Badge) -> BadgeEntry:
    """A badge as a file would tell it."""
    version = badge.version
    earn, how = (version.criterion, version.how) if version else (None, "")
    if earn:  # the rule's own sentence stands on the first line
        _, _, how = how.partition("\n")
    return _entry(BadgeEntry, badge, earn=earn or None, how=how)


def rank_entry(rank: Rank) -> RankEntry:
    return _entry(RankEntry, rank)


def milestone_entry(milestone: Milestone) -> MilestoneEntry:
    return _entry(MilestoneEntry, milestone)


def points_entry(rule: PointRule) -> PointsEntry:
    days = {"since": _date(rule.since), "until": _date(rule.until)}
    return _entry(PointsEntry, rule, where=rule.where or None, **days)


def _entry(of: type[E], row: Base, **said: Any) -> E:
    """A row as an entry that has its columns; what is `said` otherwise does not come from them."""
    names = [it.name for it in fields(of)]  # type: ignore[arg-type]
    found = {name: said[name] if name in said else getattr(row, name) for name in names}
    return of.from_data({name: list(it) if isinstance(it, list) else it for name, it in found.items()})


def _date(day: int | None) -> date | None:
    return None if day is None else EPOCH + timedelta(days=day)


def columns(rule: PointsEntry) -> dict[str, Any]:
    """A points rule as its row has it: days are counted from 1970-01-01."""
    said = {it.name: getattr(rule, it.name) for it in fields(rule) if it.name != "slug"}
    return said | {key: said[key] and (said[key] - EPOCH).days for key in ("since", "until")}
