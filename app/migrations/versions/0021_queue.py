"""Requests by badge: the queue filters by it, and asks which badges were ever asked for."""

from alembic import op

revision = "0021"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index."""
    op.create_index("ix_badge_requests_badge", "badge_requests", ["badge_id", "state", "sent_at", "id"])
