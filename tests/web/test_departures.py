"""Deleting one's account: what was theirs alone goes, what the community stands on stays without a name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import audit
from app.domain.base import Base, now
from app.domain.forum import drafts
from app.domain.forum.threads import Post
from app.domain.leaving import departures
from app.domain.mail.deliveries import Delivery
from app.domain.membership.second_factors import SecondFactor
from app.domain.membership.sessions import LogIn
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member, Role
from app.domain.problems import Invalid
from app.domain.writing import acceptance
from tests.factories import give_password, make_answer, make_member, make_thread, sign_up
from tests.web.forms import problems, send, soup, toast
from tests.web.scenery import make_award, make_badge, make_ranks, sign_in

PAGE = "/settings/deletion"
PASSWORD = "seventeen wild geese"

# What else names a member: deeds and records that others stand on, or that staff answer for.
STAY = {
    "activities.actor_id", "activities.member_id", "audit_entries.by_id", "audit_entries.member_id",
    "attendances.by_id", "attendances.member_id", "attendances.withdrawn_by_id", "awards.by_id", "awards.member_id", "awards.revoked_by_id", "conversations.high_id", "conversations.low_id",
    "edits.member_id", "events.made_by_id", "feedback.done_by_id", "feedback.member_id", "flag_cases.claimed_by_id",
    "flag_cases.decided_by_id", "flags.member_id", "given_warnings.by_id", "given_warnings.member_id",
    "invitations.by_id",
    "mentions.member_id", "messages.author_id", "messages.to_id", "notifications.actor_id", "point_entries.actor_id",
    "point_entries.member_id", "posts.author_id", "posts.deleted_by_id", "prepared_replies.changed_by_id", "reactions.member_id", "reports.about_id",
    "reports.by_id", "reports.decided_by_id", "reports.opened_by_id", "site_settings.changed_by_id",
    "suspensions.by_id", "suspensions.lifted_by_id", "suspensions.member_id", "swag.settled_by_id",
    "text_versions.by_id", "thread_tags.added_by_id", "threads.author_id", "visits.member_id", "placings.member_id",
    "badge_requests.by_id", "badge_requests.claimed_by_id", "badge_requests.decided_by_id",
    "badge_requests.member_id", "request_entries.by_id",
}  # fmt: skip
# What departures.leave ends by other verbs: their modules know how.
ENDED = {
    "deliveries.member_id", "exports.member_id", "log_ins.member_id", "notifications.member_id",
    "pictures.member_id", "recovery_codes.member_id", "second_factors.member_id", "swag.member_id",
}  # fmt: skip


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        make_ranks(session)
        ada = make_member(session, "ada", points=0, about="Secret life", about_html="<p>Secret life</p>", title="Spy",
                          location="Oslo", website="https://ada.example", links="https://x.example", zone="Europe/Oslo")  # fmt: skip
        give_password(session, ada, PASSWORD)
    sign_in(client, engine, ada)
    return ada


def leave(client, **typed):
    return send(client, PAGE, "#deletion-form", **{"typed": "ada", "deletion_password": PASSWORD, **typed})


def test_everything_that_names_a_member_was_thought_about():
    named = {
        str(key.parent)
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "members"
    }
    alone = {f"{it.class_.__tablename__}.{it.key}" for it in departures.THEIRS_ALONE}
    assert named - alone == STAY | ENDED, "decide whether it goes (departures.THEIRS_ALONE) or stays"


def test_leaving_makes_the_account_nameless_and_signs_out_everywhere(app, client, engine, ada):
    phone = sign_in(app.test_client(), engine, ada)
    answer = leave(client)
    assert answer.location == "/"
    assert "deleted" in toast(client, answer)
    for browser in (client, phone):
        assert browser.get("/settings/account").status_code == 303
    assert client.get("/u/ada").status_code == 404
    with Session(engine) as session:
        member = session.get_one(Member, ada.id)
        told = {
            it: getattr(member, it)
            for it in (
                "name",
                "email",
                "title",
                "location",
                "website",
                "links",
                "about",
                "about_html",
                "password_hash",
                "zone",
                "photo",
            )
        }
        assert told == {"name": "Former member", "email": None, "title": "", "location": "", "website": "", "links": "",
                        "about": "", "about_html": "", "password_hash": None, "zone": "UTC", "photo": None}  # fmt: skip
        assert "ada" not in member.username
        assert session.scalars(select(LogIn)).all() == []
    answer = send(client, "/login", "#login", username="ada", password=PASSWORD)
    assert answer.status_code == 422


def test_a_page_that_explains_and_the_two_things_it_asks(client, engine, ada):
    page = soup(client.get(PAGE))
    assert "Former member" in page.text
    assert "90 days" in page.text
    answer = leave(client, typed="somebody")
    assert (answer.status_code, list(problems(answer))) == (422, ["typed"])
    answer = leave(client, deletion_password="a guess")
    assert (answer.status_code, list(problems(answer))) == (422, ["deletion_password"])
    assert soup(answer).select_one("#typed")["value"] == "ada"
    with Session(engine) as session:
        assert session.get_one(Member, ada.id).deleted_at is None


def test_posts_stay_as_by_a_former_member(client, engine, ada):
    with transaction(engine) as session:
        ada = session.get_one(Member, ada.id)
        answer = make_answer(session, ada, make_thread(session))
    leave(client)
    page = soup(client.get(f"/t/{answer.thread_id}/a-thread"))
    post = page.select_one(f'[data-post="{answer.id}"]')
    assert "Former member" in post.text
    assert "Because." in post.text
    assert not post.select('[data-member="ada"]')
    with Session(engine) as session:
        assert session.get_one(Post, answer.id).author_id == ada.id


def test_awards_are_still_counted_without_a_name(client, engine, ada):
    with transaction(engine) as session:
        make_award(session, make_badge(session, "helper"), session.get_one(Member, ada.id))
    leave(client)
    page = soup(client.get("/badges/helper"))
    assert page.select_one("[data-holders]")["data-holders"] == "1"
    assert "ada" not in page.select_one("main").text.lower().split()


def test_the_ledger_stays_consistent(client, engine, ada, work):
    with transaction(engine) as session:
        catalogue.load(session, catalogue.shipped("flight"))
        ada, ben = session.get_one(Member, ada.id), make_member(session, "ben")
        answer = make_answer(session, ada, make_thread(session, ben))
        acceptance.accept(session, answer, ben)
    work()
    with Session(engine) as session:
        assert session.get_one(Member, ada.id).points > 0
    leave(client)
    work()
    with Session(engine) as session:
        assert audit.differences(session) == []
        assert audit.waiting(session) == 0
        assert session.get_one(Member, ada.id).points > 0


def test_what_was_theirs_alone_is_gone_and_that_of_others_is_not(client, engine, ada):
    with transaction(engine) as session:
        ben = make_member(session, "ben")
        for it in (session.get_one(Member, ada.id), ben):
            drafts.save(session, it, "new", {"body": "Half a thought"})
            notifications.tell(session, [{"member_id": it.id, "kind": "message", "key": "message:1"}])
            session.add(SecondFactor(member_id=it.id, sealed="x", latest_step=1))
    leave(client)
    with Session(engine) as session:
        for model in (drafts.Draft, Notification, Delivery, SecondFactor):
            assert session.scalars(select(model.member_id)).all() == [ben.id], model


def test_a_letter_that_is_on_its_way_is_left_to_its_worker(client, engine, ada):
    with transaction(engine) as session:
        notifications.tell(session, [{"member_id": ada.id, "kind": "message", "key": "message:1"}])
        session.scalars(select(Delivery)).one().state = "handover"
    assert leave(client).status_code == 303
    with Session(engine) as session:
        assert session.scalars(select(Delivery.state)).all() == ["handover"]


def test_the_username_is_kept_from_others_for_90_days(client, engine, ada):
    leave(client)
    with transaction(engine) as session, pytest.raises(Invalid):
        sign_up(session, "Ada", "new@members.example", PASSWORD)
    with transaction(engine) as session:
        sign_up(session, "ada", "new@members.example", PASSWORD, at=now() + timedelta(days=91))


def test_another_name_is_free(client, engine, ada):
    leave(client)
    with transaction(engine) as session:
        sign_up(session, "adam", "ada@members.example", PASSWORD)


def test_the_only_administrator_cannot_leave(client, engine, ada):
    with transaction(engine) as session:
        session.get_one(Member, ada.id).role = Role.ADMINISTRATOR
    answer = leave(client)
    assert answer.status_code == 403
    assert "only administrator" in soup(answer).text
    with transaction(engine) as session:
        assert session.get_one(Member, ada.id).deleted_at is None
        make_member(session, "adam", role=Role.ADMINISTRATOR)
    assert leave(client).status_code == 303


def test_an_administrator_who_left_does_not_count(client, engine, ada):
    with transaction(engine) as session:
        session.get_one(Member, ada.id).role = Role.ADMINISTRATOR
        make_member(session, "adam", role=Role.ADMINISTRATOR, deleted_at=now())
    assert leave(client).status_code == 403


@pytest.mark.parametrize("more", [{"username": "ben"}, {"member_id": "1"}, {"id": "1"}])
def test_nobody_else_can_be_deleted(client, engine, ada, more):
    with transaction(engine) as session:
        ben = make_member(session, "ben")
    assert leave(client, typed="ben", **more).status_code == 422
    assert leave(client, **more).status_code == 303
    with Session(engine) as session:
        assert session.get_one(Member, ben.id).deleted_at is None
