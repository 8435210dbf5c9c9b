"""Events through the pages: finding them, entering a code, and how the team keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app.db import transaction
from app.domain.badging import library
from app.domain.base import now
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from app.domain.ways import attendance, event_codes, event_groups, events
from app.domain.ways.events import Attendance, Event
from tests.factories import make_event, make_member
from tests.web.forms import fields, problems, send, soup, text_of, toast
from tests.web.scenery import make_badge, make_ranks

DAY = timedelta(days=1)


@pytest.fixture
def people(engine):
    """Ada and ben, members; mia of the staff; an event that goes on, with a code."""
    with transaction(engine) as session:
        make_ranks(session)
        them = {"ada": make_member(session, "ada"), "ben": make_member(session, "ben"),
                "mia": make_member(session, "mia", role="moderator", zone="Europe/Oslo")}  # fmt: skip
        event = make_event(session)
        event_codes.renew(session, event, them["mia"], event.ends_at)
        return them | {"event": event}


def event_of(engine, **more):
    with transaction(engine) as session:
        return make_event(session, **more)


def listed(client, address):
    return [it["data-event"] for it in soup(client.get(address)).select("[data-event]")]


# --- As members see them --------------------------------------------------------------------


def test_events_are_found_coming_past_and_ones_own(engine, browse, people, client):
    soon, later = (event_of(engine, begins_at=now() + days * DAY, title=f"In {days}") for days in (2, 9))
    before = event_of(engine, begins_at=now() - 9 * DAY, title="Before")
    ada = browse("ada")
    assert listed(client, "/events") == [str(it.id) for it in (people["event"], soon, later)]
    assert listed(client, "/events?shown=past") == [str(before.id)]
    assert listed(ada, "/events?shown=mine") == []
    send(ada, "/events", "#code-form", code=people["event"].code)
    assert listed(ada, "/events?shown=mine") == [str(people["event"].id)]
    assert listed(browse("ben"), "/events?shown=mine") == []


def test_a_code_is_entered_on_the_page_of_the_event(browse, people, look):
    ada, place = browse("ada"), f"/events/{people['event'].id}"
    assert soup(ada.get(place)).select_one("[data-attended]")["data-attended"] == "no"
    answer = send(ada, place, "#code-form", code=people["event"].code.lower())
    assert "Welcome: you were at Spring meet-up" in toast(ada, answer)
    page = soup(ada.get(place))
    assert page.select_one("[data-attended]")["data-attended"] == "yes"
    assert not page.select("#code-form")
    assert look(select(Attendance.member_id)) == [people["ada"].id]


def test_the_same_form_sent_again_is_one_attendance_and_says_so(browse, people, look):
    ada, place = browse("ada"), "/events"
    form = fields(soup(ada.get(place)).select_one("#code-form")) | {"code": people["event"].code}
    for said in ("Welcome", "We know already"):
        assert said in toast(ada, ada.post(place, data=form))
    assert look(select(func.count()).select_from(Activity).filter_by(kind="event_attended")) == [1]


@pytest.mark.parametrize("place", ["/events", "/events/{id}"])
def test_a_wrong_code_comes_back_with_what_was_typed_and_counts_as_a_try(browse, people, look, place):
    ada, place = browse("ada"), place.format(id=people["event"].id)
    answer = send(ada, place, "#code-form", code="AAAA BBBB")
    assert answer.status_code == 422
    assert "That is not the code" in problems(answer)["code"]
    assert soup(answer).select_one("#code")["value"] == "AAAA BBBB"
    assert look(select(Attendance.member_id)) == []
    assert send(ada, place, "#code-form", code=people["event"].code).status_code == 303


def test_after_too_many_wrong_codes_the_form_says_to_wait(browse, people, monkeypatch):
    monkeypatch.setattr(event_codes, "EASY_TRIES", event_codes.Limit(3, timedelta(hours=1)))
    ada = browse("ada")
    for _guess in range(3):
        assert "not the code" in problems(send(ada, "/events", "#code-form", code="AAAA"))["code"]
    assert "many codes" in problems(send(ada, "/events", "#code-form", code=people["event"].code))["code"]


def test_only_the_team_sees_the_code(browse, people, client):
    code, place = people["event"].code, f"/events/{people['event'].id}"
    for browser in (client, browse("ada"), browse("mia")):
        for address in ("/events", place):
            assert code[:4] not in browser.get(address).text
    assert event_codes.with_spaces(code) in browse("mia").get(f"/staff{place}").text
    assert browse("ada").get(f"/staff{place}").status_code == 404


def test_the_place_of_an_event_is_a_link_where_it_is_an_address_that_one_may_see(engine, browse, people):
    with transaction(engine) as session:
        room, call = make_event(session), make_event(session, place="https://meet.example/loop")
        private = make_event(session, place="https://meet.example/in", audience="guests", group_name="Loop")
        bad = make_event(session, place="javascript:alert(1)")
        event_groups.invite(session, private, [people["ada"]], people["mia"])

    def links(name, event):
        page = soup(browse(name).get(f"/events/{event.id}"))
        return [it["href"] for it in page.select("dl a") if not it["href"].startswith("/")]

    assert [links("ada", it) for it in (room, call, private, bad)] == [[], [call.place], [private.place], []]
    assert [links("ben", it) for it in (call, private)] == [[call.place], []]


def test_an_event_for_a_group_says_so_and_shows_its_place_to_that_group_alone(engine, browse, people, client):
    with transaction(engine) as session:
        event = make_event(session, audience="guests", group_name="Northern Loop", place="Room 12")
        event_groups.invite(session, event, [people["ada"]], people["mia"])
        event_codes.renew(session, event, people["mia"], event.ends_at)
    place = f"/events/{event.id}"
    for browser, is_one in ((client, False), (browse("ben"), False), (browse("ada"), True)):
        page = text_of(browser.get(place))
        assert "For Northern Loop only." in page
        assert ("Room 12" in page) == is_one
    ben = browse("ben")
    token = soup(ben.get("/appearance")).select_one("[name=csrf_token]")["value"]
    forged = ben.post(place, data={"code": event.code, "csrf_token": token})
    assert "is for Northern Loop only" in problems_of(forged)
    assert send(browse("ada"), place, "#code-form", code=event.code).status_code == 303


def problems_of(answer):
    assert answer.status_code == 422
    return text_of(answer)


def test_what_was_taken_back_is_told_to_whom_it_was_taken_from(engine, browse, people):
    with transaction(engine) as session:
        event = session.get_one(Event, people["event"].id)
        attendance.record(session, event, people["ada"], "team", by=people["mia"])
        attendance.withdraw(session, event, people["ada"], people["mia"], "It was another Ada")
    assert "It was another Ada" in text_of(browse("ada").get(f"/events/{event.id}"))
    assert "It was another Ada" not in text_of(browse("ben").get(f"/events/{event.id}"))


def test_the_hours_are_those_of_the_place_and_of_the_viewer(engine, browse):
    event = event_of(engine, begins_at=datetime(2026, 7, 1, 16, tzinfo=UTC), zone="Europe/Oslo")
    assert "1 Jul 2026, 18:00 – 20:00 (Europe/Oslo)" in text_of(browse("ada").get(f"/events/{event.id}"))
    assert "For you: 1 Jul 2026, 16:00 – 18:00" in text_of(browse("ada").get(f"/events/{event.id}"))
    assert "For you" not in text_of(browse("mia").get(f"/events/{event.id}"))


def test_a_badge_lists_the_next_events_that_lead_to_it(engine, browse, people):
    with transaction(engine) as session:
        show = make_badge(session, "air-show", ways=["event"])
        meet = make_badge(session, "meet-up", {"count": "event_attended", "n": 1}, ways=["event"])
        own = make_event(session, begins_at=now() + DAY, title="The show", badge_id=show.id)
        make_event(session, begins_at=now() + DAY, title="Not any more", called_off_at=now(), badge_id=show.id)
        other = make_event(session, begins_at=now() + 2 * DAY)
        found = {it.slug: events.leading_to(session, library.find(session, it.slug)) for it in (show, meet)}
    assert [it.id for it in found["air-show"]] == [own.id]
    assert [it.id for it in found["meet-up"]] == [people["event"].id, own.id, other.id]
    page = soup(browse("ada").get("/badges/air-show"))
    assert page.select(f'a[href="/events/{own.id}"]')
    assert page.select_one("[data-state]")["data-state"] == "event"


# --- As the team keeps them -----------------------------------------------------------------

PLAN = {"title": "Autumn meet-up", "begins": "2026-10-25T18:00", "ends": "2026-10-25T20:30", "zone": "Europe/Oslo",
        "place": "Harbour Hall", "about": "With **cake**."}  # fmt: skip


def test_staff_make_an_event_by_the_clock_of_its_place(browse, look, people):
    answer = send(browse("mia"), "/staff/events/new", "#event", **PLAN, gives_points="1")
    [event] = look(select(Event).where(Event.title == "Autumn meet-up"))
    assert answer.location == f"/staff/events/{event.id}"
    assert (event.begins_at.isoformat(), event.gives_points) == ("2026-10-25T17:00:00+00:00", True)
    assert "<strong>cake</strong>" in event.about_html
    assert look(select(AuditEntry.what).where(AuditEntry.subject == "Autumn meet-up")) == ["event"]


def test_the_form_comes_back_as_it_was_typed_with_what_is_wrong(browse, look):
    wrong = PLAN | {"title": "", "ends": "soon", "audience": "rank", "rank": "emperor"}
    answer = send(browse("mia"), "/staff/events/new", "#event", **wrong)
    assert answer.status_code == 422
    assert problems(answer).keys() == {"title", "ends", "rank"}
    assert soup(answer).select_one("#place")["value"] == "Harbour Hall"
    assert look(select(Event.title)) == ["Spring meet-up"]


@pytest.mark.parametrize(
    "typed", ["2026-02-30T10:00", "0001-01-01T00:00", "9999-12-31T23:59", "2026-10-25T18:00+02:00"]
)
def test_a_time_that_is_none_is_told(browse, typed):
    assert "begins" in problems(send(browse("mia"), "/staff/events/new", "#event", **PLAN | {"begins": typed}))


def test_an_event_is_changed_and_what_it_gives_stays_once_somebody_was_there(browse, people, look):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    assert send(mia, f"{place}/edit", "#event", title="May meet-up", gives_points="1").status_code == 303
    assert look(select(Event.title)) == ["May meet-up"]
    send(browse("ada"), "/events", "#code-form", code=people["event"].code)
    assert not soup(mia.get(f"{place}/edit")).select("input[type=checkbox][name=gives_points]")
    forged = send(mia, f"{place}/edit", "#event", gives_points="")
    assert forged.status_code == 422
    assert look(select(Event.gives_points)) == [True]


def test_a_new_code_takes_the_place_of_the_old_one_and_can_be_closed(browse, people, look):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    until = f"{people['event'].ends_at + DAY:%Y-%m-%dT%H:%M}"
    assert send(mia, place, "#renew", until=until).status_code == 303
    [code] = look(select(Event.code))
    assert code != people["event"].code
    assert "until" in problems(send(mia, place, "#renew", until="2020-01-01T10:00"))
    send(mia, place, f'form[action="{place}/code"]:has([name=close])')
    assert look(select(Event.code)) == [None]
    assert "code" in problems(send(browse("ada"), "/events", "#code-form", code=code))


def test_one_member_is_noted_by_name_or_confirmed_address_and_nobody_unknown(engine, browse, people, look):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    with transaction(engine) as session:
        make_member(session, "cleo", email_verified_at=None)
    for typed, there in (("@ADA", 1), ("ada@members.example", 1), ("ben@members.example", 2)):
        assert send(mia, place, "#one", member=typed).status_code == 303
        assert len(look(select(Attendance.member_id))) == there
    for unknown in ("nobody", "cleo@members.example", "cleo"):
        assert "member" in problems(send(mia, place, "#one", member=unknown))
    assert look(select(AuditEntry.what).where(AuditEntry.what == "attendance")) == ["attendance"] * 2


def test_a_list_is_looked_through_before_anything_is_done(browse, people, look):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    send(mia, place, "#one", member="ben")
    file = (
        BytesIO(b"Name;E-mail\nAda Lark;ADA@members.example\nBen;ben@members.example\nX;x@x.example\n"),
        "there.csv",
    )
    preview = send(mia, place, "#list", file=file)
    page = soup(preview)
    assert preview.status_code == 200
    assert [it.text for it in page.select("#unmatched li")] == ["x@x.example"]
    assert "Noted already (1)" in text_of(preview)
    assert look(select(Attendance.member_id)) == [people["ben"].id]
    form = fields(page.select_one("#apply"))
    for said in ("Noted 1 member", "nobody"):
        answer = mia.post(f"{place}/list/application", data=form)
        if said == "nobody":
            assert "All were noted already" in toast(mia, answer)
        else:
            assert said in toast(mia, answer)
    assert sorted(look(select(Attendance.member_id))) == sorted([people["ada"].id, people["ben"].id])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"ada\n\xff\xfe\xff\n", "Line 2 is not UTF-8"), (b'ada\nben\n"cleo\n', "Line 3 cannot be read"),
        (b"PK\x03\x04zip", "not a text file"), (b"username\n", "nobody in it"), (b"x\n" * 2001, "At most 2,000"),
        (b"x" * 210_000, "larger than 200 KB"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_with_its_line(browse, people, look, content, words):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    answer = send(mia, place, "#list", file=(BytesIO(content), "list.csv"), who="kept")
    assert answer.status_code == 422
    assert words in problems(answer)["file"]
    assert soup(answer).select_one("#who").text.strip() == "kept"
    assert look(select(Attendance.member_id)) == []


def test_taking_back_needs_a_reason_and_can_be_put_right(browse, people, look):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    send(mia, place, "#one", member="ada")
    form = f'form[action="{place}/attendances/ada/withdrawal"]'
    assert "Say why" in problems(send(mia, place, form))["reason"]
    assert send(mia, place, form, reason="Another Ada").status_code == 303
    assert look(select(func.sum(Activity.amount)).where(Activity.kind == "event_attended")) == [0]
    send(mia, place, "#one", member="ada")
    assert look(select(func.sum(Activity.amount)).where(Activity.kind == "event_attended")) == [1]


def test_guests_are_added_and_taken_out(engine, browse, look):
    event, mia = event_of(engine, audience="guests", group_name="Northern Loop"), browse("mia")
    place = f"/staff/events/{event.id}"
    assert "nobody.here" in problems(send(mia, place, "#guests-form", guests="ada, nobody.here"))["guests"]
    assert send(mia, place, "#guests-form", guests="ada\nben@members.example").status_code == 303
    send(mia, place, f'form[action="{place}/guests/ben/removal"]')
    with transaction(engine) as session:
        assert [it.username for it in event_groups.guests(session, session.get_one(Event, event.id))] == ["ada"]
    preview = send(mia, place, "#list", who="ada, ben")
    assert "Not of the group it is for (1)" in text_of(preview)


def test_an_event_is_called_off_and_takes_place_after_all(browse, people, client):
    mia, place = browse("mia"), f"/staff/events/{people['event'].id}"
    off = f'form[action="{place}/calling-off"]'
    send(mia, place, off)
    assert "was called off" in text_of(client.get(f"/events/{people['event'].id}"))
    assert "called off" in problems(send(browse("ada"), "/events", "#code-form", code=people["event"].code))["code"]
    send(mia, place, off)
    assert send(browse("ada"), "/events", "#code-form", code=people["event"].code).status_code == 303


def test_how_many_were_there_is_told_once_somebody_was(engine, browse, people):
    later = event_of(engine, begins_at=now() + 9 * DAY)
    before = event_of(engine, begins_at=now() - 9 * DAY)
    send(browse("ada"), "/events", "#code-form", code=people["event"].code)

    def line(event, shown):
        page = soup(browse("mia").get(f"/staff/events?shown={shown}"))
        return page.select_one(f'[data-event="{event.id}"]').text

    assert "1 was there" in line(people["event"], "coming")
    assert "there" not in line(later, "coming")
    assert "0 were there" in line(before, "past")


def test_the_staff_pages_name_the_next_event_and_not_one_that_was_called_off(engine, browse, people):
    def card():
        return soup(browse("mia").get("/staff")).select_one('li a.btn[href="/staff/events"]').find_parent("li").text

    with transaction(engine) as session:
        session.get_one(Event, people["event"].id).called_off_at = now()
    assert "None is planned" in card()
    with transaction(engine) as session:
        soon = now() + timedelta(days=1)
        make_event(session, title="Called off", begins_at=soon, called_off_at=now())
        make_event(session, title="Autumn fly-in", begins_at=soon + DAY)
    assert "Autumn fly-in" in card()
    assert "Called off" not in card()


def test_from_ones_requests_one_finds_ones_invitations(browse, people):
    assert soup(browse("ada").get("/requests")).select_one('main a[href="/invitations"]')
