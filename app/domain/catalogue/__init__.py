"""Catalogues: badges and all that belongs to them as a readable file, and as rows of the site."""

from app.domain.catalogue.compare import Change, Difference, difference
from app.domain.catalogue.entries import BadgeEntry, Catalogue, MilestoneEntry, PointsEntry, RankEntry
from app.domain.catalogue.export import as_toml, value_as_toml
from app.domain.catalogue.flaws import InvalidCatalogue
from app.domain.catalogue.load import load, write_badge
from app.domain.catalogue.read import LARGEST, SHIPPED, parse, read, shipped
from app.domain.catalogue.site import current

__all__ = [
    "LARGEST",
    "SHIPPED",
    "BadgeEntry",
    "Catalogue",
    "Change",
    "Difference",
    "InvalidCatalogue",
    "MilestoneEntry",
    "PointsEntry",
    "RankEntry",
    "as_toml",
    "current",
    "difference",
    "load",
    "parse",
    "read",
    "shipped",
    "value_as_toml",
    "write_badge",
]
