"""Flags: who may raise them, who decides, and what a decision does."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.domain.base import now
from app.domain.membership import sessions
from app.domain.moderation import flag_queue, flags
from app.domain.moderation.flags import CLAIM_LASTS, FlagCase
from app.domain.people.members import Role
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from tests.factories import make_answer, make_member


@pytest.fixture
def people(session):
    """Ada wrote something, ben flags, mia and max moderate."""
    return {
        "ada": make_member(session, "ada"),
        "ben": make_member(session, "ben"),
        "mia": make_member(session, "mia", role=Role.MODERATOR),
        "max": make_member(session, "max", role=Role.MODERATOR),
    }


@pytest.fixture
def case(session, people):
    """The case of an answer by ada that ben flagged as spam."""
    given = flags.flag(session, make_answer(session, people["ada"]), people["ben"], "spam", "Buy my book")
    return session.get_one(FlagCase, given.case_id)


def post_of(session, case):
    return flag_queue.post_of(session, case.post_id)


def logged(session):
    return [(it.what, it.by_id, it.member_id, it.reason) for it in session.scalars(select(AuditEntry).order_by("id"))]


def test_flags_of_several_members_are_one_case(session, people, case):
    again = flags.flag(session, session.get_one(flags.Post, case.post_id), people["mia"], "abuse")
    assert again.case_id == case.id
    assert [it.reason for it in flags.reasons_given(session, case.id)] == ["spam", "abuse"]


def test_nobody_flags_a_post_twice(session, people, case):
    with pytest.raises(Conflict, match="already"):
        flags.flag(session, session.get_one(flags.Post, case.post_id), people["ben"], "abuse")


def test_nobody_flags_their_own_post(session, people):
    answer = make_answer(session, people["ada"])
    with pytest.raises(Refused, match="your own"):
        flags.flag(session, answer, people["ada"], "spam")


def test_only_who_confirmed_their_address_flags(session, people):
    answer, eve = make_answer(session), make_member(session, "eve", email_verified_at=None)
    with pytest.raises(Refused, match="Confirm"):
        flags.flag(session, answer, eve, "spam")


@pytest.mark.parametrize(
    ("reason", "words", "field"),
    [("", "", "reason"), ("evil", "", "reason"), ("other", " ", "words"), ("spam", "x" * 1001, "words")],
)
def test_a_flag_says_what_is_wrong(session, people, reason, words, field):
    with pytest.raises(Invalid) as no:
        flags.flag(session, make_answer(session), people["ben"], reason, words)
    assert list(no.value.fields) == [field]


def test_hiding_removes_the_post_and_withdraws_what_it_counted_for(session, people, case):
    flags.decide(session, case, people["mia"], "hide", reason="Advertising")
    assert post_of(session, case).deleted_at is not None
    amounts = session.scalars(
        select(Activity.amount).where(Activity.post_id == case.post_id, Activity.kind == "answered")
    )
    assert sorted(amounts) == [-1, 1]
    assert people["ada"].warned_at is not None
    assert flag_queue.hidden_of(session, people["ada"].id)[0].reason == "Advertising"


def test_dismissing_leaves_everything_as_it_is(session, people, case):
    flags.decide(session, case, people["mia"], "dismiss", reason="It is fine")
    assert post_of(session, case).deleted_at is None
    assert people["ada"].warned_at is None
    assert ("dismiss", people["mia"].id, people["ada"].id, "It is fine") in logged(session)


def test_restoring_brings_a_hidden_post_back_once(session, people, case):
    flags.decide(session, case, people["mia"], "hide", reason="Advertising")
    flags.restore(session, case, people["max"], "It was no advertising")
    assert post_of(session, case).deleted_at is None
    assert ("restore", people["max"].id, people["ada"].id, "It was no advertising") in logged(session)
    with pytest.raises(Conflict, match="back already"):
        flags.restore(session, case, people["mia"], "Me too")


@pytest.mark.parametrize("hide", [True, False])
def test_a_warning_reaches_the_author_and_hides_the_post_where_wanted(session, people, case, hide):
    flags.decide(session, case, people["mia"], "warn", reason="Be kind", hide=hide)
    assert people["ada"].warned_at is not None
    assert (post_of(session, case).deleted_at is not None) == hide


def test_a_suspension_ends_log_ins_at_once_and_ends_by_itself(session, people, case):
    secret = sessions.start(session, people["ada"])
    assert sessions.find(session, secret)
    flags.decide(session, case, people["mia"], "suspend", reason="Again", days=7)
    assert sessions.find(session, secret) is None
    assert not sessions.may_log_in(people["ada"], now() + timedelta(days=6))
    assert sessions.may_log_in(people["ada"], now() + timedelta(days=8))
    assert sessions.find(session, secret, at=now() + timedelta(days=8)) is None


def test_a_suspension_needs_a_length_and_every_decision_a_reason(session, people, case):
    with pytest.raises(Invalid, match="how long"):
        flags.decide(session, case, people["mia"], "suspend", reason="Again", days=5000)
    with pytest.raises(Invalid, match="why"):
        flags.decide(session, case, people["mia"], "hide", reason="  ")


def test_nobody_decides_about_their_own_post(session, people):
    given = flags.flag(session, make_answer(session, people["mia"]), people["ben"], "spam")
    case = session.get_one(FlagCase, given.case_id)
    for deed in (
        lambda: flags.decide(session, case, people["mia"], "dismiss", reason="Mine"),
        lambda: flags.claim(session, case, people["mia"]),
    ):
        with pytest.raises(Refused, match="own post"):
            deed()
    flags.decide(session, case, people["max"], "dismiss", reason="Fine")


def test_the_second_decision_hears_of_the_first(session, people, case):
    flags.decide(session, case, people["mia"], "hide", reason="Advertising")
    with pytest.raises(Conflict, match="mia hid this post"):
        flags.decide(session, case, people["max"], "dismiss", reason="Fine")


def test_a_claim_keeps_others_from_deciding_for_half_an_hour(session, people, case):
    flags.claim(session, case, people["mia"], at=now() - CLAIM_LASTS + timedelta(minutes=1))
    with pytest.raises(Conflict, match="mia is looking"):
        flags.decide(session, case, people["max"], "dismiss", reason="Fine")
    flags.decide(session, case, people["max"], "dismiss", reason="Fine", at=now() + timedelta(minutes=2))


def test_a_claim_can_be_left_to_others_by_whoever_has_it(session, people, case):
    flags.claim(session, case, people["mia"])
    flags.release(session, case, people["max"])
    assert case.claimed_by_id == people["mia"].id
    flags.release(session, case, people["mia"])
    flags.claim(session, case, people["max"])


def test_moderators_do_not_suspend_each_other_but_administrators_do(session, people):
    given = flags.flag(session, make_answer(session, people["mia"]), people["ben"], "abuse")
    case = session.get_one(FlagCase, given.case_id)
    with pytest.raises(Refused, match="administrator decides"):
        flags.decide(session, case, people["max"], "suspend", reason="Rude", days=1)
    session.expire(case)
    boss = make_member(session, role=Role.ADMINISTRATOR)
    flags.decide(session, session.get_one(FlagCase, given.case_id), boss, "suspend", reason="Rude", days=1)
    assert people["mia"].suspended_until is not None


def test_the_queue_has_the_oldest_first_and_filters(session, people, case):
    later = flags.flag(session, make_answer(session, people["ada"]), people["ben"], "abuse")
    later_case = session.get_one(FlagCase, later.case_id)

    def ids(**filters):
        return [it.id for it in flag_queue.page(session, **{"state": "open", **filters})[0]]

    assert ids() == [case.id, later_case.id]
    assert ids(reason="abuse") == [later_case.id]
    flags.claim(session, case, people["mia"])
    assert ids(mine=people["mia"]) == [case.id]
    flags.decide(session, case, people["mia"], "hide", reason="Advertising")
    assert (ids(), ids(state="decided"), ids(state="decided", mine=people["max"])) == ([later_case.id], [case.id], [])
    record = flag_queue.record_of(session, people["ada"].id)
    assert (record.posts, record.removed, record.cases, record.upheld, record.warnings) == (1, 1, 1, 1, 0)


def test_who_flagged_reads_what_became_of_it(session, people, case):
    flags.decide(session, case, people["mia"], "hide", reason="Advertising", answer="Well spotted")
    [mine], _ = flag_queue.of_member(session, people["ben"].id)
    assert (mine.decision, mine.answer) == ("hide", "Well spotted")
    assert flag_queue.of_member(session, people["ada"].id) == ([], False)
