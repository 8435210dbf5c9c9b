"""Lessons in an order, events with a name for files; prepared replies come with a catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0029"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("lessons", sa.Column("position", NUMBER, server_default="0", nullable=False))
    op.execute(
        "UPDATE lessons SET position = (SELECT count(*) FROM lessons AS before"
        " WHERE before.created_at < lessons.created_at"
        " OR (before.created_at = lessons.created_at AND before.slug <= lessons.slug))"
    )
    op.add_column("events", sa.Column("slug", sa.String(length=60), server_default="", nullable=False))
    op.execute("UPDATE events SET slug = 'event-' || CAST(id AS VARCHAR(20))")
    op.create_index("uq_events_slug", "events", ["slug"], unique=True)
    # Where badges are loaded already, the replies about them stay.
    op.execute(
        "DELETE FROM prepared_replies WHERE changed_by_id IS NULL AND version = 1"
        " AND NOT EXISTS (SELECT 1 FROM loaded_catalogues)"
    )
