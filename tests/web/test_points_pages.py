"""Statements with filters, their file, the drawing; the pages of leaders, fairness and ranks by hand."""

from __future__ import annotations

import csv
import io

import pytest

from app.db import transaction
from app.domain.awarding import leaders
from app.domain.base import now
from app.domain.forum.threads import Category, Reaction
from app.domain.people.members import Member
from app.domain.record.scores import (
    EVER,
    EVERYWHERE,
    MONTH,
    WEEK,
    ClosedWeek,
    Placing,
    Score,
    month_at,
    week_at,
    week_name,
)
from app.domain.rewards import statements
from tests.factories import make_category, make_member
from tests.web.forms import fill_in, soup, text_of, toast
from tests.web.scenery import days, make_entry, make_post, make_ranks, make_rule, make_thread_of, sign_in
from tests.web.world import make_world


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        make_ranks(session)
        make_rule(session)
        ada = make_member(session, "ada", points=40)
    sign_in(client, engine, ada)
    return ada


def score(session, member, points, week=None, **more):
    week = week_at(now(), "UTC") if week is None else week
    fields = {"span": WEEK, "number": week, "category_id": EVERYWHERE, "accepted": 0, "seq": member.id}
    session.add(Score(**fields | more, member_id=member.id, points=points))


def test_a_statement_filters_and_turns_its_pages(client, engine, ada, monkeypatch):
    monkeypatch.setattr(statements, "PER_PAGE", 3)
    with transaction(engine) as session:
        first = make_entry(session, ada, 5)
        make_entry(session, ada, -5, reverses_id=first.id)
        for _ in range(3):
            make_entry(session, ada, 0, held="day", held_back=15)
    page = soup(client.get("/u/ada/points"))
    assert len(page.select("[data-entry]")) == 3
    older = soup(client.get(page.select_one(".pager a[rel=next]")["href"]))
    assert len(older.select("[data-entry]")) == 2
    assert older.select_one(".pager a[rel=next]") is None
    for direction, number in (("in", 1), ("out", 1), ("held", 3)):
        assert len(soup(client.get(f"/u/ada/points?direction={direction}")).select("[data-entry]")) == number
    assert "15 points held back" in text_of(client.get("/u/ada/points?direction=held"))
    assert client.get("/u/ada/points?direction=sideways").status_code == 400
    assert client.get("/u/ada/points?below=1-x").status_code == 400


def test_a_statement_is_a_file_for_its_owner_alone_in_which_nothing_is_a_formula(client, engine, ada, app):
    with transaction(engine) as session:
        eve = make_member(session, "eve")
        thread = make_thread_of(session, ada, 0, title='=HYPERLINK("https://evil.example")')
        make_entry(session, ada, 15, post_id=make_post(session, thread, ada).id)
    rows = list(csv.DictReader(io.StringIO(client.get("/u/ada/points.csv").text)))
    assert [(it["points"], it["cause"]) for it in rows] == [("15", "Somebody accepts your answer")]
    assert rows[0]["thread"].startswith("'=")
    assert sign_in(app.test_client(), engine, eve).get("/u/ada/points.csv").status_code == 404
    assert app.test_client().get("/u/ada/points.csv").status_code == 303


def test_the_climb_is_drawn_with_words_and_a_table(client, engine, ada):
    assert soup(client.get("/u/ada/points")).select_one("svg.plot") is not None  # of what was there before the year
    with transaction(engine) as session:
        score(session, ada, 30)
    drawing = soup(client.get("/u/ada/points"))
    assert drawing.select_one("svg.plot title").text == "Your points, week by week"
    assert "to 40 points" in drawing.select_one("svg.plot desc").text
    assert [it.text for it in drawing.select_one(".figures tbody tr").select("td")] == ["30", "40"]


def test_the_board_names_who_looks_and_keeps_staff_apart(client, engine, ada):
    with transaction(engine) as session:
        score(session, ada, 40)
        score(session, make_member(session, "ben"), 50)
        score(session, make_member(session, "mia", role="moderator"), 90)
    page = soup(client.get("/leaders"))
    assert [it["data-position"] for it in page.select(".board tr[data-position]")] == ["1", "2"]
    assert page.select_one(".board tr[aria-current]").select_one("[data-member]")["data-member"] == "ada"
    assert page.select_one("[data-team] [data-member]")["data-member"] == "mia"


def test_who_hides_is_on_no_page_and_can_come_back(client, engine, ada, app):
    with transaction(engine) as session:
        score(session, ada, 40)
        score(session, ada, 40, span="ever", number=0)

    def seen():
        visitor = app.test_client()
        return [
            bool(soup(visitor.get(it)).select('main [data-member="ada"]'))
            for it in ("/", "/leaders", "/leaders?period=all")
        ]

    assert seen() == [True] * 3
    answer = client.post(
        "/settings/leaders",
        data={"csrf_token": soup(client.get("/appearance")).select_one("[name=csrf_token]")["value"]},
    )
    assert "no list" in toast(client, answer)
    assert seen() == [False] * 3
    fill_in(client, "/settings/profile", "/settings/leaders", listed="1")
    assert seen() == [True] * 3


def test_who_hides_is_named_on_no_page_but_their_own(app, engine):
    world = make_world(app, engine)
    with transaction(engine) as session:
        hilda, lounge = make_member(session, "hilda"), session.query(Category).first()
        running = week_at(now(), "UTC")
        session.add(ClosedWeek(week=running - 1))
        session.flush()
        place = {"member_id": hilda.id, "points": 900, "accepted": 3, "seq": 1}
        for category in (EVERYWHERE, lounge.id):
            for span, number in ((WEEK, running), (MONTH, month_at(now(), "UTC")), (EVER, 0)):
                session.add(Score(span=span, number=number, category_id=category, **place))
            session.add(Placing(week=running - 1, category_id=category, is_staff=False, position=1, **place))

    def named(role):
        visitor = world.visitor(role)
        paths = {world.path(rule) for rule, _audience in world.addresses("GET") if known(world, rule)}
        boards = [f"/leaders?period={it}" for it in ("week", "month", "all", f"week&week={week_name(running - 1)}")]
        paths |= {*boards, *(f"{it}&category={lounge.slug}" for it in boards)}
        return {it for it in paths if b"Hilda" in visitor.get(it).data or b"hilda" in visitor.get(it).data}

    assert len(named("nobody")) >= 10, "home and every board while she is listed"
    with transaction(engine) as session:
        leaders.list_member(session, session.get_one(Member, hilda.id), False)
    assert named("nobody") == named("stranger") == set()


def known(world, rule):
    try:
        return bool(world.path(rule))
    except KeyError:
        return False


def test_weeks_that_are_not_there(client, engine, ada):
    running = week_at(now(), "UTC")
    assert client.get(f"/leaders?week={week_name(running - 3)}").status_code == 200
    assert client.get(f"/leaders?week={week_name(running + 1)}").status_code == 404
    assert client.get("/leaders?week=2026-W60").status_code == 400
    assert client.get("/leaders?period=year").status_code == 400
    assert soup(client.get("/leaders")).h1 == soup(client.get("/leaders?period=week")).h1
    assert client.get("/leaders?category=nowhere").status_code == 404
    with transaction(engine) as session:
        lounge = make_category(session, slug="lounge")
        score(session, ada, 7, category_id=lounge.id)
    assert len(soup(client.get("/leaders?category=lounge")).select("tr[data-position]")) == 1


@pytest.fixture
def moderator(client, engine):
    with transaction(engine) as session:
        make_ranks(session)
        make_rule(session)
        mia = make_member(session, "mia", role="moderator")
    return sign_in(client, engine, mia)


def test_staff_see_who_mostly_reacts_to_whom(moderator, engine):
    with transaction(engine) as session:
        ada, ben, cleo = (make_member(session, name) for name in ("ada", "ben", "cleo"))
        for author, giver in ((ada, ben), (ben, ada), (cleo, ada)):
            thread = make_thread_of(session, author, 0)
            for _ in range(5 if author is not cleo else 2):
                post = make_post(session, thread, author)
                session.add(Reaction(post_id=post.id, member_id=giver.id, kind="upvote", created_at=now() - days(2)))
    page = soup(moderator.get("/staff/fairness"))
    assert [it["data-pair"] for it in page.select("[data-pair]")] == ["ada ben"]
    assert "gave 5 of 7" in page.select_one("[data-pair]").text
    assert "83 %" in page.select_one("[data-pair]").text
    assert len(soup(moderator.get("/staff/fairness/ada/ben")).select("main .ledger li")) == 10
    with transaction(engine) as session:
        session.get_one(Member, ben.id).deleted_at = now()
    assert not soup(moderator.get("/staff/fairness")).select("[data-pair]"), "who left is nobody's case any more"


def test_staff_see_what_the_allowances_held_back(moderator, engine):
    week = week_at(now(), "UTC")
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        for _ in range(2):
            make_entry(session, ada, 0, held="day", held_back=15, week=week)
        make_entry(session, ada, 15, week=week)
    [line] = soup(moderator.get("/staff/fairness/held")).select("[data-held]")
    assert line["data-held"] == "ada accepted"
    assert "30 points" in line.text
    assert not soup(moderator.get(f"/staff/fairness/held?week={week_name(week - 1)}")).select("[data-held]")


def test_staff_give_a_rank_by_hand_and_keep_what_they_typed_when_it_cannot_be(moderator, engine, session):
    with transaction(engine) as writing:
        ada = make_member(writing, "ada")
    assert moderator.get("/staff/members/nobody/rank").status_code == 404
    answer = fill_in(moderator, "/staff/members/ada/rank", rank="captain", reason=" ")
    assert answer.status_code == 422
    assert soup(answer).select_one("option[selected]")["value"] == "captain"
    assert "They are told" in toast(
        moderator, fill_in(moderator, "/staff/members/ada/rank", rank="captain", reason="So good")
    )
    assert session.get_one(Member, ada.id).rank == 2
