"""How far a member is from a badge: from their own numbers alone, however many members there are."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from app.domain.badging import criteria, distance
from app.domain.badging.totals import Measure, Total
from app.domain.base import now
from tests.factories import make_member

ACCEPTED = criteria.parse({"count": "accepted", "n": 10})


def book(session, member, value, *keys):
    """So much of each of some measures, as the evaluator keeps it."""
    for key in keys:
        measure = session.query(Measure).filter_by(key=key).one_or_none() or Measure(key=key)
        session.add(measure)
        session.flush()
        session.add(Total(measure_id=measure.id, member_id=member.id, part="", value=value, latest=now()))
    session.flush()


def have(session, member):
    return distance.conditions(session, member.id, ACCEPTED, {}, frozenset())[0].have


def test_only_ones_own_numbers_count_and_only_those_of_whole_measures(session):
    ada, ben, cleo = (make_member(session, name) for name in ("ada", "ben", "cleo"))
    [measure] = ACCEPTED.measures()
    book(session, ada, 3, measure.key)
    book(session, ben, 7, measure.key, measure.parts_key)
    assert (have(session, ada), have(session, ben), have(session, cleo)) == (3, 7, 0)
    assert set(distance.standpoint(session, ben.id, [], frozenset()).sums) == {measure.key}


def test_sqlite_does_not_look_through_the_totals_of_all_members(session, engine):
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL counts its tables, and so finds the way by itself")
    ada, asked = make_member(session, "ada"), []

    def note(_connection, _cursor, statement, values, *_):
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    distance.standpoint(session, ada.id, [], frozenset(), "UTC")
    event.remove(engine, "before_cursor_execute", note)
    [(statement, values)] = asked
    plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert any("SEARCH totals USING PRIMARY KEY (measure_id=? AND member_id=?)" in row.detail for row in plan), plan
