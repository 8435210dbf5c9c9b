"""Requests for badges: who may ask for what, who decides, and that of many at once one is done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.badging.badges import Award, Badge
from app.domain.base import now
from app.domain.mail.deliveries import Delivery
from app.domain.notices.notifications import Notification
from app.domain.people import pictures
from app.domain.people.members import Member, Role
from app.domain.people.pictures import Drawing, Use
from app.domain.problems import Conflict, Invalid, Refused
from app.domain.record.activities import Activity
from app.domain.record.audit_log import AuditEntry
from app.domain.ways import attendance, requests
from app.domain.ways.requests import CLAIM_LASTS, UNDO_WITHIN, BadgeRequest, Evidence, RequestEntry, RequestEvent
from tests.domain.test_reactions import at_once
from tests.factories import make_event, make_member
from tests.web.scenery import make_award, make_badge

TOKEN = "a-form-of-its-own-1"
NOTE = "I gave the talk on Monday."
DAYS = timedelta(days=1)


@pytest.fixture
def cast(session):
    """Ada asks, ben helps, mia and max moderate."""
    return [
        make_member(session, "ada"),
        make_member(session, "ben"),
        make_member(session, "mia", role=Role.MODERATOR),
        make_member(session, "max", role=Role.MODERATOR),
    ]


@pytest.fixture
def speaker(session):
    return make_badge(session, "speaker", ways=["request"])


@pytest.fixture
def wish(session, cast, speaker):
    """What ada asked for."""
    return requests.send(session, cast[0], speaker, NOTE)[0]


def said(session, request, for_staff=False):
    return [(it.what, it.text) for it in requests.entries(session, request, for_staff=for_staff)]


def notices(session, member):
    rows = select(Notification).where(Notification.member_id == member.id).order_by(Notification.id)
    return [(it.kind, (it.facts or {}).get("message")) for it in session.scalars(rows)]


def logged(session):
    rows = select(AuditEntry).where(AuditEntry.what == "request").order_by(AuditEntry.id)
    return [(it.by_id, (it.after or {}).get("state"), it.reason) for it in session.scalars(rows)]


def attended(session, member):
    noted = select(Activity.object).where(Activity.kind == "event_attended", Activity.member_id == member.id)
    return list(session.scalars(noted.order_by(Activity.id)))


# Sending


def test_a_request_waits_with_all_that_came_with_it(session, cast, speaker):
    [ada, *_others] = cast
    drawing = Drawing(Use.REQUEST, b"RIFF", 1, 1)
    evidence = Evidence(["https://slides.example/1"], [("Autumn meeting", date(2026, 10, 3))], [drawing])
    request, is_new = requests.send(session, ada, speaker, f"  {NOTE}\r\n", evidence=evidence, token=TOKEN)
    assert (is_new, request.state, request.note, request.version) == (True, "waiting", NOTE, 1)
    assert said(session, request) == [("sent", NOTE)]
    proof = requests.evidence(session, request)
    assert proof.links == ["https://slides.example/1"]
    assert [(it.title, it.state) for it in proof.events] == [("Autumn meeting", "waiting")]
    [name] = proof.pictures
    assert requests.picture(session, request.id, name) == b"RIFF"
    assert pictures.content(session, name) is None, "anybody who knew its name could look"


def test_the_same_form_sent_again_is_the_same_request(session, cast, speaker):
    first, _new = requests.send(session, cast[0], speaker, NOTE, token=TOKEN)
    assert requests.send(session, cast[0], speaker, NOTE, token=TOKEN) == (first, False)


def test_only_one_request_for_a_badge_is_open(session, cast, speaker, wish):
    with pytest.raises(Conflict, match="You asked for this badge on"):
        requests.send(session, cast[0], speaker, "Again")
    requests.withdraw(session, wish, cast[0])
    assert requests.send(session, cast[0], speaker, "Again")[1]


def test_the_database_refuses_a_second_open_request_and_not_a_second_closed_one(session, cast, speaker, wish):
    more = {"badge_id": speaker.id, "member_id": cast[0].id, "by_id": cast[0].id, "note": "x"}
    session.add(BadgeRequest(**more, state="withdrawn"))
    session.flush()
    session.add(BadgeRequest(**more))
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ({"state": "legacy", "ways": ["request"]}, "no longer awarded"),
        ({"state": "planned", "ways": ["request"]}, "planned"),
        ({"ways": ["automatic"]}, "comes by itself"),
        ({"ways": ["invitation"]}, "invites"),
        ({"ways": ["event"]}, "event"),
        ({"ways": ["checklist"]}, "checklist"),
        ({"ways": ["external"]}, "credential"),
        ({"ways": ["staff"]}, "the team gives it"),
    ],
)
def test_what_cannot_be_requested_says_why(session, cast, looks, words):
    with pytest.raises(Refused, match=words):
        requests.send(session, cast[0], make_badge(session, "other", **looks), NOTE)


def test_a_badge_with_several_ways_can_be_requested_if_one_of_them_is(session, cast):
    assert requests.send(session, cast[0], make_badge(session, "meet-up", ways=["event", "request"]), NOTE)[1]


def test_who_holds_the_badge_need_not_ask(session, cast, speaker):
    award = make_award(session, speaker, cast[0])
    with pytest.raises(Conflict, match="have this badge already"):
        requests.send(session, cast[0], speaker, NOTE)
    award.revoked_at = now()
    session.flush()
    with pytest.raises(Refused, match="took this badge back"):
        requests.send(session, cast[0], speaker, NOTE)


@pytest.mark.parametrize(
    ("note", "evidence", "field"),
    [
        (" \n", Evidence(), "note"),
        ("x" * 4001, Evidence(), "note"),
        (NOTE, Evidence(["javascript:alert(1)"]), "evidence"),
        (NOTE, Evidence(["https://a.example"] * 11), "evidence"),
        (NOTE, Evidence(events=[("", date(2026, 1, 1))]), "events"),
        (NOTE, Evidence(events=[("x" * 121, date(2026, 1, 1))]), "events"),
        (NOTE, Evidence(events=[("Meeting", date(1066, 1, 1))]), "events"),
        (NOTE, Evidence(events=[("Meeting", date(2026, 1, 1))] * 21), "events"),
        (NOTE, Evidence(pictures=[Drawing(Use.REQUEST, b"", 1, 1)] * 5), "files"),
    ],
)
def test_what_was_typed_wrong_is_named(session, cast, speaker, note, evidence, field):
    with pytest.raises(Invalid) as no:
        requests.send(session, cast[0], speaker, note, evidence=evidence)
    assert list(no.value.fields) == [field]


def test_only_who_confirmed_their_address_asks(session, speaker):
    with pytest.raises(Refused, match="Confirm"):
        requests.send(session, make_member(session, email_verified_at=None), speaker, NOTE)


def test_a_declined_badge_may_be_asked_for_again_after_the_time_that_was_said(session, cast, speaker, wish):
    ada, _ben, mia, _max = cast
    requests.decline(session, wish, mia, "It has to be public.", version=1, again_after=10 * DAYS)
    with pytest.raises(Refused, match="again from"):
        requests.send(session, ada, speaker, NOTE)
    assert requests.send(session, ada, speaker, NOTE, at=now() + 11 * DAYS)[1]


def test_a_badge_declined_for_good_cannot_be_asked_for_again(session, cast, speaker, wish):
    requests.decline(session, wish, cast[2], "No.", version=1, again_after=None)
    with pytest.raises(Refused, match="for good"):
        requests.send(session, cast[0], speaker, NOTE, at=now() + 4000 * DAYS)


def test_too_many_requests_have_to_wait_and_declined_ones_count_more(session, cast):
    ada, _ben, mia, _max = cast
    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    sent = [
        requests.send(session, ada, make_badge(session, f"badge-{nth}", ways=["request"]), NOTE, at=start)[0]
        for nth in range(20)
    ]
    one_more = make_badge(session, "one-more", ways=["request"])
    with pytest.raises(Refused, match="9 November 2026, 09:00"):
        requests.send(session, ada, one_more, NOTE, at=start + DAYS)
    assert requests.send(session, ada, one_more, NOTE, at=start + 7 * DAYS)[1]

    later = start + 20 * DAYS
    for nth in range(7):
        again = requests.send(session, cast[1], make_badge(session, f"more-{nth}", ways=["request"]), NOTE, at=later)
        requests.decline(session, again[0], mia, "No.", version=1, at=later)
    with pytest.raises(Refused, match="declined requests count more"):
        requests.send(session, cast[1], one_more, NOTE, at=later + DAYS)
    assert len(sent) == 20


# Question and answer


def test_a_question_is_told_once_and_answered(session, cast, wish):
    ada, _ben, mia, _max = cast
    requests.ask(session, wish, mia, "Which user group was it?", version=1)
    assert (wish.state, wish.message) == ("asked", "Which user group was it?")
    assert notices(session, ada) == [("request_update", "Which user group was it?")]
    requests.answer(session, wish, ada, "Oslo", version=2)
    assert (wish.state, wish.decided_at) == ("waiting", None)
    assert said(session, wish) == [("sent", NOTE), ("asked", "Which user group was it?"), ("answered", "Oslo")]


def test_nobody_answers_or_withdraws_for_another(session, cast, wish):
    ada, ben, mia, _max = cast
    requests.ask(session, wish, mia, "Where?", version=1)
    for deed in (
        lambda: requests.answer(session, wish, ben, "There", version=2),
        lambda: requests.withdraw(session, wish, ben),
    ):
        with pytest.raises(Refused, match="somebody else"):
            deed()
    with pytest.raises(Invalid, match="answer first"):
        requests.answer(session, wish, ada, " ", version=2)


def test_a_request_that_was_decided_cannot_be_withdrawn(session, cast, wish):
    requests.approve(session, wish, cast[2], version=1)
    with pytest.raises(Conflict, match="mia approved this already"):
        requests.withdraw(session, wish, cast[0])


# Deciding


def test_approving_gives_the_badge_and_tells_once_with_the_moderators_words(session, cast, speaker, wish):
    ada, _ben, mia, _max = cast
    award = session.get_one(Award, requests.approve(session, wish, mia, "Great talk!", version=1))
    assert (award.way, award.by_id, award.reason) == ("request", mia.id, "Great talk!")
    session.refresh(speaker)
    assert (wish.state, wish.decided_by_id, speaker.holders) == ("approved", mia.id, 1)
    assert notices(session, ada) == [("badge_earned", "Great talk!")]
    assert logged(session) == [(mia.id, "approved", "Great talk!")]


def test_nothing_is_kept_of_an_approval_that_fails(engine):
    with transaction(engine) as session:
        ada, mia = make_member(session, "ada"), make_member(session, "mia", role=Role.MODERATOR)
        badge = make_badge(session, "speaker", ways=["request"])
        request, _new = requests.send(session, ada, badge, NOTE)
        make_award(session, badge, ada)
    with pytest.raises(Refused, match="already has"), transaction(engine) as session:
        requests.approve(session, session.get(BadgeRequest, request.id), session.get(Member, mia.id), version=1)
    with Session(engine) as session:
        assert session.get(BadgeRequest, request.id).state == "waiting"
        assert not logged(session)
        assert not session.scalars(select(Notification)).all()


def test_a_refusal_needs_words_and_says_when_to_ask_again(session, cast, wish):
    ada, _ben, mia, _max = cast
    with pytest.raises(Invalid, match="Say why"):
        requests.decline(session, wish, mia, " ", version=1)
    requests.decline(session, wish, mia, "It has to be public.", version=1)
    assert wish.may_ask_again_at - wish.decided_at == 30 * DAYS
    assert notices(session, ada) == [("request_update", "It has to be public.")]
    assert not session.scalars(select(Award)).all()


def test_nobody_decides_their_own(session, cast, speaker):
    _ada, ben, mia, max_ = cast
    own, _new = requests.send(session, mia, speaker, NOTE)
    nominated, _new = requests.send(session, ben, speaker, "Ben gave the talk", by=mia)
    for_mia, _new = requests.send(session, max_, speaker, NOTE)
    for it in (own, nominated):
        for deed in (requests.approve, requests.decline, requests.ask):
            with pytest.raises(Refused, match="your own"):
                deed(session, it, mia, "Fine", version=1)
        with pytest.raises(Refused, match="your own"):
            requests.claim(session, it, mia)
    requests.approve(session, for_mia, mia, version=1)
    requests.approve(session, own, max_, version=1)


def test_a_decision_on_an_old_version_hears_what_happened_meanwhile(session, cast, wish):
    _ada, _ben, mia, max_ = cast
    requests.ask(session, wish, mia, "Where?", version=1)
    with pytest.raises(Conflict, match="mia asked for more"):
        requests.approve(session, wish, max_, version=1)
    requests.decline(session, wish, mia, "No.", version=2)
    with pytest.raises(Conflict, match="mia declined this"):
        requests.approve(session, wish, max_, version=3)
    assert not session.scalars(select(Award)).all()


def test_a_claim_keeps_others_from_deciding_for_a_while(session, cast, wish):
    _ada, _ben, mia, max_ = cast
    requests.claim(session, wish, mia)
    for deed in (
        lambda: requests.claim(session, wish, max_),
        lambda: requests.approve(session, wish, max_, version=1),
    ):
        with pytest.raises(Conflict, match="mia is looking"):
            deed()
    requests.claim(session, wish, max_, at=now() + CLAIM_LASTS + timedelta(seconds=1))
    assert wish.claimed_by_id == max_.id


def test_a_released_claim_is_free_and_only_ones_own_is_released(session, cast, wish):
    _ada, _ben, mia, max_ = cast
    requests.claim(session, wish, mia)
    requests.release(session, wish, max_)
    assert wish.claimed_by_id == mia.id
    requests.release(session, wish, mia)
    requests.claim(session, wish, max_)


@pytest.mark.parametrize("deed", [requests.decline, requests.ask])
def test_a_refusal_or_question_can_be_taken_back_for_ten_minutes_by_who_gave_it(session, cast, wish, deed):
    ada, _ben, mia, max_ = cast
    deed(session, wish, mia, "Hm", version=1)
    with pytest.raises(Refused, match="Only who decided"):
        requests.undo(session, wish, max_, version=2)
    with pytest.raises(Conflict, match="no longer"):
        requests.undo(session, wish, mia, version=2, at=now() + UNDO_WITHIN)
    requests.undo(session, wish, mia, version=2)
    assert (wish.state, wish.decided_at, wish.message) == ("waiting", None, "")
    assert notices(session, ada) == []
    assert session.scalar(select(func.count()).select_from(Delivery)) == 0
    requests.approve(session, wish, mia, version=3)


def test_an_approval_is_final(session, cast, wish):
    requests.approve(session, wish, cast[2], version=1)
    with pytest.raises(Conflict, match="no longer"):
        requests.undo(session, wish, cast[2], version=2)


def test_remarks_are_for_staff_alone(session, cast, wish):
    requests.remark(session, wish, cast[2], "I was there")
    assert ("remark", "I was there") in said(session, wish, for_staff=True)
    assert ("remark", "I was there") not in said(session, wish)


# Events as evidence


def test_of_several_events_each_is_decided_for_itself_and_the_accepted_ones_count(session, cast):
    ada, _ben, mia, _max = cast
    badge = make_badge(session, "meet-up", ways=["event", "request"])
    soon = now().date() + 7 * DAYS
    events = [(f"Meeting {nth}", date(2026, 10, nth)) for nth in range(1, 6)] + [("Next one", soon)]
    request, _new = requests.send(session, ada, badge, NOTE, evidence=Evidence(events=events))
    found = requests.evidence(session, request).events
    for it in found[:3]:
        requests.decide_event(session, it, mia, "accepted")
    for it in found[3:5]:
        with pytest.raises(Invalid, match="Say why"):
            requests.decide_event(session, it, mia, "refused")
        requests.decide_event(session, it, mia, "refused", "That was a sales show.")
    with pytest.raises(Refused, match="still to come"):
        requests.decide_event(session, found[5], mia, "accepted")
    requests.decide_event(session, found[5], mia, "parked")
    assert attended(session, ada) == []

    requests.approve(session, request, mia, version=1)
    assert attended(session, ada) == ["2026-10-01 meeting 1", "2026-10-02 meeting 2", "2026-10-03 meeting 3"]
    assert session.scalar(select(func.count()).select_from(Award)) == 1
    with pytest.raises(Conflict, match="approved this"):
        requests.decide_event(session, found[3], mia, "accepted")
    requests.decide_event(session, found[5], mia, "accepted", at=now() + 10 * DAYS)
    assert len(attended(session, ada)) == 4


def test_the_same_event_in_two_requests_counts_once(session, cast):
    ada, _ben, mia, _max = cast
    for slug in ("meet-up", "conference"):
        badge = make_badge(session, slug, ways=["request"])
        evidence = Evidence(events=[("Autumn meeting", date(2026, 10, 3))])
        request, _new = requests.send(session, ada, badge, NOTE, evidence=evidence)
        requests.decide_event(session, requests.evidence(session, request).events[0], mia, "accepted")
        requests.approve(session, request, mia, version=1)
    assert attended(session, ada) == ["2026-10-03 autumn meeting"]


def test_an_event_of_our_own_list_counts_as_that_one_with_its_points(session, cast):
    ada, _ben, mia, _max = cast
    evening = datetime(2026, 10, 3, 22, tzinfo=UTC)  # in Oslo that is the day after
    event = make_event(session, evening, title="Autumn Meeting", zone="Europe/Oslo", gives_points=True)
    badge = make_badge(session, "meet-up", ways=["request"])
    told = [("autumn meeting", date(2026, 10, 4)), ("Autumn meeting", date(2026, 10, 5))]
    request, _new = requests.send(session, ada, badge, NOTE, evidence=Evidence(events=told))
    for it in requests.evidence(session, request).events:
        requests.decide_event(session, it, mia, "accepted")
    requests.approve(session, request, mia, version=1)
    assert attended(session, ada) == [event.key, "2026-10-05 autumn meeting"]
    credited = select(Activity.object).where(Activity.kind == "event_credited")
    assert list(session.scalars(credited)) == [event.key]
    assert not attendance.record(session, event, ada, "team", by=mia)


# Nominations


def test_a_nomination_stands_beside_ones_own_request_and_one_approval_answers_both(session, cast, speaker, wish):
    ada, ben, mia, _max = cast
    nomination, _new = requests.send(session, ada, speaker, "Ada gave the talk", by=ben)
    requests.approve(session, wish, mia, "Great", version=1)
    assert nomination.state == "approved"
    noted = session.scalars(select(Activity).where(Activity.kind == "nomination_approved")).all()
    assert [it.member_id for it in noted] == [ben.id]
    assert session.scalar(select(func.count()).select_from(Award)) == 1
    assert notices(session, ada) == [("badge_earned", "Great")]


def test_the_nominee_hears_of_a_nomination_only_when_it_was_approved(session, cast, speaker):
    ada, ben, mia, _max = cast
    nomination, _new = requests.send(session, ada, speaker, "Ada gave the talk", by=ben)
    assert requests.asked_and_taken_back(session, ada.id) == (frozenset(), frozenset())
    assert requests.find(session, nomination.id, by=ada) is None
    assert requests.find(session, nomination.id, by=ben) is nomination
    requests.ask(session, nomination, mia, "Where?", version=1)
    assert (notices(session, ada), len(notices(session, ben))) == ([], 1)


def test_what_comes_by_itself_is_nobodys_to_nominate_for(session, cast):
    ada, ben, *_staff = cast
    with pytest.raises(Refused, match="comes by itself"):
        requests.send(session, ada, make_badge(session, "solo"), NOTE, by=ben)
    assert requests.send(session, ada, make_badge(session, "mentor", ways=["invitation"]), NOTE, by=ben)[1]


# Waiting


def test_the_usual_wait_is_the_middle_of_real_decisions(session, cast):
    ada, _ben, mia, _max = cast
    start = now() - 10 * DAYS
    for nth, hours in enumerate((1, 30, 200)):
        assert requests.usual_wait(session) is None
        badge = make_badge(session, f"badge-{nth}", ways=["request"])
        request, _new = requests.send(session, ada, badge, NOTE, at=start)
        requests.approve(session, request, mia, version=1, at=start + timedelta(hours=hours))
    withdrawn, _new = requests.send(session, ada, make_badge(session, "x", ways=["request"]), NOTE, at=start)
    requests.withdraw(session, withdrawn, ada)
    assert requests.usual_wait(session) == timedelta(hours=30)


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0.2, "within an hour"), (1.5, "within 2 hours"), (24, "within 24 hours"), (30, "within 2 days")],
)
def test_the_wait_is_told_in_round_words(hours, words):
    assert requests.wait_in_words(timedelta(hours=hours)) == words


# Kept for later


def test_what_was_typed_is_kept_for_its_badge_and_its_time(session):
    key = requests.keep(session, "speaker", {"note": [NOTE], "evil": ["x"]})
    session.flush()
    assert requests.kept(session, "speaker", key)["note"] == [NOTE]
    assert "evil" not in requests.kept(session, "speaker", key)
    assert requests.kept(session, "other", key) is None
    assert requests.kept(session, "speaker", key, at=now() + DAYS) is None
    requests.forget(session, key)
    assert requests.kept(session, "speaker", key) is None


# Many at once


@pytest.fixture
def people(engine):
    """Ada asks for a badge; 64 moderators wait for her."""
    with transaction(engine) as session:
        ada, badge = make_member(session, "ada"), make_badge(session, "speaker", ways=["request"])
        staff = [make_member(session, f"mod{nth}", role=Role.MODERATOR) for nth in range(64)]
    return ada, badge, staff


def count(engine, model):
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(model))


@pytest.mark.parametrize("tokens", ["one form", "a form each"])
def test_sending_64_times_at_once_makes_one_request(engine, people, tokens):
    ada, badge, _staff = people

    def send(nth):
        token = TOKEN if tokens == "one form" else f"{TOKEN}-{nth}"
        try:
            with transaction(engine) as session:
                me = session.get(Member, ada.id)
                return requests.send(session, me, session.get(Badge, badge.id), NOTE, token=token)[1]
        except Conflict:
            return "told"

    answers = at_once([lambda nth=nth: send(nth) for nth in range(64)])
    assert answers.count(True) == 1
    assert answers.count(False if tokens == "one form" else "told") == 63
    assert (count(engine, BadgeRequest), count(engine, RequestEntry)) == (1, 1)


def test_64_moderators_at_once_make_one_decision(engine, people):
    ada, badge, staff = people
    with transaction(engine) as session:
        evidence = Evidence(events=[("Meeting", date(2026, 10, 1))])
        me = session.get(Member, ada.id)
        request, _new = requests.send(session, me, session.get(Badge, badge.id), NOTE, evidence=evidence)
        requests.decide_event(session, requests.evidence(session, request).events[0], staff[0], "accepted")

    def decide(nth):
        verbs = (requests.approve, requests.decline, requests.ask)
        try:
            with transaction(engine) as session:
                mod = session.get(Member, staff[nth].id)
                verbs[nth % 3](session, session.get(BadgeRequest, request.id), mod, "Decided", version=1)
                return True
        except Conflict as no:
            return str(no)

    answers = at_once([lambda nth=nth: decide(nth) for nth in range(64)])
    assert answers.count(True) == 1
    with Session(engine) as session:
        after = session.get(BadgeRequest, request.id)
        assert after.version == 2
        assert {it for it in answers if it is not True} == {requests.steps.what_happened(session, after)}
        awards = session.scalar(select(func.count()).select_from(Award))
        assert awards == (1 if after.state == "approved" else 0)
        assert len(attended(session, after.member)) == awards
        assert len(notices(session, after.member)) == 1
        assert [it.what for it in requests.entries(session, after)] == ["sent", after.state]


def test_64_approvals_at_once_are_one_badge(engine, people):
    ada, badge, staff = people
    with transaction(engine) as session:
        request, _new = requests.send(session, session.get(Member, ada.id), session.get(Badge, badge.id), NOTE)

    def approve(mod):
        try:
            with transaction(engine) as session:
                it = session.get(BadgeRequest, request.id)
                requests.approve(session, it, session.get(Member, mod.id), "Well done", version=1)
                return True
        except Conflict:
            return False

    assert at_once([lambda mod=mod: approve(mod) for mod in staff]).count(True) == 1
    assert (count(engine, Award), count(engine, Notification), count(engine, RequestEvent)) == (1, 1, 0)
    with Session(engine) as session:
        assert session.get(Badge, badge.id).holders == 1
        assert session.scalar(select(func.count()).where(Activity.kind == "badge_granted")) == 1
