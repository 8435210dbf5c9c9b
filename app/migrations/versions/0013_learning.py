"""Lessons and checklists."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STEPS = {
    "says": "Finish all six steps of the welcome checklist",
    "all": [
        {"count": "email_verified"},
        {"count": "profile_completed"},
        {
            "count": "lesson_passed",
            "where": {"object": "guidelines"},
            "says": "Read the guidelines and answer the questions at their end",
        },
        {"count": "thread_read", "per": "thread", "n": 5, "says": "Read {n} threads"},
        {"count": "reactions_given", "says": "Thank somebody with an Upvote or an Insightful"},
        {
            "count": ["asked", "started", "answered", "replied", "commented"],
            "says": "Write your first question, answer or comment",
        },
    ],
}


def upgrade() -> None:
    op.create_table(
        "lessons",
        sa.Column("slug", sa.String(length=30), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_lessons")),
    )
    op.create_table(
        "lesson_passes",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("lesson", sa.String(length=30), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_lesson_passes_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "lesson", name=op.f("pk_lesson_passes")),
    )
    # Nobody ever noted that kind of deed, so nobody holds what it was to earn: the rule becomes the steps themselves.
    versions = sa.table("badge_versions", sa.column("criterion", sa.JSON()), sa.column("how", sa.String()))
    counted = sa.cast(versions.c.criterion, sa.Text).contains("checklist_completed")
    op.execute(sa.update(versions).where(counted).values(criterion=STEPS, how=STEPS["says"]))
