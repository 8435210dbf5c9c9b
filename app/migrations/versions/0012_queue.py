"""The moderators' queue: prepared replies and notes among staff."""

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing to change."""
