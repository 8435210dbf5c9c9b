"""The pages of the team: the first run, name and colours, categories, texts, members, feedback, the log."""

from __future__ import annotations

import time

import pytest
from bs4 import BeautifulSoup

from app import schema
from app.db import transaction
from app.domain.mail import mail_queue
from app.domain.moderation import feedback, reports
from app.domain.people.members import Role
from app.domain.site import site_settings
from app.domain.writing import messages
from app.domain.writing.conversations import Conversation
from app.web.site import FRESH_SECONDS
from tests.factories import give_password, make_category, make_member
from tests.web.forms import problems
from tests.web.scenery import sign_in
from tests.web.visitors import Visitor

PASSWORD = "seventeen wild geese"
EVIL = "\"'><script>alert(1)</script>{{7*7}}"


@pytest.fixture
def people(engine):
    """Ada is a member, mia moderates, boss runs the site."""
    with transaction(engine) as session:
        roles = {"ada": Role.MEMBER, "mia": Role.MODERATOR, "boss": Role.ADMINISTRATOR}
        found = {name: make_member(session, name, role=role) for name, role in roles.items()}
        give_password(session, found["boss"], PASSWORD)
        return found


@pytest.fixture
def as_(app, engine, people):
    """A browser of somebody."""
    return lambda name: Visitor(sign_in(app.test_client(), engine, people[name]))


def test_a_new_site_leads_its_administrator_through_the_first_run(as_):
    boss = as_("boss")
    assert boss.get("/").select_one('main a[href="/staff/setup"]')
    boss.send("/staff/setup", "#site", name="Runway 12", word="R12", light="#8A1C5B", dark="#FFB3DA")
    boss.send("/staff/setup", "#new-category", name="Fuel", about="What keeps us going")
    page = boss.get("/staff/setup")
    assert page.select_one("#name")["value"] == "Runway 12"
    assert "Fuel" in page.select_one("main").text
    assert boss.send("/staff/setup", "#finish").location == "/"
    assert not boss.get("/").select_one('main a[href="/staff/setup"]')


def test_only_administrators_are_asked_to_set_up(as_, client):
    for page in (as_("mia").get("/"), as_("ada").get("/"), Visitor(client).get("/")):
        assert not page.select_one('a[href="/staff/setup"]')


def test_the_name_is_everywhere_and_remembered_drawings_do_not_keep_the_old_one(as_, client):
    visitor = Visitor(client)
    assert "Contrail" in visitor.get("/points").title.text
    as_("boss").send("/staff/site", "#site", name="Runway 12", word="R12")
    page = visitor.get("/points")
    assert (
        page.title.text.endswith("Runway 12"),
        page.select_one(".brand").text,
        page.select_one(".foot span").text,
    ) == (True, "R12", "Runway 12")


def test_another_host_notices_within_seconds(app, as_, client, engine, people):
    visitor = Visitor(client)
    visitor.get("/points")

    with transaction(engine) as session:  # as another host does it: this process is not told
        site_settings.change(session, session.merge(people["boss"]), name="Elsewhere")
    time.sleep(FRESH_SECONDS + 0.1)
    assert "Elsewhere" in visitor.get("/points").title.text


def test_colours_come_as_a_style_sheet_of_their_own_and_only_where_chosen(as_, client):
    assert not [it for it in Visitor(client).get("/points").select("link[rel=stylesheet]") if "theme.css" in it["href"]]
    as_("boss").send("/staff/site", "#site", light="#8A1C5B")
    [link] = [
        it["href"] for it in Visitor(client).get("/points").select("link[rel=stylesheet]") if "theme.css" in it["href"]
    ]
    sheet = client.get(link)
    assert "--action: light-dark(#8A1C5B, #8A1C5B)" in sheet.text
    assert sheet.mimetype == "text/css"
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "immutable" not in client.get("/theme.css?v=old").headers["Cache-Control"]


@pytest.mark.parametrize("page", ["/staff/site", "/staff/setup"])
def test_a_colour_nobody_can_read_comes_back_with_everything_typed_on_the_page_it_came_from(as_, page):
    answer = as_("boss").send(page, "#site", name="Runway", light="#FFFF00")
    assert answer.status_code == 422
    found = BeautifulSoup(answer.data, "html.parser")
    assert (found.select_one("#name")["value"], found.select_one("#light")["value"]) == ("Runway", "#FFFF00")
    assert found.select_one("#light")["aria-invalid"] == "true"
    assert bool(found.select_one("#finish")) == (page == "/staff/setup")


def test_hostile_names_and_texts_stay_text(as_, client):
    boss = as_("boss")
    boss.send("/staff/site", "#site", name=EVIL, word=EVIL[:24])
    boss.send("/staff/categories", "#new-category", name=EVIL, about=EVIL)
    for slug in ("guidelines", "faq", "badges", "welcome"):
        assert (
            boss.send(f"/staff/texts/{slug}", "#edit-text", body=f"{EVIL}\n\n[x](javascript:alert(1))").status_code
            == 303
        )
    Visitor(client).send("/feedback", "#feedback", body=EVIL)
    for address in ("/", "/guidelines", "/faq", "/how-to-get-badges", "/staff", "/staff/log", "/staff/categories", "/staff/site",
                    "/staff/texts/faq", "/staff/feedback"):  # fmt: skip
        page = boss.get(address)
        assert len(page.select("script")) == len(page.select('script[src^="/static/"]')), address
        assert not page.select('[href^="javascript:" i]'), address
        assert "49" not in page.get_text(" ").split(), address


def test_fields_nobody_asked_for_change_nothing(as_, people, engine, session):
    as_("boss").send("/staff/site", "#site", name="Runway", is_set_up="1", role="administrator")
    as_("ada").send(
        "/feedback", "#feedback", body="Hello", member_id="1", done_at="2020-01-01", note="x", email="a@b.example"
    )

    assert site_settings.read(session).is_set_up is False
    [row] = feedback.inbox(session, "open")[0]
    assert (row.Feedback.member_id, row.Feedback.note, row.Feedback.email) == (people["ada"].id, "", "")


def test_a_text_is_previewed_saved_and_read(as_, client):
    boss = as_("boss")
    shown = boss.send("/staff/texts/guidelines", "#edit-text", body="## Be kind", do="preview")
    assert "<h2>Be kind</h2>" in shown.text
    assert "## Be kind" in shown.text
    assert "<h2>Be kind first</h2>" in client.get("/guidelines").text
    assert boss.send("/staff/texts/guidelines", "#edit-text", body="## Be kind").status_code == 303
    assert "<h2>Be kind</h2>" in client.get("/guidelines").text
    assert "Be kind first" in boss.get("/staff/texts/guidelines?version=0").select_one("#body").text


def test_a_text_that_somebody_else_changed_meanwhile_is_not_overwritten(as_):
    boss = as_("boss")
    boss.send("/staff/texts/faq", "#edit-text", body="First")
    assert boss.send("/staff/texts/faq", "#edit-text", body="Second", seen="0").status_code == 409
    assert boss.send("/staff/texts/faq", "#edit-text", body="", seen="1").status_code == 422
    assert "First" in boss.get("/faq").text


def test_visitors_are_welcomed_and_members_are_not(as_, client):
    assert "Welcome on board" in Visitor(client).get("/").select_one("main").text
    assert "Welcome on board" not in as_("ada").get("/").select_one("main").text


def test_what_staff_change_is_on_every_page_at_once(as_, engine):
    with transaction(engine) as session:
        category = make_category(session, name="One")
    boss = as_("boss")
    assert "One" in boss.get("/").select_one("[aria-labelledby=categories]").text  # remembered from here on
    form = f'form[action="/staff/categories/{category.id}"]'
    assert boss.send("/staff/categories", form, name="Second", about="").status_code == 303
    assert "Second" in as_("ada").get("/").select_one("[aria-labelledby=categories]").text


def test_categories_are_renamed_ordered_and_deleted(as_, engine):
    with transaction(engine) as session:
        one, two = (make_category(session, name=name, position=at) for at, name in enumerate(("One", "Two")))
    boss = as_("boss")
    form = f'form[action="/staff/categories/{two.id}"]'
    assert boss.send("/staff/categories", form, name="Second", about="Now with words").status_code == 303
    boss.send("/staff/categories", f'form[action="/staff/categories/{two.id}/move"]')
    assert [it["data-category"] for it in boss.get("/staff/categories").select("[data-category]")] == [
        two.slug,
        one.slug,
    ]
    answer = boss.send("/staff/categories", form, name="")
    assert answer.status_code == 422
    assert BeautifulSoup(answer.data, "html.parser").select_one(f"#name-{two.id}")["aria-invalid"] == "true"
    boss.send("/staff/categories", f'form[action="/staff/categories/{one.id}/removal"]')
    assert [it["data-category"] for it in boss.get("/staff/categories").select("[data-category]")] == [two.slug]


def test_a_role_is_changed_on_the_members_page_and_ends_log_ins(as_, people):
    mia, boss = as_("mia"), as_("boss")
    given = {"role": "member", "reason": "Thank you for your time", "typed": "mia", "role_password": PASSWORD}
    for slip in ({"typed": "max"}, {"role_password": ""}, {"role_password": "a guess"}):
        wrong = boss.send("/staff/members/mia", "#role", **given | slip)
        assert list(problems(wrong)) == list(slip)
        assert "Thank you for your time" in wrong.text
        assert mia.client.get("/staff").status_code == 200
    assert boss.send("/staff/members/mia", "#role", **given).status_code == 303
    assert mia.client.get("/staff").status_code == 404
    entry = boss.get("/staff/log?what=role").select_one("[data-entry=role]")
    assert "moderator" in entry.text
    assert "127.0.0.1" in entry.text


def test_the_last_administrator_cannot_step_down(as_):
    answer = as_("boss").send(
        "/staff/members/boss", "#role", role="member", reason="Tired", typed="boss", role_password=PASSWORD
    )
    assert answer.status_code == 403
    assert "only administrator" in answer.text


def test_moderators_see_no_addresses_and_no_pages_of_administrators(as_, people):
    mia = as_("mia")
    assert "ada@members.example" not in mia.get("/staff/members/ada").text
    assert "ada@members.example" in as_("boss").get("/staff/members/ada").text
    assert not mia.get("/staff/members?q=ada@members.example").select(".people li")
    for address in ("/staff/site", "/staff/setup", "/staff/categories", "/staff/texts", "/staff/texts/faq"):
        mia.get(address, status=404)
    token = mia.get("/staff/members/ada").select_one("[name=csrf_token]")["value"]
    gone = mia.client.post(
        "/staff/members/mia/role", data={"csrf_token": token, "role": "administrator", "reason": "x", "typed": "mia"}
    )
    assert gone.status_code == 404


def test_a_member_is_suspended_and_let_in_again_from_their_page(as_, people):
    mia = as_("mia")
    assert mia.send("/staff/members/ada", "#suspend", days="7", reason="Too loud").status_code == 303
    assert [it.text.strip() for it in mia.get("/staff/members?shown=suspended").select(".people b")] == ["ada"]
    assert mia.send("/staff/members/ada", "#lift", reason="Said sorry").status_code == 303
    assert not mia.get("/staff/members?shown=suspended").select(".people li")


def test_feedback_arrives_whoever_sends_it_and_is_dealt_with(as_, client):
    Visitor(client).send("/feedback", "#feedback", body="A visitor's word", email="guest@elsewhere.example")
    as_("ada").send("/feedback", "#feedback", body="A member's word")
    mia = as_("mia")
    first, second = mia.get("/staff/feedback").select("[data-feedback]")
    assert first.select_one('a[href="mailto:guest@elsewhere.example"]')
    assert second.select_one('a[href="/u/ada"]')
    assert (
        mia.send("/staff/feedback", f'[data-feedback="{first["data-feedback"]}"] form', note="Answered").status_code
        == 303
    )
    assert len(mia.get("/staff/feedback").select("[data-feedback]")) == 1
    assert "Answered" in mia.get("/staff/feedback?state=done").text


def test_feedback_from_one_address_is_slowed_and_the_text_kept(make_app):
    app = make_app(APP_ENV="production", SECRET_KEY="k" * 40, SITE_URL="http://localhost")
    schema.upgrade(app)
    visitor = Visitor(app.test_client())
    assert [visitor.send("/feedback", "#feedback", body=f"Word {n}").status_code for n in range(6)] == [303] * 5 + [429]
    answer = visitor.send("/feedback", "#feedback", body="My precious words")
    assert BeautifulSoup(answer.data, "html.parser").select_one("#body").text.strip() == "My precious words"


def test_a_test_letter_is_owed_and_arrives(as_, app, work):
    boss = as_("boss")
    assert boss.send("/staff/setup", "#test-mail").location == "/staff/setup"
    assert "waits to be sent" in boss.get("/staff/site").text
    work()
    assert "left" in boss.get("/staff/site").select_one("#test-mail").text


def test_unsuitable_searches_of_the_log_are_a_bad_request(as_):
    for query in ("what=x", "since=yesterday", "until=9999-12-31", "page=0"):
        as_("mia").get(f"/staff/log?{query}", status=400)
    as_("mia").get("/staff/log?words=%27%25_&who=x&whom=y&since=2026-01-01&until=2100-12-31")


def test_the_log_words_what_was_changed(as_, people, engine):
    with transaction(engine) as session:
        site_settings.change(session, session.merge(people["boss"]), is_set_up=True, zone="Europe/Oslo")
    page = as_("boss").get("/staff/log").select_one('[data-entry="site"]').get_text(" ", strip=True)
    assert "set-up is done, time zone" in page
    assert "is_set_up" not in page


def test_the_overview_has_whatever_waits_and_for_administrators_how_letters_fare(as_, people, engine):
    def cards(name):
        return {
            it.h2.get_text(strip=True): it.p.get_text(" ", strip=True)
            for it in as_(name).get("/staff").select("li.card")
        }

    mine, bosses = cards("mia"), cards("boss")
    assert mine["Reports"] == "Clear skies: no conversation was reported."
    assert set(bosses) - set(mine) == {"The programme", "Letters", "The site"}
    assert bosses["Letters"] == "All of them have left."
    with transaction(engine) as session:
        boss, ada = (session.merge(people[name]) for name in ("boss", "ada"))
        start = messages.send(session, boss, ada, "Good morning.")
        reports.report(session, session.get_one(Conversation, start.conversation_id), ada, "spam")
        mail_queue.pause(session, boss, "The server moves.")
    assert cards("mia")["Reports"] == "1 conversation waits for a decision."
    assert cards("boss")["Letters"] == "Held back: The server moves."
