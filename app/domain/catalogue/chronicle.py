"""The chronicle of the programme: which badges came, which rules changed, which badges were retired, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Row, Select, String, func, literal, null, select, union_all
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.domain.badging.badges import Badge, BadgeVersion
from app.domain.base import Base, now
from app.domain.catalogue import planned

PER_PAGE = 100


class BadgeState(Base):
    """A badge came to be planned, published or legacy. Badges that were published from the first day have no row."""

    __tablename__ = "badge_states"
    __table_args__ = (CheckConstraint("state IN ('published', 'planned', 'legacy')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badges.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(index=True)


def enter(session: Session, badge: Badge, state: str, *, at: datetime | None = None) -> bool:
    """Let a badge come into a state, and write down when; whether that is new. Whoever waited for it is told."""
    before, is_new = badge.state or "published", badge.id is None
    badge.state = state
    if state == before:
        return False
    session.flush()
    session.add(BadgeState(badge_id=badge.id, state=state, at=at or (badge.created_at if is_new else now())))
    if state == "published":
        planned.tell(session, badge)
    return True


def changes(session: Session, page: int = 1) -> tuple[Sequence[Row], bool]:
    """A page of what changed, latest first, and whether there is more.

    Each row has `at`, `slug`, `badge` (its name), `position`, its looks and what happened: "new", "rule" (with
    `old` and `how`, the sentences before and after), "planned", "published" or "legacy".
    """
    found = session.execute(_CHANGES.limit(PER_PAGE + 1).offset((page - 1) * PER_PAGE)).all()
    return found[:PER_PAGE], len(found) > PER_PAGE


def versions(session: Session, badge_id: int) -> Sequence[BadgeVersion]:
    """Every rule a badge ever had, the first one first."""
    rows = select(BadgeVersion).where(BadgeVersion.badge_id == badge_id).order_by(BadgeVersion.number)
    return session.scalars(rows).all()


def _changes() -> Select[Any]:
    before, first = aliased(BadgeVersion), aliased(BadgeState)
    rules = (
        select(
            BadgeVersion.published_at.label("at"), BadgeVersion.badge_id, BadgeVersion.id, literal("rule").label("what"),
            BadgeVersion.how, before.how.label("old"),
        )
        .join(before, (before.badge_id == BadgeVersion.badge_id) & (before.number == BadgeVersion.number - 1))
    )  # fmt: skip
    # What was planned from the first day is told as planned, not as new.
    born = select(func.min(first.id)).where(first.badge_id == BadgeVersion.badge_id, first.at <= Badge.created_at)
    new = (
        select(BadgeVersion.published_at, BadgeVersion.badge_id, BadgeVersion.id, literal("new"), BadgeVersion.how, null())
        .join(Badge, Badge.id == BadgeVersion.badge_id)
        .where(BadgeVersion.number == 1, born.scalar_subquery().is_(None))
    )  # fmt: skip
    states = select(BadgeState.at, BadgeState.badge_id, BadgeState.id, BadgeState.state, null(), null())
    told = union_all(rules, new, states).subquery()
    return (
        select(told.c.at, told.c.what, told.c.how, told.c.old, Badge.slug, Badge.name.label("badge"), Badge.family,
               Badge.tier, Badge.glyph, Badge.position)
        .join(Badge, Badge.id == told.c.badge_id)
        .order_by(told.c.at.desc(), told.c.what, told.c.id.desc())
    )  # fmt: skip


_CHANGES = _changes()
