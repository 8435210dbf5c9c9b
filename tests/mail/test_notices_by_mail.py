"""Notices as letters: one of each kind, what it says, and who gets none by the time it is sent."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.awarding import backfill
from app.domain.base import now
from app.domain.correspondence import notice_letters
from app.domain.forum.threads import Post
from app.domain.mail import preferences, unsubscribing
from app.domain.mail.deliveries import Delivery
from app.domain.mail.mailings import DigestDue, DigestItem
from app.domain.moderation import suspensions
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people import blocks
from app.domain.people.members import Member
from app.domain.writing import acceptance, posts, reactions, removals
from tests.factories import make_answer, make_category, make_member
from tests.mail.letters import html_of, text_of
from tests.web.scenery import make_award, make_badge, make_ranks

CANARY = "nobody else may read this"


@pytest.fixture
def ada(engine):
    """A member who wants everything at once."""
    with transaction(engine) as session:
        make_ranks(session)
        ada = make_member(session, "ada", rank=1)
        ada.name = "Ada Lovelace"
        preferences.choose(session, ada, dict.fromkeys(preferences.KINDS, "immediately"))
    return ada


@pytest.fixture
def ben(engine):
    """Somebody who does things that Ada hears of."""
    with transaction(engine) as session:
        ben = make_member(session, "ben", role="moderator")
        ben.name = "Ben Okri"
    return ben


def ask(session, author, title="How do I land in fog?", **more):
    fields = {"category": make_category(session), "kind": "question", "title": title, "body": "It is **dense**."}
    return posts.start_thread(session, author, **{**fields, **more})


def tell(session, member, kind, **more):
    notifications.tell(session, [{"member_id": member.id, "kind": kind, "key": f"{kind}:1", **more}])


def give_badge(session, member, by, reason=""):
    badge = make_badge(session, "meet-up", family="hangar", about="Attend a user group.")
    award = make_award(session, badge, member, way="request", by_id=by.id, reason=reason)
    notifications.tell_of_awards(session, [award.id])
    return award


def do_everything(session, ada, ben):
    """What leads to a notice of each kind."""
    posts.post_reply(session, ask(session, ada), ben, f"Follow the lights. {CANARY}")
    posts.post_reply(session, ask(session, ben, "Who knows gliders?"), ben, "Perhaps @ada does?")
    hers = posts.post_reply(session, (thread := ask(session, ben, "What is a contrail?")), ada, "Ice.")
    posts.comment(session, hers, ben, "Is it so?")
    reactions.react(session, hers, ben, "insightful")
    acceptance.accept(session, hers, thread.author)
    ask(session, ben, "The new hangar is open", kind="announcement")
    give_badge(session, ada, ben, "Thank you for the talk <3")
    facts = {"request": 1, "state": "asked", "badge": "Meet-up", "slug": "meet-up", "message": "Which evening?",
             "again": None}  # fmt: skip
    tell(session, ada, "request_update", facts=facts, actor_id=ben.id)
    tell(session, ada, "rank", facts={"rank": "Cadet"})
    tell(session, ada, "message", actor_id=ben.id)
    tell(session, ada, "leaders", facts={"week": "2026-W46", "position": 2})
    tell(session, ada, "swag", facts={"milestone": "The cap", "state": "eligible"})


def members(session, *them):
    return [session.get_one(Member, it.id) for it in them]


@pytest.fixture
def every(engine, ada, ben, work, outbox):
    """A letter of every kind, by kind."""
    with transaction(engine) as session:
        do_everything(session, *members(session, ada, ben))
    work()
    return {it["Message-ID"].strip().strip("<").split(".")[0]: it for it in outbox(ada.email)}


def test_there_is_a_letter_of_every_kind_and_it_says_at_once_what_happened(every):
    named = {
        "answer": "Ben Okri fog", "mention": "Ben Okri gliders", "reply": "Ben Okri contrail",
        "reaction": "Ben Okri contrail", "accepted": "Ben Okri contrail", "announcement": "new hangar",
        "badge-earned": "You earned the Meet Up badge", "request-update": "Meet-up Ben Okri evening",
        "rank": "Cadet", "message": "Ben Okri", "leaders": "2nd", "swag": "The cap",
    }  # fmt: skip
    assert {
        kind for kind, words in named.items() if any(it not in every[kind]["Subject"] for it in words.split())
    } == set()
    assert {kind.replace("-", "_") for kind in every} == set(notice_letters.WITH_OWN_WORDS)


def test_both_parts_say_the_same_greet_by_name_and_lead_only_to_the_site(every, app):
    site = app.config["SETTINGS"].site_url
    for it in every.values():
        page, text = BeautifulSoup(html_of(it), "html.parser"), text_of(it)
        assert text.startswith(("Hello Ada Lovelace,\r\n\r\n", "Hello Ada Lovelace,\n\n"))
        hrefs = {a["href"] for a in page.select("a")}
        assert hrefs == set(re.findall(r"https?://\S+", text)) - {site}
        assert all(href.startswith(f"{site}/") for href in hrefs)
        assert len(page.select("a.btn")) == 1
        assert page.html["lang"] == "en"
        words = " ".join(page.select_one(".card").get_text(" ", strip=True).split())
        for paragraph in text.split("--\n")[0].split("\n\n"):
            first = " ".join(paragraph.splitlines()[:1]).strip().removeprefix("> ").rstrip(":")
            assert first in words, (it["Subject"], first)
        assert not page.select("script, form, link, iframe")
        assert not re.search(r"None|\{\{|\n\n\n\n", text.replace("\r\n", "\n"))


def test_a_letter_says_why_it_came_how_to_stop_it_and_how_to_tell_it_is_real(every, ada, app):
    settings = app.config["SETTINGS"]
    for kind, it in every.items():
        row = preferences.row_of(kind.replace("-", "_"))
        stop = settings.site_url + unsubscribing.path(settings.secret_key, ada.id, row)
        assert it["List-Unsubscribe"] == f"<{stop}>"
        assert it["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert it["List-Id"] == f"<{row.replace('_', '-')}.{settings.site_host}>"
        assert it["Auto-Submitted"] == "auto-generated"
        text = text_of(it)
        assert f"“{preferences.KINDS[row].label}” is set to Immediately" in text
        for link in (stop, f"{settings.site_url}/settings/notifications#{row}", f"{settings.site_url}/mail-check"):
            assert link in text.split("\n") or f"{link}\r" in text.split("\n")
        assert re.search(r"code ([A-Z2-7]{4}-){3}[A-Z2-7]{4} at", text)


def test_no_line_is_too_long_and_no_header_that_programs_read_is_folded_or_encoded(every, workplace):
    for it in (workplace / "mail").glob("*.eml"):
        raw = it.read_bytes()
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert len(raw) < 100_000
        for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n"):
            if line.startswith((b"List-", b"Message-ID", b"In-Reply-To", b"References")):
                assert line.endswith((b">", b"One-Click"))


def test_letters_of_one_thread_belong_together(every):
    reply, accepted, answer = (every[it]["References"] for it in ("reply", "accepted", "answer"))
    assert reply == accepted == every["reply"]["In-Reply-To"]
    assert reply != answer
    assert every["rank"]["References"] is None


def test_the_badge_comes_as_a_picture_with_its_words(every):
    letter = every["badge-earned"]
    pictures = [it for it in letter.walk() if it.get_content_maintype() == "image"]
    assert [it.get_content_type() for it in pictures] == ["image/png"]
    assert pictures[0].get_content().startswith(b"\x89PNG")
    shown = BeautifulSoup(html_of(letter), "html.parser").select("img")
    assert [f"<{it['src'].removeprefix('cid:')}>" for it in shown] == [pictures[0]["Content-ID"].strip()]
    assert shown[0]["alt"] == "Bronze badge Meet Up"
    assert "Ben Okri wrote:" in text_of(letter)
    assert "Thank you for the talk <3" in text_of(letter)
    assert "Thank you for the talk &lt;3" in html_of(letter)


def test_what_members_wrote_to_each_other_stays_out_of_letters_and_so_does_a_secret(every, app):
    assert "what was written" in text_of(every["message"]).lower()
    for it in every.values():
        assert app.config["SETTINGS"].secret_key not in it.as_string()


# --- by the time it is sent --------------------------------------------------------------------


@pytest.fixture
def answered(engine, ada, ben):
    """An answer of which Ada is owed a letter; gives its post."""
    with transaction(engine) as session:
        asker, author = members(session, ada, ben)
        post = posts.post_reply(session, ask(session, asker), author, "Follow the lights.")
        session.flush()
        return post.id


def row_of(engine):
    with Session(engine) as session:
        return session.scalars(select(Delivery)).one()


def stop_the_kind(session, ada, ben, post):
    preferences.choose(session, ada, {"answer": "never"})


def stop_everything(session, ada, ben, post):
    preferences.stop_all(session, ada)


def remove(session, ada, ben, post):
    removals.remove(session, post, ben)


def block(session, ada, ben, post):
    ben.role = "member"
    blocks.block(session, ada, ben)


def suspend(session, ada, ben, post):
    suspensions.suspend(session, ada, ben, 7, "A test.")


def lose_the_address(session, ada, ben, post):
    ada.email_verified_at = None


@pytest.mark.parametrize("change", [stop_the_kind, stop_everything, remove, block, suspend, lose_the_address])
def test_a_letter_that_is_not_wanted_any_more_is_not_sent(engine, ada, ben, answered, work, outbox, change):
    with transaction(engine) as session:
        change(session, *members(session, ada, ben), session.get_one(Post, answered))
    work()
    assert outbox() == []
    assert row_of(engine).state == "dropped"


def test_a_letter_that_is_wanted_is_sent(answered, work, outbox):
    work()
    [letter] = outbox("ada@members.example")
    assert "Follow the lights." in text_of(letter)


def test_a_badge_that_was_taken_back_is_not_told_of(engine, ada, ben, work, outbox):
    with transaction(engine) as session:
        award = give_badge(session, *members(session, ada, ben))
        award.revoked_at = now()
    work()
    assert outbox() == []


def test_a_choice_of_less_often_moves_the_notice_into_the_digest(engine, ada, answered, work, outbox):
    with transaction(engine) as session:
        preferences.choose(session, *members(session, ada), {"answer": "weekly"})
    work()
    assert outbox() == []
    with Session(engine) as session:
        assert session.scalars(select(DigestItem.kind)).all() == ["answer"]
        assert session.execute(select(DigestDue.period, DigestDue.member_id)).all() == [("weekly", ada.id)]


def test_a_retroactive_run_that_gives_many_badges_is_one_letter(engine, ada, work, outbox):
    with transaction(engine) as session:
        [member] = members(session, ada)
        for nth in range(14):
            make_badge(session, f"badge-{nth}", {"count": "answered", "n": 1})
        make_answer(session, member)
    backfill.run(lambda: transaction(engine))
    work()
    [letter] = outbox(ada.email)
    assert letter["Subject"] == "You earned 14 badges for what you already did"
    assert "/u/ada/badges" in text_of(letter)


def test_nobody_gets_a_letter_about_what_they_did_themselves(engine, ada, work, outbox):
    with transaction(engine) as session:
        [member] = members(session, ada)
        posts.post_reply(session, ask(session, member), member, "I know it, says @ada.")
    work()
    assert outbox(ada.email) == []


def test_imported_members_and_those_who_did_not_confirm_get_no_letter(engine, work, outbox):
    with transaction(engine) as session:
        for name, more in {
            "old": {"email": None, "email_verified_at": None},
            "new": {"email_verified_at": None},
        }.items():
            tell(session, make_member(session, name, **more), "message")
        assert session.scalars(select(Delivery)).all() == []
        assert session.scalars(select(DigestItem)).all() == []
        tell(session, make_member(session, "ada"), "message")
        assert len(session.scalars(select(Delivery)).all()) == 1


def test_a_letter_that_may_have_left_is_not_sent_again_to_who_has_read_the_notice(engine, answered, ada, work, outbox):
    with transaction(engine) as session:
        row = session.scalars(select(Delivery)).one()
        row.state, row.handovers = "uncertain", 1
        session.execute(Notification.__table__.update().values(read_at=now()))
    work()
    assert outbox() == []
    assert row_of(engine).state == "dropped"


def test_a_kind_without_words_of_its_own_is_a_letter_too(engine, ada, work, outbox):
    with transaction(engine) as session:
        [member] = members(session, ada)
        badge = make_badge(session, "meet-up")
        award = make_award(session, badge, member, revoked_at=now())
        facts = {"badge": badge.name, "slug": badge.slug, "reason": "It was meant for Ben."}
        tell(session, member, "badge_revoked", award_id=award.id, facts=facts)
    work()
    [letter] = outbox()
    assert "It was meant for Ben." in text_of(letter) + letter["Subject"]
