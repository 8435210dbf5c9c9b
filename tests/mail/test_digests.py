"""Digests: all the news of a day or a week in one letter, at the hour a member chose, wherever they live."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import jobs, mail, sweep
from app.db import transaction
from app.domain.base import now
from app.domain.forum.threads import Post
from app.domain.mail import digests, preferences
from app.domain.mail.deliveries import Delivery
from app.domain.mail.digests import slot
from app.domain.mail.mailings import DigestDue, DigestItem
from app.domain.notices import notifications
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.record.scores import EVERYWHERE, ClosedWeek, Placing, week_at
from app.domain.writing import posts
from tests.factories import make_answer, make_category, make_member
from tests.mail.letters import html_of, text_of
from tests.web.scenery import make_award, make_badge, make_ranks

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
ZONES = ("UTC", "Europe/Lisbon", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia")


@pytest.fixture
def ada(engine):
    """A member who wants a summary each day at eight, in UTC."""
    return somebody(engine, "ada")


def somebody(engine, name, period="daily", **more):
    with transaction(engine) as session:
        member = make_member(session, name, **more)
        preferences.choose(session, member, dict.fromkeys(preferences.KINDS, period))
    return member


def tell(engine, member, key, at, kind="rank"):
    with transaction(engine) as session:
        notice = {"member_id": member.id, "kind": kind, "key": key, "facts": {"rank": key}}
        notifications.tell(session, [notice], at=at)


def write(engine, at):
    return digests.write_due(lambda: transaction(engine), at=at)


def written(engine):
    """What each digest tells, in the order they were owed."""
    with Session(engine) as session:
        rows = session.execute(
            select(Delivery.id, Notification.key)
            .join(DigestItem, DigestItem.delivery_id == Delivery.id)
            .join(Notification, Notification.id == DigestItem.notification_id)
            .order_by(Delivery.id, Notification.id)
        ).all()
    found: dict[int, list[str]] = {}
    for delivery, key in rows:
        found.setdefault(delivery, []).append(key)
    return list(found.values())


@pytest.fixture
def send(app):
    """Sends what is due, as the worker does."""

    def send():
        with app.app_context():
            return mail.send()

    return send


# --- when --------------------------------------------------------------------------------------


def test_news_of_a_day_wait_for_the_hour_and_come_together(engine, ada):
    tell(engine, ada, "one", MONDAY.replace(hour=7))
    tell(engine, ada, "two", MONDAY.replace(hour=7, minute=30))
    assert write(engine, MONDAY.replace(hour=7, minute=59)) == 0
    assert write(engine, MONDAY.replace(hour=8)) == 1
    assert written(engine) == [["one", "two"]]


def test_nothing_new_is_no_digest(engine, ada):
    assert write(engine, MONDAY.replace(hour=8)) == 0
    tell(engine, ada, "one", MONDAY.replace(hour=7))
    assert write(engine, MONDAY.replace(hour=9)) == 1
    for day in range(1, 5):
        assert write(engine, MONDAY + timedelta(days=day, hours=9)) == 0


def test_a_second_digest_of_the_same_day_waits_for_the_next(engine, ada):
    tell(engine, ada, "one", MONDAY.replace(hour=7))
    write(engine, MONDAY.replace(hour=8))
    leave(engine)
    tell(engine, ada, "two", MONDAY.replace(hour=8, minute=5))
    for hour in range(9, 24):
        assert write(engine, MONDAY.replace(hour=hour)) == 0
    assert write(engine, MONDAY + timedelta(days=1, hours=8)) == 1
    assert written(engine) == [["one"], ["two"]]


def leave(engine):
    """Let every digest have left."""
    with transaction(engine) as session:
        session.execute(update(Delivery).values(state="sent"))


def test_an_hour_that_was_missed_is_made_up_for_on_the_same_day_and_not_at_night(engine, ada):
    tell(engine, ada, "one", MONDAY.replace(hour=7))
    assert write(engine, MONDAY.replace(hour=7, minute=1)) == 0
    assert write(engine, MONDAY.replace(hour=21)) == 1
    leave(engine)
    tell(engine, ada, "two", MONDAY + timedelta(days=1, hours=7))
    assert write(engine, MONDAY + timedelta(days=2, hours=1)) == 0
    assert write(engine, MONDAY + timedelta(days=2, hours=8)) == 1
    assert written(engine) == [["one"], ["two"]]


def test_a_weekly_digest_comes_on_its_day_or_later_that_week(engine):
    ada = somebody(engine, "ada", "weekly", digest_day=2, digest_hour=17)
    tell(engine, ada, "one", MONDAY)
    for day in range(2):
        assert write(engine, MONDAY + timedelta(days=day, hours=20)) == 0
    assert write(engine, MONDAY + timedelta(days=2, hours=16)) == 0
    assert write(engine, MONDAY + timedelta(days=2, hours=17)) == 1
    leave(engine)
    tell(engine, ada, "two", MONDAY + timedelta(days=3))
    for day in range(3, 9):
        assert write(engine, MONDAY + timedelta(days=day)) == 0
    assert write(engine, MONDAY + timedelta(days=11)) == 1
    assert written(engine) == [["one"], ["two"]]


@pytest.mark.parametrize("zone", ZONES)
def test_the_hour_is_the_members_own(engine, zone):
    ada = somebody(engine, "ada", zone=zone)
    tell(engine, ada, "one", MONDAY)
    hours = [hour for hour in range(48) if write(engine, MONDAY + timedelta(hours=hour))]
    assert len(hours) == 1
    there = (MONDAY + timedelta(hours=hours[0])).astimezone(ZoneInfo(zone))
    assert there.hour == 8


@pytest.mark.parametrize(
    ("day", "hour"),
    [(date(2026, 3, 29), 2), (date(2026, 3, 29), 8), (date(2026, 10, 25), 2), (date(2026, 10, 25), 8)],
)
def test_a_day_that_lost_or_won_an_hour_has_one_digest(engine, day, hour):
    """In Berlin the clock leaps from 2 to 3 on 29 March and falls from 3 to 2 on 25 October."""
    berlin = ZoneInfo("Europe/Berlin")
    ada = somebody(engine, "ada", zone=str(berlin), digest_hour=hour)
    midnight = datetime(day.year, day.month, day.day, tzinfo=berlin).astimezone(UTC)
    tell(engine, ada, "before", midnight - timedelta(minutes=1))
    moments = []
    for minutes in range(0, 24 * 60, 15):
        moment = midnight + timedelta(minutes=minutes)
        if write(engine, moment):
            leave(engine)
            moments.append(moment.astimezone(berlin))
            tell(engine, ada, "after", moment)
    [moment] = moments
    assert moment.date() == day
    assert moment.hour in (hour, hour + 1)


def test_clocks_that_jump_and_schedulers_that_meet_lose_nothing_and_tell_nothing_twice(engine, send, outbox):
    chance = random.Random(1)
    them = [somebody(engine, f"member{nth}", zone=zone) for nth, zone in enumerate(ZONES)]
    moment, told = MONDAY, 0
    for step in range(120):
        moment += timedelta(minutes=chance.randint(10, 240))
        at = moment + timedelta(hours=chance.choice((0, 0, 0, 0, 50, -50)))
        for member in them:
            if chance.random() < 0.5:
                tell(engine, member, f"news {step}", at)
                told += 1
        if chance.random() < 0.9:
            for _scheduler in range(2):
                write(engine, at)
            leave(engine)
    for hours in range(0, 20 * 24, 7):
        write(engine, moment + timedelta(hours=hours))
        leave(engine)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).where(DigestItem.delivery_id.is_not(None))) == told
        most = select(func.count()).where(Delivery.period.is_not(None)).group_by(Delivery.member_id, Delivery.day)
        assert set(session.scalars(most)) == {1}


def test_two_schedulers_at_once_write_each_digest_once(engine):
    from tests.domain.test_reactions import at_once

    for nth in range(40):
        tell(engine, somebody(engine, f"member{nth}"), "one", MONDAY)
    write(engine, MONDAY)
    numbers = at_once([lambda: write(engine, MONDAY.replace(hour=8))] * 3)
    assert sum(it for it in numbers if isinstance(it, int)) in (0, 40)  # the threads' answers may not be told
    assert written(engine) == [["one"]] * 40


def test_a_new_hour_and_a_new_zone_hold_for_the_next_digest(engine, ada):
    tell(engine, ada, "one", MONDAY.replace(hour=1))
    write(engine, MONDAY.replace(hour=1))
    with transaction(engine) as session:
        session.get_one(Member, ada.id).digest_hour = 20
    assert write(engine, MONDAY.replace(hour=8)) == 0
    assert write(engine, MONDAY.replace(hour=20)) == 1


# --- what --------------------------------------------------------------------------------------


def test_a_changed_choice_holds_when_the_digest_is_written(engine, ada):
    for kind in ("rank", "leaders", "message", "answer"):
        tell(engine, ada, kind, MONDAY, kind)
    with transaction(engine) as session:
        member = session.get_one(Member, ada.id)
        preferences.choose(session, member, {"rank": "never", "leaders": "weekly", "message": "immediately"})
    assert write(engine, MONDAY.replace(hour=1)) == 0
    assert write(engine, MONDAY.replace(hour=8)) == 1
    assert written(engine) == [["message", "answer"]]  # what is wanted at once from now on still comes
    leave(engine)
    assert write(engine, MONDAY + timedelta(days=7, hours=8)) == 1
    assert written(engine)[1:] == [["leaders"]]


def test_a_digest_that_waits_for_the_mail_server_takes_the_news_of_the_next_day_with_it(engine, ada):
    tell(engine, ada, "one", MONDAY)
    write(engine, MONDAY)
    write(engine, MONDAY.replace(hour=8))
    tell(engine, ada, "two", MONDAY.replace(hour=9))
    write(engine, MONDAY.replace(hour=9))
    assert write(engine, MONDAY + timedelta(days=1, hours=8)) == 0
    assert written(engine) == [["one", "two"]]


def test_what_a_doubtful_digest_told_comes_with_the_next_one_and_the_doubtful_one_is_not_sent_again(
    engine, ada, send, outbox
):
    tell(engine, ada, "one", MONDAY)
    write(engine, MONDAY)
    write(engine, MONDAY.replace(hour=8))
    with transaction(engine) as session:
        session.execute(update(Delivery).values(state="uncertain", handovers=1))
    assert send() == 0
    assert write(engine, MONDAY.replace(hour=9)) == 0
    tell(engine, ada, "two", MONDAY.replace(hour=10))
    assert write(engine, MONDAY + timedelta(days=1, hours=8)) == 1
    assert written(engine) == [["one", "two"]]
    assert send() == 1
    [letter] = outbox()
    assert "may have reached you already" in text_of(letter)


def test_notices_that_wait_while_nobody_is_due_are_found_again(engine, ada):
    tell(engine, ada, "one", MONDAY)
    with transaction(engine) as session:
        session.execute(delete(DigestDue))
    assert write(engine, MONDAY.replace(hour=9)) == 0
    with transaction(engine) as session:
        assert digests.mend(session, at=MONDAY.replace(hour=10)) == 1
        assert digests.mend(session, at=MONDAY.replace(hour=10)) == 0
    write(engine, MONDAY.replace(hour=10))
    assert write(engine, MONDAY + timedelta(days=1, hours=8)) == 1


def deliver(engine, send):
    """Write what waits, whatever the hour, and send it."""
    with transaction(engine) as session:
        session.execute(update(DigestDue).values(due_at=now() - timedelta(days=8)))
        session.execute(update(Member).values(digest_hour=0, digest_day=now().weekday()))
    number = write(engine, now())
    send()
    return number


def test_a_digest_says_what_there_is_thread_by_thread_with_a_link_each(engine, ada, send, outbox):
    with transaction(engine) as session:
        make_ranks(session)
        asker, ben = session.get_one(Member, ada.id), make_member(session, "ben")
        ben.name = "Ben Okri"
        thread = posts.start_thread(
            session, asker, make_category(session), kind="question", title="What is a contrail?", body="Why?"
        )
        posts.post_reply(session, thread, ben, "Ice.")
        posts.post_reply(session, thread, make_member(session, "cleo"), "Water.")
        badge = make_badge(session, "meet-up")
        notifications.tell_of_awards(session, [make_award(session, badge, asker).id])
    deliver(engine, send)
    [letter] = outbox("ada@members.example")
    assert letter["Subject"] == "Your day: 1 badge and 2 answers"
    text = text_of(letter)
    assert (
        text.index("You earned Meet Up")
        < text.index("What is a contrail?\n".replace("\n", ""))
        < text.index("Ben Okri")
    )
    assert "/awards/1" in text
    assert [it.get_content_type() for it in letter.walk() if it.get_content_maintype() == "image"] == ["image/png"]
    assert letter["List-Id"].startswith("<daily.")
    assert "/unsubscribe/" in letter["List-Unsubscribe"]
    assert html_of(letter).count("What is a contrail?") >= 1


def test_ten_things_are_told_and_the_rest_is_counted(engine, ada, send, outbox):
    for nth in range(13):
        tell(engine, ada, f"Rank {nth}", now())
    deliver(engine, send)
    [letter] = outbox()
    assert text_of(letter).count("Your rank is now") == 10
    assert "And 3 more on the site." in text_of(letter)
    assert letter["Subject"] == "Your day: 13 new ranks"


def test_what_was_read_on_the_site_meanwhile_is_left_out_and_a_digest_of_nothing_is_not_sent(engine, ada, send, outbox):
    ben = somebody(engine, "ben")
    for it in (ada, ben):
        tell(engine, it, "Cadet", now())
        tell(engine, it, "Captain", now())
    with transaction(engine) as session:
        read = update(Notification).where((Notification.member_id == ben.id) | (Notification.key == "Cadet"))
        session.execute(read.values(read_at=now()))
    assert deliver(engine, send) == 2
    [letter] = outbox()
    assert letter["To"] == "ada@members.example"
    assert "Captain" in text_of(letter)
    assert "Cadet" not in text_of(letter)


def stop_all(session, member, post):
    preferences.stop_all(session, member)


def stop_kind(session, member, post):
    preferences.choose(session, member, {"answer": "never"})


def remove(session, member, post):
    post.deleted_at = now()


@pytest.mark.parametrize("change", [stop_all, stop_kind, remove])
def test_a_digest_is_looked_at_again_when_it_is_sent(engine, ada, send, outbox, change):
    with transaction(engine) as session:
        asker = session.get_one(Member, ada.id)
        thread = posts.start_thread(
            session, asker, make_category(session), kind="question", title="What is a contrail?", body="Why?"
        )
        post = posts.post_reply(session, thread, make_member(session, "ben"), "Ice.")
    with transaction(engine) as session:
        session.execute(update(DigestDue).values(due_at=now() - timedelta(days=2)))
        session.execute(update(Member).values(digest_hour=0))
    assert write(engine, now()) == 1
    with transaction(engine) as session:
        change(session, session.get_one(Member, ada.id), session.get_one(Post, post.id))
    assert send() == 0
    with Session(engine) as session:
        assert session.scalars(select(Delivery.state)).all() == ["dropped"]


def test_the_week_brings_the_nearest_badge_and_last_weeks_leaders(engine, send, outbox, work):
    ada = somebody(engine, "ada", "weekly")
    with transaction(engine) as session:
        make_ranks(session)
        make_badge(session, "three-answers", {"count": "answered", "n": 3})
        make_answer(session, session.get_one(Member, ada.id))
        ben = make_member(session, "ben")
        ben.name = "Ben Okri"
        week = week_at(now(), "UTC") - 1
        session.add(ClosedWeek(week=week))
        session.add(
            Placing(
                week=week,
                category_id=EVERYWHERE,
                member_id=ben.id,
                position=1,
                points=70,
                accepted=0,
                seq=1,
                is_staff=False,
            )
        )
    work()
    tell(engine, ada, "Cadet", now())
    deliver(engine, send)
    [letter] = outbox("ada@members.example")
    assert letter["Subject"] == "Your week: 1 new rank"
    for part in (text_of(letter), BeautifulSoup(html_of(letter), "html.parser").get_text(" ", strip=True)):
        said = " ".join(part.split())
        assert "Next on approach: Three Answers , 1 of 3" in said.replace("Answers,", "Answers ,")
        assert "1. Ben Okri" in said
        assert "70 points" in said


def test_the_sweep_writes_digests_and_the_worker_sends_them(app, engine, ada, outbox):
    tell(engine, ada, "Cadet", now())
    with transaction(engine) as session:
        session.execute(update(DigestDue).values(due_at=now() - timedelta(days=2)))
        session.execute(update(Member).values(digest_hour=0))
    sweep.once(app, [jobs.write_digests, jobs.send])
    assert len(outbox()) == 1


def test_a_slot_is_never_before_what_waits_for_it():
    nine = MONDAY.replace(hour=9)
    assert slot("UTC", 8, 0, "daily", nine, nine) == (None, MONDAY + timedelta(days=1, hours=8))
    assert slot("UTC", 8, 0, "daily", MONDAY, nine).day is not None
    assert slot("UTC", 8, 0, "weekly", MONDAY, nine).next_at == MONDAY + timedelta(days=7, hours=8)


# --- after a member chose otherwise ------------------------------------------------------------


def choose(engine, member, at, **wanted):
    with transaction(engine) as session:
        me = session.get_one(Member, member.id)
        preferences.change(session, me, wanted, at=at)
        digests.look_again(session, me, at=at)


@pytest.mark.parametrize(("hour", "comes"), [("7", 7), ("8", 8), ("17", 17)])
def test_another_hour_holds_from_the_same_day_on(engine, hour, comes):
    ada = somebody(engine, "ada", digest_hour=12)
    tell(engine, ada, "one", MONDAY.replace(hour=1))
    assert write(engine, MONDAY.replace(hour=2)) == 0
    choose(engine, ada, MONDAY.replace(hour=3), digest_hour=hour)
    assert write(engine, MONDAY.replace(hour=3, minute=1)) == 0
    assert write(engine, MONDAY.replace(hour=comes - 1, minute=59)) == 0
    assert write(engine, MONDAY.replace(hour=comes)) == 1
    assert written(engine) == [["one"]]


def test_another_day_and_zone_hold_for_what_waits_already(engine):
    ada = somebody(engine, "ada", "weekly", digest_day=6)
    tell(engine, ada, "one", MONDAY)
    assert write(engine, MONDAY) == 0
    choose(engine, ada, MONDAY.replace(hour=1), digest_day="1", zone="Asia/Tokyo")
    tuesday_at_eight_in_tokyo = MONDAY.replace(hour=23)
    assert write(engine, tuesday_at_eight_in_tokyo - timedelta(minutes=1)) == 0
    assert write(engine, tuesday_at_eight_in_tokyo) == 1


def test_what_waits_for_the_week_comes_with_the_day_once_that_is_chosen(engine):
    ada = somebody(engine, "ada", "weekly", digest_day=6)
    tell(engine, ada, "one", MONDAY)
    assert write(engine, MONDAY) == 0
    choose(engine, ada, MONDAY.replace(hour=1), rank="daily")
    assert write(engine, MONDAY.replace(hour=8)) == 1
    assert written(engine) == [["one"]]
    assert write(engine, MONDAY + timedelta(days=6, hours=8)) == 0


def test_what_waits_for_a_digest_is_forgotten_once_it_is_not_wanted(engine, ada):
    tell(engine, ada, "one", MONDAY)
    choose(engine, ada, MONDAY.replace(hour=1), rank="never")
    assert write(engine, MONDAY.replace(hour=8)) == 0
    choose(engine, ada, MONDAY.replace(hour=9), rank="daily")
    assert write(engine, MONDAY + timedelta(days=1, hours=8)) == 0
