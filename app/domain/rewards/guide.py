"""What pages explain: the ladder of ranks and what each deed is worth."""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from app.domain.forum.listing import ranks
from app.domain.record.points import PointRule

rules = PointRule.__table__

_LADDER = select(
    ranks.c.position, ranks.c.slug, ranks.c.name, ranks.c.points, ranks.c.stars, ranks.c.about, ranks.c.unlocks
).order_by(ranks.c.position)
_RULES = select(
    rules.c.slug,
    rules.c.says,
    rules.c.amount,
    rules.c.cap,
    rules.c.per_day,
    rules.c.per_pair,
    rules.c.since,
    rules.c.until,
).order_by(rules.c.position, rules.c.id)


def ladder(session: Session) -> Sequence[Row]:
    """The ranks from the lowest to the highest."""
    return session.execute(_LADDER).all()


def point_rules(session: Session, today: int) -> list[Row]:
    """What deeds are worth on a day (counted from 1970-01-01), in the order of the catalogue."""
    return [
        row
        for row in session.execute(_RULES)
        if (row.since is None or row.since <= today) and (row.until is None or today <= row.until)
    ]
