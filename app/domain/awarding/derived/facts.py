"""All facts there are, and finding them; the anniversaries are counted, not asked for."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.domain.awarding.derived.scope import Found, Scope, is_here
from app.domain.awarding.derived.threads import (
    badge_completed,
    closed,
    edited_dormant,
    mention_answered,
    stayed_alone,
    tag_took_off,
)
from app.domain.awarding.derived.votes import (
    best_of,
    explained,
    first_to_two,
    good_question,
    poor_question,
    populist,
    reversal,
)
from app.domain.people.members import Member

FACTS: dict[str, Callable[[Scope], Select[Any]]] = {
    fact.__name__: fact
    for fact in (
        stayed_alone, mention_answered, edited_dormant, first_to_two, good_question, poor_question, closed,
        explained, populist, reversal, tag_took_off, best_of, badge_completed,
    )
}  # fmt: skip

UNDATED = ("populist", "reversal")  # found as a state; an import cannot tell since when


def find(session: Session, scope: Scope) -> Iterator[Found]:
    """Every fact in scope, each once, in no order."""
    for kind, statement in FACTS.items():
        yield from _rows(session, scope, kind, statement(scope))
    yield from anniversaries(session, scope)


def _rows(session: Session, scope: Scope, kind: str, statement: Select[Any]) -> Iterator[Found]:
    columns = statement.selected_columns
    statement = statement.join(Member, Member.id == columns.member_id).where(is_here(scope)).add_columns(Member.zone)
    if statement._group_by_clauses:
        statement = statement.group_by(Member.zone)
    undated = scope.source is not None and kind in UNDATED
    for row in session.execute(statement.execution_options(yield_per=1000)):
        yield Found(f"{kind}:{row[0]}", kind, *row[1:])._replace(undated=undated)


def anniversaries(session: Session, scope: Scope) -> Iterator[Found]:
    """The days on which members have been here for one year, two years and so on."""
    since = max(scope.since, session.scalar(select(func.min(Member.joined_at))) or scope.until)
    years = range(1, scope.until.year - since.year + 1) if scope.source else range(1, scope.until.year - 1970 + 1)
    windows = [Member.joined_at.between(_years(scope.since, -k), _years(scope.until, -k)) for k in years]
    if not windows:
        return
    members = select(Member.id, Member.joined_at, Member.zone).where(is_here(scope), or_(*windows))
    for member, joined_at, zone in session.execute(members.execution_options(yield_per=1000)):
        for k in range(1, scope.until.year - joined_at.year + 1):
            at = _years(joined_at, k)
            if scope.since < at <= scope.until:
                yield Found(
                    f"anniversary:{member}:{k}", "anniversary", member, None, None, None, None, str(k), at, at, zone
                )


def _years(moment: datetime, years: int) -> datetime:
    """The same day so many years on; who came on 29 February celebrates on the 28th."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)
