"""Closed weeks, hidden leaders, what points are held back for."""

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
