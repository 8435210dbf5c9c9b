"""The moderators' queue of requests by the doors they use: reading, taking on, deciding, taking back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select, text

from app import jobs
from app.db import transaction
from app.domain.badging.badges import Award
from app.domain.base import now
from app.domain.correspondence import inbox, tidings
from app.domain.moderation import warnings_given
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member, Role
from app.domain.people.pictures import Drawing, Use
from app.domain.record.audit_log import AuditEntry
from app.domain.ways import prepared_replies, request_queue, requests
from app.domain.ways.prepared_replies import PreparedReply
from app.domain.ways.requests import BadgeRequest, Evidence, RequestEvent
from tests.factories import make_member
from tests.web.forms import fields, soup, text_of, toast
from tests.web.scenery import make_badge, sign_in
from tests.web.visitors import Visitor

HERE = "/moderation/requests"
DAY = timedelta(days=1)
EVIL = "\"'><script>alert(1)</script>{{7*7}}"


@pytest.fixture
def cast(engine):
    """Ada and ben ask, mia and max moderate."""
    with transaction(engine) as session:
        session.execute(delete(PreparedReply))
        people = {name: make_member(session, name) for name in ("ada", "ben")}
        people |= {name: make_member(session, name, role=Role.MODERATOR) for name in ("mia", "max")}
        people["speaker"] = make_badge(session, "speaker", ways=["request"], how="Give a talk.")
    return people


@pytest.fixture
def as_(app, engine, cast):
    """A browser of somebody."""
    return lambda name: Visitor(sign_in(app.test_client(), engine, cast[name]))


@pytest.fixture
def wish(engine, cast):
    """The address of what ada asked for."""
    return f"{HERE}/{ask(engine, cast)}"


def ask(engine, cast, who="ada", note="I gave the talk on Monday.", badge="speaker", days=0, **more):
    """Somebody asks for a badge; the number of the request."""
    with transaction(engine) as session:
        member, wanted = (session.merge(cast[it]) for it in (who, badge))
        at = now() - days * DAY
        return requests.send(session, member, wanted, note, evidence=Evidence(**more), at=at)[0].id


def listed(page):
    return [int(it["data-request"]) for it in page.select("[data-request]")]


def decide(visitor, wish, what, **typed):
    """Press a button: the one message goes to the address of each, with the fields of its form."""
    return visitor.send(wish, f'form[action$="/{what}"]', **typed)


def count(engine, table):
    with transaction(engine) as session:
        return session.scalar(select(func.count()).select_from(table))


# Who sees it


def test_the_queue_is_nowhere_for_members_and_guests(as_, client, wish):
    for address in (HERE, wish):
        as_("ada").get(address, status=404)
        assert client.get(address).status_code == 404
        as_("mia").get(address)


def test_what_is_not_there_is_not_found(as_, wish):
    mia = as_("mia")
    for address in (f"{HERE}/999", f"{HERE}?page=2", f"{wish}/pictures/nothing.webp"):
        mia.get(address, status=404)
    token = mia.get(wish).select_one("[name=csrf_token]")["value"]
    for address in (f"{HERE}/999/approval", f"{wish}/events/999"):
        assert mia.client.post(address, data={"csrf_token": token, "version": "1"}).status_code == 404


@pytest.mark.parametrize("query", ["state=x", "age=x", "whose=x", "badge=x", "page=0"])
def test_a_filter_that_nobody_knows_is_a_bad_request(as_, wish, query):
    as_("mia").get(f"{HERE}?{query}", status=400)


# Reading


def test_the_oldest_comes_first_and_stands_beside_the_list(engine, cast, as_):
    late, early = ask(engine, cast, "ada"), ask(engine, cast, "ben", "Long ago", days=3)
    page = as_("mia").get(HERE)
    assert listed(page) == [early, late]
    assert "Long ago" in page.select_one("#case").text
    assert "2 waiting" in page.select_one(".pagehead").text
    assert page.select_one('.nav a[href="/moderation/requests"]')["aria-current"] == "page"


def test_the_filters_narrow_the_list(engine, cast, as_):
    with transaction(engine) as session:
        cast["pilot"] = make_badge(session, "pilot", ways=["request"])
    old, other = ask(engine, cast, days=3), ask(engine, cast, "ben", badge="pilot")
    mia = as_("mia")
    mia.send(f"{HERE}/{other}", 'form[action$="/claim"]')
    for query, found in (
        ("badge=pilot", [other]), ("badge=speaker", [old]), ("age=two-days", [old]), ("age=week", []),
        ("whose=mine", [other]), ("whose=mine&badge=speaker", []), ("state=asked", []), ("state=decided", []),
    ):  # fmt: skip
        page = mia.get(f"{HERE}?{query}")
        assert listed(page) == found, query
        assert bool(page.select_one("#case")) == bool(found)
    assert listed(as_("max").get(f"{HERE}?whose=mine")) == []


def test_a_badge_asked_for_a_moment_ago_can_be_filtered_by(engine, cast, as_, wish):
    mia = as_("mia")
    assert [it["value"] for it in mia.get(HERE).select("#badge option")] == ["", "speaker"]
    with transaction(engine) as session:
        cast["pilot"] = make_badge(session, "pilot", ways=["request"])
    mia.get(f"{HERE}?badge=pilot", status=400)
    other = ask(engine, cast, "ben", badge="pilot")
    assert listed(mia.get(f"{HERE}?badge=pilot")) == [other]


def test_a_prepared_reply_that_staff_write_can_be_chosen_at_once(as_, wish):
    mia = as_("mia")
    assert mia.get(wish).select_one("#reply") is None
    mia.send("/staff/replies", 'form[action="/staff/replies"]', name="Thanks!", body="Thank you, {member}.")
    assert "Thanks!" in mia.get(wish).select_one("#reply").text


def test_an_empty_queue_says_so(as_):
    assert "Clear skies" in as_("mia").get(HERE).select_one("main").text


def test_the_menu_tells_the_team_how_many_wait_and_members_nothing(as_, wish):
    assert "1 waiting" in as_("mia").get("/points").select_one(".nav").text
    assert not as_("ada").get("/points").select('a[href^="/moderation"]')


def test_beside_a_request_stands_what_one_should_know(engine, cast, as_):
    first = ask(engine, cast, days=40)
    with transaction(engine) as session:
        mia, ada = session.merge(cast["mia"]), session.merge(cast["ada"])
        long_ago = now() - 35 * DAY
        requests.decline(session, session.get_one(BadgeRequest, first), mia, "Which talk?", version=1, at=long_ago)
        warnings_given.warn(session, ada, mia, "Be kind")
    second = ask(engine, cast)
    case = as_("max").get(f"{HERE}/{second}").select_one("#case")
    facts = {it.dt.text: it.dd.get_text(" ", strip=True) for it in case.select(".facts > div")}
    assert (facts["Warnings"], facts["Earlier requests"], facts["Points"]) == ("1", "1 declined", "0")
    assert "Which talk?" in case.select_one("details[open]").text
    assert case.select_one(f'a[href="{HERE}/{first}"]')


def test_evidence_is_shown_as_what_it_is(engine, cast, as_, app):
    found = ask(
        engine, cast, links=["https://slides.example/talk?x=1", "https://аррӏе.example/"],
        pictures=[Drawing(Use.REQUEST, b"RIFF....WEBP", 1, 1)],
    )  # fmt: skip
    mia = as_("mia")
    case = mia.get(f"{HERE}/{found}").select_one("#case")
    first, second = case.select('a[rel~="nofollow"]')
    assert {"nofollow", "noopener"} <= set(first["rel"])
    assert first.text == "https://slides.example/talk?x=1"
    assert first.find_next(class_="chip").text == "slides.example"
    assert second.find_next(class_="chip").text.startswith("xn--"), "letters that look like others"
    picture = case.select_one("img")
    assert picture["alt"] == "Picture 1 of 1, sent as evidence"
    assert mia.client.get(picture["src"]).data == b"RIFF....WEBP"
    for other in (as_("ben").client, app.test_client()):
        assert other.get(picture["src"]).status_code == 404


def test_hostile_words_stay_words(engine, cast, as_):
    found = ask(engine, cast, note=EVIL, events=[(EVIL, date(2026, 10, 3))])
    mia = as_("mia")
    mia.send(f"{HERE}/{found}", 'form[action$="/notes"]', remark=EVIL)
    answer = decide(mia, f"{HERE}/{found}", "question", message=EVIL)
    assert answer.status_code == 303
    page = mia.get(f"{HERE}/{found}")
    assert len(page.select("script")) == len(page.select('script[src^="/static/"]'))
    assert page.select_one("#case").text.count(EVIL) == 8, (
        "note, question, remark; the event, its field and its three buttons"
    )


# Deciding


def test_an_approval_without_a_claim_gives_the_badge_with_the_moderators_words(engine, cast, as_, wish):
    mia = as_("mia")
    answer = decide(mia, wish, "approval", message="What a talk!")
    assert "Approved" in toast(mia.client, answer)
    with transaction(engine) as session:
        award = session.scalars(select(Award)).one()
        assert (award.member_id, award.way, award.reason) == (cast["ada"].id, "request", "What a talk!")
        notices = session.scalars(select(Notification.kind).where(Notification.member_id == cast["ada"].id)).all()
    assert notices == ["badge_earned"]
    assert listed(mia.get(HERE)) == []
    assert "mia approved" in mia.get(f"{HERE}?state=decided").select_one(".pile").text


def test_an_approval_needs_no_words(engine, as_, wish):
    assert decide(as_("mia"), wish, "approval").status_code == 303
    assert count(engine, Award) == 1


@pytest.mark.parametrize("what", ["refusal", "question"])
def test_a_refusal_and_a_question_need_words(engine, as_, wish, what):
    mia = as_("mia")
    answer = decide(mia, wish, what, message=" \n")
    assert answer.status_code == 422
    assert soup(answer).select_one("#message")["aria-invalid"] == "true"
    assert listed(mia.get(HERE)) == [int(wish.rpartition("/")[2])]
    assert decide(mia, wish, what, message="Which talk was it?").status_code == 303
    assert listed(mia.get(HERE)) == []


def test_too_many_words_come_back_as_typed(as_, wish):
    answer = decide(as_("mia"), wish, "approval", message="w" * 501)
    assert answer.status_code == 422
    assert soup(answer).select_one("#message").text.strip() == "w" * 501


def test_a_refusal_for_good_says_so(engine, as_, wish):
    mia = as_("mia")
    decide(mia, wish, "refusal", message="Never", for_good="1")
    assert "It cannot be asked for again" in mia.get(wish).text


def test_every_button_sends_the_one_message_to_its_own_address(as_, wish):
    """As a browser does without script: a button names its form and where that goes."""
    page = as_("mia").get(wish)
    buttons = {it.get_text(strip=True): it for it in page.select(".decide button")}
    assert list(buttons) == ["Approve", "Ask for more", "Decline"]
    assert {it["form"] for it in buttons.values()} == {"decide"}
    addresses = [it.get("formaction", page.select_one("#decide")["action"]) for it in buttons.values()]
    assert addresses == [f"{wish}/{it}" for it in ("approval", "question", "refusal")]
    for address in addresses:
        assert {"csrf_token", "version"} <= set(fields(page.select_one(f'form[action="{address}"]')))


def test_htmx_gets_the_request_alone_with_its_problem(as_, wish):
    mia = as_("mia")
    sent = fields(mia.get(wish).select_one("#decide"))
    answer = mia.client.post(f"{wish}/refusal", data=sent, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section class="card flush" id="case"')


def test_after_a_decision_the_next_in_the_list_is_open(engine, cast, as_):
    found = [ask(engine, cast, who, days=days) for who, days in (("ada", 5), ("ben", 4), ("max", 3))]
    mia = as_("mia")
    after = decide(mia, f"{HERE}/{found[1]}", "refusal", message="Not this time").location
    assert after.partition("?")[0] == f"{HERE}/{found[2]}"
    assert mia.get(after).select_one(f'form[action="{HERE}/{found[1]}/undo"]'), "and can be taken back from there"
    after = decide(mia, f"{HERE}/{found[2]}", "approval").location
    assert after.partition("?")[0] == HERE, "none came later"
    assert listed(mia.get(after)) == [found[0]]


def test_htmx_gets_what_a_decision_changed_on_the_page(engine, cast, as_):
    first, second = (ask(engine, cast, who, days=days) for who, days in (("ada", 5), ("ben", 4)))
    mia = as_("mia")

    def approve(number):
        sent = fields(mia.get(f"{HERE}/{number}").select_one("#decide"))
        return mia.client.post(f"{HERE}/{number}/approval", data=sent, headers={"HX-Request": "true"})

    answer = approve(first)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#desk")
    assert answer.headers["HX-Push-Url"].partition("?")[0] == f"{HERE}/{second}"
    page = soup(answer)
    assert listed(page) == [second]
    assert page.select_one("#case-title")["tabindex"] == "-1"
    assert "1 waiting" in page.select_one('[hx-target="#queue-head"]').text
    assert "Approved" in page.select_one('[hx-target="#toasts"]').text
    assert not page.select("html, .topbar")
    last = soup(approve(second))
    assert "Clear skies" in last.select_one("#desk nav[data-focus]").text
    assert not last.select("#case, .chip.new")


def test_a_request_that_was_opened_from_a_later_page_keeps_its_place(engine, cast, as_):
    several(engine, cast, request_queue.PER_PAGE + 3)
    mia = as_("mia")
    links = [it["href"] for it in mia.get(f"{HERE}?page=2").select("[data-request]")]
    assert len(links) == 3
    page = mia.get(links[0])
    assert [it["href"] for it in page.select("[data-request]")] == links
    assert page.select_one("[data-request][aria-current]")["href"] == links[0]
    sent = fields(page.select_one("#decide"))
    for address in [it["href"].partition("?")[0] for it in page.select("[data-request]")]:
        last = mia.client.post(f"{address}/approval", data=sent | {"version": "1"})
    assert last.location.partition("?")[0] == HERE
    assert len(listed(mia.get(last.location))) == request_queue.PER_PAGE
    assert len(listed(mia.get(links[0] + "&state=waiting"))) == request_queue.PER_PAGE, "that page is no more"


# In place: the same pages, of which htmx takes a part


def by_htmx(visitor, wish, form, **typed):
    """Send a form of a request's page as htmx does."""
    page = visitor.get(wish).select_one(form)
    return visitor.client.post(page["action"], data=fields(page) | typed, headers={"HX-Request": "true"})


def test_each_line_and_the_way_on_are_steps_that_htmx_takes_in_place(engine, cast, as_):
    first, second = (ask(engine, cast, who, days=days) for who, days in (("ada", 5), ("ben", 4)))
    mia = as_("mia")
    page = mia.get(f"{HERE}/{first}")
    links = page.select("[data-request], .decide a")
    assert len(links) == 3
    assert all(it["href"] == it["hx-get"] for it in links)
    answer = mia.client.get(links[-1]["href"], headers={"HX-Request": "true"})
    page = soup(answer)
    assert page.select_one("html > head > title"), "an address always gives a whole page"
    assert page.select_one("#case-title[data-focus]")
    assert page.select_one("[data-request][aria-current]")["data-request"] == str(second)
    assert not mia.get(links[-1]["href"]).select("[data-focus]")


@pytest.mark.parametrize(("deed", "typed"), [("claim", {}), ("notes", {"remark": "I know her."})])
def test_what_is_being_written_stays_while_one_does_something_else(as_, wish, deed, typed):
    mia = as_("mia")
    answer = by_htmx(mia, wish, f'form[action$="/{deed}"]', message="Dear ada, this is", **typed)
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (200, "#desk")
    assert answer.headers["HX-Push-Url"].partition("?")[0] == wish
    page = soup(answer)
    assert page.select_one("#message").text.strip() == "Dear ada, this is"
    assert not page.select("html")
    assert bool(page.select("#remarks[open]")) == (deed == "notes")
    assert ("You are on it" in page.select_one("[data-request]").text) == (deed == "claim")


def test_what_an_event_lacks_is_said_beside_it(engine, cast, as_):
    events = [("First flight", date(2026, 11, 2)), ("Second flight", date(2026, 11, 3))]
    wish = f"{HERE}/{ask(engine, cast, events=events)}"
    mia = as_("mia")
    second = mia.get(wish).select("[data-event]")[1]
    number = second["data-event"]
    answer = by_htmx(mia, wish, f'[data-event="{number}"] form', state="refused", message="Dear ada")
    assert answer.status_code == 422
    page = soup(answer)
    said = page.select(".events .error")
    assert [it.text for it in said] == ["Say why: the member reads it."]
    assert said[0].find_parent("li")["data-event"] == number
    assert page.select_one(f"#reason-{number}")["aria-describedby"] == said[0]["id"]
    assert page.select_one("#message").text.strip() == "Dear ada"
    assert by_htmx(mia, wish, f'[data-event="{number}"] form', state="accepted").status_code == 200


def test_one_goes_on_from_a_request_that_somebody_else_looks_at(engine, cast, as_):
    first, second = (ask(engine, cast, who, days=days) for who, days in (("ada", 5), ("ben", 4)))
    decide(as_("max"), f"{HERE}/{first}", "claim")
    page = as_("mia").get(f"{HERE}/{first}")
    assert not page.select(".decide button")
    assert page.select_one(".decide a")["href"].partition("?")[0] == f"{HERE}/{second}"
    assert not as_("mia").get(f"{HERE}/{second}").select(".decide a"), "none comes after the last"


# Two at once


def test_who_comes_second_reads_what_the_other_did_and_keeps_their_words(engine, as_, wish):
    late = as_("max")
    sent = fields(late.get(wish).select_one("#decide"))
    decide(as_("mia"), wish, "approval")
    answer = late.client.post(f"{wish}/refusal", data=sent | {"message": "Not this time"})
    assert answer.status_code == 409
    assert "mia approved this" in text_of(answer)
    assert soup(answer).select_one("#kept").text.strip() == "Not this time"
    assert count(engine, Award) == 1
    assert not soup(answer).select_one("#decide")


def test_an_old_version_is_not_decided_about_even_while_the_request_is_open(engine, cast, as_, wish):
    late = as_("max")
    sent = fields(late.get(wish).select_one("#decide"))
    decide(as_("mia"), wish, "question", message="Which talk?")
    with transaction(engine) as session:
        asked = session.scalars(select(BadgeRequest)).one()
        requests.answer(session, asked, session.merge(cast["ada"]), "The one on Monday", version=asked.version)
    answer = late.client.post(f"{wish}/approval", data=sent | {"message": "Well done"})
    assert answer.status_code == 409
    page = soup(answer)
    assert "The one on Monday" in page.text
    assert page.select_one("#message").text.strip() == "Well done"
    again = late.client.post(f"{wish}/approval", data=fields(page.select_one("#decide")))
    assert again.status_code == 303
    assert count(engine, Award) == 1


def test_a_form_without_a_version_decides_nothing(engine, as_, wish):
    mia = as_("mia")
    sent = fields(mia.get(wish).select_one("#decide"))
    for version in ("", "x", "99", "9" * 30):
        assert mia.client.post(f"{wish}/approval", data=sent | {"version": version}).status_code == 409
    assert count(engine, Award) == 0


def test_somebody_elses_claim_does_not_stop_reading_but_deciding(engine, as_, wish):
    mia, late = as_("mia"), as_("max")
    assert "yours for 15 minutes" in toast(mia.client, mia.send(wish, 'form[action$="/claim"]'))
    case = late.get(wish).select_one("#case")
    assert "mia is looking at this one for 15 more minutes" in case.text
    assert "I gave the talk" in case.text
    assert not case.select_one("#decide")
    assert "mia is on it" in late.get(HERE).select_one(".pile").text
    sent = fields(mia.get(wish).select_one("#decide"))
    token = case.select_one("[name=csrf_token]")["value"]
    answer = late.client.post(f"{wish}/approval", data=sent | {"csrf_token": token, "message": "Fine"})
    assert answer.status_code == 409
    assert soup(answer).select_one("#kept").text.strip() == "Fine"
    assert mia.send(wish, 'form[action$="/release"]').status_code == 303
    assert decide(late, wish, "approval").status_code == 303


def test_nobody_decides_their_own_and_reads_what_the_team_notes(engine, cast, as_):
    mine = f"{HERE}/{ask(engine, cast, 'mia')}"
    late, mia = as_("max"), as_("mia")
    late.send(mine, 'form[action$="/notes"]', remark="canary-of-the-team")
    page = mia.get(mine)
    assert "Another moderator decides" in page.select_one("#case").text
    assert not page.select("#case form")
    assert "canary-of-the-team" not in page.text
    sent = fields(late.get(mine).select_one("#decide"))
    sent["csrf_token"] = page.select_one("[name=csrf_token]")["value"]
    for what in ("approval", "refusal", "question", "claim", "notes"):
        assert mia.client.post(f"{mine}/{what}", data=sent | {"message": "m", "remark": "r"}).status_code == 403
    assert count(engine, Award) == 0
    assert decide(late, mine, "approval").status_code == 303


@pytest.mark.parametrize(
    ("address", "is_own"), [("mia+badges@mail.example", True), ("MIA@mail.example", True), ("mia@other.example", False)]
)
def test_nobody_decides_for_another_account_of_their_own(engine, cast, as_, address, is_own):
    wish, mia, late = f"{HERE}/{ask(engine, cast)}", as_("mia"), as_("max")
    with transaction(engine) as session:
        for name, theirs in (("mia", "mia+team@mail.example"), ("ada", address.lower())):
            session.get_one(Member, cast[name].id).email = theirs
    late.send(wish, 'form[action$="/notes"]', remark="canary-of-the-team")
    page = mia.get(wish)
    assert bool(page.select("#decide")) is not is_own
    assert ("canary-of-the-team" in page.text) is not is_own
    assert ("your own e-mail address" in page.text) is is_own
    assert address.lower() not in page.text
    sent = fields(late.get(wish).select_one("#decide"))
    sent["csrf_token"] = page.select_one("[name=csrf_token]")["value"]
    assert mia.client.post(f"{wish}/approval", data=sent).status_code == (403 if is_own else 303)
    assert count(engine, Award) == (0 if is_own else 1)


# Notes, taking back, events


def test_notes_are_read_by_the_team_alone(as_, wish, engine, cast):
    mia = as_("mia")
    assert mia.send(wish, 'form[action$="/notes"]', remark="").status_code == 422
    mia.send(wish, 'form[action$="/notes"]', remark="canary-of-the-team")
    assert "canary-of-the-team" in as_("max").get(wish).select_one("#remarks").text
    decide(mia, wish, "question", message="Which talk?")
    with transaction(engine) as session:
        told = [str(it.facts) for it in session.scalars(select(Notification))]
        request = session.scalars(select(BadgeRequest)).one()
        to_member = [it.text for it in requests.entries(session, request)]
    assert "canary" not in "".join(told + to_member)
    assert "Which talk?" in to_member


@pytest.mark.parametrize(("what", "words"), [("refusal", "declined"), ("question", "asked")])
def test_a_refusal_and_a_question_can_be_taken_back_for_ten_minutes(engine, as_, wish, what, words):
    mia, late = as_("mia"), as_("max")
    after = decide(mia, wish, what, message="A mistake").location
    undo = f'form[action="{wish}/undo"]'
    assert words in mia.get(after).select_one(undo).text
    assert not late.get(after).select(undo)
    assert not late.get(wish).select(undo)
    assert mia.get(wish).select(undo)
    assert mia.send(after, undo).status_code == 303
    assert listed(mia.get(HERE)) == [int(wish.rpartition("/")[2])]
    assert count(engine, Notification) == 0

    decide(mia, wish, what, message="No mistake")
    with transaction(engine) as session:
        session.scalars(select(BadgeRequest)).one().decided_at -= requests.UNDO_WITHIN
    assert not mia.get(after).select(undo)
    assert not mia.get(wish).select('form[action$="/undo"]')


def test_an_approval_is_final(as_, wish):
    mia = as_("mia")
    decide(mia, wish, "approval")
    assert not mia.get(wish).select('form[action$="/undo"]')


def test_each_event_is_decided_for_itself(engine, cast, as_):
    events = [(f"Meeting {number}", date(2026, 10, number)) for number in range(1, 5)]
    events.append(("To come", (now() + 10 * DAY).date()))
    wish = f"{HERE}/{ask(engine, cast, events=events)}"
    mia = as_("mia")
    rows = {it.b.text: f'[data-event="{it["data-event"]}"] form' for it in mia.get(wish).select("[data-event]")}
    for number in (1, 2):
        assert mia.send(wish, rows[f"Meeting {number}"], state="accepted").status_code == 303
    assert mia.send(wish, rows["Meeting 3"], state="refused").status_code == 422
    assert mia.send(wish, rows["Meeting 3"], state="refused", reason="Another group's").status_code == 303
    assert mia.send(wish, rows["To come"], state="accepted").status_code == 403
    assert mia.send(wish, rows["To come"], state="parked").status_code == 303
    decide(mia, wish, "approval")
    with transaction(engine) as session:
        found = session.execute(select(RequestEvent.title, RequestEvent.state).order_by(RequestEvent.id)).all()
    assert [it.state for it in found] == ["accepted", "accepted", "refused", "waiting", "parked"]
    assert "Another group's" in mia.get(wish).select_one("#case").text
    assert count(engine, Award) == 1


def test_what_was_decided_about_an_event_already_is_not_logged_again(engine, cast, as_):
    wish = f"{HERE}/{ask(engine, cast, events=[('Meeting', date(2026, 10, 1))])}"
    mia = as_("mia")
    form = f'[data-event="{mia.get(wish).select_one("[data-event]")["data-event"]}"] form'
    for state, logged in (("accepted", 1), ("accepted", 1), ("parked", 2), ("accepted", 3)):
        assert mia.send(wish, form, state=state).status_code == 303
        assert count(engine, AuditEntry) == logged


def test_the_log_leads_to_the_request_that_was_decided(as_, wish):
    mia = as_("mia")
    decide(mia, wish, "refusal", message="Not this time")
    assert mia.get("/staff/log").select_one('[data-entry="request"] ins a')["href"] == wish


# Prepared replies


def test_a_prepared_reply_fills_the_message(engine, cast, as_, wish):
    with transaction(engine) as session:
        body = "{member}, about {badge}: {how} You asked on {date}; {moderator}"
        chosen = prepared_replies.add(session, session.merge(cast["mia"]), name="How", suits="decline", body=body).id
        sent_on = now()
    mia = as_("mia")
    assert mia.get(wish).select_one("#message").text.strip() == ""
    page = mia.get(f"{wish}?reply={chosen}")
    day = f"{sent_on.day} {sent_on:%b} {sent_on.year}"
    assert page.select_one("#message").text.strip() == f"ada, about Speaker: Give a talk. You asked on {day}; mia"
    assert page.select_one("#reply [selected]")["value"] == str(chosen)
    assert mia.get(f"{wish}?reply=999").select_one("#message").text.strip() == ""


# Several at once


def several(engine, cast, number):
    names = [f"guest{it}" for it in range(number)]
    with transaction(engine) as session:
        cast |= {name: make_member(session, name) for name in names}
    return [ask(engine, cast, name) for name in names]


def test_several_requests_for_a_badge_are_decided_at_once_each_with_its_name(engine, cast, as_):
    found = several(engine, cast, 3)
    mia = as_("mia")
    page = mia.get(f"{HERE}?badge=speaker&several=1")
    boxes = [it["value"] for it in page.select("#several [type=checkbox]")]
    sent = fields(page.select_one("#several")) | {
        "request": boxes[:2],
        "decision": "approve",
        "message": "Hello {member}",
    }
    answer = mia.client.post(f"{HERE}/decisions", data=sent)
    assert "2 requests decided" in toast(mia.client, answer)
    assert listed(mia.get(HERE)) == found[2:]
    with transaction(engine) as session:
        assert set(session.scalars(select(Award.reason))) == {"Hello guest0", "Hello guest1"}


def test_of_several_those_that_others_decided_are_told_and_the_rest_is_done(engine, cast, as_):
    found = several(engine, cast, 3)
    own = ask(engine, cast, "mia")
    mia = as_("mia")
    page = mia.get(f"{HERE}?badge=speaker&several=1")
    boxes = [it["value"] for it in page.select("#several [type=checkbox]")]
    assert [it.partition(".")[0] for it in boxes] == [str(it) for it in found], "not one's own"
    decide(as_("max"), f"{HERE}/{found[1]}", "refusal", message="No")
    sent = fields(page.select_one("#several")) | {"decision": "approve", "request": [*boxes, f"{own}.1"]}
    answer = mia.client.post(f"{HERE}/decisions", data=sent)
    assert answer.status_code == 409
    told = {int(it["data-told"]): it.get_text(" ", strip=True) for it in soup(answer).select("[data-told]")}
    assert "max declined this already" in told[found[1]]
    assert "your own request" in told[own]
    assert [told[it].partition(" ")[0] for it in (found[0], found[2])] == ["Done", "Done"]
    assert count(engine, Award) == 2


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"decision": "approve"}, 422),
        ({"decision": "decline", "chosen": True}, 422),
        ({"decision": "destroy", "chosen": True}, 400),
        ({"decision": "approve", "request": "1"}, 400),
        ({"decision": "approve", "request": "1.x"}, 400),
        ({"decision": "approve", "request": "999.1"}, 404),
    ],
)
def test_several_at_once_say_what_is_missing(engine, cast, as_, typed, status):
    several(engine, cast, 2)
    mia = as_("mia")
    page = mia.get(f"{HERE}?badge=speaker&several=1")
    if typed.pop("chosen", False):
        typed["request"] = page.select_one("#several [type=checkbox]")["value"]
    answer = mia.client.post(f"{HERE}/decisions", data=fields(page.select_one("#several")) | typed)
    assert answer.status_code == status
    assert count(engine, Award) == 0


def test_several_are_ticked_all_at_once_but_those_that_wait_for_somebody_else(engine, cast, as_):
    found = several(engine, cast, 3)
    decide(as_("max"), f"{HERE}/{found[1]}", "claim")
    mia, here = as_("mia"), f"{HERE}?badge=speaker&several=1"

    def boxes(page):
        return [int(it["value"].partition(".")[0]) for it in page.select("#several [type=checkbox]:checked")]

    page = mia.get(here)
    assert boxes(page) == []
    assert "max is on it" in page.select_one(f'[data-request="{found[1]}"]').text
    page = mia.get(page.select_one("#choose")["href"])
    assert boxes(page) == [found[0], found[2]]
    assert boxes(mia.get(page.select_one("#choose")["href"])) == []


def test_a_prepared_reply_for_several_keeps_its_places_for_each(engine, cast, as_):
    found = several(engine, cast, 2)
    with transaction(engine) as session:
        prepared_replies.add(
            session, session.merge(cast["mia"]), name="Hello", suits="approve", body="Hello {member}, welcome."
        )
    mia = as_("mia")
    page = mia.get(f"{HERE}?badge=speaker&several=1&all=1")
    number = next(it["value"] for it in page.select("#reply option") if it.text == "Hello")
    wanted = fields(page.select_one("#replies")) | {"reply": number}
    assert page.select_one("#reply")["form"] == "replies"
    page = soup(mia.client.get(HERE, query_string=wanted))
    assert page.select_one("#message").text.strip() == "Hello {member}, welcome."
    boxes = [it["value"] for it in page.select("#several [type=checkbox]:checked")]
    assert len(boxes) == len(found), "what was ticked stays so"
    sent = fields(page.select_one("#several")) | {"request": boxes, "decision": "approve"}
    assert "2 requests decided" in toast(mia.client, mia.client.post(f"{HERE}/decisions", data=sent))
    with transaction(engine) as session:
        told = set(session.scalars(select(Award.reason)))
    assert told == {"Hello guest0, welcome.", "Hello guest1, welcome."}


def test_what_was_ticked_stays_ticked_when_something_is_missing(engine, cast, as_):
    several(engine, cast, 3)
    mia = as_("mia")
    page = mia.get(f"{HERE}?badge=speaker&several=1")
    box = page.select("#several [type=checkbox]")[1]["value"]
    sent = fields(page.select_one("#several")) | {"request": box, "decision": "decline"}
    page = soup(mia.client.post(f"{HERE}/decisions", data=sent))
    assert [it["value"] for it in page.select("#several [type=checkbox]:checked")] == [box]


# Keys, nudges, costs


def test_keys_are_off_until_somebody_switches_them_on(as_, wish):
    mia = as_("mia")
    assert not mia.get(wish).select("[aria-keyshortcuts], script[src*=keys]")
    mia.send(wish, "#keys", keys="1")
    page = mia.get(wish)
    assert {it["aria-keyshortcuts"] for it in page.select("[aria-keyshortcuts]")} == {"t", "m", "a", "q", "d"}
    assert page.select("script[src*=keys]")
    mia.send(wish, "#keys", keys="0")
    assert not mia.get(wish).select("[aria-keyshortcuts], script[src*=keys]")


def test_the_team_is_reminded_once_a_day_of_what_waits_too_long(app, engine, cast):
    ask(engine, cast, days=1)
    with app.app_context():
        assert jobs.nudge() == 0
    ask(engine, cast, "ben", days=3)
    with app.app_context():
        assert jobs.nudge() == 2
        assert jobs.nudge() == 0
    with transaction(engine) as session:
        told = session.execute(select(Notification.member_id, Notification.facts)).all()
        assert {it.member_id for it in told} == {cast["mia"].id, cast["max"].id}
        rows, _more = inbox.page(session, cast["mia"].id)
        [tiding] = tidings.of(session, rows)
        assert (tiding.text, tiding.path) == ("1 badge request has waited for two days or longer", HERE)
        assert request_queue.nudge(session, at=now() + DAY) == 2, "tomorrow again"


def test_who_left_or_never_was_of_the_team_is_not_reminded(app, engine, cast):
    ask(engine, cast, days=3)
    with transaction(engine) as session:
        session.get_one(Member, cast["max"].id).role = Role.MEMBER
        assert request_queue.nudge(session) == 1


def test_a_long_queue_costs_as_many_statements_as_a_short_one(engine, cast, as_, statements):
    mia = as_("mia")
    several(engine, cast, 2)
    with transaction(engine) as session:
        first = session.scalars(select(BadgeRequest.id)).first()

    def cost(address):
        statements.clear()
        mia.get(address)
        return len(statements)

    short = [cost(it) for it in (HERE, f"{HERE}/{first}", f"{HERE}?badge=speaker&several=1")]
    with transaction(engine) as session:
        people = [make_member(session, f"crowd{it}") for it in range(request_queue.PER_PAGE + 5)]
        cast |= {it.username: it for it in people}
    for it in people:
        ask(engine, cast, it.username)
    assert [cost(it) for it in (HERE, f"{HERE}/{first}", f"{HERE}?badge=speaker&several=1")] == short
    assert max(short) <= 8
    assert len(listed(mia.get(f"{HERE}?page=2"))) == 7


def test_a_request_that_failed_on_our_side_is_found_by_its_reference(engine, cast, as_):
    ada, mia, failed = as_("ada"), as_("mia"), f"{HERE}/failed"
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE request_entries RENAME TO elsewhere"))
    try:
        answer = ada.send("/badges/speaker/request", "#request-form", note="I gave the talk.")
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO request_entries"))
    assert answer.status_code >= 500
    reference = soup(answer).select_one("[data-reference]")["data-reference"]
    found = mia.get(f"{failed}?reference={reference}").select_one("[data-failed]")
    assert "ada, speaker" in found.get_text()
    assert "I gave the talk" not in mia.get(failed).text
    assert mia.get(failed).select(f'[data-failed="{reference}"]')
    assert "Nothing under this reference" in mia.get(f"{failed}?reference=nowhere").text
    assert ada.send("/badges/speaker/request", "#request-form", note="I gave the talk.").status_code == 303
    assert count(engine, BadgeRequest) == 1


def test_every_decision_is_in_the_log(engine, cast, as_, wish):
    decide(as_("mia"), wish, "refusal", message="Not this time")
    with transaction(engine) as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.what, entry.by_id, entry.member_id) == ("request", cast["mia"].id, cast["ada"].id)
        assert entry.reason == "Not this time"
