"""Notices of what others did."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UNREAD = sa.text("read_at IS NULL")
READ = sa.text("read_at IS NOT NULL")
OF_POST = sa.text("post_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("notifications", sa.Column("what", sa.String(length=20), server_default="", nullable=False))
    op.add_column("notifications", sa.Column("seen_at", sa.DateTime(timezone=True)))
    op.add_column("notifications", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_notifications_unread", "notifications", ["member_id", "id"], sqlite_where=UNREAD, postgresql_where=UNREAD
    )
    op.create_index("ix_notifications_read", "notifications", ["created_at"], sqlite_where=READ, postgresql_where=READ)
    op.create_index(
        "ix_notifications_post",
        "notifications",
        ["post_id", "member_id"],
        sqlite_where=OF_POST,
        postgresql_where=OF_POST,
    )
