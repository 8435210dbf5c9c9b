"""Planned badges that members follow, hints on badges, and corrections."""

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to change."""
