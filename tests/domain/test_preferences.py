"""How often members want letters: defaults, choices, and the one control that stops everything."""

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.domain.base import now
from app.domain.mail import preferences
from app.domain.mail.preferences import FREQUENCIES, KINDS, Preference
from app.domain.problems import Invalid
from tests.factories import make_member

AT_ONCE = {"badge_earned", "accepted", "answer", "mention", "request_update", "message"}


def test_a_new_member_gets_the_defaults(session):
    ada = make_member(session)
    assert {kind for kind, it in preferences.of(session, ada).items() if it == "immediately"} == AT_ONCE
    assert {it for kind, it in preferences.of(session, ada).items() if kind not in AT_ONCE} == {"weekly"}
    assert {kind: preferences.frequency(session, ada.id, kind) for kind in KINDS} == preferences.of(session, ada)


@pytest.mark.parametrize("frequency", FREQUENCIES)
def test_a_choice_holds_for_one_member_and_one_kind(session, frequency):
    ada, ben = make_member(session), make_member(session)
    preferences.choose(session, ada, {"reaction": frequency})
    assert preferences.frequencies(session, [ada.id, ben.id], "reaction") == {ada.id: frequency, ben.id: "weekly"}
    assert preferences.frequency(session, ada.id, "rank") == "weekly"


def test_only_what_changes_is_written_with_its_time(session):
    ada, then = make_member(session), now()
    wanted = preferences.of(session, ada) | {"badge_earned": "never"}
    assert preferences.choose(session, ada, wanted, at=then) == ["badge_earned"]
    assert preferences.choose(session, ada, wanted) == []
    session.commit()
    row = session.scalars(select(Preference)).one()
    assert (row.kind, row.frequency, row.before, row.chosen_at) == ("badge_earned", "never", "immediately", then)


@pytest.mark.parametrize("wanted", [{"badge_earned": "hourly"}, {"badges": "never"}, {"": ""}])
def test_what_does_not_exist_cannot_be_chosen(session, wanted):
    ada = make_member(session)
    with pytest.raises(Invalid) as refusal:
        preferences.choose(session, ada, wanted | {"reply": "never"})
    assert refusal.value.fields.keys() == wanted.keys()
    assert preferences.frequency(session, ada.id, "reply") == "weekly"


@pytest.mark.parametrize("values", [{"kind": "badges"}, {"frequency": "hourly"}, {"before": "hourly"}])
def test_the_database_refuses_it_too(session, values):
    row = {"kind": "rank", "frequency": "never", "before": "weekly", "member_id": make_member(session).id}
    session.execute(insert(Preference).values(row | {"kind": "reply"}))
    with pytest.raises(IntegrityError):
        session.execute(insert(Preference).values(row | values))


@pytest.mark.parametrize("wrong", [{"digest_hour": 24}, {"digest_hour": -1}, {"digest_day": 7}, {"digest_day": -1}])
def test_a_summary_has_an_hour_of_the_day_and_a_day_of_the_week(session, wrong):
    make_member(session, digest_hour=23, digest_day=6)
    with pytest.raises(IntegrityError):
        make_member(session, **wrong)


def test_stopping_everything_wins_over_each_choice_and_is_taken_back_whole(session):
    ada, ben = make_member(session), make_member(session)
    preferences.choose(session, ada, {"badge_earned": "daily"})
    assert preferences.stop_all(session, ada)
    assert not preferences.stop_all(session, ada)
    everything = {kind: preferences.frequencies(session, [ada.id, ben.id], kind) for kind in KINDS}
    assert {it[ada.id] for it in everything.values()} == {"never"}
    assert all(it[ben.id] == KINDS[kind].default for kind, it in everything.items())
    assert preferences.of(session, ada)["badge_earned"] == "daily"

    assert preferences.resume(session, ada)
    assert not preferences.resume(session, ada)
    assert preferences.frequency(session, ada.id, "badge_earned") == "daily"


def test_notices_without_a_setting_of_their_own_follow_another(session):
    ada = make_member(session)
    preferences.choose(session, ada, {"rank": "never", "announcement": "daily"})
    assert preferences.frequency(session, ada.id, "swag") == "never"
    assert preferences.frequency(session, ada.id, "something_new") == "daily"
