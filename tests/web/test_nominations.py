"""Nominations: open with a rank, in the same queue as requests, and nothing the nominee hears of before it is approved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.db import transaction
from app.domain.awarding import awards
from app.domain.badging.badges import Award, Badge
from app.domain.correspondence import inbox, tidings
from app.domain.notices.notifications import Notification
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.problems import Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.record.points import Rank
from app.domain.ways import nominations, requests
from app.domain.ways.requests import BadgeRequest
from tests.factories import make_member
from tests.web.forms import fields, problems, send, soup, text_of
from tests.web.scenery import make_badge, make_ranks

FORM = "/nominations/new"
GOOD = {"member": "ben", "badge": "gift", "note": "Stayed up with a beginner for two hours."}


@pytest.fixture
def people(engine):
    """Ada, whose rank opens nominating; ben and cleo below it; mia moderates. Of the badges one comes by itself."""
    with transaction(engine) as session:
        make_ranks(session)
        session.scalars(select(Rank).where(Rank.slug == "captain")).one().unlocks = ["nominating"]
        make_badge(session, "gift", ways=["staff"], how="Be kind.")
        make_badge(session, "speaker", ways=["request"], how="Speak.")
        make_badge(session, "by-itself", {"count": "answered", "n": 1})
        make_badge(session, "old", ways=["staff"], state="legacy", how="Was given.")
        them = {
            "ada": make_member(session, "ada", points=1600, rank=2),
            "ben": make_member(session, "ben", points=40), "cleo": make_member(session, "cleo", points=1499, rank=1),
            "mia": make_member(session, "mia", role="moderator"),
        }  # fmt: skip
        them["ada"].name = "Ada Lark"
        return them


def approve(engine, people, message="Well done."):
    with transaction(engine) as session:
        request = session.scalars(select(BadgeRequest)).one()
        requests.approve(session, request, session.get_one(Member, people["mia"].id), message, version=request.version)


def told(engine, who):
    """What the notices of a member say."""
    with transaction(engine) as session:
        ids = session.scalars(select(Notification.id).where(Notification.member_id == who.id)).all()
        return [it.text for it in tidings.of(session, inbox.some(session, ids))]


def test_the_rank_opens_it_and_the_locked_control_says_which_and_how_far(browse, look, people):
    for name, words in (("ben", "You need 1,460 more points"), ("cleo", "You need 1 more point.")):
        for place in ("/u/ada", "/badges/gift"):
            locked = soup(browse(name).get(place)).select_one('[aria-describedby="nominating-lock"]')
            assert locked["aria-disabled"] == "true"
            assert words in text_of(browse(name).get(place))
        assert browse(name).get(FORM).status_code == 403
    for place in ("/u/ben", "/badges/gift"):
        assert soup(browse("ada").get(place)).select(f'a[href^="{FORM}"]')
    assert not soup(browse("ada").get("/u/ada")).select(f'a[href^="{FORM}"]')


@pytest.mark.parametrize(
    ("query", "back"), [("", "/badges"), ("?badge=gift", "/badges/gift"), ("?badge=%2F%2Fevil.example", "/badges")]
)
def test_whoever_changes_their_mind_goes_back_to_the_badge(browse, people, query, back):
    page = soup(browse("ada").get(FORM + query))
    assert page.select_one("#nomination a.bare")["href"] == back


def test_the_lock_holds_on_the_post_too(browse, look):
    form = fields(soup(browse("ada").get(FORM)).select_one("#nomination")) | GOOD
    cleo = browse("cleo")
    form["csrf_token"] = soup(cleo.get("/appearance")).select_one("[name=csrf_token]")["value"]
    answer = cleo.post(FORM, data=form)
    assert answer.status_code == 403
    assert "Captain" in text_of(answer)
    assert look(select(BadgeRequest.id)) == []


def test_a_nomination_is_a_request_that_the_nominee_neither_sees_nor_hears_of(engine, browse, look, people):
    answer = send(browse("ada"), f"{FORM}?member=ben&badge=gift", "#nomination", note=GOOD["note"])
    assert answer.location == "/requests"
    [request] = look(select(BadgeRequest))
    assert (request.member_id, request.by_id, request.state) == (people["ben"].id, people["ada"].id, "waiting")
    assert look(select(Notification.id)) == []
    with transaction(engine) as session:
        ben, ada = (session.get_one(Member, people[name].id) for name in ("ben", "ada"))
        assert requests.mine(session, ben)[0] == []
        assert requests.find(session, request.id, by=ben) is None
        assert [it.id for it in requests.mine(session, ada)[0]] == [request.id]


def test_once_approved_the_notice_names_the_nominator_and_it_counts_for_them(engine, browse, look, people):
    send(browse("ada"), FORM, "#nomination", **GOOD)
    approve(engine, people)
    [notice] = told(engine, people["ben"])
    assert notice == "You earned Gift: Ada Lark nominated you. mia: “Well done.”"
    assert look(select(Activity.member_id).where(Activity.kind == "nomination_approved")) == [people["ada"].id]


def test_who_wishes_to_stay_unnamed_is_not_named(engine, browse, people):
    form = fields(soup(browse("ada").get(FORM)).select_one("#nomination")) | GOOD
    form.pop("named")
    assert browse_post(browse("ada"), form).status_code == 303
    approve(engine, people)
    [notice] = told(engine, people["ben"])
    assert notice == "You earned Gift. mia: “Well done.”"


def browse_post(client, form):
    form["csrf_token"] = soup(client.get(FORM)).select_one("[name=csrf_token]")["value"]
    return client.post(FORM, data=form)


def test_a_declined_nomination_is_told_to_the_nominator_alone(engine, browse, people):
    send(browse("ada"), FORM, "#nomination", **GOOD)
    with transaction(engine) as session:
        request = session.scalars(select(BadgeRequest)).one()
        requests.decline(session, request, session.get_one(Member, people["mia"].id), "Not yet.", version=1)
    assert told(engine, people["ben"]) == []
    assert len(told(engine, people["ada"])) == 1


def test_nobody_nominates_themselves(browse, look):
    answer = send(browse("ada"), FORM, "#nomination", **GOOD | {"member": "@ADA"})
    assert "cannot nominate yourself" in problems(answer)["member"]
    assert soup(answer).select_one("#note").text.strip() == GOOD["note"]
    assert look(select(BadgeRequest.id)) == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"member": "nobody"}, "member"),
        ({"badge": ""}, "badge"),
        ({"note": " "}, "note"),
        ({"note": "x" * 4001}, "note"),
    ],
)
def test_what_is_missing_is_told_and_the_rest_kept(browse, look, typed, field):
    answer = send(browse("ada"), FORM, "#nomination", **GOOD | typed)
    assert list(problems(answer)) == [field]
    assert look(select(BadgeRequest.id)) == []


@pytest.mark.parametrize("badge", ["by-itself", "old"])
def test_badges_that_nobody_gives_are_refused_and_not_offered(browse, look, badge):
    ada = browse("ada")
    assert [it["value"] for it in soup(ada.get(FORM)).select("#badge option")] == ["", "gift", "speaker"]
    form = fields(soup(ada.get(FORM)).select_one("#nomination")) | GOOD | {"badge": badge}
    assert ada.post(FORM, data=form).status_code == 403
    assert look(select(BadgeRequest.id)) == []


def test_who_has_it_already_is_not_nominated_and_a_badge_that_was_taken_back_is_not_told_of(
    engine, browse, people, look
):
    with transaction(engine) as session:
        ben, mia = (session.get_one(Member, people[name].id) for name in ("ben", "mia"))
        award = awards.grant(session, session.scalars(select(Badge).where(Badge.slug == "gift")).one(), ben, by=mia)
    assert "already has" in problems(send(browse("ada"), FORM, "#nomination", **GOOD))["member"]
    with transaction(engine) as session:
        awards.revoke(session, session.get_one(Award, award.id), people["mia"], "A mistake")
    answer = send(browse("ada"), FORM, "#nomination", **GOOD)
    assert (answer.status_code, "at the moment" in text_of(answer)) == (403, True)
    assert not {"taken", "took"} & set(text_of(answer).split())
    assert look(select(BadgeRequest.id)) == []


def test_who_blocked_somebody_is_not_nominated_by_them_and_it_does_not_tell_why(engine, browse, people, look):
    with transaction(engine) as session:
        ben, ada = (session.get_one(Member, people[name].id) for name in ("ben", "ada"))
        blocks.block(session, ben, ada)
    answer = send(browse("ada"), FORM, "#nomination", **GOOD)
    assert answer.status_code == 403
    assert "block" not in text_of(answer).lower()
    with transaction(engine) as session:
        blocks.unblock(session, *(session.get_one(Member, people[name].id) for name in ("ben", "ada")))
    assert send(browse("ada"), FORM, "#nomination", **GOOD).status_code == 303


def test_a_form_sent_twice_is_one_nomination_and_another_of_the_same_is_told(browse, look):
    ada = browse("ada")
    form = fields(soup(ada.get(FORM)).select_one("#nomination")) | GOOD
    assert [ada.post(FORM, data=form).status_code for _n in range(2)] == [303, 303]
    assert len(look(select(BadgeRequest.id))) == 1
    assert send(ada, FORM, "#nomination", **GOOD).status_code == 422


def test_nobody_nominates_for_a_badge_in_a_team_they_decide_for(engine, browse, people):
    send(browse("mia"), FORM, "#nomination", **GOOD)
    with transaction(engine) as session:
        request, mia = session.scalars(select(BadgeRequest)).one(), session.get_one(Member, people["mia"].id)
        with pytest.raises(Refused, match="your own"):
            requests.approve(session, request, mia, version=1)


def test_many_nominate_the_same_member_at_once_and_one_nomination_stands(engine, people):
    with transaction(engine) as session:
        captains = [make_member(session, points=1600, rank=2).id for _n in range(16)]

    def nominate(member_id):
        try:
            with transaction(engine) as session:
                nominations.nominate(session, session.get_one(Member, member_id), "ben", "gift", "Kind.")
        except Invalid:
            return 0
        return 1

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(nominate, captains)) == 1
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(BadgeRequest)) == 1
