"""Deeds that cannot be booked are set aside, evaluators that died are counted, pictures are looked for in posts."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "stumbles",
        sa.Column("activity_id", NUMBER, nullable=False),
        sa.Column("tries", NUMBER, nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("tried_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_stumbles_activity_id_activities")),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_stumbles")),
    )
    op.add_column("leases", sa.Column("deaths", NUMBER, server_default="0", nullable=False))
    op.add_column("pictures", sa.Column("look_at", MOMENT))
    op.create_index("ix_pictures_look_at", "pictures", ["look_at"])
    op.execute("UPDATE pictures SET look_at = created_at WHERE use = 'post'")
