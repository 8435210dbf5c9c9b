"""Requests for badges, with what was said about each."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _let_pictures_be_evidence()
    op.create_table(
        "kept_requests",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_kept_requests")),
    )
    op.create_index(op.f("ix_kept_requests_kept_at"), "kept_requests", ["kept_at"], unique=False)
    op.create_table(
        "badge_requests",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("badge_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", NUMBER, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", NUMBER, nullable=True),
        sa.Column("message", sa.String(length=2000), nullable=False),
        sa.Column("may_ask_again_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by_id", NUMBER, nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('waiting', 'withdrawn')) = (decided_at IS NULL)", name=op.f("ck_badge_requests_decided")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'asked', 'approved', 'declined', 'withdrawn')", name=op.f("ck_badge_requests_state")
        ),
        sa.CheckConstraint("(claimed_by_id IS NULL) = (claimed_until IS NULL)", name=op.f("ck_badge_requests_claimed")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_badge_requests_decided_by")),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_badge_requests_badge_id_badges")),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_badge_requests_by_id_members")),
        sa.ForeignKeyConstraint(
            ["claimed_by_id"], ["members.id"], name=op.f("fk_badge_requests_claimed_by_id_members")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["members.id"], name=op.f("fk_badge_requests_decided_by_id_members")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_badge_requests_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_requests")),
        sa.UniqueConstraint("by_id", "token", name=op.f("uq_badge_requests_by_id_token")),
    )
    op.create_index("ix_badge_requests_by", "badge_requests", ["by_id", "id"], unique=False)
    op.create_index("ix_badge_requests_decided", "badge_requests", ["decided_at"], unique=False)
    op.create_index("ix_badge_requests_member", "badge_requests", ["member_id", "badge_id"], unique=False)
    op.create_index("ix_badge_requests_queue", "badge_requests", ["state", "sent_at", "id"], unique=False)
    op.create_index(
        "uq_badge_requests_one_nomination",
        "badge_requests",
        ["badge_id", "member_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'asked') AND by_id <> member_id"),
        postgresql_where=sa.text("state IN ('waiting', 'asked') AND by_id <> member_id"),
    )
    op.create_index(
        "uq_badge_requests_one_open",
        "badge_requests",
        ["badge_id", "member_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'asked') AND by_id = member_id"),
        postgresql_where=sa.text("state IN ('waiting', 'asked') AND by_id = member_id"),
    )
    op.create_table(
        "request_entries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("request_id", NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("for_staff", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "what IN ('sent', 'asked', 'answered', 'approved', 'declined', 'withdrawn', 'undone', 'remark')",
            name=op.f("ck_request_entries_what"),
        ),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_request_entries_by_id_members")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["badge_requests.id"], name=op.f("fk_request_entries_request_id_badge_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_entries")),
    )
    op.create_index(op.f("ix_request_entries_request_id"), "request_entries", ["request_id"], unique=False)
    op.create_table(
        "request_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("request_id", NUMBER, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'accepted', 'refused', 'parked')", name=op.f("ck_request_events_state")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["badge_requests.id"], name=op.f("fk_request_events_request_id_badge_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_events")),
    )
    op.create_index(op.f("ix_request_events_request_id"), "request_events", ["request_id"], unique=False)
    op.create_table(
        "request_links",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("request_id", NUMBER, nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["badge_requests.id"], name=op.f("fk_request_links_request_id_badge_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_links")),
    )
    op.create_index(op.f("ix_request_links_request_id"), "request_links", ["request_id"], unique=False)
    op.create_table(
        "request_pictures",
        sa.Column("picture_id", NUMBER, nullable=False),
        sa.Column("request_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"], name=op.f("fk_request_pictures_picture_id_pictures")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["badge_requests.id"], name=op.f("fk_request_pictures_request_id_badge_requests")
        ),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_request_pictures")),
    )
    op.create_index(op.f("ix_request_pictures_request_id"), "request_pictures", ["request_id"], unique=False)


def _let_pictures_be_evidence() -> None:
    with op.batch_alter_table("pictures") as pictures:
        pictures.drop_constraint(op.f("ck_pictures_use"), type_="check")
        pictures.create_check_constraint(op.f("ck_pictures_use"), "use IN ('post', 'photo', 'request')")
