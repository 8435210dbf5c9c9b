"""Moderation by the doors people use: flagging, the queue, warnings, suspensions."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app.db import transaction
from app.domain.forum.threads import Post
from app.domain.moderation import flags
from app.domain.people.members import Role
from tests.factories import make_answer, make_member
from tests.web.scenery import sign_in
from tests.web.visitors import Visitor


@pytest.fixture
def cast(engine):
    """Ada wrote something; ben flags; mia and max moderate."""
    with transaction(engine) as session:
        people = {name: make_member(session, name) for name in ("ada", "ben", "mia", "max")}
        people["mia"].role = people["max"].role = Role.MODERATOR
        people["post"] = make_answer(session, people["ada"])
    return people


@pytest.fixture
def as_(app, engine, cast):
    """A browser of somebody."""
    return lambda name: Visitor(sign_in(app.test_client(), engine, cast[name]))


def test_a_flag_goes_into_the_queue_and_its_answer_comes_back(cast, as_):
    ben, mia = as_("ben"), as_("mia")
    answer = ben.send(f"/p/{cast['post'].id}/flags", "#flag", reason="spam", words="Buy my book")
    assert answer.status_code == 303
    assert answer.location.endswith(f"#post-{cast['post'].id}")

    page = mia.get("/moderation/flags")
    assert "Buy my book" in page.select_one("#case").text
    [row] = page.select("[data-case]")
    assert (
        mia.send(
            f"/moderation/flags/{row['data-case']}",
            "#decide",
            decision="hide",
            reason="Advertising",
            answer="Well seen",
        ).status_code
        == 303
    )
    assert not mia.get("/moderation/flags").select("[data-case]")
    assert "Well seen" in ben.get("/flags").text


def test_a_post_is_flagged_from_its_thread_by_all_but_its_author_and_guests(app, cast, as_):
    post, thread = cast["post"], f"/t/{cast['post'].thread_id}/{cast['post'].thread.slug}"
    form = f'#post-{post.id} form[action="/p/{post.id}/flags"]'
    assert not as_("ada").get(thread).select(form)
    assert not Visitor(app.test_client()).get(thread).select(form)

    answer = as_("ben").send(thread, form)
    assert (answer.status_code, answer.location) == (303, f"{thread}#post-{post.id}")
    assert "Spam" in as_("ben").get("/flags").select_one("main").text
    assert len(as_("mia").get("/moderation/flags").select("[data-case]")) == 1
    assert as_("mia").send(thread, form, reason="abuse").status_code == 303
    assert as_("ben").send(thread, form).status_code == 409


def test_a_flag_without_a_reason_comes_back_as_typed(cast, as_):
    answer = as_("ben").send(f"/p/{cast['post'].id}/flags", "#flag", words="Look at this")
    page = BeautifulSoup(answer.data, "html.parser")
    assert answer.status_code == 422
    assert page.select_one("#words").text.strip() == "Look at this"
    assert page.select_one("#reason")["aria-describedby"] == "reason-problem"


def test_one_s_own_post_cannot_be_flagged_and_a_second_look_shows_the_flag(cast, as_):
    as_("ada").get(f"/p/{cast['post'].id}/flags", status=403)
    ben = as_("ben")
    ben.send(f"/p/{cast['post'].id}/flags", "#flag", reason="abuse")
    assert "You flagged this post" in ben.get(f"/p/{cast['post'].id}/flags").text


def test_a_decision_needs_a_reason_and_keeps_what_was_typed(cast, as_, flagged):
    answer = as_("mia").send(f"/moderation/flags/{flagged}", "#decide", decision="hide", answer="Well seen", reason="")
    assert answer.status_code == 422
    page = BeautifulSoup(answer.data, "html.parser")
    assert page.select_one("#answer").text.strip() == "Well seen"
    assert page.select_one("#reason")["aria-invalid"] == "true"


def test_htmx_gets_the_case_alone_with_its_problems(cast, as_, flagged):
    mia = as_("mia")
    token = mia.get(f"/moderation/flags/{flagged}").select_one("#decide [name=csrf_token]")["value"]
    answer = mia.client.post(
        f"/moderation/flags/{flagged}/decision",
        data={"csrf_token": token, "decision": "hide", "reason": ""},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 422
    assert answer.text.strip().startswith('<section class="card flush" id="case"')


@pytest.fixture
def flagged(engine, cast):
    """The number of a case about ada's post."""
    with transaction(engine) as session:
        return flags.flag(session, session.get_one(Post, cast["post"].id), cast["ben"], "abuse", "Rude").case_id


def test_who_comes_second_reads_what_the_other_did(cast, as_, flagged):
    mia, late = as_("mia"), as_("max")
    page = late.get(f"/moderation/flags/{flagged}")
    assert mia.send(f"/moderation/flags/{flagged}", "#decide", decision="dismiss", reason="Fine").status_code == 303
    token = page.select_one("#decide [name=csrf_token]")["value"]
    answer = late.client.post(
        f"/moderation/flags/{flagged}/decision", data={"csrf_token": token, "decision": "hide", "reason": "Rude"}
    )
    assert answer.status_code == 409
    assert "mia found nothing wrong" in answer.text


def test_somebody_elses_claim_does_not_stop_reading(cast, as_, flagged):
    assert as_("mia").send(f"/moderation/flags/{flagged}", 'form[action$="/claim"]').status_code == 303
    page = as_("max").get(f"/moderation/flags/{flagged}")
    assert "mia is on it" in page.select_one("#case").text
    assert "Rude" in page.select_one("#case").text
    assert page.select_one("#decide") is None
    assert as_("mia").get(f"/moderation/flags/{flagged}").select_one("#decide") is not None


def test_a_moderator_does_not_see_who_flagged_their_own_post(engine, cast, as_):
    with transaction(engine) as session:
        case_id = flags.flag(
            session,
            make_answer(session, session.get_one(type(cast["mia"]), cast["mia"].id)),
            cast["ben"],
            "spam",
            "Secret hint",
        ).case_id
    assert "Secret hint" not in as_("mia").get(f"/moderation/flags/{case_id}").text
    assert "Secret hint" in as_("max").get(f"/moderation/flags/{case_id}").text


def test_a_warning_is_on_every_page_until_it_is_read(cast, as_, flagged):
    as_("mia").send(f"/moderation/flags/{flagged}", "#decide", decision="warn", reason="Be kind, please")
    ada = as_("ada")
    assert ada.get("/points").select_one('main a[href="/warnings"]')
    assert "Be kind, please" in ada.get("/warnings").text
    assert ada.send("/warnings", 'form[action="/warnings"]').status_code == 303
    assert not ada.get("/points").select_one('main a[href="/warnings"]')
    assert not as_("ben").get("/points").select_one('main a[href="/warnings"]')


def test_a_suspended_member_is_out_at_once_and_the_log_in_says_why(engine, cast, as_, app, flagged):
    with transaction(engine) as session:
        session.get_one(type(cast["ada"]), cast["ada"].id).password_hash = suspended_password()
    ada = as_("ada")
    ada.get("/flags")
    as_("mia").send(
        f"/moderation/flags/{flagged}", "#decide", decision="suspend", reason="Three insults in a row", days="7"
    )
    assert ada.client.get("/flags").status_code == 303
    page = Visitor(app.test_client())
    answer = page.send("/login", "#login", username="ada", password="a long password")
    assert answer.status_code == 422
    assert "Three insults in a row" in answer.text
    wrong = page.send("/login", "#login", username="ada", password="another password")
    assert "Three insults" not in wrong.text


def suspended_password():
    from app.domain.membership.accounts import HASHER

    return HASHER.hash("a long password")


def test_a_post_that_was_hidden_can_be_brought_back_from_its_case(engine, cast, as_, flagged):
    mia = as_("mia")
    mia.send(f"/moderation/flags/{flagged}", "#decide", decision="hide", reason="Rude")
    assert mia.client.get(f"/p/{cast['post'].id}").status_code == 404
    assert mia.send(f"/moderation/flags/{flagged}", "#restore", reason="It was a joke").status_code == 303
    assert mia.client.get(f"/p/{cast['post'].id}").status_code == 302


def test_the_queue_is_nowhere_for_members(cast, as_, client, flagged):
    for address in ("/moderation/flags", f"/moderation/flags/{flagged}"):
        as_("ada").get(address, status=404)
        assert client.get(address).status_code == 404
        as_("mia").get(address)


def test_filters_that_nobody_knows_are_a_bad_request(cast, as_, flagged):
    for query in ("state=x", "about=x", "whose=x", "page=0", "page=x"):
        as_("mia").get(f"/moderation/flags?{query}", status=400)
    assert as_("mia").get("/moderation/flags?about=spam").select("[data-case]") == []
    assert as_("mia").get("/moderation/flags?about=abuse").select("[data-case]")
