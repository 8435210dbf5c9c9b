"""Events: who was there is noted once, counts at the time of the event, and can be taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import delete, func, select

from app.db import transaction
from app.domain import catalogue
from app.domain.awarding import audit, backfill, evaluator
from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from app.domain.record.points import PointEntry
from app.domain.ways import attendance, event_codes, event_groups, events
from app.domain.ways.events import Attendance, Event, Plan
from tests.domain.rules import make_badge
from tests.factories import make_event, make_member
from tests.web.scenery import make_ranks

MAY = datetime(2026, 5, 8, 18, tzinfo=UTC)


@pytest.fixture
def open_transaction(engine):
    return partial(transaction, engine)


@pytest.fixture
def ada(session):
    return make_member(session, "ada")


@pytest.fixture
def mia(session):
    return make_member(session, "mia", role="moderator")


def with_code(session, mia, **more):
    """An event with a code that can be entered now."""
    event = make_event(session, **more)
    event_codes.renew(session, event, mia, event.ends_at)
    return event


def deeds(session, *kinds):
    """What counts for members, as kind and amount."""
    rows = select(Activity.kind, Activity.amount).where(Activity.kind.in_(kinds)).order_by(Activity.id)
    return [tuple(it) for it in session.execute(rows)]


def held(session, member):
    return set(
        session.scalars(select(Badge.slug).join(Award, Award.badge_id == Badge.id).filter_by(member_id=member.id))
    )


# --- What counts ----------------------------------------------------------------------------


def test_who_was_there_is_noted_once_and_with_the_event(session, ada, mia):
    event = make_event(session)
    assert attendance.record(session, event, ada, "team", by=mia)
    assert not attendance.record(session, event, ada, "team", by=mia)
    [deed] = session.scalars(select(Activity).filter_by(kind="event_attended"))
    assert (deed.member_id, deed.actor_id, deed.object) == (ada.id, ada.id, f"event-{event.id}")


def test_it_counts_at_the_time_of_the_event_however_late_it_is_noted(session, ada, mia):
    event = make_event(session, begins_at=MAY)
    attendance.record(session, event, ada, "team", by=mia)
    assert session.scalar(select(Activity.happened_at)) == event.ends_at


def test_points_come_only_with_an_event_that_says_so_and_go_when_it_is_taken_back(session, ada, mia, open_transaction):
    catalogue.load(session, catalogue.shipped("flight"))
    plain, rich = make_event(session, begins_at=MAY), make_event(session, begins_at=MAY, gives_points=True)
    for event in (plain, rich):
        attendance.record(session, event, ada, "team", by=mia)
    session.commit()
    evaluator.run(open_transaction)
    session.refresh(ada)
    assert ada.points == 10
    attendance.withdraw(session, rich, ada, mia, "Somebody else of that name")
    session.commit()
    evaluator.run(open_transaction)
    session.refresh(ada)
    assert ada.points == 0
    assert session.scalars(select(PointEntry.amount).order_by(PointEntry.id)).all() == [10, -10]
    assert audit.differences(session) == []


def test_one_five_and_ten_events_earn_their_badges_live_as_in_a_backfill(session, ada, mia, open_transaction):
    catalogue.load(session, catalogue.shipped("flight"))
    for nth in range(10):
        event = make_event(session, begins_at=MAY + timedelta(days=nth), gives_points=nth % 2 == 0)
        attendance.record(session, event, ada, "team", by=mia)
        if nth == 8:
            session.commit()
            evaluator.run(open_transaction)
            assert held(session, ada) == {"meet-up", "circuit-flyer"}
    session.commit()
    evaluator.run(open_transaction)
    live = awards_of(session)
    assert held(session, ada) == {"meet-up", "circuit-flyer", "grand-tour"}
    assert live["circuit-flyer"] == MAY + timedelta(days=4, hours=2)
    for table in (Delivery, Notification, Award):
        session.execute(delete(table))
    session.commit()
    backfill.run(open_transaction)
    assert awards_of(session) == live


def awards_of(session):
    rows = select(Badge.slug, Award.earned_at).join(Award, Award.badge_id == Badge.id)
    return dict(session.execute(rows).all())


def test_an_event_that_was_taken_back_does_not_count_towards_five(session, ada, mia, open_transaction):
    catalogue.load(session, catalogue.shipped("flight"))
    occasions = [make_event(session, begins_at=MAY + timedelta(days=nth)) for nth in range(6)]
    attendance.record(session, occasions[0], ada, "team", by=mia)
    attendance.withdraw(session, occasions[0], ada, mia, "A slip")
    for event in occasions[1:5]:
        attendance.record(session, event, ada, "team", by=mia)
    session.commit()
    evaluator.run(open_transaction)
    assert held(session, ada) == {"meet-up"}
    attendance.record(session, occasions[0], ada, "team", by=mia)
    session.commit()
    evaluator.run(open_transaction)
    assert held(session, ada) == {"meet-up", "circuit-flyer"}


def test_an_event_can_give_a_badge_itself_once(session, ada, mia):
    badge = make_badge(session, "air-show", ways=["event"])
    for event in [make_event(session, begins_at=MAY, badge_id=badge.id) for _year in range(2)]:
        assert attendance.record(session, event, ada, "team", by=mia)
    [award] = session.scalars(select(Award))
    assert (award.way, award.reason, award.earned_at) == (
        "event",
        "For being at Spring meet-up.",
        MAY + timedelta(hours=2),
    )
    assert session.scalars(select(Notification.kind)).all() == ["badge_earned"]


def test_a_badge_retired_since_is_not_given_but_attendance_is_noted(session, ada, mia):
    badge = make_badge(session, "air-show", ways=["event"], state="legacy")
    assert attendance.record(session, make_event(session, badge_id=badge.id), ada, "team", by=mia)
    assert held(session, ada) == set()


def test_making_an_event_tells_nobody(session, ada, mia):
    events.make(session, mia, Plan("Spring meet-up", MAY, MAY + timedelta(hours=2)))
    assert session.scalars(select(Notification)).all() == []
    [entry] = session.scalars(select(AuditEntry))
    assert (entry.what, entry.subject) == ("event", "Spring meet-up")


# --- What is refused --------------------------------------------------------------------------


def test_nobody_was_at_an_event_that_has_not_begun_or_was_called_off(session, ada, mia):
    event = make_event(session, begins_at=now() + timedelta(hours=2))
    with pytest.raises(Refused, match="has not begun"):
        attendance.record(session, event, ada, "team", by=mia)
    off = make_event(session)
    events.call_off(session, off, mia, off=True)
    with pytest.raises(Refused, match="called off"):
        attendance.record(session, off, ada, "team", by=mia)
    events.call_off(session, off, mia, off=False)
    assert attendance.record(session, off, ada, "team", by=mia)
    with pytest.raises(Conflict):
        events.call_off(session, off, mia, off=False)


def test_taking_back_needs_a_reason_and_happens_once(session, ada, mia):
    event = make_event(session, gives_points=True)
    attendance.record(session, event, ada, "team", by=mia)
    with pytest.raises(Invalid, match="Say why"):
        attendance.withdraw(session, event, ada, mia, " ")
    attendance.withdraw(session, event, ada, mia, "A slip")
    assert deeds(session, "event_attended", "event_credited") == [
        ("event_attended", 1), ("event_credited", 1), ("event_attended", -1), ("event_credited", -1),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        attendance.withdraw(session, event, ada, mia, "Again")


def test_what_the_team_took_back_a_code_does_not_bring_again(session, ada, mia):
    event = with_code(session, mia)
    event_codes.enter(session, ada, event.code)
    attendance.withdraw(session, event, ada, mia, "You were not there")
    with pytest.raises(Refused, match="You were not there"):
        event_codes.enter(session, ada, event.code)
    assert attendance.record(session, event, ada, "team", by=mia)
    assert attendance.count(session, event) == 1


@pytest.mark.parametrize("way", ["rank", "guests", "team"])
def test_an_event_for_a_group_is_for_nobody_else_and_says_for_whom(session, ada, mia, way):
    make_ranks(session)
    more = {"rank": {"rank": "captain"}, "guests": {"group_name": "Northern Loop"}, "team": {}}[way]
    event = with_code(session, mia, audience=way, **more)
    words = {"rank": "members from the rank Captain on", "guests": "Northern Loop", "team": "the team"}[way]
    assert event_groups.for_whom(session, event) == words
    with pytest.raises(Refused, match=f"is for {words} only"):
        event_codes.enter(session, ada, event.code)
    match way:
        case "rank":
            ada.rank = 2
        case "guests":
            assert event_groups.invite(session, event, [ada], mia) == 1
        case "team":
            ada.role = "moderator"
    assert event_codes.enter(session, ada, event.code).is_new


def test_what_an_event_gives_stays_once_somebody_was_there_and_the_rest_can_change(session, ada, mia):
    plan = Plan("Spring meet-up", MAY, MAY + timedelta(hours=2))
    event = events.make(session, mia, plan)
    events.change(session, event, mia, Plan("Spring meet-up", MAY, MAY + timedelta(hours=2), gives_points=True))
    attendance.record(session, event, ada, "team", by=mia)
    with pytest.raises(Invalid, match="stays as it is"):
        events.change(session, event, mia, plan)
    events.change(session, event, mia, Plan("May meet-up", MAY, MAY + timedelta(hours=3), gives_points=True))
    assert event.title == "May meet-up"


@pytest.mark.parametrize(
    ("field", "flaw"),
    [
        ("title", {"title": " \u202e"}), ("title", {"title": "x" * 121}), ("begins", {"begins_at": None}),
        ("ends", {"ends_at": MAY}), ("ends", {"ends_at": MAY + timedelta(days=40)}), ("zone", {"zone": "Moon/Crater"}),
        ("badge", {"badge": "meet-up"}), ("rank", {"audience": "rank", "rank": "emperor"}),
        ("group_name", {"audience": "guests"}), ("audience", {"audience": "friends"}),
        ("about", {"about": "x" * 5001}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_event_is_told_by_field(session, mia, field, flaw):
    make_badge(session, "meet-up", {"count": "event_attended"}, ways=["event"])
    good = {"title": "Spring meet-up", "begins_at": MAY, "ends_at": MAY + timedelta(hours=2)}
    with pytest.raises(Invalid) as no:
        events.make(session, mia, Plan(**(good | flaw)))
    assert list(no.value.fields) == [field]
    assert events.make(session, mia, Plan(**good)).id


# --- Codes --------------------------------------------------------------------------------------


def test_a_code_may_be_typed_in_small_letters_with_spaces_and_hyphens(session, ada, mia):
    event = with_code(session, mia)
    typed = f" {event.code[:3].lower()}-{event.code[3:6].lower()} {event.code[6:]}\n"
    assert event_codes.enter(session, ada, typed).event is event
    assert not event_codes.enter(session, ada, event_codes.with_spaces(event.code)).is_new


def test_a_wrong_code_is_nobodys_and_after_many_not_even_the_right_one_works(session, ada, mia):
    event, other = with_code(session, mia), with_code(session, mia)
    assert event_codes.enter(session, ada, other.code, event) is None
    assert event_codes.enter(session, ada, "") is None
    for _guess in range(event_codes.TRIES.most - 2):
        assert event_codes.enter(session, ada, "AAAA AAAA") is None
    with pytest.raises(Invalid, match="These were many codes"):
        event_codes.enter(session, ada, event.code)
    later = now() + timedelta(hours=1, minutes=1)
    event.code_until = later + timedelta(hours=1)
    assert event_codes.enter(session, ada, event.code, at=later).is_new


def test_entering_a_known_code_again_is_no_way_to_go_on_guessing(session, ada, mia):
    event = with_code(session, mia)
    event_codes.enter(session, ada, event.code)
    for _guess in range(event_codes.TRIES.most // 2):
        event_codes.enter(session, ada, "AAAA AAAA")
        event_codes.enter(session, ada, event.code)
    with pytest.raises(Invalid, match="many codes"):
        event_codes.enter(session, ada, "AAAA AAAA")


def test_a_code_is_good_from_the_beginning_until_its_end_and_a_new_one_replaces_it(session, ada, mia):
    event = with_code(session, mia)
    with pytest.raises(Invalid, match="is over"):
        event_codes.enter(session, ada, event.code, at=event.code_until + timedelta(seconds=1))
    with pytest.raises(Invalid, match="has not begun"):
        event_codes.enter(session, ada, event.code, at=event.opens_at - timedelta(minutes=1))
    old = event.code
    event_codes.renew(session, event, mia, event.ends_at + timedelta(days=1))
    assert event_codes.enter(session, ada, old) is None
    assert event_codes.enter(session, ada, event.code).is_new
    event_codes.close(session, event, mia)
    assert event_codes.enter(session, make_member(session), old) is None


@pytest.mark.parametrize("until", [None, MAY, datetime(2030, 1, 1, tzinfo=UTC)])
def test_a_code_needs_an_end_that_is_to_come_and_not_far(session, mia, until):
    event = make_event(session)
    with pytest.raises(Invalid):
        event_codes.renew(session, event, mia, until)
    assert event_codes.renew(session, event, mia, event.ends_at)


def test_who_cannot_take_part_cannot_enter_a_code(session, mia):
    event, sue = with_code(session, mia), make_member(session, suspended_until=now() + timedelta(days=1))
    with pytest.raises(Refused, match="paused"):
        event_codes.enter(session, sue, event.code)
    sue.suspended_until = None
    assert event_codes.enter(session, sue, event.code).is_new


# --- At once ------------------------------------------------------------------------------------


@pytest.fixture
def crowd(open_transaction):
    """64 members and an event whose code gives a badge and points."""
    with open_transaction() as session:
        mia = make_member(session, "mia", role="moderator")
        badge = make_badge(session, "air-show", ways=["event"])
        event = with_code(session, mia, badge_id=badge.id, gives_points=True)
        return event, [make_member(session).id for _n in range(64)], mia


def test_sixty_four_members_enter_a_code_at_once(open_transaction, crowd):
    event, people, _mia = crowd

    def enter(member_id):
        with open_transaction() as session:
            return event_codes.enter(session, session.get_one(Member, member_id), event.code).is_new

    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(enter, people)) == [True] * 64
    with open_transaction() as session:
        assert attendance.count(session, event) == 64
        assert session.scalar(select(Badge.holders)) == 64
        assert len(deeds(session, "event_attended")) == len(deeds(session, "event_credited")) == 64


def test_one_member_enters_it_twenty_times_at_once_and_was_there_once(open_transaction, crowd):
    event, people, _mia = crowd

    def enter(_nth):
        with open_transaction() as session:
            return event_codes.enter(session, session.get_one(Member, people[0]), event.code).is_new

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(enter, range(20))) == 1
    with open_transaction() as session:
        assert session.scalar(select(func.count()).select_from(Attendance)) == 1
        assert deeds(session, "event_attended", "event_credited", "badge_granted") == [
            ("event_attended", 1), ("event_credited", 1), ("badge_granted", 1),
        ]  # fmt: skip


def test_a_list_twice_at_once_while_members_enter_the_code_notes_each_once(open_transaction, crowd):
    event, people, mia = crowd

    def by_list(turn):
        with open_transaction() as session:
            members = [session.get_one(Member, it) for it in people[::turn]]
            it, by = session.get_one(Event, event.id), session.get_one(Member, mia.id)
            return len(attendance.record_all(session, it, members, "list", by))

    def by_code(member_id):
        with open_transaction() as session:
            return int(event_codes.enter(session, session.get_one(Member, member_id), event.code).is_new)

    with ThreadPoolExecutor(18) as pool:
        lists = [pool.submit(by_list, turn) for turn in (1, -1)]
        codes = [pool.submit(by_code, it) for it in people[::4]]
        assert sum(it.result() for it in lists + codes) == 64
    with open_transaction() as session:
        assert len(deeds(session, "event_attended")) == 64
