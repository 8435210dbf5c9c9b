"""Badges by the hand of the team: to one member, to a list, by invitation; each once, with a reason, in the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import event, func, select

from app.db import transaction
from app.domain.awarding import awards
from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.problems import Conflict, Refused
from app.domain.record.audit_log import AuditEntry
from app.domain.ways import attendance, gifts, invitations
from app.domain.ways.events import Event
from app.domain.ways.invitations import Invitation
from tests.factories import make_event, make_member
from tests.web.forms import fields, problems, send, soup, text_of, toast
from tests.web.scenery import make_badge, make_ranks

GIVE = "/staff/badges/gift/award"
INVITE = "/staff/badges/test-pilot/invitations"


@pytest.fixture
def people(engine):
    """Ada, ben and cleo, members; mia and max of the staff; a gift, a retired badge, a planned one, one by invitation."""
    with transaction(engine) as session:
        make_ranks(session)
        make_badge(session, "gift", ways=["staff"], how="Be kind.")
        make_badge(session, "old", ways=["staff"], state="legacy", how="Was given.")
        make_badge(session, "someday", ways=["staff"], state="planned", how="Wait.")
        make_badge(session, "test-pilot", ways=["invitation"], how="Be invited.")
        them = {name: make_member(session, name) for name in ("ada", "ben", "cleo")}
        return them | {name: make_member(session, name, role="moderator") for name in ("mia", "max")}


HOLDERS = select(Member.username).join(Award, Award.member_id == Member.id).order_by(Member.username)


def apply(client, preview):
    """Press the button under what a list would do."""
    form = soup(preview).select_one("#apply")
    return client.post(form["action"], data=fields(form))


# --- By hand --------------------------------------------------------------------------------


def test_one_member_is_given_a_badge_told_why_and_it_is_in_the_log(browse, people, look):
    answer = send(browse("mia"), "/staff/members/ada/award", "#give", badge="gift", reason="You stayed late.")
    assert answer.location == "/staff/members/ada"
    [award] = look(select(Award))
    assert (award.member_id, award.way, award.by_id, award.reason) == (
        people["ada"].id, "staff", people["mia"].id, "You stayed late.",
    )  # fmt: skip
    [notice] = look(select(Notification))
    assert (notice.kind, notice.award_id, notice.facts["message"]) == ("badge_earned", award.id, "You stayed late.")
    [entry] = look(select(AuditEntry))
    assert (entry.what, entry.member_id, entry.subject, entry.reason) == (
        "award", people["ada"].id, "Gift", "You stayed late.",
    )  # fmt: skip
    assert "You stayed late." in text_of(browse("ben").get(f"/awards/{award.id}"))


def test_a_list_is_looked_through_given_once_and_the_rest_reported(browse, look):
    mia = browse("mia")
    send(mia, "/staff/members/ben/award", "#give", badge="gift", reason="First.")
    preview = send(
        mia, GIVE, "#give", who="ada, ADA@members.example, ben, cleo, x@x.example, X@x.example, mia", reason="Kind."
    )
    page = soup(preview)
    assert look(HOLDERS) == ["ben"]
    assert [(it.bdi.text, it["data-unmatched"]) for it in page.select("[data-unmatched]")] == [("x@x.example", "2")]
    assert "They have it already (1)" in text_of(preview)
    assert "1 line names somebody a second time" in text_of(preview)
    assert "This is you" in text_of(preview)
    assert "Given to 2 members." in toast(mia, apply(mia, preview))
    assert look(HOLDERS) == ["ada", "ben", "cleo"]
    assert look(select(AuditEntry.reason).where(AuditEntry.what == "award")) == ["First.", "Kind.", "Kind."]
    assert len(look(select(Notification.id))) == 3


def test_the_same_list_sent_twice_gives_once(browse, look):
    mia = browse("mia")
    preview = send(mia, GIVE, "#give", who="ada, cleo", reason="Kind.")
    assert "Given to 2 members." in toast(mia, apply(mia, preview))
    assert "2 had it already" in toast(mia, apply(mia, preview))
    assert len(look(select(Award.id))) == len(look(select(Notification.id))) == 2


def test_a_file_is_read_like_a_list(browse, look):
    mia = browse("mia")
    file = (BytesIO(b"e-mail\nada@members.example\n\nben@members.example\n"), "list.csv")
    apply(mia, send(mia, GIVE, "#give", file=file, reason="Kind."))
    assert look(HOLDERS) == ["ada", "ben"]


def test_a_list_without_a_reason_or_anybody_comes_back_with_what_was_typed(browse, look):
    mia = browse("mia")
    answer = send(mia, GIVE, "#give", who="ada", reason=" ")
    assert problems(answer).keys() == {"reason"}
    assert soup(answer).select_one("#who").text.strip() == "ada"
    assert problems(send(mia, GIVE, "#give", who=" ", reason="Kind.")).keys() == {"who"}
    assert "At most 2,000" in problems(send(mia, GIVE, "#give", who="x," * 2001, reason="Kind."))["who"]
    assert look(HOLDERS) == []


def test_nobody_gives_themselves_a_badge(browse, look, engine, people):
    mia = browse("mia")
    answer = send(mia, "/staff/members/mia/award", "#give", badge="gift", reason="Kind.")
    assert "another one of the team" in problems(answer)["badge"]
    assert not soup(send(mia, GIVE, "#give", who="mia", reason="Kind.")).select("#apply button")
    assert look(HOLDERS) == []
    assert send(browse("max"), "/staff/members/mia/award", "#give", badge="gift", reason="Kind.").status_code == 303


def test_a_retired_badge_needs_the_day_on_which_it_was_earned(browse, look):
    mia, place = browse("mia"), "/staff/badges/old/award"
    for day in ("", f"{now():%Y-%m-%d}", f"{now() + timedelta(days=9):%Y-%m-%d}", "soon"):
        answer = send(mia, place, "#give", who="ada", reason="Missed then.", earned_on=day)
        assert problems(answer).keys() == {"earned_on"}, day
    apply(mia, send(mia, place, "#give", who="ada", reason="Missed then.", earned_on="2019-03-01"))
    assert [f"{it:%Y-%m-%d %H}" for it in look(select(Award.earned_at))] == ["2019-03-01 12"]


def test_a_planned_badge_is_refused(browse, look):
    mia = browse("mia")
    answer = send(mia, "/staff/badges/someday/award", "#give", who="ada", reason="Kind.")
    assert answer.status_code == 403
    assert "planned" in text_of(answer)
    assert "someday" not in {it["data-badge"] for it in soup(mia.get("/staff/awards")).select("[data-badge]")}
    assert "gift" in {it["data-badge"] for it in soup(mia.get("/staff/awards")).select("[data-badge]")}


@pytest.mark.parametrize("way", ["give", "invite", "note"])
def test_a_list_costs_no_look_ups_for_each_of_its_members(engine, people, way):
    began = now() - timedelta(days=1)
    with transaction(engine) as session:
        crowd = [make_member(session, f"guest{nth}").id for nth in range(48)]
        event_id = make_event(session, begins_at=began, ends_at=began + timedelta(hours=2)).id
    asked = []

    def listen(_connection, _cursor, statement, *_rest):
        if statement.startswith(("SELECT", "UPDATE")):
            asked.append(statement)

    def cost(ids):
        with transaction(engine) as session:
            whom = session.scalars(select(Member).where(Member.id.in_(ids))).all()
            mia, meeting = session.get_one(Member, people["mia"].id), session.get_one(Event, event_id)
            slug = "gift" if way == "give" else "test-pilot"
            badge = session.scalars(select(Badge).filter_by(slug=slug)).one()
            asked.clear()
            if way == "note":
                assert len(attendance.record_all(session, meeting, whom, "list", mia)) == len(ids)
            else:
                deed = gifts.give if way == "give" else invitations.invite
                assert len(deed(session, badge, whom, mia, "Kind.").new) == len(ids)
            session.flush()
        return len(asked)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        assert cost(crowd[:3]) == cost(crowd[3:])
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def test_an_award_that_was_taken_back_is_not_given_again_but_given_back(engine, browse, people, look):
    mia = browse("mia")
    send(mia, "/staff/members/ada/award", "#give", badge="gift", reason="Kind.")
    with transaction(engine) as session:
        awards.revoke(session, session.scalars(select(Award)).one(), people["max"], "A mistake")
    preview = send(mia, GIVE, "#give", who="ada, ben", reason="Kind.")
    assert "It was taken back from them" in text_of(preview)
    apply(mia, preview)
    assert look(HOLDERS.where(Award.revoked_at.is_(None))) == ["ben"]


def test_two_of_the_team_give_the_same_list_at_once_and_each_holds_it_once(engine, people):
    with transaction(engine) as session:
        ids = [make_member(session).id for _n in range(40)]

    def give(name, order):
        with transaction(engine) as session:
            badge = session.scalars(select(Badge).where(Badge.slug == "gift")).one()
            members = [session.get_one(Member, it) for it in ids[::order]]
            return len(gifts.give(session, badge, members, session.get_one(Member, people[name].id), "Kind.").new)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(give, name, order) for name in ("mia", "max") for order in (1, -1, 1, -1)]
        assert sum(it.result() for it in done) == 40
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Award)) == 40
        assert session.scalar(select(Badge.holders).where(Badge.slug == "gift")) == 40


# --- Invitations ----------------------------------------------------------------------------


@pytest.fixture
def invited(browse, look):
    """Ada's invitation."""
    mia = browse("mia")
    apply(mia, send(mia, INVITE, "#invite", who="ada, mia, nobody", words="We need you.", days="30"))
    return look(select(Invitation))[0]


def test_the_invited_is_told_sees_the_button_and_accepts(browse, invited, look, people):
    ada = browse("ada")
    [notice] = look(select(Notification))
    assert (notice.kind, notice.member_id, notice.facts["message"]) == (
        "request_update",
        people["ada"].id,
        "We need you.",
    )
    for place in ("/badges/test-pilot", "/invitations"):
        assert "We need you." in text_of(ada.get(place))
    assert soup(ada.get("/badges/test-pilot")).select("[data-why-not] [data-invitation]")
    answer = send(ada, "/badges/test-pilot", f'form[action="/invitations/{invited.id}/acceptance"]')
    assert "is yours" in toast(ada, answer)
    [award] = look(select(Award))
    assert (award.member_id, award.way, award.by_id, award.reason) == (
        people["ada"].id, "invitation", people["mia"].id, "We need you.",
    )  # fmt: skip
    assert soup(ada.get("/badges/test-pilot")).select_one("[data-state]")["data-state"] == "earned"
    assert not soup(ada.get("/badges/test-pilot")).select("[data-invitation]")


def test_nobody_else_sees_it_or_can_accept_it(browse, invited, look, client):
    ben = browse("ben")
    for browser in (ben, client, browse("max")):
        page = soup(browser.get("/badges/test-pilot"))
        assert not page.select("[data-invitation]")
        assert page.select("[data-why-not]")
        assert page.select_one("[data-state]")["data-state"] == "invitation"
    token = soup(ben.get("/appearance")).select_one("[name=csrf_token]")["value"]
    for answer in ("acceptance", "refusal"):
        assert ben.post(f"/invitations/{invited.id}/{answer}", data={"csrf_token": token}).status_code == 404
    assert look(HOLDERS) == []
    assert look(select(Invitation.state)) == ["open"]


def test_an_invitation_is_answered_once(browse, invited, look):
    ada, page = browse("ada"), f'form[action="/invitations/{invited.id}/refusal"]'
    yes = fields(soup(ada.get("/invitations")).select_one(f'form[action="/invitations/{invited.id}/acceptance"]'))
    assert send(ada, "/invitations", page).status_code == 303
    late = ada.post(f"/invitations/{invited.id}/acceptance", data=yes)
    assert (late.status_code, look(HOLDERS)) == (409, [])
    assert "Declined" in text_of(ada.get("/invitations"))


def test_who_declined_can_be_invited_again_and_who_is_invited_or_holds_it_is_not(browse, invited, look):
    mia, ada = browse("mia"), browse("ada")
    again = send(mia, INVITE, "#invite", who="ada", words="Please.", days="30")
    assert "Invited already (1)" in text_of(again)
    send(ada, "/invitations", f'form[action="/invitations/{invited.id}/refusal"]')
    apply(mia, send(mia, INVITE, "#invite", who="ada", words="Please.", days="30"))
    assert look(select(Invitation.state).order_by(Invitation.id)) == ["declined", "open"]
    send(ada, "/invitations", 'form[action$="/acceptance"]')
    assert not soup(send(mia, INVITE, "#invite", who="ada", words="Again.", days="30")).select("#apply button")


def test_an_invitation_that_was_taken_back_or_has_lapsed_cannot_be_accepted(engine, browse, invited, look, people):
    ada = browse("ada")
    form = fields(soup(ada.get("/invitations")).select_one('form[action$="/acceptance"]'))
    with transaction(engine) as session:
        it, member = session.get_one(Invitation, invited.id), session.get_one(Member, people["ada"].id)
        with pytest.raises(Conflict, match="is over"):
            invitations.accept(session, it, member, at=it.until + timedelta(seconds=1))
    send(browse("mia"), INVITE, f'form[action="/staff/invitations/{invited.id}/withdrawal"]')
    late = ada.post(f"/invitations/{invited.id}/acceptance", data=form)
    assert late.status_code == 409
    assert "taken this invitation back" in text_of(late)
    assert "We need you." not in ada.get("/invitations").text
    assert look(HOLDERS) == []


def test_a_lapsed_invitation_gives_way_to_a_new_one(engine, people, look):
    with transaction(engine) as session:
        badge = session.scalars(select(Badge).where(Badge.slug == "test-pilot")).one()
        ada, mia = (session.get_one(Member, people[name].id) for name in ("ada", "mia"))
        assert invitations.invite(session, badge, [ada], mia, "Join.", at=now() - timedelta(days=31)).new == [ada]
        assert invitations.invite(session, badge, [ada], mia, "Join.").new == [ada]
        assert invitations.invite(session, badge, [ada], mia, "Join.").open == [ada]
    assert look(select(Invitation.state).order_by(Invitation.id)) == ["lapsed", "open"]


def test_only_badges_of_that_kind_are_invited_to_and_a_word_is_needed(browse, look):
    mia = browse("mia")
    answer = send(mia, "/staff/badges/gift/invitations", "#invite", who="ada", words="Join.", days="30")
    assert answer.status_code == 403
    assert problems(send(mia, INVITE, "#invite", who="ada", words="", days="7")).keys() == {"words"} | {"days"}
    assert look(select(Invitation.id)) == []
    assert (
        send(mia, "/staff/members/ada/award", "#invite", to="test-pilot", words="Join.", days="90").status_code == 303
    )
    assert look(select(AuditEntry.what)) == ["invitation"]


def test_sixty_four_answers_at_once_are_one(engine, people, invited):
    def accept(_nth):
        with transaction(engine) as session:
            it, ada = session.get_one(Invitation, invited.id), session.get_one(Member, people["ada"].id)
            try:
                invitations.accept(session, it, ada)
            except (Conflict, Refused):
                return 0
            return 1

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(accept, range(64))) == 1
    with transaction(engine) as session:
        assert session.scalar(select(func.count()).select_from(Award)) == 1
