"""What members want to hear of, and how often."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = (
    "answer", "reply", "accepted", "mention", "reaction", "message", "badge_earned", "request_update", "rank",
    "leaders", "announcement",
)  # fmt: skip
FREQUENCIES = ("immediately", "daily", "weekly", "never")


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("frequency", sa.String(length=12), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("kind", KINDS),
        _one_of("frequency", FREQUENCIES),
        _one_of("before", FREQUENCIES),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_preferences_member_id_members")),
        sa.PrimaryKeyConstraint("member_id", "kind", name=op.f("pk_preferences")),
        sqlite_with_rowid=False,
    )
    op.add_column("members", sa.Column("quiet", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("members", sa.Column("mail_stopped_at", sa.DateTime(timezone=True)))
    _add_number("digest_hour", 8, most=23)
    _add_number("digest_day", 0, most=6)


def _one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(repr(it) for it in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_preferences_{column}"))


def _add_number(name: str, default: int, *, most: int) -> None:
    """Add a column with its check in one statement: SQLite knows no other way but to write the whole table anew."""
    kind = NUMBER.compile(dialect=op.get_bind().dialect)
    check = f"CONSTRAINT ck_members_{name} CHECK ({name} BETWEEN 0 AND {most})"
    op.execute(f"ALTER TABLE members ADD COLUMN {name} {kind} DEFAULT {default} NOT NULL {check}")
