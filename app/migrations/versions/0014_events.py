"""Events and who was there, invitations and nominations."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("badge_requests", sa.Column("names_asker", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=5000), nullable=False),
        sa.Column("about_html", sa.String(length=60000), nullable=False),
        sa.Column("gives_points", sa.Boolean(), nullable=False),
        sa.Column("badge_id", NUMBER),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("rank", sa.String(length=60)),
        sa.Column("group_name", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=12)),
        sa.Column("code_until", MOMENT),
        sa.Column("made_by_id", NUMBER),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("called_off_at", MOMENT),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_events_ends_after_it_begins")),
        sa.CheckConstraint("audience IN ('everybody', 'rank', 'team', 'guests')", name=op.f("ck_events_audience")),
        sa.CheckConstraint("(audience = 'rank') = (rank IS NOT NULL)", name=op.f("ck_events_rank_of_its_audience")),
        sa.CheckConstraint("(audience = 'guests') = (group_name <> '')", name=op.f("ck_events_group_of_its_audience")),
        sa.CheckConstraint("(code IS NULL) = (code_until IS NULL)", name=op.f("ck_events_code_with_its_end")),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_events_badge_id_badges")),
        sa.ForeignKeyConstraint(["made_by_id"], ["members.id"], name=op.f("fk_events_made_by_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("code", name=op.f("uq_events_code")),
    )
    op.create_index("ix_events_ends_at", "events", ["ends_at", "id"])
    op.create_index("ix_events_badge", "events", ["badge_id"])
    op.create_table(
        "event_guests",
        sa.Column("event_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_guests_event_id_events")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_event_guests_member_id_members")),
        sa.PrimaryKeyConstraint("event_id", "member_id", name=op.f("pk_event_guests")),
    )
    op.create_index(op.f("ix_event_guests_member_id"), "event_guests", ["member_id"])
    op.create_table(
        "attendances",
        sa.Column("event_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("by_id", NUMBER),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("withdrawn_by_id", NUMBER),
        sa.Column("withdrawn_because", sa.String(length=500), nullable=False),
        sa.CheckConstraint("way IN ('code', 'list', 'team')", name=op.f("ck_attendances_way")),
        sa.CheckConstraint("(way = 'code') = (by_id IS NULL)", name=op.f("ck_attendances_by_whom")),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_attendances_by_id_members")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_attendances_event_id_events")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_attendances_member_id_members")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["members.id"], name=op.f("fk_attendances_withdrawn_by_id_members")
        ),
        sa.PrimaryKeyConstraint("event_id", "member_id", name=op.f("pk_attendances")),
    )
    op.create_index("ix_attendances_member", "attendances", ["member_id", "event_id"])
    op.create_table(
        "invitations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("badge_id", NUMBER, nullable=False),
        sa.Column("member_id", NUMBER, nullable=False),
        sa.Column("by_id", NUMBER, nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'withdrawn', 'lapsed')", name=op.f("ck_invitations_state")
        ),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name=op.f("ck_invitations_settled")),
        sa.ForeignKeyConstraint(["badge_id"], ["badges.id"], name=op.f("fk_invitations_badge_id_badges")),
        sa.ForeignKeyConstraint(["by_id"], ["members.id"], name=op.f("fk_invitations_by_id_members")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_invitations_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
    )
    op.create_index("ix_invitations_badge", "invitations", ["badge_id", "id"])
    op.create_index(op.f("ix_invitations_member_id"), "invitations", ["member_id"])
    op.create_index(
        "uq_invitations_one_open",
        "invitations",
        ["member_id", "badge_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
