"""Flags, the audit log, texts and settings of the site, feedback."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What staff did stays written down: the database itself refuses to change or delete it.
APPEND_ONLY = {
    "sqlite": [
        f"""CREATE TRIGGER audit_entries_no_{deed} BEFORE {deed} ON audit_entries
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"""
        for deed in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$""",
        """CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
           FOR EACH STATEMENT EXECUTE FUNCTION audit_log_only_grows()""",
    ],
}


def upgrade() -> None:
    op.add_column("members", sa.Column("warned_at", sa.DateTime(timezone=True)))
    op.create_table(
        "feedback",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("body", sa.String(length=5000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("done_by_id", NUMBER),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(["done_by_id"], ["members.id"], name=op.f("fk_feedback_done_by_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_feedback_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index("ix_feedback_done_at", "feedback", ["done_at", "id"])
    op.create_index(op.f("ix_feedback_member_id"), "feedback", ["member_id"])
    op.create_table(
        "site_settings",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", NUMBER),
        sa.ForeignKeyConstraint(["changed_by_id"], ["members.id"], name=op.f("fk_site_settings_changed_by_id_members")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_site_settings")),
    )
    op.create_table(
        "text_versions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("body", sa.String(length=20000), nullable=False),
        sa.Column("html", sa.String(length=200000), nullable=False),
        sa.Column("by_id", NUMBER),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_text_versions_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_versions")),
    )
    op.create_index("uq_text_versions_number", "text_versions", ["slug", "number"], unique=True)
    op.create_table(
        "audit_entries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", NUMBER),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("member_id", NUMBER),
        sa.Column("post_id", NUMBER),
        sa.Column("thread_id", NUMBER),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        sa.Column("network", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_audit_entries_by_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_audit_entries_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_audit_entries_post_id_posts")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_audit_entries_thread_id_threads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"])
    op.create_index(op.f("ix_audit_entries_by_id"), "audit_entries", ["by_id"])
    op.create_index(op.f("ix_audit_entries_member_id"), "audit_entries", ["member_id"])
    op.create_index(op.f("ix_audit_entries_post_id"), "audit_entries", ["post_id"])
    op.create_table(
        "flag_cases",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by_id", NUMBER),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by_id", NUMBER),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.String(length=10)),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("decision IN ('hide', 'warn', 'suspend', 'dismiss')", name=op.f("ck_flag_cases_decision")),
        sa.CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name=op.f("ck_flag_cases_decided")),
        sa.ForeignKeyConstraint(["claimed_by_id"], ["members.id"], name=op.f("fk_flag_cases_claimed_by_id_members")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["members.id"], name=op.f("fk_flag_cases_decided_by_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_flag_cases_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_cases")),
    )
    op.create_index("ix_flag_cases_decided_at", "flag_cases", ["decided_at", "id"])
    op.create_index("ix_flag_cases_post_id", "flag_cases", ["post_id"])
    op.create_index(
        "uq_flag_cases_one_open",
        "flag_cases",
        ["post_id"],
        unique=True,
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_table(
        "given_warnings",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("post_id", NUMBER),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_given_warnings_by_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_given_warnings_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_given_warnings_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_given_warnings")),
    )
    op.create_index(op.f("ix_given_warnings_member_id"), "given_warnings", ["member_id"])
    op.create_table(
        "suspensions",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("post_id", NUMBER),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_by_id", NUMBER),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_suspensions_by_id_members")),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["members.id"], name=op.f("fk_suspensions_lifted_by_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_suspensions_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_suspensions_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspensions")),
    )
    op.create_index(op.f("ix_suspensions_member_id"), "suspensions", ["member_id"])
    op.create_table(
        "flags",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("case_id", NUMBER, nullable=False),
        sa.Column("post_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason IN ('spam', 'off-topic', 'abuse', 'other')", name=op.f("ck_flags_reason")),
        sa.ForeignKeyConstraint(["case_id"], ["flag_cases.id"], name=op.f("fk_flags_case_id_flag_cases")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_flags_member_id_members")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_flags_post_id_posts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
        sa.UniqueConstraint("post_id", "member_id", name=op.f("uq_flags_post_id_member_id")),
    )
    op.create_index(op.f("ix_flags_case_id"), "flags", ["case_id"])
    op.create_index(op.f("ix_flags_member_id"), "flags", ["member_id"])

    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
