"""The community's rules. Importing the package makes every table known."""

from app.domain import (  # noqa: F401
    activities,
    badges,
    drafts,
    imported,
    limits,
    members,
    notifications,
    password_links,
    pictures,
    points,
    reads,
    sendings,
    sessions,
    threads,
    totals,
)
from app.domain.catalogue import loaded  # noqa: F401
