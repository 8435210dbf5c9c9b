"""The chronicle of the programme, and members who wait for what is planned."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.domain import catalogue
from app.domain.badging.badges import Badge
from app.domain.catalogue import chronicle, planned
from app.domain.notices.notifications import Notification
from app.domain.problems import Refused
from tests.domain.test_catalogue_load import TINY, changed
from tests.factories import make_member

[FIRST, *_] = [it.slug for it in TINY.badges]


def find(session, slug):
    return session.scalars(select(Badge).filter_by(slug=slug)).one()


def told(session):
    return [(it.what, it.slug) for it in chronicle.changes(session)[0]]


def test_a_loaded_catalogue_is_told_as_new_badges(session):
    catalogue.load(session, TINY)
    assert sorted(told(session)) == sorted(
        ("new" if it.state == "published" else it.state, it.slug) for it in TINY.badges
    )
    catalogue.load(session, TINY)
    assert len(told(session)) == len(TINY.badges)


def test_a_changed_rule_is_told_with_the_sentence_before_and_after(session):
    catalogue.load(session, TINY)
    before = find(session, FIRST).version.how
    catalogue.load(session, changed(FIRST, how="Ask the tower twice.", earn=None, ways=("request",)))
    [change] = [it for it in chronicle.changes(session)[0] if it.what == "rule"]
    assert (change.slug, change.old, change.how) == (FIRST, before, "Ask the tower twice.")
    assert [it.number for it in chronicle.versions(session, find(session, FIRST).id)] == [1, 2]


def test_a_badge_that_is_planned_published_and_retired_is_told_each_time(session):
    for state in ("planned", "planned", "published", "legacy"):
        catalogue.load(session, changed(FIRST, state=state))
    assert [what for what, slug in told(session) if slug == FIRST] == ["legacy", "published", "planned"]


def test_what_the_file_no_longer_has_is_told_when_it_is_retired(session):
    catalogue.load(session, TINY)
    chronicle.enter(session, find(session, FIRST), "legacy", at=find(session, FIRST).created_at + timedelta(days=1))
    assert told(session)[0] == ("legacy", FIRST)


def test_whoever_follows_a_planned_badge_is_told_once_when_it_can_be_earned(session):
    catalogue.load(session, changed(FIRST, state="planned"))
    ada, ben, badge = make_member(session, "ada"), make_member(session, "ben"), find(session, FIRST)
    assert planned.toggle(session, ada, badge)
    planned.toggle(session, ben, badge)
    assert not planned.toggle(session, ben, badge)
    assert (planned.follows(session, ada.id, badge.id), planned.follows(session, ben.id, badge.id)) == (True, False)
    for state in ("published", "planned", "published"):
        catalogue.load(session, changed(FIRST, state=state))
        if state == "planned":
            assert planned.toggle(session, ada, badge), "who was told follows it no more"
    notices = session.scalars(select(Notification)).all()
    assert [(it.member_id, it.kind, it.facts["slug"]) for it in notices] == [(ada.id, "badge_open", FIRST)]
    assert not planned.follows(session, ada.id, badge.id)


def test_only_what_is_planned_is_followed(session):
    catalogue.load(session, changed(FIRST, state="legacy"))
    with pytest.raises(Refused, match="planned"):
        planned.toggle(session, make_member(session), find(session, FIRST))
