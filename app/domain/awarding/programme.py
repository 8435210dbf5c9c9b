"""The programme: the published rules of a site, and the totals they stand on."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from sqlalchemy import ColumnElement, Select, String, Subquery, cast, delete, func, literal, select, update
from sqlalchemy.orm import Session

from app.domain.awarding import ledger
from app.domain.awarding.ledger import Rule as PointRule
from app.domain.badging import criteria
from app.domain.badging.badges import Badge, BadgeVersion
from app.domain.badging.criteria import Node, Yearly
from app.domain.badging.gate import Gate, Rule, latch_key, yearly_keys
from app.domain.badging.totals import Measure as MeasureRow
from app.domain.badging.totals import Total
from app.domain.base import insert_into
from app.domain.record.activities import Activity
from app.domain.record.points import Rank

LONGEST_KEY = 500


@dataclass(frozen=True)
class Programme:
    """What a site thanks for: badge rules in an order in which none needs a later one, points, ranks."""

    rules: Sequence[Rule]
    points: Sequence[PointRule]
    ranks: Sequence[tuple[int, int]]  # points and position, rising
    gate: Gate


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> Node:
    return criteria.parse(json.loads(text))


def published(session: Session) -> list[Rule]:
    """The rules of the published badges, those that others need first."""
    rows = session.execute(
        select(Badge.id, Badge.slug, BadgeVersion.id, BadgeVersion.criterion)
        .join(BadgeVersion, BadgeVersion.id == Badge.version_id)
        .where(Badge.state == "published")
        .order_by(Badge.id)
    )
    rules = {
        slug: Rule(badge, slug, version, _parsed(json.dumps(criterion, sort_keys=True)))
        for badge, slug, version, criterion in rows
        if criterion
    }
    needs = TopologicalSorter({slug: rule.node.badges() & rules.keys() for slug, rule in rules.items()})
    return [rules[slug] for slug in needs.static_order()]


def stamp(session: Session) -> tuple:
    """Something that differs whenever the programme does; cheap to ask for."""
    numbers = select(
        select(func.count()).where(Badge.state == "published").scalar_subquery(),
        select(func.sum(Badge.version_id)).where(Badge.state == "published").scalar_subquery(),
        select(func.max(BadgeVersion.id)).scalar_subquery(),
        select(func.max(BadgeVersion.published_at)).scalar_subquery(),  # tells a restored database apart
        select(func.count()).where(MeasureRow.built.is_(True)).scalar_subquery(),
        select(func.max(MeasureRow.id)).scalar_subquery(),
    )
    # Point rules and ranks are few, and are changed where they stand.
    return session.execute(numbers).one(), ledger.rules(session), _ranks(session)


def current(session: Session) -> Programme:
    """The programme as it is now, its totals built where they were missing.

    Belongs into a transaction of the evaluator: what is built must reach to the last booked deed.
    """
    identifiers = _Identifiers(session)
    rules = published(session)
    gate = Gate(rules, identifiers)
    build(session, gate, identifiers.unbuilt)
    _retire(session, identifiers.built - identifiers.asked)
    return Programme(rules, ledger.rules(session), _ranks(session), gate)


def _ranks(session: Session) -> list[tuple[int, int]]:
    rows = session.execute(select(Rank.points, Rank.position).order_by(Rank.points))
    return [(it.points, it.position) for it in rows]


class _Identifiers:
    """Numbers for the keys of measures; remembers which were asked for, and which have totals."""

    def __init__(self, session: Session) -> None:
        self._session = session
        rows = session.execute(select(MeasureRow.key, MeasureRow.id, MeasureRow.built)).all()
        self._known = {row.key: row.id for row in rows}
        self.built = {row.key for row in rows if row.built}
        self.asked: set[str] = set()

    @property
    def unbuilt(self) -> set[str]:
        return self.asked - self.built

    def __call__(self, key: str) -> int:
        key = stored_key(key)
        if key not in self._known:
            row = MeasureRow(key=key)
            self._session.add(row)
            self._session.flush()
            self._known[key] = row.id
        self.asked.add(key)
        return self._known[key]


def stored_key(key: str) -> str:
    """A measure's key as the table keeps it; very long ones by their hash."""
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


def forget(session: Session) -> None:
    """Drop all totals; the next look builds them from the booked deeds."""
    session.execute(delete(Total))
    session.execute(update(MeasureRow).values(built=False).execution_options(synchronize_session=False))


def forget_badges_held(session: Session, gate: Gate) -> None:
    """Drop what was remembered of badges held, after many were awarded at once."""
    _retire(session, {stored_key(latch_key(node)) for node in gate.latches.values() if node.badges()})


def _retire(session: Session, keys: set[str]) -> None:
    """Drop totals that are no longer kept up; whoever asks for them again has them built anew."""
    ids = session.scalars(select(MeasureRow.id).where(MeasureRow.key.in_(keys))).all()
    session.execute(delete(Total).where(Total.measure_id.in_(ids)))
    session.execute(
        update(MeasureRow)
        .where(MeasureRow.id.in_(ids))
        .values(built=False)
        .execution_options(synchronize_session=False)
    )


def build(session: Session, gate: Gate, new: set[str]) -> None:
    """Build the totals of new measures and latches from the booked deeds, set by set."""
    if new and session.scalar(select(Activity.id).where(Activity.seq.is_not(None)).limit(1)) is not None:
        _build(session, gate, new)
    session.execute(
        update(MeasureRow)
        .where(MeasureRow.key.in_(new))
        .values(built=True)
        .execution_options(synchronize_session=False)
    )


def _build(session: Session, gate: Gate, new: set[str]) -> None:
    number = dict(session.execute(select(MeasureRow.key, MeasureRow.id)).all())
    missing = set(new)  # two measures may share the sums of their parts

    def fill(*found: tuple[str, Select]) -> None:
        rows = [(stored_key(key), select) for key, select in found if stored_key(key) in missing]
        missing.difference_update(key for key, _ in rows)
        if rows:
            _insert(session, [(number[key], select) for key, select in rows])

    for measure in gate.measures:
        if measure.per:
            fill(*zip((measure.key, measure.parts_key), measure.split_totals(), strict=True))
        else:
            fill((measure.key, measure.totals()))
    for key, node in gate.latches.items():
        fill((key, _latch(node)))
    for yearly in gate.yearly.values():
        years, points = yearly_keys(yearly)
        fill((years, _years(yearly)))
        if stored_key(points) in missing:
            fill((points, _points(session, yearly)))


def remembered(key: str, subject: ColumnElement[int] | None = None) -> Subquery:
    """Where a latch first held, for each member: what its node would find, without looking again."""
    # Not a join: only rows of this very measure may meet what `subject` makes of their part.
    measure = select(MeasureRow.id).where(MeasureRow.key == stored_key(key)).scalar_subquery()
    return (
        select(
            Total.member_id,
            (literal(0) if subject is None else subject).label("subject"),
            Total.value.label("seq"),
            Total.latest.label("at"),
        )
        .where(Total.measure_id == measure)
        .subquery()
    )


def _insert(session: Session, found: Sequence[tuple[int, Select]]) -> None:
    first, *others = (
        select(literal(measure).label("measure_id"), rows.c.member_id, rows.c.part, rows.c.value, rows.c.latest)
        for measure, rows in ((measure, rows.subquery()) for measure, rows in found)
    )
    rows = first.union_all(*others).subquery()
    session.execute(
        insert_into(session, Total).from_select(
            ["measure_id", "member_id", "part", "value", "latest"],
            # In the order of their key: at random places of its index each row would cost twice as much.
            select(rows).order_by(rows.c.measure_id, rows.c.member_id),
        )
    )


def _latch(node: Node) -> Select:
    return _latched(node.earned(), literal(""))


def _latched(earned: Subquery, part: ColumnElement[str]) -> Select:
    return select(earned.c.member_id, part.label("part"), earned.c.seq.label("value"), earned.c.at.label("latest"))


def _years(node: Yearly) -> Select:
    run = criteria.running(changes := node.years.changes(), changes.c.member_id)
    return (
        select(
            run.c.member_id,
            cast(run.c.run, String).label("part"),
            func.min(run.c.seq).label("value"),
            func.min(run.c.latest).label("latest"),
        )
        .where(run.c.run > 0)
        .group_by(run.c.member_id, run.c.run)
    )


def _points(session: Session, node: Yearly) -> Select:
    run = criteria.running(changes := node.ledger.changes(), changes.c.member_id)
    highest = session.scalar(select(func.max(run.c.run))) or 0
    marks = [node.points * k for k in range(1, max(highest // node.points, 1) + 1)]
    reached = node.ledger.reached(marks)
    return _latched(reached, cast(reached.c.n // node.points, String))
