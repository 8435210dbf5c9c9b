"""Leaders: positions, ties, who is listed where; weeks of the site's zone, and their closing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from app.db import transaction
from app.domain.awarding import audit, evaluator, leaders
from app.domain.base import now
from app.domain.forum.threads import Post
from app.domain.record import activities, scores
from app.domain.record.activities import Activity
from app.domain.record.points import PointRule
from app.domain.record.scores import EVER, MONTH, WEEK, ClosedWeek, Placing
from app.domain.site.site_settings import SiteSetting
from tests.factories import make_category, make_member, make_thread

MONDAY = datetime(2026, 3, 23, tzinfo=UTC)  # the clocks of Berlin go forward at the end of this week
NEXT = MONDAY + timedelta(days=7, minutes=5)


@pytest.fixture
def book(session, engine):
    """Gives members so many points, each by one deed at a moment, and books them."""
    session.add(PointRule(slug="visit", kind="visited", amount=1, says="Come by"))
    session.commit()

    def earn(member, points, at=MONDAY, post=None):
        deed = activities.note(session, "visited", member, amount=points, at=at, post=post)
        session.commit()
        evaluator.run(partial(transaction, engine))
        return deed

    return earn


def week(moment=MONDAY):
    return scores.week_at(moment, "UTC")


def shown(board):
    return [(it.position, it.member.username, it.member.points) for it in board.top]


def test_who_has_as_many_shares_the_position_in_the_order_of_who_was_first(session, book):
    for name, points in (("ada", 5), ("ben", 8), ("cleo", 5), ("dan", 3)):
        book(make_member(session, name), points)
    board = leaders.board(session, WEEK, week())
    assert shown(board) == [(1, "ben", 8), (2, "ada", 5), (2, "cleo", 5), (4, "dan", 3)]
    assert shown(leaders.board(session, MONTH, scores.month_at(MONDAY, "UTC"))) == shown(board)
    assert shown(leaders.board(session, EVER, 0)) == shown(board)


def test_points_of_a_category_count_on_its_board_and_on_everybodys_but_on_no_other(session, book):
    ada, thread, other = make_member(session, "ada"), make_thread(session), make_category(session)
    book(ada, 4, post=session.scalars(select(Post)).one())
    book(ada, 3)
    assert shown(leaders.board(session, WEEK, week(), thread.category_id)) == [(1, "ada", 4)]
    assert shown(leaders.board(session, WEEK, week(), other.id)) == []
    assert shown(leaders.board(session, WEEK, week())) == [(1, "ada", 7)]


@pytest.mark.parametrize(
    ("change", "back"),
    [({"unlisted_at": MONDAY}, {"unlisted_at": None}), ({"deleted_at": MONDAY}, {"deleted_at": None}),
     ({"suspended_until": now() + timedelta(days=9)}, {"suspended_until": now() - timedelta(days=1)})],
    ids=["hidden", "deleted", "suspended"],
)  # fmt: skip
def test_who_is_not_listed_is_in_no_list_and_comes_back(session, book, change, back):
    ada, ben = make_member(session, "ada"), make_member(session, "ben")
    book(ada, 9)
    book(ben, 4)
    assert leaders.close_next(session, at=NEXT)

    def everywhere():
        boards = (leaders.board(session, *it) for it in ((WEEK, week()), (MONTH, 12 * 2026 + 2), (EVER, 0)))
        return [[it.member.username for it in board.top] for board in boards]

    assert everywhere() == [["ada", "ben"]] * 3
    for name, value in change.items():
        setattr(ada, name, value)
    session.flush()
    assert everywhere() == [["ben"]] * 3
    assert [it.username for it in leaders.this_week(session, week(), 5)] == ["ben"]
    for name, value in back.items():
        setattr(ada, name, value)
    session.flush()
    assert everywhere() == [["ada", "ben"]] * 3


def test_who_has_no_points_is_on_no_board(session, book):
    ada, ben = make_member(session, "ada"), make_member(session, "ben")
    make_member(session, "cleo")
    deed = book(ben, 7)
    book(ada, 4)
    assert [it.member.username for it in leaders.board(session, WEEK, week()).top] == ["ben", "ada"]
    activities.withdraw(session, [session.get_one(Activity, deed.id)])
    book(ada, 1)
    for board in (leaders.board(session, it, number) for it, number in ((WEEK, week()), (EVER, 0))):
        assert shown(board) == [(1, "ada", 5)]


def test_weeks_and_months_are_those_of_the_calendar(session, book):
    moments = {"now": MONDAY, "weeks": -14, "months": -59, "years": -730}
    for points, (name, days) in enumerate(moments.items(), start=1):
        book(make_member(session, name), points, at=days if name == "now" else MONDAY + timedelta(days=days))
    boards = ((WEEK, week()), (MONTH, scores.month_at(MONDAY, "UTC")), (EVER, 0))
    assert [[it.member.username for it in leaders.board(session, *board).top] for board in boards] == [
        ["now"], ["weeks", "now"], ["years", "months", "weeks", "now"],
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["moderator", "administrator"])
def test_staff_are_listed_apart(session, book, role):
    book(make_member(session, "mia", role=role), 9)
    book(make_member(session, "ada"), 4)
    for _ in range(2):  # while the week runs, and when it is closed
        board = leaders.board(session, WEEK, week())
        assert shown(board) == [(1, "ada", 4)]
        assert [it.username for it in board.team] == ["mia"]
        assert leaders.close_next(session, at=NEXT) or board.is_closed


def test_who_is_further_down_sees_neighbours_with_their_true_positions(session, book, monkeypatch):
    monkeypatch.setattr(leaders, "SHOWN", 2)
    people = [make_member(session, f"m{i}") for i in range(8)]
    make_member(session, "mia", role="moderator")
    for i, points in enumerate((20, 18, 16, 16, 12, 12, 12, 5)):
        book(people[i], points)
    book(make_member(session, "eve", unlisted_at=MONDAY), 17)
    for _ in range(2):
        board = leaders.board(session, WEEK, week(), viewer_id=people[5].id)
        assert [it.member.username for it in board.top] == ["m0", "m1"]
        assert [(it.position, it.member.username) for it in board.around] == [
            (3, "m3"), (5, "m4"), (5, "m5"), (5, "m6"), (8, "m7"),
        ]  # fmt: skip
        assert leaders.board(session, WEEK, week(), viewer_id=people[0].id).around == ()
        leaders.close_next(session, at=NEXT)


@pytest.mark.parametrize(
    ("zone", "end"),
    [("UTC", datetime(2026, 3, 30, tzinfo=UTC)), ("Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),
     ("Pacific/Auckland", datetime(2026, 3, 29, 11, tzinfo=UTC))],
)  # fmt: skip
def test_a_week_ends_on_monday_at_midnight_where_the_site_is(session, book, zone, end):
    session.add(SiteSetting(key="zone", value=zone))
    late, early = make_member(session, "late"), make_member(session, "early")
    book(late, 2, at=end - timedelta(seconds=1))
    book(early, 3, at=end)
    last = scores.week_named("2026-W13")
    assert scores.begins(last + 1, zone) == end
    assert shown(leaders.board(session, WEEK, last)) == [(1, "late", 2)]
    assert shown(leaders.board(session, WEEK, last + 1)) == [(1, "early", 3)]


def test_a_month_ends_at_midnight_where_the_site_is(session, book):
    session.add(SiteSetting(key="zone", value="Europe/Berlin"))
    end = datetime(2026, 3, 31, 22, tzinfo=UTC)
    book(make_member(session, "late"), 2, at=end - timedelta(seconds=1))
    book(make_member(session, "early"), 3, at=end)
    march = 12 * 2026 + 2
    assert [shown(leaders.board(session, MONTH, march + i)) for i in (0, 1)] == [[(1, "late", 2)], [(1, "early", 3)]]


def test_a_week_is_closed_once_and_nothing_changes_its_board(session, book, engine):
    ada, ben = make_member(session, "ada"), make_member(session, "ben")
    deed = book(ada, 9)
    book(ben, 4)
    assert not leaders.close_next(session, at=MONDAY + timedelta(days=7, seconds=30))  # not quite over
    assert leaders.close_next(session, at=NEXT)
    assert not leaders.close_next(session, at=NEXT)
    before = leaders.board(session, WEEK, week())

    activities.withdraw(session, [session.get_one(Activity, deed.id)])
    book(ben, 30, at=MONDAY + timedelta(hours=1))
    after = leaders.board(session, WEEK, week())
    assert shown(after) == shown(before) == [(1, "ada", 9), (2, "ben", 4)]
    assert after.is_closed
    assert shown(leaders.board(session, EVER, 0)) == [(1, "ben", 34)]
    audit.repair(session)
    assert session.scalar(select(func.count()).select_from(Placing)) == 2
    assert session.scalar(select(func.count()).select_from(ClosedWeek)) == 1


def test_a_week_waits_for_what_belongs_to_it(session, book):
    ada = make_member(session, "ada")
    book(ada, 2)
    activities.note(session, "visited", ada, at=MONDAY)
    session.flush()
    assert not leaders.close_next(session, at=NEXT)
    session.rollback()
    activities.note(session, "visited", ada, at=NEXT)  # of the week after: it is not waited for
    session.flush()
    assert leaders.close_next(session, at=NEXT)


def test_changes_are_told_against_the_week_before(session, book):
    ada, ben, cleo = (make_member(session, name) for name in ("ada", "ben", "cleo"))
    book(ada, 9)
    book(ben, 4)
    later = MONDAY + timedelta(days=7)
    book(ben, 7, at=later)
    book(ada, 5, at=later)
    book(cleo, 1, at=later)
    assert not leaders.board(session, WEEK, week(later)).is_compared
    leaders.close_next(session, at=NEXT)
    board = leaders.board(session, WEEK, week(later))
    assert [(it.member.username, it.change) for it in board.top] == [("ben", 1), ("ada", -1), ("cleo", None)]


def test_finishing_a_week_among_the_first_counts_for_badges(session, book):
    people = [make_member(session, f"m{i:02}") for i in range(12)]
    for i, person in enumerate(people):
        book(person, 30 - i)
    leaders.close_next(session, at=NEXT)
    noted = select(Activity.member_id).order_by(Activity.id)
    assert list(session.scalars(noted.filter_by(kind="week_first"))) == [people[0].id]
    assert list(session.scalars(noted.filter_by(kind="week_top_ten"))) == [it.id for it in people[:10]]


def test_a_withdrawal_counts_for_the_week_of_what_it_takes_back_wherever_the_site_moved(session, book, engine):
    ada = make_member(session, "ada")
    deed = book(ada, 9, at=datetime(2026, 3, 29, 23, tzinfo=UTC))
    session.add(SiteSetting(key="zone", value="Europe/Berlin"))
    activities.withdraw(session, [session.get_one(Activity, deed.id)])
    session.commit()
    evaluator.run(partial(transaction, engine))
    assert audit.differences(session) == []
    assert [leaders.board(session, WEEK, week() + i).top for i in (0, 1)] == [[], []]
