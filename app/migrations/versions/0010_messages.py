"""Direct messages, blocks, reports, and swag."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "milestones",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False),
        sa.Column("points", NUMBER),
        sa.Column("badge", sa.String(length=60)),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(points IS NULL) <> (badge IS NULL)", name=op.f("ck_milestones_points_or_badge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        sa.UniqueConstraint("slug", name=op.f("uq_milestones_slug")),
    )
    op.create_table(
        "blocks",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("blocked_id", NUMBER, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_id <> blocked_id", name=op.f("ck_blocks_somebody_else")),
        sa.ForeignKeyConstraint(["blocked_id"], ["members.id"], name=op.f("fk_blocks_blocked_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_blocks_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "blocked_id", name=op.f("pk_blocks")),
    )
    op.create_index(op.f("ix_blocks_blocked_id"), "blocks", ["blocked_id"])
    op.create_table(
        "conversations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("low_id", NUMBER, nullable=False),
        sa.Column("high_id", NUMBER, nullable=False),
        sa.Column("latest_id", NUMBER, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_conversations_two_members")),
        sa.ForeignKeyConstraint(["high_id"], ["members.id"], name=op.f("fk_conversations_high_id_members")),
        sa.ForeignKeyConstraint(["low_id"], ["members.id"], name=op.f("fk_conversations_low_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("low_id", "high_id", name=op.f("uq_conversations_low_id_high_id")),
    )
    op.create_index("ix_conversations_high_latest", "conversations", ["high_id", "latest_id"])
    op.create_index("ix_conversations_low_latest", "conversations", ["low_id", "latest_id"])
    op.create_table(
        "swag",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("milestone_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("eligible_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("recipient", sa.String(length=120), server_default="", nullable=False),
        sa.Column("address", sa.String(length=500), server_default="", nullable=False),
        sa.Column("country", sa.String(length=60), server_default="", nullable=False),
        sa.Column("choice", sa.String(length=40), server_default="", nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by_id", NUMBER),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.CheckConstraint("state = 'claimed' OR address = ''", name=op.f("ck_swag_address_only_while_claimed")),
        sa.CheckConstraint("state IN ('eligible', 'claimed', 'sent', 'declined')", name=op.f("ck_swag_state")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_swag_member_id_members")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_swag_milestone_id_milestones")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["members.id"], name=op.f("fk_swag_settled_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swag")),
        sa.UniqueConstraint("milestone_id", "member_id", name=op.f("uq_swag_milestone_id_member_id")),
    )
    op.create_index("ix_swag_member", "swag", ["member_id"])
    op.create_index("ix_swag_state", "swag", ["state", "id"])
    op.create_table(
        "messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("conversation_id", NUMBER, nullable=False),
        sa.Column("author_id", NUMBER, nullable=False),
        sa.Column("to_id", NUMBER, nullable=False),
        sa.Column("sending", sa.String(length=40)),
        sa.Column("body", sa.String(length=10000), nullable=False),
        sa.Column("html", sa.String(length=200000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_messages_author_id_members")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_messages_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["to_id"], ["members.id"], name=op.f("fk_messages_to_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "conversation_id", "author_id", "sending", name=op.f("uq_messages_conversation_id_author_id_sending")
        ),
    )
    op.create_index("ix_messages_conversation", "messages", ["conversation_id", "id"])
    op.create_index(
        "ix_messages_unread",
        "messages",
        ["to_id", "conversation_id"],
        sqlite_where=sa.text("read_at IS NULL"),
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "reports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("conversation_id", NUMBER, nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("about_id", NUMBER, nullable=False),
        sa.Column("until_id", NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", NUMBER),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by_id", NUMBER),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.String(length=10)),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("decision IN ('warn', 'suspend', 'dismiss')", name=op.f("ck_reports_decision")),
        sa.CheckConstraint("reason IN ('spam', 'abuse', 'other')", name=op.f("ck_reports_reason")),
        sa.CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name=op.f("ck_reports_decided")),
        sa.ForeignKeyConstraint(["about_id"], ["members.id"], name=op.f("fk_reports_about_id_members")),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_reports_by_id_members")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_reports_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name=op.f("fk_reports_decided_by_id_members")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["members.id"], name=op.f("fk_reports_opened_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_decided_at", "reports", ["decided_at", "id"])
    op.create_index(
        "uq_reports_one_open",
        "reports",
        ["conversation_id", "by_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
