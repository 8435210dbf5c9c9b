"""Letters about accounts, links of several purposes, addresses that are claimed and not confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "state IN ('queued', 'sending', 'handover', 'sent', 'bounced', 'uncertain', 'dead', 'dropped')"
UNSETTLED = sa.text("state IN ('queued', 'sending', 'handover', 'uncertain')")


def upgrade() -> None:
    op.add_column("members", sa.Column("claimed_email", sa.String(length=254)))
    op.create_index(op.f("ix_members_claimed_email"), "members", ["claimed_email"])

    op.drop_index("ix_deliveries_due", "deliveries")
    # SQLite writes the table anew and does not see its check by itself.
    check = sa.CheckConstraint(STATES, name=op.f("ck_deliveries_state"))
    with op.batch_alter_table("deliveries", table_args=[check]) as deliveries:
        deliveries.alter_column("notification_id", existing_type=NUMBER, nullable=True)
        deliveries.alter_column("member_id", existing_type=NUMBER, nullable=True)
        deliveries.add_column(sa.Column("address", sa.String(length=254)))
        deliveries.add_column(sa.Column("facts", sa.JSON()))
        deliveries.add_column(sa.Column("handovers", NUMBER, nullable=False, server_default="0"))
    op.create_index(
        "ix_deliveries_due", "deliveries", ["kind", "due_at"], sqlite_where=UNSETTLED, postgresql_where=UNSETTLED
    )
    op.create_table(
        "mail_routes",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("rests_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mail_routes")),
    )
    op.create_table(
        "links",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=254)),
        sa.Column("bound_to", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_links_member_id_members")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_links")),
    )
    op.create_index(op.f("ix_links_member_id"), "links", ["member_id"])
    op.create_index(op.f("ix_links_email"), "links", ["email"])
    op.drop_table("password_links")  # those of the last day are asked for again
