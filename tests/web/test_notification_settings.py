"""Subscriptions & notifications: every choice on one page, one stop for everything, and the letters one was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.db import transaction
from app.domain.base import now
from app.domain.correspondence import digest_letters, letters
from app.domain.mail import check_codes, deliveries, mailbox, preferences
from app.domain.mail.preferences import FREQUENCIES, KINDS
from app.domain.membership import account_letters
from app.domain.people import blocks
from app.domain.people.members import Member
from tests.factories import make_member
from tests.web.forms import fields, fill_in, form_at, problems, send, soup, text_of, toast
from tests.web.scenery import make_ranks, sign_in

PAGE = "/settings/notifications"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        make_ranks(session)
        ada = make_member(session, "ada")
    sign_in(client, engine, ada)
    return ada


def chosen(engine, ada):
    with transaction(engine) as session:
        return preferences.settings(session, session.get_one(Member, ada.id))


def test_the_way_there_is_in_the_menu_under_the_photo_and_among_the_settings(client, ada):
    menu = soup(client.get("/")).select_one(f'#menu a[href="{PAGE}"]')
    tab = soup(client.get("/settings/profile")).select_one(f'.settings .tabs a[href="{PAGE}"]')
    assert menu.get_text(strip=True) == tab.get_text(strip=True) == "Subscriptions & notifications"


def test_there_is_a_choice_for_every_kind_in_one_form_with_the_defaults(client, ada):
    form = form_at(client, PAGE)
    for kind, it in KINDS.items():
        select = form.select_one(f'select[name="{kind}"]')
        assert [option["value"] for option in select.select("option")] == list(FREQUENCIES)
        assert fields(form)[kind] == it.default
        row = form.find(id=kind)
        assert select in row.select("select")
        assert row.select_one(f'label[for="{select["id"]}"]').get_text() == it.label
    assert form.find(id="badge_earned").label.get_text() == "Badges I earn"
    assert form.select_one("button").get_text(strip=True) == "Save"


def test_badges_are_turned_off_in_one_step_and_all_else_stays(client, engine, ada):
    before = chosen(engine, ada)
    said = toast(client, fill_in(client, PAGE, badge_earned="never"))
    assert said == "Saved. We will not e-mail you about badges any more."
    assert chosen(engine, ada) == before | {"badge_earned": "never"}
    assert fields(form_at(client, PAGE))["badge_earned"] == "never"


def test_hour_day_zone_and_quiet_mode_are_kept(client, engine, ada):
    wanted = {"digest_hour": "17", "digest_day": "4", "zone": "Asia/Tokyo", "quiet": "yes"}
    assert toast(client, fill_in(client, PAGE, **wanted)) == "Saved."
    assert {name: chosen(engine, ada)[name] for name in wanted} == wanted
    assert toast(client, fill_in(client, PAGE, quiet="no")) == "Saved. Notices show again."
    assert chosen(engine, ada)["quiet"] == "no"


WRONG = {"badge_earned": "hourly", "quiet": "perhaps", "digest_hour": "24", "digest_day": "-1", "zone": "Moon/Crater"}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_chosen_is_said_at_its_row_and_nothing_of_it_is_saved(client, engine, ada, name):
    before = chosen(engine, ada)
    answer = fill_in(client, PAGE, **{"reply": "never", name: WRONG[name]})
    assert answer.status_code == 422
    assert problems(answer) == {name: "Choose something of the list."}
    assert fields(soup(answer).select_one("#choices"))["reply"] == "never"
    assert chosen(engine, ada) == before


def test_a_page_that_was_open_all_day_undoes_no_stop_made_meanwhile(client, engine, ada):
    old_page = fields(form_at(client, PAGE))
    fill_in(client, PAGE, badge_earned="never")
    assert client.post(PAGE, data=old_page | {"mention": "daily"}).status_code == 303
    assert chosen(engine, ada)["badge_earned"] == "never"
    assert chosen(engine, ada)["mention"] == "daily"


def test_one_choice_is_saved_in_place_with_words(client, engine, ada):
    form = fields(form_at(client, PAGE)) | {"badge_earned": "never", "reply": "daily"}
    answer = client.post(f"{PAGE}/badge_earned", data=form, headers=HTMX)
    assert answer.status_code == 200
    below, live = soup(answer).select_one(".ok"), soup(answer).select_one("hx-partial")
    assert below.get_text(strip=True) == live.get_text(strip=True)
    assert live.get_text(strip=True) == "Saved. We will not e-mail you about badges any more."
    assert fields(soup(answer)) == {"badge_earned_was": "never"}
    assert chosen(engine, ada)["badge_earned"] == "never"
    assert chosen(engine, ada)["reply"] == "weekly"


@pytest.mark.parametrize("how_often", ["immediately", "daily", "weekly"])
def test_words_say_how_often(client, ada, how_often):
    form = fields(form_at(client, PAGE)) | {"reaction": how_often}
    said = client.post(f"{PAGE}/reaction", data=form, headers=HTMX).text
    assert {"immediately": "at once", "daily": "daily summary", "weekly": "weekly summary"}[how_often] in said


def test_one_wrong_choice_is_refused_in_place_and_a_setting_that_is_none_is_nowhere(client, engine, ada):
    form, before = fields(form_at(client, PAGE)), chosen(engine, ada)
    answer = client.post(f"{PAGE}/reply", data=form | {"reply": "hourly"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Choose something of the list." in soup(answer).select_one("#reply-problem").text
    assert client.post(f"{PAGE}/username", data=form | {"username": "eve"}, headers=HTMX).status_code == 404
    assert chosen(engine, ada) == before


def test_one_control_stops_all_e_mail_and_takes_it_back_whole(client, engine, ada):
    fill_in(client, PAGE, reply="daily")
    before = chosen(engine, ada)
    assert "stopped" in toast(client, fill_in(client, PAGE, f"{PAGE}/stop"))
    with transaction(engine) as session:
        assert {preferences.frequency(session, ada.id, kind) for kind in KINDS} == {"never"}
    assert "All e-mail is stopped since" in text_of(client.get(PAGE))
    assert chosen(engine, ada) == before
    assert "It holds as soon as" in toast(client, fill_in(client, PAGE, mention="daily"))

    assert "comes again" in toast(client, fill_in(client, PAGE, f"{PAGE}/resume"))
    with transaction(engine) as session:
        assert preferences.frequency(session, ada.id, "reply") == "daily"


@pytest.mark.parametrize(("ticked", "quiet"), [({}, "no"), ({"and_quiet": "1"}, "yes")])
def test_the_same_control_can_silence_the_site_as_well(client, engine, ada, ticked, quiet):
    fill_in(client, PAGE, f"{PAGE}/stop", **ticked)
    assert chosen(engine, ada)["quiet"] == quiet


def test_the_page_says_that_badges_are_earned_all_the_same_and_what_always_comes(client, ada):
    said = text_of(client.get(PAGE))
    assert "are earned whatever you choose here" in said
    for it in ("Choose a new password", "Your address was changed", "Your second factor was turned off"):
        assert it in said


def test_who_has_no_confirmed_address_is_told_that_nothing_comes(client, engine, app):
    with transaction(engine) as session:
        una = make_member(session, "una", email_verified_at=None)
    una_client = sign_in(app.test_client(), engine, una)
    assert "No e-mail goes to you yet" in text_of(una_client.get(PAGE))
    with transaction(engine) as session:
        session.get_one(Member, una.id).email_verified_at = now()
    assert "No e-mail goes to you yet" not in text_of(una_client.get(PAGE))


def test_the_blocked_are_listed(client, engine, ada):
    assert "You have blocked nobody." in text_of(client.get(PAGE))
    with transaction(engine) as session:
        blocks.block(session, ada, make_member(session, "eve"))
    assert soup(client.get(PAGE)).select_one('main a[href="/messages/eve"]')


def test_looking_and_links_from_letters_change_nothing(client, engine, ada):
    before = chosen(engine, ada)
    for query in ("", "?badge_earned=never", "?all=never#all"):
        assert client.get(f"{PAGE}{query}").status_code == 200
    assert client.get(f"{PAGE}/stop").status_code == 405
    assert chosen(engine, ada) == before


# The letters one was sent


def sent(session, member, **more):
    letter = deliveries.owe(session, "password_changed", member)
    letter.state, letter.handovers, letter.sent_at = "sent", 1, now()
    for name, value in more.items():
        setattr(letter, name, value)
    session.flush()
    return letter


def mails(client):
    return {
        it["data-mail"]: it.get_text(" ", strip=True)
        for it in soup(client.get("/settings/mails")).select("[data-mail]")
    }


@pytest.mark.parametrize(
    ("zone", "shown"), [("Asia/Tokyo", "21 Nov 2026, 03:05 JST"), ("UTC", "20 Nov 2026, 18:05 UTC")]
)
def test_letters_are_listed_with_the_members_own_time(client, engine, ada, zone, shown):
    with transaction(engine) as session:
        session.get_one(Member, ada.id).zone = zone
        letter = sent(session, ada, sent_at=datetime(2026, 11, 20, 18, 5, tzinfo=UTC))
    assert shown in mails(client)[str(letter.id)]


def test_the_letters_of_the_last_days_are_listed_with_time_state_and_code(app, client, engine, ada):
    assert "No letters lately" in text_of(client.get("/settings/mails"))
    with transaction(engine) as session:
        letter = sent(session, ada, subject="You earned the Speaker badge", kind="badge_earned")
        bounced = sent(session, ada, state="bounced", handovers=0)
        sent(session, ada, state="dropped")
        sent(session, ada, created_at=now() - timedelta(days=31))
        sent(session, make_member(session, "ben"))
    found = mails(client)
    assert found.keys() == {str(letter.id), str(bounced.id)}
    mine = found[str(letter.id)]
    assert "You earned the Speaker badge" in mine
    assert "Badges I earn" in mine
    assert check_codes.code(app.config["SETTINGS"].secret_key, letter) in mine
    assert mine.endswith("Sent")
    assert "Your password was changed" in found[str(bounced.id)]
    assert "Came back" in found[str(bounced.id)]


def test_many_letters_come_in_pages(client, engine, ada):
    with transaction(engine) as session:
        for _nth in range(31):
            sent(session, ada)
    assert len(mails(client)) == 30
    assert len(soup(client.get("/settings/mails?page=2")).select("[data-mail]")) == 1
    assert client.get("/settings/mails?page=3").status_code == 404


def test_every_letter_that_can_be_sent_has_words_and_security_mail_has_no_setting():
    named = {**mailbox.SAFETY, **mailbox.ASKED_FOR, **mailbox.SUMMARIES}
    assert named.keys() == {*account_letters.WRITERS, *digest_letters.WRITERS}
    assert not named.keys() & {*KINDS, *preferences.FOLLOW}
    assert all(mailbox.subject(kind) for kind in letters.WRITERS)


def test_saving_needs_the_form_of_this_browser(client, engine, ada):
    before = chosen(engine, ada)
    assert client.post(PAGE, data={"badge_earned": "never"}).status_code == 400
    assert chosen(engine, ada) == before
    assert send(client, PAGE, "#choices", badge_earned="never").status_code == 303
    assert chosen(engine, ada) != before
