"""Letters about notices, and digests."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = (
    ("ix_deliveries_due", ["due_at", "id"], "state IN ('queued', 'sending', 'handover', 'uncertain')"),
    (
        "ix_deliveries_accounts",
        ["due_at", "id"],
        "state IN ('queued', 'sending', 'handover', 'uncertain') AND coalesce(notification_id, 0) = 0 AND period IS NULL",
    ),
    ("ix_deliveries_held", ["lease_until"], "state IN ('sending', 'handover')"),
    ("ix_deliveries_dead", ["created_at"], "state = 'dead'"),
)


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("period", sa.String(length=10)))
    op.add_column("deliveries", sa.Column("day", NUMBER))
    op.add_column("deliveries", sa.Column("subject", sa.String(length=200), server_default="", nullable=False))
    op.drop_index("ix_deliveries_due", "deliveries")
    for name, columns, where in INDEXES:
        op.create_index(name, "deliveries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("uq_deliveries_digest", "deliveries", ["member_id", "period", "day"], unique=True)
    # Owed before anybody could write them: what they tell was read on the site long ago.
    op.execute(
        "UPDATE deliveries SET state = 'dropped', reply = 'from before there were letters' "
        "WHERE notification_id IS NOT NULL AND state = 'queued'"
    )
    op.create_table(
        "digest_items",
        sa.Column("notification_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("delivery_id", NUMBER),
        sa.Column("told_before", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_digest_items_delivery_id_deliveries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_digest_items_member_id_members")),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_digest_items_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_digest_items")),
    )
    op.create_index(
        "ix_digest_items_waiting",
        "digest_items",
        ["member_id"],
        sqlite_where=sa.text("delivery_id IS NULL"),
        postgresql_where=sa.text("delivery_id IS NULL"),
    )
    op.create_index("ix_digest_items_delivery", "digest_items", ["delivery_id"])
    op.create_table(
        "digest_dues",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("period IN ('daily', 'weekly')", name=op.f("ck_digest_dues_period")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_digest_dues_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "period", name=op.f("pk_digest_dues")),
    )
    op.create_index("ix_digest_dues_due", "digest_dues", ["due_at"])
    op.create_table(
        "mail_pauses",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_mail_pauses_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_pauses")),
    )
