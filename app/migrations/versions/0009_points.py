"""Balances on statements, scores of weeks and months, closed weeks, who is not listed, what points are held back for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APART = sa.text("role <> 'member' OR unlisted_at IS NOT NULL OR deleted_at IS NOT NULL OR suspended_until IS NOT NULL")
HELD = sa.text("held IS NOT NULL")

# The day and month of an entry in UTC, which is the zone of every site until it chooses another.
DAY = {
    "sqlite": "CAST(strftime('%s', happened_at) AS INTEGER) / 86400",
    "postgresql": "CAST(floor(extract(epoch FROM happened_at) / 86400) AS bigint)",
}
MONTH = {
    "sqlite": "CAST(strftime('%Y', happened_at) AS INTEGER) * 12 + CAST(strftime('%m', happened_at) AS INTEGER) - 1",
    "postgresql": "CAST(extract(year FROM happened_at AT TIME ZONE 'UTC') * 12"
    " + extract(month FROM happened_at AT TIME ZONE 'UTC') - 1 AS bigint)",
}


def upgrade() -> None:
    op.add_column("members", sa.Column("unlisted_at", sa.DateTime(timezone=True)))
    op.create_index("ix_members_apart", "members", ["id"], sqlite_where=APART, postgresql_where=APART)
    for name in ("held_back", "balance", "week", "month"):
        op.add_column("point_entries", sa.Column(name, NUMBER, nullable=False, server_default="0"))
    op.create_table(
        "scores",
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("category_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("points", NUMBER, nullable=False),
        sa.Column("accepted", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("span", "number", "category_id", "member_id", name=op.f("pk_scores")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "closed_weeks",
        sa.Column("week", NUMBER, autoincrement=False, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_closed_weeks")),
    )
    op.create_table(
        "placings",
        sa.Column("week", NUMBER, nullable=False),
        sa.Column("category_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.Column("points", NUMBER, nullable=False),
        sa.Column("accepted", NUMBER, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_placings_member_id_members")),
        sa.ForeignKeyConstraint(["week"], ["closed_weeks.week"], name=op.f("fk_placings_week_closed_weeks")),
        sa.PrimaryKeyConstraint("week", "category_id", "member_id", name=op.f("pk_placings")),
        sqlite_with_rowid=False,
    )
    _fill(op.get_bind().dialect.name)
    op.create_index(
        "ix_point_entries_held", "point_entries", ["week", "member_id"], sqlite_where=HELD, postgresql_where=HELD
    )
    op.create_index(op.f("ix_reactions_created_at"), "reactions", ["created_at"])
    op.create_index("ix_scores_leaders", "scores", ["span", "number", "category_id", sa.text("points DESC"), "seq"])
    op.create_index("ix_placings_board", "placings", ["week", "category_id", "is_staff", sa.text("points DESC"), "seq"])
    op.drop_table("week_scores")


def _fill(engine: str) -> None:
    """What the new columns say of entries that are there already, and the scores that follow from them."""
    op.execute(f"UPDATE point_entries SET week = ({DAY[engine]} + 3) / 7, month = {MONTH[engine]}")  # noqa: S608  two constants
    op.execute(
        "UPDATE point_entries SET balance = run.should FROM (SELECT id, sum(amount) OVER (PARTITION BY member_id"
        " ORDER BY seq, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS should FROM point_entries) AS run"
        " WHERE run.id = point_entries.id"
    )
    op.execute(
        "UPDATE point_entries SET held_back = point_rules.amount - point_entries.amount FROM point_rules"
        " WHERE point_rules.slug = point_entries.rule AND point_entries.held IS NOT NULL"
    )
    accepted = "sum(CASE WHEN a.kind <> 'accepted' THEN 0 WHEN e.amount > 0 THEN 1 ELSE -1 END)"
    for span, number in (("week", "e.week"), ("month", "e.month"), ("ever", "e.member_id * 0")):
        for category in ("e.member_id * 0", "a.category_id"):
            op.execute(
                "INSERT INTO scores (span, number, category_id, member_id, points, accepted, seq)"  # noqa: S608
                f" SELECT '{span}', {number}, {category}, e.member_id, sum(e.amount), {accepted}, max(e.seq)"
                " FROM point_entries AS e JOIN activities AS a ON a.id = e.activity_id"
                f" WHERE e.amount <> 0 AND {category} IS NOT NULL GROUP BY {number}, {category}, e.member_id"
            )
