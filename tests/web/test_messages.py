"""Direct messages: a rank opens them, an answer needs none, and nobody but the two can read a word."""

from __future__ import annotations

import io
import logging
import zipfile
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import jobs
from app.db import transaction
from app.domain.base import now
from app.domain.leaving import exports
from app.domain.mail import digests, preferences
from app.domain.mail.deliveries import Delivery
from app.domain.moderation import reports
from app.domain.moderation.reports import Report
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused, TooSoon
from app.domain.record import audit_log
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from app.domain.writing import conversations, messages
from app.domain.writing.brakes import MESSAGE_PACES, Trust
from app.domain.writing.conversations import Conversation, Message
from tests.factories import make_member
from tests.web.forms import problems, send, soup
from tests.web.scenery import make_ranks
from tests.web.world import ROLES, make_world

CANARY = "zygodactyl"


@pytest.fixture
def people(engine):
    """Ada, whose rank opens messages; Ben, 60 points below it; Cleo with the rank as well; Mia of the staff."""
    with transaction(engine) as session:
        make_ranks(session)
        ranked = {"points": 120, "rank": 1}
        them = {
            "ada": make_member(session, "ada", **ranked), "ben": make_member(session, "ben", points=40),
            "cleo": make_member(session, "cleo", **ranked), "mia": make_member(session, "mia", role="moderator"),
        }  # fmt: skip
        for member, name in zip(them.values(), ("Ada Lark", "Ben Ouzel", "Cleo Wren", "Mia Crake"), strict=True):
            member.name = name
        return them


@pytest.fixture
def say(engine, people):
    """Sends a message from one to another."""

    def send_one(author, to, body="Hello.", **more):
        with transaction(engine) as session:
            pair = (session.get_one(Member, people[name].id) for name in (author, to))
            return messages.send(session, *pair, body, **more)

    return send_one


MESSAGES = select(Message.id)


def corner(client, path="/", link="#messages-link"):
    """What the corner of a page says about messages."""
    with client.get(path) as answer:
        return soup(answer).select_one(link)["aria-label"]


def texts(client, path):
    return [it.get_text(strip=True) for it in soup(client.get(path)).select(".talk .prose")]


# --- Who may write --------------------------------------------------------------------------


def test_a_rank_opens_messages(browse, look):
    answer = send(browse("ada"), "/messages/ben", "#write", body="Hello **Ben**.")
    assert answer.status_code == 303
    assert "/messages/ben#message-" in answer.location
    assert look(select(Message.html))[0] == "<p>Hello <strong>Ben</strong>.</p>\n"


def test_without_the_rank_the_locked_control_tells_rank_and_distance_and_the_form_is_missing(browse):
    ben = browse("ben")
    for path in ("/messages", "/messages/ada", "/u/ada"):
        page = soup(ben.get(path))
        button = page.select_one("button[aria-disabled=true]")
        said = page.find(id=button["aria-describedby"]).text
        assert said == "Direct messages unlock at Cadet. You need 60 more points.", path
        assert not page.select("#write")
    assert not soup(browse("ada").get("/u/ben")).select("[aria-disabled=true]")


def test_the_rank_is_asked_for_where_it_is_sent_not_where_the_form_was_shown(browse, engine, people, look):
    ada, ben = browse("ada"), browse("ben")
    page = soup(ada.get("/messages/ben"))
    token = soup(ben.get("/appearance")).select_one("[name=csrf_token]")["value"]
    refused = ben.post("/messages/ada", data={"body": "Let me in.", "csrf_token": token})
    assert refused.status_code == 403
    assert "Direct messages unlock at Cadet" in refused.text
    assert "Let me in." in refused.text
    with transaction(engine) as writing:  # the rank was taken by hand while the page was open
        writing.get_one(Member, people["ada"].id).rank = 0
    again = ada.post(
        "/messages/ben", data={"body": "Hello.", "csrf_token": page.select_one("[name=csrf_token]")["value"]}
    )
    assert again.status_code == 403
    assert len(look(MESSAGES)) == 0


def test_who_lost_points_keeps_the_rank_and_with_it_messages(engine, people, say):
    with transaction(engine) as session:
        session.get_one(Member, people["ada"].id).points = 3
    assert say("ada", "ben").id


def test_whoever_was_written_to_may_answer_without_the_rank(browse, say):
    say("ada", "ben")
    assert send(browse("ben"), "/messages/ada", "#write", body="Hello Ada.").status_code == 303
    with pytest.raises(Refused, match="unlock at Cadet"):
        say("ben", "cleo")


def test_staff_may_always_write(say):
    assert say("mia", "ben").id


# --- Writing --------------------------------------------------------------------------------


def test_a_form_sent_twice_makes_one_message(browse, look):
    ada = browse("ada")
    page = soup(ada.get("/messages/ben"))
    form = {it["name"]: it["value"] for it in page.select("#write input")} | {"body": "Once."}
    first, second = ada.post("/messages/ben", data=form), ada.post("/messages/ben", data=form)
    assert first.location == second.location
    assert len(look(MESSAGES)) == 1
    other = soup(ada.get("/messages/ben")).select_one("[name=sending]")["value"]
    ada.post("/messages/ben", data=form | {"sending": other})
    assert len(look(MESSAGES)) == 2


def test_nothing_and_too_much_are_told_and_what_was_typed_is_kept(browse):
    ada = browse("ada")
    assert problems(send(ada, "/messages/ben", "#write", body="  ")) == {"body": "Write something first."}
    long = send(ada, "/messages/ben", "#write", body="x" * 10_001)
    assert long.status_code == 422
    assert "x" * 10_001 in long.text


def test_what_is_written_is_made_safe_and_calls_nobody(say, look):
    say("ada", "ben", "<script>alert(1)</script> [x](javascript:alert(1)) @cleo")
    html = look(select(Message.html))[0]
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert look(select(Notification.kind)) == ["message"]


def test_there_is_one_notice_a_conversation_until_it_is_read_and_no_word_of_it_in_there(browse, people, say, look):
    for text in ("One secret.", "Another secret."):
        say("ada", "ben", text)
    notice = look(select(Notification))[0]
    assert len(look(select(Notification.id))) == 1
    assert (notice.kind, notice.member_id, notice.actor_id) == ("message", people["ben"].id, people["ada"].id)
    assert "secret" not in f"{notice.facts} {look(select(Delivery.facts))}"
    with browse("ben").get("/messages/ada") as page:
        assert "Another secret." in page.text
    assert look(select(Notification.read_at))[0] is not None
    say("ada", "ben", "A third.")
    assert len(look(select(Notification.id))) == 2


# --- Reading --------------------------------------------------------------------------------


def test_the_corner_counts_what_is_unread_until_it_is_opened(browse, say):
    say("ada", "ben")
    say("ada", "ben")
    ben = browse("ben")
    assert corner(ben) == "Messages, 2 unread"
    assert "2 new" in ben.get("/messages").text
    assert corner(ben, "/messages/ada") == "Messages"
    assert corner(ben) == "Messages"
    assert corner(browse("ada")) == "Messages"


def test_a_message_is_counted_once_at_the_messages_and_not_at_the_bell(browse, engine, people, say):
    say("ada", "ben")
    ben = browse("ben")
    assert (corner(ben), corner(ben, link="#bell-link")) == ("Messages, 1 unread", "Notifications")
    assert "Ada Lark" in soup(ben.get("/notifications")).select_one("main").text, "the inbox tells of it all the same"
    with transaction(engine) as writing:
        notifications.tell(
            writing, [{"member_id": people["ben"].id, "kind": "rank", "key": "rank:1", "facts": {"rank": "Cadet"}}]
        )
    assert (corner(ben), corner(ben, link="#bell-link")) == ("Messages, 1 unread", "Notifications, 1 unread")
    assert corner(ben, "/messages/ada", "#bell-link") == "Notifications, 1 unread"
    assert (corner(ben), corner(ben, link="#bell-link")) == ("Messages", "Notifications, 1 unread")


def test_a_page_that_is_open_learns_of_new_messages_only_when_there_are_any(browse, say):
    ben = browse("ben")
    assert ben.get("/-/bell?notices=0&messages=0").status_code == 204
    first = say("ada", "ben", "Come here.")
    assert "Messages, 1 unread" in ben.get("/-/bell?notices=0&messages=0").text
    assert ben.get(f"/-/conversations/ada?after={first.id}").status_code == 204
    say("ada", "ben", "Now.")
    with ben.get(f"/-/conversations/ada?after={first.id}") as more:
        assert "Now." in more.text
        assert "Come here." not in more.text


def test_conversations_come_latest_first_and_are_found_by_name(browse, say):
    say("ada", "ben")
    say("ada", "cleo")
    say("ben", "ada")
    ada = browse("ada")
    found = [it.text for it in soup(ada.get("/messages")).select(".pile b")]
    assert [it.strip() for it in found] == ["Ben Ouzel", "Cleo Wren"]
    assert "Ben" not in soup(ada.get("/messages?q=wren")).select_one("[aria-label=Conversations]").text
    nobody = soup(ada.get("/messages?q=mia"))
    assert "Nobody found" in nobody.text
    assert nobody.select('a[href="/messages/mia"]')
    assert "No messages yet" in browse("mia").get("/messages").text


def test_a_long_conversation_is_read_upward_page_by_page(browse, engine, people, say):
    for number in range(conversations.MESSAGES_SHOWN + 5):
        say("mia", "ben", f"Number {number}.")
    ben = browse("ben")
    assert texts(ben, "/messages/mia")[0] == "Number 5."
    earlier = soup(ben.get("/messages/mia")).select_one("[rel=prev]")["href"]
    assert texts(ben, earlier) == [f"Number {number}." for number in range(5)]


def test_messages_of_who_left_stay_without_a_name(browse, engine, people, say):
    say("ada", "ben", "Farewell.")
    with transaction(engine) as session:
        ada = session.get_one(Member, people["ada"].id)
        ada.deleted_at, ada.username, ada.username_key, ada.name = now(), f"~{ada.id}", f"~{ada.id}", "Former member"
    ben = browse("ben")
    listed = soup(ben.get("/messages")).select_one(".pile a")
    assert "Former member" in listed.text
    page = ben.get(listed["href"])
    assert "Farewell." in page.text
    assert not soup(page).select("#write")
    assert browse("cleo").get(listed["href"]).status_code == 404


# --- Blocks and brakes ----------------------------------------------------------------------


def test_who_is_blocked_cannot_write_and_is_not_told_why(browse, say, engine, people):
    say("ada", "ben", "Pest.")
    ben = browse("ben")
    send(ben, "/messages/ada", 'form[action$="/block"]')
    with pytest.raises(Refused, match=r"^Ben Ouzel gets no messages at the moment\.$"):
        say("ada", "ben")
    ada = soup(browse("ada").get("/messages/ben"))
    assert "Pest." in ada.text
    assert "block" not in ada.select_one(".post .note").text.lower()
    assert "Unblock" in ben.get("/messages").text
    with pytest.raises(Refused, match="You have blocked Ada Lark"):
        say("ben", "ada")
    send(ben, "/messages/ada", 'form[action$="/block"]')
    assert say("ada", "ben").id


def test_a_suspended_member_gets_nothing_in_the_same_words_as_a_block(engine, people, say):
    with transaction(engine) as session:
        session.get_one(Member, people["ben"].id).suspended_until = now() + timedelta(days=1)
    with pytest.raises(Refused, match=r"^Ben Ouzel gets no messages at the moment\.$"):
        say("ada", "ben")


def test_moderators_cannot_be_blocked(engine, people, say):
    with transaction(engine) as session, pytest.raises(Refused, match="Moderators cannot be blocked"):
        blocks.block(session, session.get_one(Member, people["ben"].id), session.get_one(Member, people["mia"].id))


def test_writing_to_many_people_is_slowed_and_answering_them_is_not(engine, people, say, look):
    most = MESSAGE_PACES[Trust.SETTLING].people[0].most
    with transaction(engine) as writing:
        writing.get_one(Member, people["ada"].id).joined_at = now() - timedelta(days=3)
        others = [make_member(writing, rank=1) for _one in range(most + 1)]
    people |= {it.username: it for it in others}
    say("cleo", "ada")
    for nth, other in enumerate(others[:most]):
        say("ada", other.username, f"Hello number {nth}.")
    with pytest.raises(TooSoon):
        say("ada", others[most].username, "One too many.")
    assert say("ada", "cleo", "An answer.").id
    assert say("ada", others[0].username, "And on.").id


def test_the_same_text_to_one_after_another_is_spam(people, say):
    say("cleo", "ben", "Buy.")
    say("cleo", "ada", "Buy.")
    with pytest.raises(Invalid, match="exactly this"):
        say("cleo", "mia", "Buy.")
    assert say("cleo", "mia", "Hello Mia, may I ask you something?").id


# --- Privacy --------------------------------------------------------------------------------


@pytest.fixture
def secret(app, engine):
    """A whole site in which Ada wrote a word to the stranger, who wants to hear of that once a day."""
    world = make_world(app, engine)
    with transaction(engine) as writing:
        ada, stan = (writing.get_one(Member, world.people[name].id) for name in ("ada", "stranger"))
        stan.digest_hour = 0  # whatever the hour is now, today's has come
        preferences.choose(writing, stan, {"message": "daily"}, at=now() - timedelta(days=4))
        messages.send(writing, ada, stan, f"The word is {CANARY}, in the pantry.", at=now() - timedelta(days=3))
    digests.write_due(lambda: transaction(engine), at=now())
    with app.app_context():
        jobs.send()
    return world


def test_a_word_in_a_private_message_is_on_no_page_of_anybody_else(secret):
    seen = {role: pages_with_the_word(secret, role) for role in ROLES if role != "suspended"}  # signed out, as nobody
    assert seen.pop("ada") == seen.pop("stranger") == 3, (
        "the two read it in the list, the conversation and what is newer"
    )
    assert set(seen.values()) == {0}


def test_nobody_finds_a_word_of_a_private_message_by_looking_for_it(secret):
    for role in ROLES:
        visitor = secret.visitor(role)
        for path in ("/search?q=pantry", f"/search?q={CANARY}&what=posts", "/search?q=pantry&what=members"):
            found = visitor.get(path).text
            assert "The word is" not in found, (role, path)
            assert not soup(visitor.get(path)).select("main ol li, main [data-hit]"), (role, path)
    assert (
        secret.people["ada"].username in secret.visitor("nobody").get(f"/search?q={secret.people['ada'].username}").text
    )
    listed = {it: secret.visitor(it).get(f"/messages?q={secret.people['stranger'].username}").text for it in ROLES[2:]}
    assert {role for role, text in listed.items() if CANARY in text} == {"ada"}


def test_a_word_in_a_private_message_is_in_no_letter_log_notice_or_figure(app, engine, caplog, look, outbox, secret):
    caplog.set_level(logging.DEBUG)
    ada = secret.people["ada"]
    send(secret.visitor("stranger"), f"/messages/{ada.username}", "#write", body=f"A {CANARY}?")
    with app.app_context():
        jobs.send()
    assert caplog.text
    assert CANARY not in caplog.text
    letters = [it.as_string() for it in outbox()]
    for name in ("ada", "stranger"):  # one at once, one in a summary
        assert [it for it in outbox(secret.people[name].email) if "wrote to you" in it.as_string()], name
    assert not [it for it in letters if CANARY in it or "pantry" in it]
    for table in (Notification, Delivery, AuditEntry, Activity):
        assert CANARY not in repr(look_at_all(engine, table)), table.__tablename__
    assert CANARY in repr(look_at_all(engine, Message))
    assert CANARY not in secret.visitor("nobody").get("/metrics").text


def test_a_word_in_a_private_message_is_in_the_files_of_the_two_alone(engine, secret):
    holding = {role for role, member in secret.people.items() if CANARY in exported(engine, member)}
    assert holding == {"ada", "stranger"}


def test_of_a_reported_conversation_only_the_moderator_who_opened_it_reads(engine, secret):
    ada = secret.people["ada"]
    with transaction(engine) as writing:
        theirs = writing.scalars(select(Conversation).where(Conversation.low_id == ada.id)).all()
        found = [*theirs, *writing.scalars(select(Conversation).where(Conversation.high_id == ada.id))][0]
        report = reports.report(writing, found, writing.get_one(Member, secret.people["stranger"].id), "abuse")
        secret.places["report_id"] = report.id
    roles = ("moderator", "administrator")
    assert [pages_with_the_word(secret, role) for role in roles] == [0, 0]
    with transaction(engine) as writing:
        reports.open_to_read(
            writing, writing.get_one(Report, report.id), writing.get_one(Member, secret.people["moderator"].id)
        )
    assert [pages_with_the_word(secret, role) for role in roles] == [1, 0]


def pages_with_the_word(world, role):
    """How many of all addresses show it, opened with Ada's name and with the stranger's."""
    visitor, paths = world.visitor(role), set()
    for rule, _audience in world.addresses("GET"):
        for name in ("ada", "stranger"):
            world.places["username"] = world.people[name].username
            with suppress(KeyError):
                paths.add(world.path(rule))
    paths |= {f"{it}?after=0" for it in paths if it.startswith("/-/conversations/")}
    return sum(CANARY.encode() in visitor.get(path).data for path in sorted(paths))


def look_at_all(engine, table):
    """Every row of a table."""
    with transaction(engine) as session:
        return session.execute(select(table.__table__)).all()


def exported(engine, member):
    """What a file with a member's data says."""
    file = io.BytesIO()
    with transaction(engine) as session:
        export = exports.ask(session, session.get_one(Member, member.id))
        exports.write(session, export.id, file)
    with zipfile.ZipFile(file) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


# --- Reports --------------------------------------------------------------------------------


@pytest.fixture
def reported(browse, say, look):
    """What Ada wrote to Ben until he reported it, and one word since."""
    say("ada", "ben", f"You {CANARY}.")
    send(browse("ben"), "/messages/ada/report", "#report", reason="abuse", block="")
    say("ada", "ben", "Written later.")
    return look(select(Report))[0]


def test_a_moderator_reads_a_conversation_only_after_a_report_and_the_log_keeps_it(browse, reported, people, look):
    mia, path = browse("mia"), f"/moderation/reports/{reported.id}"
    assert "Ada Lark" in mia.get("/moderation/reports").text
    assert CANARY not in mia.get(path).text
    assert look(select(AuditEntry.id)) == []
    send(mia, path, "#open")
    assert texts(mia, path) == [f"You {CANARY}."], "what came after the report stays private"
    (entry,) = look(select(AuditEntry))
    assert (entry.what, entry.by_id, entry.member_id) == ("look", people["mia"].id, people["ada"].id)
    assert CANARY not in repr((entry.subject, entry.reason, entry.after))
    assert {"look", "report", "swag"} <= set(audit_log.DEEDS)


def test_opened_by_one_it_is_shut_to_others_and_again_after_half_an_hour(engine, reported, people, browse):
    with transaction(engine) as session:
        other = make_member(session, "max", role="moderator")
        it, mia = session.get_one(Report, reported.id), session.get_one(Member, people["mia"].id)
        reports.open_to_read(session, it, mia)
        assert reports.part(session, it, mia) is not None
        assert reports.part(session, it, other) is None
        assert reports.part(session, it, mia, at=now() + reports.OPEN_FOR) is None
        with pytest.raises(Conflict, match="Mia Crake is reading it"):
            reports.open_to_read(session, it, other)


def test_a_decision_warns_answers_and_makes_it_private_again(browse, reported, people, look):
    mia, path = browse("mia"), f"/moderation/reports/{reported.id}"
    send(mia, path, "#open")
    missing = send(mia, path, "#decide", decision="warn")
    assert missing.status_code == 422
    assert "reason" in problems(missing)
    assert send(mia, path, "#decide", decision="warn", reason="Be kind.", answer="We spoke to Ada.").status_code == 303
    assert CANARY not in mia.get(path).text
    assert look(select(Member.warned_at).where(Member.username == "ada"))[0] is not None
    assert "We spoke to Ada." in browse("ben").get("/messages/ada").text
    assert "We spoke to Ada." not in browse("ada").get("/messages/ben").text


def test_nobody_decides_unread_twice_or_about_themselves(engine, reported, people):
    with transaction(engine) as session:
        it, mia = session.get_one(Report, reported.id), session.get_one(Member, people["mia"].id)
        ada = session.get_one(Member, people["ada"].id)
        with pytest.raises(Refused, match="Read the conversation first"):
            reports.decide(session, it, mia, "dismiss")
        ada.role = "moderator"
        with pytest.raises(Refused, match="about yourself"):
            reports.open_to_read(session, it, ada)
        reports.open_to_read(session, it, mia)
        reports.decide(session, it, mia, "dismiss")
        with pytest.raises(Conflict, match="Mia Crake has decided"):
            reports.decide(session, it, mia, "dismiss")


def test_one_report_at_a_time_and_blocking_along_with_it(browse, engine, people, say, look):
    say("ada", "ben")
    ben = browse("ben")
    assert problems(send(ben, "/messages/ada/report", "#report", reason="other"))["words"]
    assert send(ben, "/messages/ada/report", "#report", reason="spam").status_code == 303
    with transaction(engine) as writing:
        assert blocks.is_blocked(writing, people["ben"], people["ada"])
        found = writing.scalars(select(Conversation)).one()
        with pytest.raises(Conflict):
            reports.report(writing, found, writing.get_one(Member, people["ben"].id), "spam")
        with pytest.raises(Refused):
            reports.report(writing, found, writing.get_one(Member, people["cleo"].id), "spam")
