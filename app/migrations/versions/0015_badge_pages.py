"""Planned badges that members follow, since when badges have been what they are, and feedback about a badge."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "badge_follows",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("badge_id", NUMBER, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_badge_follows_badge_id_badges")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_badge_follows_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "badge_id", name=op.f("pk_badge_follows")),
    )
    op.create_index(op.f("ix_badge_follows_badge_id"), "badge_follows", ["badge_id"])
    op.create_table(
        "badge_states",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("badge_id", NUMBER, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('published', 'planned', 'legacy')", name=op.f("ck_badge_states_state")),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_badge_states_badge_id_badges")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_states")),
    )
    op.create_index(op.f("ix_badge_states_badge_id"), "badge_states", ["badge_id"])
    op.create_index(op.f("ix_badge_states_at"), "badge_states", ["at"])
    # Since when is not known of badges that were there before; the day they came is the best there is.
    op.execute(
        "INSERT INTO badge_states (badge_id, state, at)"
        " SELECT id, state, created_at FROM badges WHERE state <> 'published' ORDER BY id"
    )
    with op.batch_alter_table("feedback") as feedback:
        feedback.add_column(sa.Column("badge_id", NUMBER))
        feedback.create_foreign_key(op.f("fk_feedback_badge_id_badges"), "badges", ["badge_id"], ["id"])
