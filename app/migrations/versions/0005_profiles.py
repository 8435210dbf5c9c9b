"""Photos and further links of members, log-ins that wait for a code, second factors, exports, names of who left."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("members", sa.Column("links", sa.String(length=1600), nullable=False, server_default=""))
    op.add_column("members", sa.Column("photo", sa.String(length=32)))
    op.add_column("members", sa.Column("portrait", sa.String(length=32)))
    op.add_column("log_ins", sa.Column("code_until", sa.DateTime(timezone=True)))
    op.create_table(
        "second_factors",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("sealed", sa.String(length=300), nullable=False),
        sa.Column("latest_step", NUMBER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_second_factors_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_recovery_codes_member_id_members")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_member_id"), "recovery_codes", ["member_id"])
    op.create_table(
        "exports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_exports_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("token", name=op.f("uq_exports_token")),
    )
    op.create_index(op.f("ix_exports_member_id"), "exports", ["member_id"])
    op.create_index(
        "uq_exports_one_waiting", "exports", ["member_id"], unique=True,
        sqlite_where=sa.text("ready_at IS NULL"), postgresql_where=sa.text("ready_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "export_pieces",
        sa.Column("export_id", NUMBER, nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["exports.id"], name=op.f("fk_export_pieces_export_id_exports")),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_export_pieces")),
    )
    op.create_table(
        "blocked_names",
        sa.Column("name_hash", sa.String(length=64), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_blocked_names")),
    )
