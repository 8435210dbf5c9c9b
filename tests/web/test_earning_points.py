"""What gives points and what does not, with the values that ship: done with the forms of the site, read in the statement."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import bell
from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import evaluator
from app.domain.badging.badges import Award
from app.domain.base import now
from app.domain.catalogue import shipped
from app.domain.forum.threads import Category, Thread
from app.domain.people.members import Member
from app.domain.record.points import PointRule
from app.domain.rewards import guide
from app.domain.writing import messages, posts, removals
from tests import servers
from tests.factories import make_category, make_member
from tests.web.forms import soup
from tests.web.scenery import make_badge, sign_in
from tests.web.writing import send

ANSWER, ACCEPTED, INSIGHTFUL, UPVOTE, MENTION = 5, 15, 3, 2, 1


@pytest.fixture
def people(engine):
    """Ada asks, Ben and Cleo answer, Mia moderates; all of them new, without a rank."""
    with transaction(engine) as session:
        catalogue.load(session, replace(shipped("flight"), badges=()))
        make_category(session, slug="engines", name="Engines")
        them = {name: make_member(session, name) for name in ("ada", "ben", "cleo")}
        return them | {"mia": make_member(session, "mia", role="moderator")}


@pytest.fixture
def as_(app, engine, people):
    """A browser of somebody, the same each time."""
    known = {}
    return lambda name: known.setdefault(name, sign_in(app.test_client(), engine, people[name]))


@pytest.fixture
def book(engine):
    """Books what was done so far."""
    return lambda: evaluator.run(partial(transaction, engine))


@pytest.fixture
def earned(as_, book):
    """The points of somebody's statement, the oldest first."""

    def read(name):
        book()
        lines = csv.DictReader(io.StringIO(as_(name).get(f"/u/{name}/points.csv").text))
        return [int(it["points"]) for it in lines][::-1]

    return read


@pytest.fixture
def ask(as_):
    """Asks a question; gives the address of its thread."""

    def ask(name, body="How do I bleed the brakes?", **more):
        typed = {"title": "Brakes of a glider", "body": body, "category": "engines", "kind": "question"}
        return send(as_(name), "/t/new", "/t/new", **typed | more).location

    return ask


@pytest.fixture
def answer(as_):
    """Answers a question; gives the number of the post."""

    def answer(name, thread, body="Start at the far wheel."):
        sent = send(as_(name), thread, f"{thread.rpartition('/')[0]}/replies", body=body)
        return int(sent.location.rpartition("/p/")[2])

    return answer


def test_asking_is_free_and_an_answer_to_somebody_else_counts_once_a_thread(ask, answer, earned):
    thread = ask("ada")
    answer("ada", thread)
    assert earned("ada") == []
    answer("ben", thread)
    answer("ben", thread, "And then the near one.")
    assert earned("ben") == [ANSWER]
    answer("ben", ask("ada", title="Another question"))
    assert earned("ben") == [ANSWER, ANSWER]


def test_an_acceptance_counts_while_it_stands_and_where_somebody_else_gave_it(as_, ask, answer, earned):
    thread = ask("ada")
    own, bens = answer("ada", thread), answer("ben", thread)
    send(as_("ada"), thread, f"/p/{own}/acceptance")
    assert earned("ada") == []
    send(as_("ada"), thread, f"/p/{bens}/acceptance")
    assert earned("ben") == [ANSWER, ACCEPTED]
    send(as_("ada"), thread, f"/p/{bens}/acceptance")
    assert earned("ben") == [ANSWER, ACCEPTED, -ACCEPTED]


def test_a_moderator_accepts_no_answer_of_their_own_for_points(as_, ask, answer, earned):
    thread = ask("ada")
    own, bens = answer("mia", thread), answer("ben", thread)
    send(as_("mia"), thread, f"/p/{own}/acceptance")
    assert earned("mia") == [ANSWER]
    send(as_("mia"), thread, f"/p/{bens}/acceptance")
    assert earned("ben") == [ANSWER, ACCEPTED]


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("Does @cleo know?", [MENTION]), ("Do @cleo and @ben know?", [MENTION, MENTION]), ("I am @ada.", []),
        ("Does @nobody.here know?", []), ("@cleo, @Cleo and once more @cleo!", [MENTION]), ("As in `@cleo`.", []),
    ],
    ids=["one", "two", "oneself", "nobody", "the same", "code"],
)  # fmt: skip
def test_each_other_member_that_a_post_mentions_counts_once(ask, earned, body, points):
    ask("ada", body)
    assert earned("ada") == points


def test_reactions_of_others_count_while_they_stand_and_ones_own_never(as_, ask, answer, earned):
    thread = ask("ada")
    post = answer("ben", thread)
    for name, kind in (("ada", "upvote"), ("cleo", "upvote"), ("cleo", "insightful")):
        send(as_(name), thread, f"/p/{post}/reactions/{kind}")
    assert earned("ben") == [ANSWER, UPVOTE, UPVOTE, INSIGHTFUL]
    token = soup(as_("ben").get(thread)).select_one("[name=csrf_token]")["value"]
    assert as_("ben").post(f"/p/{post}/reactions/upvote", data={"csrf_token": token}).status_code == 403
    send(as_("cleo"), thread, f"/p/{post}/reactions/upvote")
    send(as_("cleo"), thread, f"/p/{post}/reactions/insightful")
    assert sum(earned("ben")) == ANSWER + UPVOTE


def test_giving_and_taking_back_over_and_over_comes_to_nothing(as_, ask, answer, earned):
    thread = ask("ada")
    post = answer("ben", thread)
    for _ in range(3):
        send(as_("cleo"), thread, f"/p/{post}/reactions/upvote")
        earned("ben")
        send(as_("cleo"), thread, f"/p/{post}/reactions/upvote")
        assert sum(earned("ben")) == ANSWER


def test_deleting_and_posting_again_brings_nothing_that_once_would_not(as_, ask, answer, earned, engine, people):
    with transaction(engine) as session:
        twice = make_badge(session, "twice", {"count": "answered", "n": 2}).id
        liked = make_badge(session, "liked", {"count": "upvote_received", "n": 2}).id
        chosen = make_badge(session, "chosen", {"count": "accepted", "n": 2}).id

    def go_through(thread, nth):
        post = answer("ben", thread, f"Start at wheel {nth}.")
        for _ in range(3):  # given, taken back and given
            send(as_("cleo"), thread, f"/p/{post}/reactions/upvote")
            send(as_("ada"), thread, f"/p/{post}/acceptance")
        return post

    def held():
        with Session(engine) as session:
            return set(session.scalars(select(Award.badge_id).where(Award.member_id == people["ben"].id)))

    once, thread = ANSWER + UPVOTE + ACCEPTED, ask("ada")
    for nth in range(3):
        post = go_through(thread, nth)
        assert sum(earned("ben")) <= once
        send(as_("ben"), f"/p/{post}/actions", f"/p/{post}/deletion")
        assert sum(earned("ben")) == 0
    go_through(thread, 3)
    assert sum(earned("ben")) == once - ANSWER, "an answer counts once a thread, wherever the first one is now"
    assert not held() & {twice, liked, chosen}
    go_through(ask("ada", title="Another question"), 4)
    assert sum(earned("ben")) == 2 * once - ANSWER
    assert held() >= {twice, liked, chosen}


def test_who_has_not_confirmed_an_address_gives_nobody_points(as_, ask, answer, earned, engine, people):
    def confirm(when):
        with transaction(engine) as session:
            session.get_one(Member, people["cleo"].id).email_verified_at = when

    thread = ask("ada")
    post = answer("ben", thread)
    token = soup(as_("cleo").get(thread)).select_one("[name=csrf_token]")["value"]
    confirm(None)
    assert as_("cleo").post(f"/p/{post}/reactions/upvote", data={"csrf_token": token}).status_code == 403
    assert earned("ben") == [ANSWER]
    confirm(now())
    assert as_("cleo").post(f"/p/{post}/reactions/upvote", data={"csrf_token": token}).status_code == 303
    assert earned("ben") == [ANSWER, UPVOTE]


def test_what_one_member_gives_another_in_a_day_is_bounded_and_the_statement_says_so(as_, ask, answer, earned):
    thread = ask("ada", kind="discussion")
    posts = [answer("ben", thread, f"Thought {nth}.") for nth in range(6)]
    for post in posts:
        send(as_("cleo"), thread, f"/p/{post}/reactions/insightful")
    assert earned("ben") == [INSIGHTFUL] * 5 + [0]
    [line] = soup(as_("ben").get("/u/ben/points?direction=held")).select("[data-entry]")
    assert "Not counted" in line.text
    assert "3 points held back. One member can give you at most 15 points a day this way." in line.text
    send(as_("ada"), thread, f"/p/{posts[-1]}/reactions/insightful")
    assert earned("ben") == [INSIGHTFUL] * 5 + [0, INSIGHTFUL]


def test_a_hidden_post_gives_back_what_it_brought_and_has_it_again_when_it_returns(as_, ask, answer, earned):
    thread = ask("ada")
    post = answer("ben", thread)
    send(as_("cleo"), thread, f"/p/{post}/reactions/upvote")
    assert earned("ben") == [ANSWER, UPVOTE]
    send(as_("mia"), f"/p/{post}/actions", f"/p/{post}/deletion")
    assert sum(earned("ben")) == 0
    send(as_("mia"), thread, f"/p/{post}/deletion")
    assert sum(earned("ben")) == ANSWER + UPVOTE


def test_ten_answers_of_which_five_and_then_all_are_removed_leave_half_and_then_nothing(engine, people, earned, client):
    with transaction(engine) as session:
        asker, category = session.get_one(Member, people["ada"].id), session.query(Category).one()
        threads = [
            posts.start_thread(session, asker, category, kind="question", title="Again", body=f"Why, {nth}?")
            for nth in range(10)
        ]
        numbers = [posts.post_reply(session, it, session.get_one(Member, people["ben"].id), "So.").id for it in threads]

    def remove(some):
        with transaction(engine) as session:
            for number in some:
                removals.remove(session, session.get_one(posts.Post, number), session.get_one(Member, people["mia"].id))

    def on_boards():
        pages = [soup(client.get(f"/leaders?period={it}")) for it in ("week", "month", "all")]
        return [[it["data-member"] for it in page.select(".board [data-member]")] for page in pages]

    assert sum(earned("ben")) == 50
    remove(numbers[:5])
    assert sum(earned("ben")) == 25
    assert on_boards() == [["ben"]] * 3
    remove(numbers[5:])
    assert sum(earned("ben")) == 0
    assert on_boards() == [[]] * 3


def test_private_messages_and_talk_give_nothing(as_, ask, answer, earned, engine, people):
    with transaction(engine) as session:
        rank = next(step.position for step in guide.ladder(session) if messages.UNLOCK in step.unlocks)
        session.get_one(Member, people["ben"].id).rank = rank
    assert send(as_("ben"), "/messages/ada", "/messages/ada", body="Thank you, @cleo told me.").status_code == 303
    thread = ask("ada", kind="discussion")
    answer("ben", thread)
    assert earned("ben") == []
    answer("ben", ask("ada"))
    assert earned("ben") == [ANSWER]


def test_a_rule_for_one_category_counts_there_and_nowhere_else(engine, ask, answer, earned):
    with transaction(engine) as session:
        make_category(session, slug="lounge", name="Lounge")
        session.query(PointRule).filter_by(slug="answer").one().where = {"category": "engines", "by_other": True}
    answer("ben", ask("ada", category="lounge"))
    assert earned("ben") == []
    answer("ben", ask("ada", title="In the other one"))
    assert earned("ben") == [ANSWER]


def test_a_value_can_be_changed_and_a_rule_switched_off_for_what_comes(engine, ask, answer, earned, as_):
    def change(**what):
        with transaction(engine) as session:
            rule = session.query(PointRule).filter_by(slug="answer").one()
            for name, value in what.items():
                setattr(rule, name, value)

    answer("ben", ask("ada"))
    assert earned("ben") == [ANSWER]
    change(amount=8)
    answer("ben", ask("ada", title="A dearer one"))
    assert earned("ben") == [ANSWER, 8]
    change(until=1)
    answer("ben", ask("ada", title="For the love of it"))
    assert earned("ben") == [ANSWER, 8]
    assert not soup(as_("ben").get("/points")).select("[data-rule=answer]")
    assert soup(as_("ben").get("/points")).select("[data-rule=accepted]")


def test_asking_answering_reacting_and_linking_need_no_rank(as_, ask, answer, earned, engine, people):
    thread = ask("cleo", "Look at https://gliders.example first.")
    post = answer("ben", thread, "See [this](https://gliders.example/brakes).")
    assert send(as_("ada"), thread, f"/p/{post}/reactions/insightful").status_code == 303
    assert soup(as_("ada").get(thread)).select(f'#post-{post} .prose a[href="https://gliders.example/brakes"]')
    with transaction(engine) as session:
        assert {session.get_one(Member, people[name].id).rank for name in ("ada", "ben", "cleo")} == {0}
        assert session.query(Thread).count() == 1


@pytest.fixture
def worker(app, engine_url, redis_url, workplace):
    """The part of the real worker that books points, in a process of its own."""
    environ = os.environ | {"INSTANCE_DIR": str(workplace), "DATABASE_URL": engine_url, "REDIS_URL": redis_url}
    process = subprocess.Popen(
        [sys.executable, "worker.py", "awards"], cwd=servers.ROOT, env=environ,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_a_deed_changes_the_leaders_within_a_second(people, ask, answer, app, client, worker, redis_url, patient_bell):
    bell.hang(redis_url, app.config["SETTINGS"].secret_key)

    def shown():
        found = soup(client.get("/leaders")).select_one('.board tr:has([data-member="ben"])')
        return int(found.select("td.num")[1].text) if found else 0

    def seconds():
        thread, before, began = ask("ada", title=f"Question {time.monotonic()}"), shown(), time.monotonic()
        answer("ben", thread)
        servers.until(lambda: shown() == before + ANSWER, "the board has it", seconds=30)
        return time.monotonic() - began

    seconds()  # until the worker is up
    assert any(seconds() < 1 for _ in range(8)), "a busy machine may be late now and then, but not each time"
