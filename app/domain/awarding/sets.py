"""Sets: the statements that award a whole history, for everybody at once.

Simple thresholds of one measure share a look at its deeds; what adding up has just found is read from there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from sqlalchemy import Integer, Select, Subquery, and_, cast, literal, select, update
from sqlalchemy.orm import Session

from app.domain import plans
from app.domain.awarding import programme
from app.domain.awarding.evaluator import OWED, PATIENT_TRIES
from app.domain.awarding.programme import Programme
from app.domain.badging.badges import Award
from app.domain.badging.criteria import All, Count, Measure, Node, Yearly, latest_of
from app.domain.badging.gate import Rule, latch_key, yearly_keys
from app.domain.badging.totals import Lease, Total
from app.domain.base import insert_into, now

Step = Callable[[Session], None]


def steps(rules: Programme, only: str | None) -> Iterable[tuple[tuple[str, int, int], Step]]:
    """The statements to run, one a transaction: simple thresholds of one measure share a scan."""
    wanted = [rule for rule in rules.rules if only in (None, rule.slug)]
    shared: dict[Measure, list[tuple[Rule, Count]]] = defaultdict(list)
    single: list[Rule] = []
    for rule in wanted:
        if isinstance(rule.node, Count) and not rule.node.days and not rule.node.first:
            shared[rule.node.measure].append((rule, rule.node))
        else:
            single.append(rule)
    found: list[Step] = [partial(_award_thresholds, measure, some) for measure, some in shared.items()]
    # Rules that need other badges come after those; the programme keeps that order.
    found += [partial(_award, rule) for rule in single]
    for i, step in enumerate(found):
        yield ("Awarding", i, len(found)), step


def _award_thresholds(measure: Measure, some: Sequence[tuple[Rule, Count]], session: Session) -> None:
    reached = measure.reached(sorted({node.n for _, node in some}))
    rows = [
        select(literal(rule.badge).label("badge"), literal(rule.version).label("version"), literal(node.n).label("n"))
        for rule, node in some
    ]
    wanted = rows[0].union_all(*rows[1:]).subquery()
    _insert(
        session,
        select(
            wanted.c.badge,
            wanted.c.version,
            reached.c.member_id,
            reached.c.subject,
            reached.c.seq,
            reached.c.at,
        ).join_from(reached, wanted, wanted.c.n == reached.c.n),
    )


def _award(rule: Rule, session: Session) -> None:
    if rule.node.badges():  # their awards were only just made, and PostgreSQL takes them for a few
        plans.without_loops(session)
    earned = _earned(rule.node)
    _insert(
        session,
        select(
            literal(rule.badge),
            literal(rule.version),
            earned.c.member_id,
            earned.c.subject,
            earned.c.seq,
            earned.c.at,
        ),
    )


def _earned(node: Node) -> Subquery:
    """Who earned it, when: read from the latches where adding up has just found it."""
    match node:
        case Count(days=int()):
            return programme.remembered(latch_key(node))
        case Yearly():
            return latest_of([programme.remembered(key, cast(Total.part, Integer)) for key in yearly_keys(node)])
        case All():  # what asks for badges holds more often by now than when totals were added up
            return latest_of(
                [
                    select(part.earned()).cte() if part.badges() else programme.remembered(latch_key(part))
                    for part in node.parts
                ]
            )
    return node.earned()


def _insert(session: Session, rows: Select) -> None:
    found = rows.subquery()
    badge, version, member, subject, seq, at = found.c
    _date_anew(session, found)
    new = insert_into(session, Award).from_select(
        [
            "badge_id",
            "version_id",
            "member_id",
            "subject",
            "seq",
            "earned_at",
            "way",
            "reason",
            "revoked_because",
            "awarded_at",
        ],
        select(
            badge,
            version,
            member,
            subject,
            seq,
            at,
            literal("automatic"),
            literal(""),
            literal(""),
            literal(now(), Award.awarded_at.type),
        )
        .where(literal(True))
        .order_by(seq, badge, subject),  # SQLite reads ON CONFLICT as a join without a WHERE
    )
    session.execute(new.on_conflict_do_nothing())


def _date_anew(session: Session, found: Subquery) -> None:
    """Where evaluation went on before this run, it saw some rules hold later than they first did."""
    owed = session.get_one(Lease, OWED)
    if owed.deaths < PATIENT_TRIES:
        return
    badge, _version, member, subject, seq, at = found.c
    theirs = and_(Award.badge_id == badge, Award.member_id == member, Award.subject == subject)
    late = and_(Award.id > owed.position, Award.way == "automatic", Award.seq > seq)
    dated = update(Award).where(theirs, late).values(seq=seq, earned_at=at)
    session.execute(dated.execution_options(synchronize_session=False))
