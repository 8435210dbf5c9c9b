"""Drafts, pictures, and forms that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("use", sa.String(length=10), nullable=False),
        sa.Column("width", NUMBER, nullable=False),
        sa.Column("height", NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("use IN ('post', 'photo')", name=op.f("ck_pictures_use")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_pictures_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("name", name=op.f("uq_pictures_name")),
    )
    op.create_index(op.f("ix_pictures_member_id"), "pictures", ["member_id"])
    op.create_table(
        "drafts",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("place", sa.String(length=24), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("body", sa.String(length=60_000), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("tags", sa.String(length=300), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_drafts_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "place", name=op.f("pk_drafts")),
    )
    op.create_table(
        "sendings",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("post_id", NUMBER, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_sendings_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_sendings_post_id_posts")),
        sa.PrimaryKeyConstraint("member_id", "key", name=op.f("pk_sendings")),
    )
