"""log-ins, password links, limits, and who read which thread."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "limits_spent",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("uses", NUMBER, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limits_spent")),
    )
    op.create_table(
        "log_ins",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_log_ins_member_id_members")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_log_ins")),
    )
    op.create_index(op.f("ix_log_ins_member_id"), "log_ins", ["member_id"])
    op.create_index(op.f("ix_log_ins_seen_at"), "log_ins", ["seen_at"])
    op.create_table(
        "password_links",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_password_links_member_id_members")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_password_links")),
        sa.UniqueConstraint("member_id", name=op.f("uq_password_links_member_id")),
    )
    op.create_table(
        "thread_reads",
        sa.Column("thread_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_thread_reads_member_id_members")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_thread_reads_thread_id_threads")),
        sa.PrimaryKeyConstraint("thread_id", "member_id", name=op.f("pk_thread_reads")),
    )
    op.create_index(op.f("ix_thread_reads_member_id"), "thread_reads", ["member_id"])
