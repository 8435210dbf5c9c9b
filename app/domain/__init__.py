"""The community's rules. Importing the package makes every table known."""

from app.domain import (  # noqa: F401
    activities,
    badges,
    imported,
    members,
    notifications,
    points,
    threads,
    totals,
)
from app.domain.catalogue import loaded  # noqa: F401
