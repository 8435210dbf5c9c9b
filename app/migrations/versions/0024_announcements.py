"""Announcements that members are still to be told of."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0019"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("post_id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("reached", NUMBER, nullable=False),
        sa.Column("last", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_announcements_post_id_posts")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_announcements")),
    )
