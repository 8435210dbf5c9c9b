"""The sweep finds what no bell was rung for, and what comes true by itself."""

from datetime import timedelta

from sqlalchemy import select

from app import sweep
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


def test_a_sweep_that_fails_does_not_end_the_sweeping(app, session):
    activities.note(session, "visited", make_member(session))
    session.commit()
    sweep.once(app, [lambda: 1 // 0, *sweep.SWEPT])
    assert session.scalars(select(Activity.seq)).all() == [1]
