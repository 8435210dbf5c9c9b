"""Activities: everything that counts, one row a deed and member whose numbers it moves.

Rows are only added. A withdrawal is a row of its own with the opposite amount that copies the
time, day, actor, post and thread of the row it withdraws, so that numbers can fall but history
cannot change.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from app.domain.base import Base, day_number, now
from app.domain.people.members import Member
from app.domain.record import kinds

if TYPE_CHECKING:
    from app.domain.forum.threads import Post

BOOKED = text("seq IS NOT NULL")
WAITING = text("seq IS NULL")


class Activity(Base):
    """Who did what to whose post, when, and what it adds to whose numbers.

    `member_id` is whose number moves, `actor_id` who did it (unknown in some imports). `amount` is
    mostly 1, more where a row stands for several deeds (views), below 0 in a withdrawal.
    `happened_at` is the time it counts for, `noted_at` when the row was written. `seq` is the
    gap-free position at which the evaluator booked it; NULL while it waits. `source` is a key
    for facts that several looks may find, so that they are noted once. `undated` says that the
    state is known but not its day, as an imported number of views.
    """

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(amount < 0) = (reverses_id IS NOT NULL)", name="withdrawal"),
        Index("uq_activities_seq", "seq", unique=True),
        Index(
            "uq_activities_reverses",
            "reverses_id",
            unique=True,
            sqlite_where=text("reverses_id IS NOT NULL"),
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        Index(
            "uq_activities_source",
            "source",
            unique=True,
            sqlite_where=text("source IS NOT NULL"),
            postgresql_where=text("source IS NOT NULL"),
        ),
        Index("ix_activities_waiting", "id", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_activities_member", "kind", "member_id", "seq", sqlite_where=BOOKED, postgresql_where=BOOKED),
        Index("ix_activities_post", "post_id", "kind", "seq"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(30))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("threads.id"))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    object: Mapped[str | None] = mapped_column(String(80))  # an event, a lesson, a place, a badge
    amount: Mapped[int] = mapped_column(Integer, default=1)  # 32 bits: their sums stay integers
    happened_at: Mapped[datetime]
    local_day: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(default=now)
    undated: Mapped[bool] = mapped_column(default=False)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("activities.id"))
    source: Mapped[str | None] = mapped_column(String(120))


def note(
    session: Session,
    kind: str,
    member: Member,
    *,
    by: Member | None = None,
    post: "Post | None" = None,
    at: datetime | None = None,
    amount: int = 1,
    object: str | None = None,
    source: str | None = None,
) -> Activity:
    """Note a deed that counts for a member; the commit rings the worker.

    `by` is who did it where that is somebody else; the local day is the doer's.
    Raises KeyError for a kind nobody knows.
    """
    kinds.KINDS[kind]
    doer, moment = by or member, at or now()
    activity = Activity(
        kind=kind,
        member_id=member.id,
        actor_id=doer.id,
        amount=amount,
        object=object,
        source=source,
        happened_at=moment,
        local_day=day_number(moment, ZoneInfo(doer.zone)),
        post_id=post.id if post else None,
        thread_id=post.thread_id if post else None,
        category_id=post.thread.category_id if post else None,
    )
    session.add(activity)
    return activity


def withdraw(session: Session, activities: Sequence[Activity]) -> list[Activity]:
    """Withdraw deeds: one opposite row each, with the time and place of the first."""
    opposites = [
        Activity(
            kind=it.kind,
            member_id=it.member_id,
            actor_id=it.actor_id,
            post_id=it.post_id,
            thread_id=it.thread_id,
            category_id=it.category_id,
            object=it.object,
            amount=-it.amount,
            happened_at=it.happened_at,
            local_day=it.local_day,
            undated=it.undated,
            reverses_id=it.id,
        )
        for it in activities
    ]
    session.add_all(opposites)
    return opposites


def standing(session: Session, **where: object) -> list[Activity]:
    """Deeds that nobody has withdrawn, oldest first, by any of their columns."""
    opposite = aliased(Activity)
    rows = (
        select(Activity)
        .filter_by(**where)
        .outerjoin(opposite, opposite.reverses_id == Activity.id)
        .where(Activity.amount > 0, opposite.id.is_(None))
        .order_by(Activity.id)
    )
    return list(session.scalars(rows))
