"""The moderators' queue: prepared replies and notes among staff."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHIPPED = (
    ("approve", "Congratulations", "Congratulations, {member}: {badge} is yours, and it stays yours."),
    ("approve", "Thank you for coming", "Thank you for coming, {member}. We found you on the list."),
    ("ask", "Which event?", "Thank you, {member}. Which event was it, and on which day? A link to its page helps."),
    (
        "ask",
        "Something to look at",
        "Thank you, {member}. Could you add a link or a picture, so that we can see what you did?",
    ),
    (
        "decline",
        "Not what it is for",
        "Thank you for asking, {member}. This is how one gets {badge}: {how} What you describe is something else.",
    ),
    (
        "decline",
        "Not found",
        "We could not find what you describe, {member}. If you have something that shows it, ask again from {again}.",
    ),
    (
        "decline",
        "Not yet",
        "You are on your way to {badge}, {member}, but not there yet. You can ask again from {again}.",
    ),
)


def upgrade() -> None:
    replies = op.create_table(
        "prepared_replies",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("suits", sa.String(length=10), nullable=False),
        sa.Column("body", sa.String(length=1000), nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", NUMBER),
        sa.CheckConstraint("suits IN ('approve', 'ask', 'decline')", name=op.f("ck_prepared_replies_suits")),
        sa.ForeignKeyConstraint(
            ["changed_by_id"], ["members.id"], name=op.f("fk_prepared_replies_changed_by_id_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_replies")),
        sa.UniqueConstraint("name", name=op.f("uq_prepared_replies_name")),
    )
    moment = datetime.now(UTC)
    op.bulk_insert(
        replies,
        [
            {"suits": suits, "name": name, "body": body, "version": 1, "changed_at": moment}
            for suits, name, body in SHIPPED
        ],
    )
