"""The sweep finds what no bell was rung for, and what comes true by itself."""

from datetime import timedelta

from sqlalchemy import select

from app import sweep
from app.domain.awarding import backfill, evaluator, stumbles
from app.domain.awarding.stumbles import Stumble
from app.domain.base import now
from app.domain.membership import sessions
from app.domain.membership.sessions import LogIn
from app.domain.record import activities
from app.domain.record.activities import Activity
from tests.factories import make_member


def test_a_deed_without_a_bell_is_booked(app, session):
    activities.note(session, "visited", make_member(session))
    session.commit()
    sweep.once(app)
    assert session.scalars(select(Activity.seq)).all() == [1]


def test_an_anniversary_is_noted_and_booked_without_anybody_doing_anything(app, session):
    ada = make_member(session, joined_at=now() - timedelta(days=400))
    make_member(session, joined_at=now() - timedelta(days=300))
    session.commit()
    sweep.once(app)
    sweep.once(app)
    [year] = session.scalars(select(Activity)).all()
    assert (year.kind, year.member_id, year.object, year.seq) == ("anniversary", ada.id, "1", 1)


def test_a_log_in_that_nobody_can_use_is_deleted_and_a_fresh_one_is_kept(app, session):
    ada = make_member(session)
    sessions.start(session, ada, device="phone")
    sessions.start(session, ada, device="old", at=now() - timedelta(days=31))
    session.commit()
    sweep.once(app)
    assert session.scalars(select(LogIn.device)).all() == ["phone"]


def test_a_retroactive_run_that_cannot_be_finished_keeps_no_deed_waiting(app, session, monkeypatch):
    activities.note(session, "visited", make_member(session))
    backfill.owe(session, None)
    session.commit()
    monkeypatch.setattr(backfill, "book_all", lambda *_: 1 // 0)
    for _ in range(evaluator.PATIENT_TRIES - 1):
        sweep.once(app)
    assert session.scalars(select(Activity.seq)).all() == [None]
    session.rollback()
    sweep.once(app)
    assert session.scalars(select(Activity.seq)).all() == [1]


def test_a_deed_that_was_set_aside_a_day_ago_is_tried_once_more_by_itself(app, session):
    for hours in (23, 25):
        deed = activities.note(session, "visited", make_member(session))
        session.flush()
        tried = now() - timedelta(hours=hours)
        session.add(Stumble(activity_id=deed.id, tries=stumbles.TRIES, why="no room", tried_at=tried))
    session.commit()
    sweep.once(app)
    sweep.once(app)
    assert session.scalars(select(Activity.seq).order_by(Activity.id)).all() == [None, 1]


def test_a_sweep_that_fails_does_not_end_the_sweeping(app, session):
    activities.note(session, "visited", make_member(session))
    session.commit()
    sweep.once(app, [lambda: 1 // 0, *sweep.SWEPT])
    assert session.scalars(select(Activity.seq)).all() == [1]
