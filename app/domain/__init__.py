"""The community's rules. Importing the package makes every table known."""

from app.domain import (  # noqa: F401
    activities,
    badges,
    imported,
    limits,
    members,
    notifications,
    password_links,
    points,
    reads,
    sessions,
    threads,
    totals,
)
from app.domain.catalogue import loaded  # noqa: F401
