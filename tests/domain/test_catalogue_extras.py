"""Lessons, prepared replies and events in a catalogue's file: the whole programme of a site goes to another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.domain import catalogue
from app.domain.base import now
from app.domain.catalogue import InvalidCatalogue
from app.domain.catalogue.entries import LessonEntry
from app.domain.problems import Conflict
from app.domain.site import texts
from app.domain.ways import attendance, events, lessons, prepared_replies
from app.domain.ways.events import Event, Plan
from tests.domain.test_catalogue_file import GOOD, TINY_EVENT, TINY_LESSON, TINY_REPLY
from tests.factories import make_member

WHOLE = GOOD + TINY_LESSON + TINY_REPLY + TINY_EVENT
TINY = catalogue.parse(WHOLE, "tiny.toml")
QUESTIONS = "\n\n? Which?\n- Left\n+ Right"
SOON = (
    (now() + timedelta(days=9)).astimezone(ZoneInfo("Europe/Oslo")).replace(hour=18, minute=0, second=0, microsecond=0)
)


def changed(table, slug, /, **values):
    """The small catalogue with one entry changed."""
    found = tuple(replace(it, **values) if it.slug == slug else it for it in TINY.extras[table])
    return replace(TINY, extras={**TINY.extras, table: found})


def without(table, slug):
    return replace(TINY, extras={**TINY.extras, table: tuple(it for it in TINY.extras[table] if it.slug != slug)})


def lines(found):
    return "\n".join(found.lines())


def reply(session, name):
    return prepared_replies.called(session, name)


def event(session, slug="opening-night"):
    return session.scalars(select(Event).filter_by(slug=slug)).one()


@pytest.fixture
def boss(session):
    return make_member(session, "boss", role="administrator")


def fill(session, boss):
    """A site on which people made and changed all there is."""
    catalogue.load(session, catalogue.shipped("flight"))
    texts.change(session, "guidelines", boss, 'Be kind.\n\n\t"""Quoted"""\\ and \\" done\u2028' + QUESTIONS, seen=0)
    lessons.add(session, boss, "A draft")
    lessons.put(session, "trim", "# Trim ÆØ\n\nSlowly." + QUESTIONS, boss, offered=True)
    lessons.arrange(session, ["trim", "writing"])
    prepared_replies.add(
        session, boss, name='Dear "you"', suits="ask", body="Dear {member},\n\n\twhich one?\n{moderator}"
    )
    prepared_replies.remove(session, reply(session, "Not yet"), boss, seen=1)
    evening = Plan("Night of questions", SOON, SOON + timedelta(hours=3), zone="Europe/Oslo", place="Harbour",
                   about="Bring:\n\n- a lamp\n- **tea**", gives_points=True, badge=events.badges_to_give(session)[0].slug)  # fmt: skip
    events.make(session, boss, evening)
    events.make(session, boss, replace(evening, audience="rank", rank="captain", title="Captains"))
    events.make(session, boss, replace(evening, audience="guests", group_name="Speakers", zone="UTC", badge=""))
    off = events.make(session, boss, replace(evening, audience="team", title="Off"))
    events.call_off(session, off, boss, off=True)
    return catalogue.as_toml(catalogue.current(session))


def test_the_whole_programme_of_a_site_goes_to_another_and_comes_out_as_it_was(session, boss):
    text = fill(session, boss)
    for part in ("[[lesson]]", "[[reply]]", "[[event]]", 'slug = "a-draft"', "called_off = true", "Speakers"):
        assert part in text
    session.rollback()
    assert "[[lesson]]" not in catalogue.as_toml(catalogue.current(session))
    file = catalogue.parse(text, "it")
    catalogue.load(session, file)
    session.expire_all()
    assert catalogue.as_toml(catalogue.current(session)) == text
    assert not catalogue.load(session, file)


def test_what_is_loaded_is_what_members_and_moderators_see(session):
    catalogue.load(session, TINY)
    [_, trim] = lessons.every(session)
    assert (trim.title, [it.right for it in trim.questions]) == ("Trim", [1])
    assert [it.body for it in prepared_replies.every(session)] == ["Thank you, {member}."]
    [coming], _ = events.coming(session)
    assert (coming.title, coming.begins_at) == ("Opening night", datetime(2199, 12, 4, 17, tzinfo=UTC))


def test_the_difference_names_each_change(session):
    catalogue.load(session, TINY)
    told = lines(
        catalogue.difference(session, changed("lesson", "trim", text=TINY.extras["lesson"][0].text + "\n- Up"))
    )
    assert "~ lesson trim: text:\n    + - Up" in told
    told = lines(catalogue.difference(session, changed("reply", "Thanks", suits="ask")))
    assert told == '~ reply Thanks: suits: "approve" -> "ask"'
    told = lines(catalogue.difference(session, changed("event", "opening-night", place="Tower")))
    assert told == '~ event opening-night: place: "Harbour" -> "Tower"'
    more = replace(
        TINY, extras={**TINY.extras, "lesson": (*TINY.extras["lesson"], LessonEntry("up", "# Up", offered=False))}
    )
    assert lines(catalogue.difference(session, more)) == "+ lesson up: new, Up"


def test_a_long_text_is_told_by_its_first_changed_lines(session):
    catalogue.load(session, TINY)
    text = "\n".join(map(str, range(100))) + "\n" + TINY.extras["lesson"][0].text
    told = lines(catalogue.difference(session, changed("lesson", "trim", text=text)))
    assert (told.count("\n"), told.splitlines()[-1]) == (41, "    and 60 lines more")


def test_a_file_without_such_tables_leaves_all_of_them_as_they_are(session):
    catalogue.load(session, TINY)
    before = catalogue.as_toml(catalogue.current(session))
    assert not catalogue.load(session, catalogue.parse(GOOD, "old.toml"), force=True, retire=True)
    assert catalogue.as_toml(catalogue.current(session)) == before
    assert not catalogue.load(session, TINY)


def test_what_was_edited_on_the_site_is_shown_and_stays_unless_forced(session, boss):
    catalogue.load(session, TINY)
    texts.change(session, "lesson-trim", boss, "# Trim\n\nOurs." + QUESTIONS, seen=1)
    prepared_replies.remove(session, reply(session, "Thanks"), boss, seen=1)
    events.call_off(session, event(session), boss, off=True)
    found = catalogue.load(session, TINY)
    assert [it.edited for it in found.extras] == [True, True, True]
    assert "! reply Thanks: new, approve\n  removed on the site since it was loaded; stays so" in lines(found)
    assert reply(session, "Thanks") is None
    assert "Ours." in lessons.find(session, "trim").text.body
    catalogue.load(session, TINY, force=True)
    assert not catalogue.difference(session, TINY)
    assert (lessons.find(session, "trim").text.number, event(session).called_off_at) == (3, None)


def test_what_a_file_no_longer_has_stays_unless_retired(session):
    catalogue.load(session, TINY)
    less = replace(TINY, extras=dict.fromkeys(TINY.extras, ()))
    told = catalogue.load(session, less).lines()
    assert told == [f"- {it}: not in the file; stays unless retired (--retire)"
                    for it in ("lesson trim", "reply Thanks", "event opening-night")]  # fmt: skip
    catalogue.load(session, less, retire=True)
    assert [it.slug for it in lessons.every(session)] == ["guidelines"]
    assert reply(session, "Thanks") is None
    assert event(session).called_off_at
    assert not catalogue.difference(session, less)
    catalogue.load(session, TINY)
    assert not catalogue.difference(session, TINY)
    assert [it.slug for it in lessons.every(session)] == ["guidelines", "trim"]


def test_what_was_made_on_the_site_is_left_alone_by_files_and_goes_with_the_sites_own_text(session, boss):
    catalogue.load(session, TINY)
    prepared_replies.add(session, boss, name="Ours", suits="ask", body="Which?")
    assert not catalogue.load(session, TINY, retire=True)
    found = catalogue.load(session, TINY, retire=True, force=True, from_here=True)
    assert lines(found).startswith("- reply Ours: not in the file")
    assert reply(session, "Ours") is None


def test_events_that_are_over_are_in_no_export_and_not_loaded(session, boss):
    catalogue.load(session, TINY)
    begun = datetime(2025, 3, 1, 18, tzinfo=UTC)
    events.make(session, boss, Plan("Long ago", begun, begun + timedelta(hours=1)))
    assert [it.title for it in catalogue.current(session).extras["event"]] == ["Opening night"]
    past = changed("event", "opening-night", slug="past", begins=begun, ends=begun + timedelta(hours=1))
    assert "new" not in lines(catalogue.load(session, past))


def test_an_event_that_somebody_was_at_keeps_what_it_gives_and_nothing_else_is_loaded(session, boss):
    catalogue.load(session, TINY)
    soon = now().replace(microsecond=0)
    begun = changed("event", "opening-night", begins=soon - timedelta(hours=1), ends=soon + timedelta(hours=1))
    catalogue.load(session, begun)
    attendance.record(session, event(session), boss, "code")
    gives = replace(begun.extras["event"][0], gives_points=True)
    with pytest.raises(Conflict, match="opening-night: Somebody has been there already"):
        catalogue.load(session, replace(begun, extras={**begun.extras, "event": (gives,)}))


def test_an_event_keeps_its_name_for_files_when_it_moves(session, boss):
    made = events.make(session, boss, Plan("Fly-in: Ærø!", SOON, SOON + timedelta(hours=1), zone="Europe/Oslo"))
    assert made.slug.startswith(f"fly-in-r-{SOON.date()}-")
    before = catalogue.current(session).extras["event"][0]
    events.change(session, made, boss, Plan("Fly-out", SOON, SOON + timedelta(hours=2)))
    assert catalogue.current(session).extras["event"][0].slug == before.slug


def test_more_replies_than_one_can_choose_from_are_refused(session, boss):
    for number in range(prepared_replies.MOST):
        prepared_replies.add(session, boss, name=f"Reply {number}", suits="ask", body="Where?")
    with pytest.raises(Conflict, match=r"^Thanks: There are 60 already"):
        catalogue.load(session, TINY)


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=200))
def test_any_text_comes_back_from_a_file_as_it_was(text):
    said = LessonEntry.from_data({"slug": "any", "text": f"# A\n{text}\n.", "offered": False})
    file = catalogue.as_toml(replace(TINY, extras={"lesson": (said,)}))
    try:
        assert catalogue.parse(file, "any").extras["lesson"] == (said,)
    except InvalidCatalogue as no:  # such a text could not be saved on the site either
        assert all(": lesson 'any': " in it for it in no.lines)  # noqa: PT017
