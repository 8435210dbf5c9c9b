"""What staff do: written down for good, with limits even for administrators."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from app.db import transaction
from app.domain.base import now
from app.domain.forum import categories
from app.domain.moderation import feedback, roles, suspensions
from app.domain.people.members import Member, Role
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record import audit_log
from app.domain.record.audit_log import AuditEntry, Search
from app.domain.site import colours, site_settings, texts
from tests.factories import make_member, make_thread


@pytest.fixture
def boss(session):
    """An administrator, the only one."""
    return make_member(session, "boss", role=Role.ADMINISTRATOR)


@pytest.mark.parametrize("deed", [delete(AuditEntry), update(AuditEntry).values(reason="Nothing happened")])
def test_the_database_itself_keeps_the_log(session, boss, deed):
    audit_log.record(session, boss, "site", reason="It happened")
    session.commit()
    with pytest.raises(DBAPIError, match="audit log only grows"):
        session.execute(deed)
    session.rollback()
    assert session.scalar(select(AuditEntry.reason)) == "It happened"


def test_the_log_is_searched_by_who_whom_what_when_and_words(session, boss):
    ada = make_member(session, "ada")
    audit_log.record(session, boss, "warn", member=ada, reason="Called somebody 100% wrong")
    audit_log.record(session, None, "site", subject="name", at=now() - timedelta(days=9))

    def found(**wanted):
        return [it.AuditEntry.what for it in audit_log.find(session, Search(**wanted))[0]]

    assert found() == ["warn", "site"]
    assert found(who="BOSS") == found(whom="ada") == found(what="warn") == found(words="WRONG called") == ["warn"]
    assert found(words="100%") == ["warn"]
    assert found(words="100_") == found(who="ada") == found(words="nothing") == []
    assert found(since=now() - timedelta(days=1)) == ["warn"]
    assert found(until=now() - timedelta(days=1)) == ["site"]


def test_a_deed_without_words_is_not_recorded(session, boss):
    with pytest.raises(KeyError):
        audit_log.record(session, boss, "tickle")


def test_the_last_administrator_stays_one(session, boss):
    with pytest.raises(Refused, match="only administrator"):
        roles.change(session, boss, boss, "member", "Tired", typed="boss")
    mia = make_member(session, "mia")
    roles.change(session, mia, boss, "administrator", "Helps me", typed="MIA")
    roles.change(session, boss, mia, "member", "Tired", typed="boss")
    assert (boss.role, mia.role) == ("member", "administrator")
    [last, first] = [it.AuditEntry for it in audit_log.find(session, Search(what="role"))[0]]
    assert (first.before, first.after) == ({"role": "member"}, {"role": "administrator"})
    assert last.reason == "Tired"


@pytest.mark.parametrize(("role", "typed", "field"), [("king", "ada", "role"), ("moderator", "adam", "typed")])
def test_a_role_is_given_on_purpose(session, boss, role, typed, field):
    with pytest.raises(Invalid) as no:
        roles.change(session, make_member(session, "ada"), boss, role, "Why not", typed=typed)
    assert list(no.value.fields) == [field]


def test_moderators_give_no_roles_and_nobody_suspends_an_administrator(session, boss):
    mia = make_member(session, "mia", role=Role.MODERATOR)
    with pytest.raises(Refused, match="administrator gives"):
        roles.change(session, mia, mia, "administrator", "I want to", typed="mia")
    with pytest.raises(Refused, match="another role first"):
        suspensions.suspend(session, boss, mia, 7, "Bossy")
    assert (mia.role, boss.suspended_until) == (Role.MODERATOR, None)


def test_a_suspension_can_be_lifted_once(session, boss):
    ada = make_member(session, "ada")
    suspensions.suspend(session, ada, boss, 7, "Rude")
    assert "Rude" in suspensions.farewell(session, ada)
    suspensions.lift(session, ada, boss, "Apologised")
    assert ada.suspended_until is None
    with pytest.raises(Conflict, match="not suspended any more"):
        suspensions.lift(session, ada, boss, "Apologised")


def test_settings_are_kept_and_say_what_they_were(session, boss):
    assert site_settings.read(session) == site_settings.Site()
    assert site_settings.change(session, boss, name="  Runway   12 ", light="#8a1c5b")
    assert site_settings.read(session)[:3] == ("Runway 12", "", "#8A1C5B")
    assert not site_settings.change(session, boss, name="Runway 12")
    [entry] = session.scalars(select(AuditEntry))
    assert (entry.before, entry.after) == ({"name": "", "light": ""}, {"name": "Runway 12", "light": "#8A1C5B"})


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"name": "x" * 61}, "name"), ({"light": "#FFFF00"}, "light"), ({"dark": "#0A58B5"}, "dark"),
     ({"light": "red"}, "light"), ({"light": "#8A1C5B;}body{display:none"}, "light")],
)  # fmt: skip
def test_a_name_too_long_or_a_colour_nobody_can_read_is_refused(session, boss, wanted, field):
    with pytest.raises(Invalid) as no:
        site_settings.change(session, boss, **wanted)
    assert list(no.value.fields) == [field]
    assert site_settings.read(session) == site_settings.Site()


def test_contrast_is_that_of_the_guidelines():
    assert round(colours.contrast("#000000", "#FFFFFF"), 2) == 21
    assert round(colours.contrast("#767676", "#FFFFFF"), 2) == 4.54
    assert colours.flaw_by_day(colours.BY_DAY) is None
    assert colours.flaw_by_night(colours.BY_NIGHT) is None


@pytest.mark.parametrize("slug", texts.SLUGS)
def test_every_text_comes_written(session, slug):
    shipped = texts.find(session, slug)
    assert shipped.number == 0
    assert len(shipped.body) > 100
    assert "<p>" in shipped.html


def test_a_text_keeps_its_versions(session, boss):
    assert texts.change(session, "faq", boss, "## New\n\nText <script>", seen=0)
    assert not texts.change(session, "faq", boss, "## New\n\nText <script>", seen=1)
    found = texts.find(session, "faq")
    assert (found.number, "<h2>New</h2>" in found.html, "<script" in found.html) == (1, True, False)
    assert [(it.number, it.name) for it in texts.history(session, "faq")] == [(1, "boss")]
    assert texts.version(session, "faq", 0).startswith("## Who can read")
    assert texts.version(session, "faq", 7) is None


def test_two_who_change_a_text_do_not_overwrite_each_other(session, boss):
    texts.change(session, "faq", boss, "Mine", seen=0)
    with pytest.raises(Conflict, match="Somebody else"):
        texts.change(session, "faq", boss, "Yours", seen=0)
    assert texts.find(session, "faq").body == "Mine"


def test_a_category_is_made_renamed_ordered_and_deleted_while_empty(session, boss):
    one = categories.create(session, boss, "Fuel & Food", "What keeps us going", staff_only=False)
    two = categories.create(session, boss, "Fuel & Food", "", staff_only=True)
    assert (one.slug, two.slug) == ("fuel-food", "fuel-food-2")
    assert categories.change(session, one, boss, "Fuel", "", staff_only=False)
    assert one.slug == "fuel-food"
    assert categories.move(session, two, boss, up=True)
    assert [it.id for it, _ in categories.every(session)] == [two.id, one.id]
    assert not categories.move(session, two, boss, up=True)
    categories.delete(session, two, boss)
    assert [it.id for it, _ in categories.every(session)] == [one.id]


def test_a_category_with_threads_stays(session, boss):
    thread = make_thread(session)
    with pytest.raises(Refused, match="threads in it"):
        categories.delete(session, thread.category, boss)
    assert categories.every(session) == [(thread.category, 1)]


@pytest.mark.parametrize(
    ("name", "about", "field"), [(" ", "", "name"), ("x" * 81, "", "name"), ("x", "y" * 501, "about")]
)
def test_a_category_needs_a_name_that_fits(session, boss, name, about, field):
    with pytest.raises(Invalid) as no:
        categories.create(session, boss, name, about, staff_only=False)
    assert list(no.value.fields) == [field]


def test_a_name_in_another_script_gets_an_address_too(session, boss):
    assert categories.create(session, boss, "日本語", "", staff_only=False).slug == "category"
    assert categories.create(session, boss, "Ελληνικά", "", staff_only=False).slug == "category-2"


def test_feedback_is_dealt_with_once_and_can_be_opened_again(session, boss):
    said = feedback.send(session, make_member(session), " I miss a map ")
    assert (said.body, feedback.waiting(session)) == ("I miss a map", 1)
    feedback.settle(session, said, boss, done=True, note="On the list")
    assert (feedback.waiting(session), said.note) == (0, "On the list")
    with pytest.raises(Conflict, match="already"):
        feedback.settle(session, said, boss, done=True)
    feedback.settle(session, said, boss, done=False)
    assert [it.Feedback.id for it in feedback.inbox(session, "open")[0]] == [said.id]


@pytest.mark.parametrize(
    ("body", "email", "field"), [("", "", "body"), ("x" * 5001, "", "body"), ("Hello", "nowhere", "email")]
)
def test_feedback_says_something_and_its_address_is_one(session, body, email, field):
    with pytest.raises(Invalid) as no:
        feedback.send(session, None, body, email=email)
    assert list(no.value.fields) == [field]


def test_two_administrators_cannot_take_the_role_from_each_other(engine, session, boss):
    mia = make_member(session, "mia", role=Role.ADMINISTRATOR)
    session.commit()
    names = {boss.id: "boss", mia.id: "mia"}
    start, refused = Barrier(2), []

    def demote(whom, by):
        start.wait()
        try:
            with transaction(engine) as mine:
                roles.change(
                    mine, mine.get_one(Member, whom), mine.get_one(Member, by), "member", "Out", typed=names[whom]
                )
        except Refused as no:
            refused.append(str(no))

    threads = [Thread(target=demote, args=pair) for pair in ((boss.id, mia.id), (mia.id, boss.id))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert session.scalar(text("SELECT count(*) FROM members WHERE role = 'administrator'")) == 1
