"""Climbs: how a member's points grew, week by week of the site."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import BindParameter, bindparam, literal_column, select
from sqlalchemy.orm import Session

from app.domain.record import scores
from app.domain.record.scores import EVERYWHERE, WEEK, Score

WEEKS = 52
FEWEST = 2  # of one week alone there is nothing to draw

_scores = Score.__table__
_WEEK: BindParameter[int] = bindparam("week")
_EARNED = select(_scores.c.number, _scores.c.points).where(  # by their whole key: other members' rows are not looked at
    _scores.c.span == WEEK, _scores.c.number.in_([_WEEK - literal_column(str(ago)) for ago in range(WEEKS)]),
    _scores.c.category_id == EVERYWHERE, _scores.c.member_id == bindparam("member_id"),
)  # fmt: skip


class Step(NamedTuple):
    """A week: its Monday, what it brought, and what there was at its end."""

    monday: date
    earned: int
    balance: int


def of(session: Session, member_id: int, points: int, this_week: int) -> Sequence[Step]:
    """The last year of a member who has so many points now, from the first week that brought any; empty if too short.

    Points count for the week of their deed, so the last step is the balance itself.
    """
    weeks = range(this_week - WEEKS + 1, this_week + 1)
    earned = dict(session.execute(_EARNED, {"week": this_week, "member_id": member_id}).all())
    before = points - sum(earned.values())
    first = weeks[0] if before else min(earned, default=this_week)
    steps: list[Step] = []
    for week in range(min(first, this_week - FEWEST + 1), this_week + 1):
        before += earned.get(week, 0)
        steps.append(Step(scores.monday(week), earned.get(week, 0), before))
    return steps if before or earned else ()
