"""Requesting a badge through the pages: the window, what may go wrong with it, and what became of a request."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.awarding import awards
from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.membership import sessions
from app.domain.people.members import Member, Role
from app.domain.ways import requests
from app.domain.ways.requests import BadgeRequest
from tests.domain.test_reactions import at_once
from tests.factories import give_password, make_member
from tests.web.forms import fields, fill_in, form_at, problems, send, soup, text_of, toast
from tests.web.scenery import make_award, make_badge, sign_in

BADGE, WINDOW = "/badges/speaker", "/badges/speaker/request"
NOTE = "I gave the talk “Shift plans without tears” on Monday."
PASSWORD = "seventeen wild geese"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        give_password(session, ada, PASSWORD)
        make_badge(session, "speaker", ways=["request"])
        make_member(session, "mia", role=Role.MODERATOR)
    sign_in(client, engine, ada)
    return ada


def member(session, name):
    return session.scalars(select(Member).where(Member.username == name)).one()


def sent(engine):
    """The requests there are, as state and note."""
    with Session(engine) as session:
        return [(it.state, it.note) for it in session.scalars(select(BadgeRequest).order_by(BadgeRequest.id))]


def decide(engine, verb, words):
    """Let mia decide about the only request."""
    with transaction(engine) as session:
        wish = session.scalars(select(BadgeRequest)).one()
        verb(session, wish, member(session, "mia"), words, version=wish.version)
        return wish


def typed_again(answer):
    """What stands in the fields of the form that came back."""
    return fields(soup(answer).select_one(f'form[action="{WINDOW}"]'))


def reference(answer):
    found = soup(answer).select_one("[data-reference]")
    assert found["data-reference"] == answer.headers["X-Request-Reference"]
    assert found["data-reference"] in found.parent.get_text()
    return found["data-reference"]


def png(width=8, height=8):
    file = BytesIO()
    Image.new("RGB", (width, height)).save(file, "PNG")
    return BytesIO(file.getvalue()), "photo.png"


# The window


def test_a_request_is_sent_with_a_note_alone(client, engine, ada):
    button = soup(client.get(BADGE)).select_one(f'a[href="{WINDOW}"]')
    assert button.get_text(strip=True) == "Request This Badge"
    assert form_at(client, WINDOW).select_one("button.main").get_text(strip=True) == "Send Request"
    answer = fill_in(client, WINDOW, note=NOTE)
    assert answer.location == BADGE
    assert "Request sent" in toast(client, answer)
    assert sent(engine) == [("waiting", NOTE)]


def test_the_window_on_the_badges_page_is_the_same_form(client, ada):
    alone = soup(client.get(f"/-{WINDOW}"))
    assert alone.select_one("main") is None
    there, here = (set(fields(it)) for it in (alone.select_one("#request-form"), form_at(client, WINDOW)))
    assert there == here


def test_a_form_sent_twice_is_one_request(client, engine, ada):
    data = fields(form_at(client, WINDOW)) | {"note": NOTE}
    for _ in range(2):
        assert client.post(WINDOW, data=data).location == BADGE
    assert sent(engine) == [("waiting", NOTE)]


def test_twenty_times_five_at_a_time_is_one_request(app, engine, ada):
    # A process answers one at a time; five threads are as many as its connections to the database allow.
    clients = [sign_in(app.test_client(), engine, ada) for _ in range(5)]
    tokens = [fields(form_at(it, WINDOW)) for it in clients]
    typed = {"note": NOTE, "token": tokens[0]["token"]}
    posts = [lambda it=it, own=own: it.post(WINDOW, data=own | typed) for it, own in zip(clients, tokens, strict=True)]
    answers = [answer for _ in range(4) for answer in at_once(posts)]
    assert [it.status_code for it in answers] == [303] * 20
    assert sent(engine) == [("waiting", NOTE)]


def test_evidence_comes_along_and_only_its_owner_sees_the_pictures(app, client, engine, ada):
    data = fields(form_at(client, WINDOW)) | {
        "note": NOTE, "evidence": "https://slides.example/1\r\n\r\nhttps://slides.example/2",
        "event_title": ["Autumn meeting", ""], "event_on": ["2026-10-03", ""], "files": [png(), png()],
    }  # fmt: skip
    assert client.post(WINDOW, data=data).location == BADGE
    page = soup(client.get("/requests/1"))
    assert [it["href"] for it in page.select("a[rel~=nofollow]")] == [f"https://slides.example/{nth}" for nth in (1, 2)]
    assert "Autumn meeting, 3 Oct 2026" in page.select_one("[data-event]").get_text()
    shown = [it["src"] for it in page.select("img.proof")]
    assert [client.get(it).content_type for it in shown] == ["image/webp"] * 2
    with transaction(engine) as session:
        eve = make_member(session, "eve")
    stranger = sign_in(app.test_client(), engine, eve)
    assert {stranger.get(it).status_code for it in shown} == {404}
    assert stranger.get(f"/pictures/{shown[0].rpartition('/')[2]}").status_code == 404


# What may go wrong


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"note": " "}, "note"),
        ({"note": "x" * 100_000}, "note"),
        ({"evidence": "javascript:alert(1)"}, "evidence"),
        ({"event_title": "Meeting", "event_on": "soon"}, "events"),
    ],
)
def test_what_was_typed_wrong_comes_back_as_it_was_typed(client, engine, ada, wrong, field):
    typed = {"note": NOTE, "evidence": "https://slides.example"} | wrong
    answer = fill_in(client, WINDOW, **typed)
    assert answer.status_code == 422
    assert soup(answer).select_one(f'[role=alert] a[href="#{field}"]')
    again = typed_again(answer)
    assert {name: again[name].strip() for name in ("note", "evidence")} == {
        name: typed[name].strip() for name in ("note", "evidence")
    }
    reference(answer)
    assert sent(engine) == []


def test_the_event_without_a_day_is_named(client, engine, ada):
    typed = {"event_title": ["Autumn meeting", "Spring meeting"], "event_on": ["2026-10-03", ""]}
    wrong = (
        soup(problem := fill_in(client, WINDOW, note=NOTE, **typed)).select_one('[role=alert] a[href="#events"]').text
    )
    assert problem.status_code == 422
    assert "“Spring meeting”" in wrong
    assert "Autumn" not in wrong
    nameless = fill_in(client, WINDOW, note=NOTE, event_on="soon")
    assert "the day of each event" in soup(nameless).select_one('[role=alert] a[href="#events"]').text


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ((BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), "x.png"), "not a picture"),
        ((BytesIO(b"GIF89a<script>"), "x.gif"), "not a picture"),
        (png(30_000, 1_000), "too many pixels"),
        ((BytesIO(b"x" * (7 * 1024 * 1024)), "x.png"), "too large"),
    ],
    ids=["svg", "gif", "30,000 pixels", "7 MB"],
)
def test_a_picture_that_is_none_is_named_and_the_note_kept(client, engine, ada, file, words):
    file[0].seek(0)
    answer = fill_in(client, WINDOW, note=NOTE, files=(BytesIO(file[0].read()), file[1]))
    assert answer.status_code == 422
    assert words in problems(answer)["files"]
    assert typed_again(answer)["note"] == NOTE
    assert sent(engine) == []


def test_five_pictures_are_one_too_many(client, ada):
    answer = fill_in(client, WINDOW, note=NOTE, files=[png() for _ in range(5)])
    assert "At most 4" in problems(answer)["files"]


@pytest.mark.parametrize(
    "looks",
    [
        {"ways": ["automatic"]},
        {"ways": ["invitation"]},
        {"ways": ["staff"]},
        {"ways": ["event"]},
        {"ways": ["request"], "state": "legacy"},
        {"ways": ["request"], "state": "planned"},
    ],
)
def test_a_forged_request_hears_what_the_badges_page_says(client, engine, ada, looks):
    with transaction(engine) as session:
        make_badge(session, "other", **looks)
    page = soup(client.get("/badges/other"))
    assert not page.select('a[href$="/request"]')
    token = fields(form_at(client, WINDOW))["csrf_token"]
    answer = client.post("/badges/other/request", data={"csrf_token": token, "note": NOTE})
    assert answer.status_code == 403
    said = soup(answer).select_one("[role=alert] b").get_text(strip=True)
    assert said in page.select_one("[data-why-not]").get_text()
    assert soup(answer).select_one("#note").text.strip() == NOTE
    assert client.get("/badges/other/request").status_code == 403
    assert sent(engine) == []


def test_a_form_that_is_overtaken_is_told_so_and_keeps_its_note(client, engine, ada):
    late = fields(form_at(client, WINDOW)) | {"note": "And again"}
    fill_in(client, WINDOW, note=NOTE)
    answer = client.post(WINDOW, data=late)
    assert answer.status_code == 409
    assert "You asked for this badge on" in text_of(answer)
    assert typed_again(answer)["note"] == "And again"
    decide(engine, requests.approve, "")
    answer = client.post(WINDOW, data=late)
    assert (answer.status_code, "have this badge already" in text_of(answer)) == (409, True)
    assert sent(engine) == [("approved", NOTE)]
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Award)) == 1


def test_nobody_asks_in_anothers_name(client, engine, ada):
    with transaction(engine) as session:
        ben = make_member(session, "ben")
    fill_in(client, WINDOW, note=NOTE, member="ben", member_id=ben.id, by_id=ben.id, username="ben")
    with Session(engine) as session:
        wish = session.scalars(select(BadgeRequest)).one()
        assert {wish.member_id, wish.by_id} == {ada.id}


def test_a_stale_form_comes_back_with_its_note_and_works_then(client, engine, ada):
    data = fields(form_at(client, WINDOW)) | {"note": NOTE, "csrf_token": "from-last-year"}
    answer = client.post(WINDOW, data=data)
    assert answer.status_code == 400
    reference(answer)
    again = typed_again(answer)
    assert again["note"] == NOTE
    assert sent(engine) == []
    assert client.post(WINDOW, data=again).location == BADGE
    assert sent(engine) == [("waiting", NOTE)]


def test_a_stale_form_for_a_badge_that_is_not_there_is_a_page_too(client, ada):
    answer = client.post("/badges/nowhere/request", data={"csrf_token": "from-last-year", "note": NOTE})
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_a_failing_database_loses_nothing_and_a_second_try_makes_one_request(client, engine, ada, caplog):
    data = fields(form_at(client, WINDOW)) | {"note": NOTE, "event_title": "Meeting", "event_on": "2026-10-03"}
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE request_entries RENAME TO away"))
    try:
        answer = client.post(WINDOW, data=data)
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO request_entries"))
    assert answer.status_code >= 500
    shown = reference(answer)
    logged = [it.msg for it in caplog.records if isinstance(it.msg, dict) and it.msg["event"] == "request not sent"]
    assert [(it["reference"], it["badge"]) for it in logged] == [(shown, "speaker")]
    assert sent(engine) == []
    again = typed_again(answer)
    assert (again["note"], again["event_title"], again["token"]) == (NOTE, "Meeting", data["token"])
    assert soup(answer).select_one("input[name=files]"), "they are the one thing browsers do not send twice"
    for _ in range(2):
        assert client.post(WINDOW, data=again).location == BADGE
    assert sent(engine) == [("waiting", NOTE)]


def test_an_open_window_shows_a_failure_within_itself(client, engine, ada):
    data = fields(form_at(client, WINDOW)) | {"note": NOTE}
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE request_entries RENAME TO away"))
    try:
        answer = client.post(WINDOW, data=data, headers=HTMX)
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO request_entries"))
    assert answer.headers["HX-Retarget"] == "#request-problem"
    reference(answer)
    window = soup(client.get(f"/-{WINDOW}")).select_one("form[hx-post]")
    assert window.select_one("#request-problem[role=status]")
    assert {f"hx-status:{code}" for code in (500, 503)} <= set(window.attrs)


def test_too_many_requests_are_told_when_to_go_on(client, engine, ada):
    with transaction(engine) as session:
        me = session.get(Member, ada.id)
        for nth in range(20):
            requests.send(session, me, make_badge(session, f"badge-{nth}", ways=["request"]), NOTE)
    answer = client.post(WINDOW, data={"csrf_token": token(client), "note": NOTE})
    assert answer.status_code == 403
    assert re.search(r"next one from \d+ \w+ \d{4}, \d\d:\d\d", text_of(answer))
    assert typed_again(answer)["note"] == NOTE


def token(client):
    return fields(soup(client.get("/appearance")).select_one("main form"))["csrf_token"]


# Signing in between


def log_in(client, path):
    """Sign in at the page one was led to."""
    assert path.startswith("/login?next=")
    return send(client, path, 'form[action="/login"]', username="ada", password=PASSWORD)


def test_who_is_not_signed_in_comes_back_to_the_window(app, ada):
    visitor = app.test_client()
    assert soup(visitor.get(BADGE)).select_one(f'a[href="{WINDOW}"]')
    answer = log_in(visitor, visitor.get(WINDOW).location)
    assert answer.location == WINDOW
    assert form_at(visitor, WINDOW)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_what_was_typed_survives_a_log_in_that_ended(app, engine, ada, headers):
    client = sign_in(app.test_client(), engine, ada)
    data = fields(form_at(client, WINDOW)) | {
        "note": NOTE, "evidence": "https://a.example", "event_title": "Meeting", "event_on": "2026-10-03",
    }  # fmt: skip
    with transaction(engine) as session:
        sessions.end_all(session, session.get(Member, ada.id))
    answer = client.post(WINDOW, data=data, headers=headers)
    assert sent(engine) == []
    back = log_in(client, answer.headers["HX-Redirect"] if headers else answer.location)
    assert parse_qs(urlsplit(back.location).query)["kept"]
    form = form_at(client, back.location, WINDOW)
    assert form.select_one("[name=event_on]")["value"] == "2026-10-03"
    again = fields(form)
    assert (again["note"], again["evidence"]) == (NOTE, "https://a.example")
    assert client.post(WINDOW, data=again).location == BADGE
    assert sent(engine) == [("waiting", NOTE)]
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(requests.KeptRequest)) == 0


def test_what_was_typed_survives_a_lost_cookie(app, client, engine, ada):
    data = fields(form_at(client, WINDOW)) | {"note": NOTE}
    stranger = app.test_client()
    answer = stranger.post(WINDOW, data=data)
    assert answer.status_code == 400
    assert typed_again(answer)["note"] == NOTE
    answer = stranger.post(WINDOW, data=typed_again(answer))
    back = log_in(stranger, answer.location)
    assert fields(form_at(stranger, back.location, WINDOW))["note"] == NOTE


# The badge's page, the library


def shown(client):
    page = soup(client.get(BADGE))
    states = {page.select_one("[data-badge]")["data-state"]}
    for address in ("/badges", "/u/ada/badges"):
        states.add(soup(client.get(address)).select_one('[data-badge="speaker"]')["data-state"])
    [state] = states
    return state, page


def test_the_badges_page_and_the_library_follow_a_request(client, engine, ada):
    state, page = shown(client)
    assert (state, bool(page.select_one("[data-why-not]"))) == ("requestable", False)

    fill_in(client, WINDOW, note=NOTE)
    state, page = shown(client)
    assert state == "requested"
    assert page.select_one("[data-asked=waiting][data-why-not] a")["href"] == "/requests/1"
    assert not page.select(f'a[href="{WINDOW}"]')

    decide(engine, requests.ask, "Which user group was it?")
    state, page = shown(client)
    assert state == "requested"
    assert "Which user group was it?" in page.select_one("[data-asked=asked][data-why-not]").get_text()

    decide(engine, requests.decline, "The talk needs to be public.")
    state, page = shown(client)
    assert state == "requestable"
    told = page.select_one("[data-asked=declined][data-why-not]").get_text()
    assert "mia wrote" in told
    assert "The talk needs to be public." in told
    assert "You can ask again from" in told
    assert not page.select(f'a[href="{WINDOW}"]')

    with transaction(engine) as session:
        session.scalars(select(BadgeRequest)).one().may_ask_again_at = now() - timedelta(days=1)
    _state, page = shown(client)
    assert page.select(f'a[href="{WINDOW}"]')
    fill_in(client, WINDOW, note="Now it was")
    with transaction(engine) as session:
        wish = session.scalars(select(BadgeRequest).where(BadgeRequest.state == "waiting")).one()
        requests.approve(session, wish, member(session, "mia"), version=wish.version)
    state, page = shown(client)
    assert (state, page.select("[data-asked]")) == ("earned", [])


def test_others_do_not_see_that_i_asked(app, client, engine, ada):
    fill_in(client, WINDOW, note=NOTE)
    with Session(engine) as session:
        mia = member(session, "mia")
    for visitor in (app.test_client(), sign_in(app.test_client(), engine, mia)):
        for address in (BADGE, "/badges", "/u/ada/badges"):
            assert soup(visitor.get(address)).select_one('[data-badge="speaker"]')["data-state"] == "requestable"


def test_the_usual_wait_is_told_once_there_were_decisions(client, engine, ada):
    assert "Usually answered" not in text_of(client.get(BADGE))
    with transaction(engine) as session:
        mia, before = member(session, "mia"), now() - timedelta(days=9)
        for nth in range(3):
            badge = make_badge(session, f"badge-{nth}", ways=["request"])
            wish, _new = requests.send(session, make_member(session), badge, NOTE, at=before)
            requests.approve(session, wish, mia, version=1, at=before + timedelta(hours=40))
    for address in (BADGE, WINDOW, "/requests"):
        assert "within 2 days" in text_of(client.get(address))
    assert "within 2 days" in toast(client, fill_in(client, WINDOW, note=NOTE))


def test_a_new_member_can_request_at_least_three_of_the_shipped_badges(client, engine, ada):
    from app.domain import catalogue

    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
    found = soup(client.get("/badges")).select("[data-state=requestable]")
    assert len(found) >= 3
    for it in found[:3]:
        slug = it["data-badge"]
        assert fill_in(client, f"/badges/{slug}/request", note=NOTE).location == f"/badges/{slug}"
    assert len(sent(engine)) == 3


# My requests


def test_without_requests_the_list_says_what_they_are_for(client, ada):
    assert "not asked for a badge yet" in text_of(client.get("/requests"))
    assert soup(client.get("/")).select_one('#menu a[href="/requests"]')


def test_a_question_is_answered_on_the_requests_page(client, engine, ada):
    fill_in(client, WINDOW, note=NOTE)
    decide(engine, requests.ask, "Which user group was it?")
    assert "Which user group was it?" in text_of(client.get("/requests"))
    answer = fill_in(client, "/requests/1", "/requests/1/answer", answer=" ")
    assert "Write your answer first." in problems(answer)["answer"]
    answer = fill_in(client, "/requests/1", "/requests/1/answer", answer="Oslo")
    assert "with the moderators" in toast(client, answer)
    said = [it["data-entry"] for it in soup(client.get("/requests/1")).select("[data-entry]")]
    assert said == ["sent", "asked", "answered"]


def test_an_answer_that_comes_too_late_hears_what_happened(client, engine, ada):
    fill_in(client, WINDOW, note=NOTE)
    decide(engine, requests.ask, "Which user group was it?")
    late = fields(form_at(client, "/requests/1", "/requests/1/answer")) | {"answer": "Oslo"}
    decide(engine, requests.approve, "Found it")
    answer = client.post("/requests/1/answer", data=late)
    assert (answer.status_code, "mia approved this already" in text_of(answer)) == (409, True)


def test_a_request_can_be_withdrawn_and_sent_again(client, engine, ada):
    fill_in(client, WINDOW, note=NOTE)
    assert "Withdrawn" in toast(client, fill_in(client, "/requests/1", "/requests/1/withdrawal"))
    assert soup(client.get("/requests")).select_one('[data-request="1"][data-state=withdrawn]')
    assert soup(client.get("/requests/1")).select_one(".note a")["href"] == "/badges/speaker"
    assert not soup(client.get("/requests/1")).select("main form")
    assert fill_in(client, WINDOW, note="Again").location == BADGE
    assert sent(engine) == [("withdrawn", NOTE), ("waiting", "Again")]


def test_what_staff_write_among_themselves_is_not_on_the_members_page(client, engine, ada):
    fill_in(client, WINDOW, note=NOTE)
    with transaction(engine) as session:
        wish = session.scalars(select(BadgeRequest)).one()
        requests.remark(session, wish, member(session, "mia"), "I doubt it")
    assert "I doubt it" not in client.get("/requests/1").text


def test_each_event_says_whether_it_counts(client, engine, ada):
    fill_in(client, WINDOW, note=NOTE, event_title=["Meeting", "Show"], event_on=["2026-10-03", "2026-10-04"])
    with transaction(engine) as session:
        wish, mia = session.scalars(select(BadgeRequest)).one(), member(session, "mia")
        meeting, show = requests.evidence(session, wish).events
        requests.decide_event(session, meeting, mia, "accepted")
        requests.decide_event(session, show, mia, "refused", "That was to sell things.")
    page = soup(client.get("/requests/1"))
    assert "counts" in page.select_one("[data-event=accepted]").get_text()
    assert "That was to sell things." in page.select_one("[data-event=refused]").get_text()


def test_who_leaves_withdraws_and_takes_along_what_they_asked_for(client, engine, ada):
    from app.domain.leaving import departures

    fill_in(client, WINDOW, note=NOTE, files=[png()])
    with transaction(engine) as session:
        [asked] = session.execute(requests.for_export(ada.id)["badge_requests"]).all()
        assert (asked.badge, asked.note) == ("Speaker", NOTE)
        departures.leave(session, session.get(Member, ada.id), "ada")
    assert sent(engine) == [("withdrawn", "")]
    with Session(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM pictures")) == 0
        assert session.scalar(text("SELECT count(*) FROM request_entries WHERE text <> ''")) == 0


def test_a_badge_that_was_taken_back_is_not_asked_for_again_and_its_page_says_so(client, engine, ada):
    with transaction(engine) as session:
        badge, max_ = session.scalars(select(Badge).filter_by(slug="speaker")).one(), make_member(session, "max")
        award = awards.grant(session, badge, session.merge(ada))
        award_id = award.id
        awards.revoke(session, award, max_, "It was another Ada.")
    page = soup(client.get("/badges/speaker"))
    assert page.select_one("[data-badge]")["data-state"] == "locked"
    assert not page.select("#request-open")
    assert "It was another Ada." in page.select_one("[data-why-not]").text
    for listing in ("/badges", "/u/ada/badges"):
        tile = soup(client.get(listing)).select_one('[data-badge="speaker"]')
        assert tile["data-state"] == "locked"
        assert "The team took it back" in tile.text
    shut = client.get("/badges/speaker/request")
    assert shut.status_code == 403
    assert "cannot be asked for again" in soup(shut).select_one("[data-why-not]").text
    token = page.select_one("[name=csrf_token]")["value"]
    forged = client.post("/badges/speaker/request", data={"csrf_token": token, "note": "I was there!"})
    assert forged.status_code == 403
    assert "cannot be asked for again" in soup(forged).select_one("[role=alert]").text
    assert soup(forged).select_one("#note").text.strip() == "I was there!"
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(BadgeRequest)) == 0
        award = session.get_one(Award, award_id)
        awards.give_back(session, award, session.get_one(Member, award.revoked_by_id), "It was this one.")
    for address in ("/badges/speaker", "/badges", "/u/ada/badges"):
        tile = soup(client.get(address)).select_one('[data-badge="speaker"]')
        assert (tile["data-state"], "took it back" in tile.text) == ("earned", False), address


def test_a_held_badge_offers_nothing_to_ask(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, session.scalars(select(Badge)).one(), session.get(Member, ada.id))
    assert not soup(client.get(BADGE)).select(f'a[href="{WINDOW}"]')
    assert "have this badge already" in text_of(client.get(WINDOW))
