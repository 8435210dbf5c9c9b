"""The demo community: one load, then nothing more; people who can really log in."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from app import demo, jobs
from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.forum.threads import Post, Thread
from app.domain.mail.deliveries import Delivery
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.record.activities import Activity
from app.domain.ways import attendance, events
from app.domain.ways.requests import BadgeRequest
from tests.factories import make_member


@pytest.fixture
def settings(app, tmp_path):
    """The site's settings with a folder of its own for the log-ins."""
    return replace(app.config["SETTINGS"], instance_dir=tmp_path)


def counts(session):
    """How many rows there are of what the demo makes."""
    found = [session.scalar(select(func.count()).select_from(it)) for it in (Member, Thread, Post, Activity, Award)]
    session.rollback()  # on SQLite whoever looks keeps the others from writing
    return found


def test_the_demo_fills_an_empty_site_once(app, session, settings):
    with app.app_context():
        log_ins = demo.load(settings)
        made = counts(session)
        assert demo.load(settings) == log_ins
    assert counts(session) == made
    assert made[0] == 24
    assert [role for _, _, role in log_ins] == ["member", "member", "moderator", "administrator"]
    assert stat.S_IMODE((settings.instance_dir / demo.KEPT_IN).stat().st_mode) == 0o600

    states = session.scalars(select(BadgeRequest.state)).all()
    assert {"waiting", "asked", "approved", "declined"} <= set(states)
    newest, oldest = session.execute(select(func.max(Activity.happened_at), func.min(Activity.happened_at))).one()
    assert newest < now()
    assert (now() - oldest).days > 400
    assert set(session.scalars(select(Delivery.state))) == {"dropped"}, "nobody is sent a letter about the past"
    made = counts(session)
    with app.app_context():
        jobs.look_around()
        jobs.close_weeks()
    assert counts(session) == made, "what came true by itself was looked at"
    held = select(func.count(Award.badge_id.distinct())).join(Member, Member.id == Award.member_id)
    assert session.scalar(held.where(Member.username == "maya")) > 15
    assert session.scalar(select(func.count()).where(Activity.seq.is_(None))) == 0
    assert_there_were_events(session)
    session.rollback()  # on SQLite whoever looks keeps the others from writing

    for username, password, _ in log_ins:
        client = app.test_client()
        token = BeautifulSoup(client.get("/login").data, "html.parser").select_one("[name=csrf_token]")["value"]
        sent = {"csrf_token": token, "username": username, "password": password, "next": f"/u/{username}/badges"}
        assert client.post("/login", data=sent).location == f"/u/{username}/badges"
        assert client.get(f"/u/{username}/points").status_code == 200


def assert_there_were_events(session):
    """Some are over, with who was there and the badges for it, and some are to come."""
    assert len(events.past(session)[0]) == len(events.coming(session)[0]) == 2
    assert [attendance.count(session, it) for it in events.past(session)[0]] == [3, 4]
    held = select(func.count()).select_from(Award).join(Badge, Badge.id == Award.badge_id)
    assert session.scalar(held.where(Badge.slug == "meet-up")) == 6


def test_a_site_with_members_stays_as_it_is(app, session, settings):
    make_member(session, "ada")
    session.commit()
    with app.app_context():
        assert demo.load(settings) == []
    assert counts(session)[0] == 1


def test_there_is_no_demo_in_production(app, session, settings):
    with app.app_context(), pytest.raises(Refused, match="production"):
        demo.load(replace(settings, production=True))
    assert counts(session)[0] == 0
