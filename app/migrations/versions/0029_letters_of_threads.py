"""Letters about what follows soon in a thread."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0021"
branch_labels = None
depends_on = None

OF_THREAD = sa.text("thread_id IS NOT NULL")


def upgrade() -> None:
    # Not by making the table anew, as SQLite's changes often are: with it would go what refers to it.
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE deliveries ADD COLUMN thread_id {number}"
        " CONSTRAINT fk_deliveries_thread_id_threads REFERENCES threads (id)"
    )
    op.create_index(
        "ix_deliveries_thread", "deliveries", ["thread_id", "member_id"],
        sqlite_where=OF_THREAD, postgresql_where=OF_THREAD,
    )  # fmt: skip
