"""Badges for tests: a rule is all that matters."""

from typing import Any

from sqlalchemy.orm import Session

from app.domain.badging.badges import Badge, BadgeVersion


def make_badge(session: Session, slug: str, earn: dict[str, Any] | None = None, **more: object) -> Badge:
    """A published badge with a rule, or one that people decide on."""
    looks = {"family": "ground", "tier": "bronze", "glyph": "wrench", "about": "", "catalogue": "test"}
    badge = Badge(**{"slug": slug, "name": slug.title(), "ways": ["automatic" if earn else "request"], **looks, **more})
    session.add(badge)
    session.flush()
    version = BadgeVersion(badge_id=badge.id, number=1, criterion=earn, how="Ask for it.")
    session.add(version)
    session.flush()
    badge.version_id = version.id
    return badge
