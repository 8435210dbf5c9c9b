"""Brakes: newcomers are slowed, whoever is known is not."""

from datetime import timedelta

import pytest

from app.domain.base import now
from app.domain.people.members import Role
from app.domain.problems import Invalid, TooSoon
from app.domain.writing import brakes
from tests.factories import make_member

LATELY, LONG_AGO = timedelta(minutes=5), timedelta(days=30)


@pytest.fixture
def eve(session):
    """Eve, who joined a moment ago."""
    return make_member(session, "eve", joined_at=now() - LATELY)


def write(session, member, times, start=0, **more):
    for number in range(start, start + times):
        brakes.before_post(session, member, f"Text number {number}", **more)


def test_a_newcomer_is_told_when_to_try_again(session, eve):
    write(session, eve, 3)
    with pytest.raises(TooSoon, match="try again in") as no:
        write(session, eve, 1, start=3)
    assert timedelta(0) < no.value.wait <= timedelta(minutes=1)
    assert "body" in no.value.fields


def test_after_a_minute_it_goes_on_until_the_hour_is_full(session, eve):
    began = now()
    for number in range(15):
        brakes.before_post(session, eve, f"Text {number}", at=began + timedelta(minutes=number * 2))
    with pytest.raises(TooSoon) as no:
        brakes.before_post(session, eve, "Text 15", at=began + timedelta(minutes=32))
    assert no.value.wait > timedelta(minutes=20)
    brakes.before_post(session, eve, "Text 16", at=began + timedelta(minutes=61))


@pytest.mark.parametrize(
    "known",
    [
        {"role": Role.MODERATOR},
        {"imported_from": "old.example"},
        {"points": 250},
        {"points": 30, "joined_at": now() - LONG_AGO},
    ],
)
def test_whoever_is_trusted_is_not_slowed(session, eve, known):
    for field, value in known.items():
        setattr(eve, field, value)
    write(session, eve, 50)
    brakes.before_post(session, eve, "https://a.example " * 40 + " ".join(f"@name{n}" for n in range(40)))


def test_points_or_days_loosen_the_brakes(session, eve):
    eve.joined_at = now() - timedelta(days=2)
    write(session, eve, 6)
    with pytest.raises(TooSoon):
        write(session, eve, 1, start=6)


@pytest.mark.parametrize(("links", "fits"), [(3, True), (4, False)])
def test_a_newcomer_may_link_a_little(session, eve, links, fits):
    body = " ".join(f"https://site{n}.example" for n in range(links))
    if fits:
        return brakes.before_post(session, eve, body)
    with pytest.raises(Invalid, match="3 links"):
        brakes.before_post(session, eve, body)
    with pytest.raises(Invalid, match="3 links"):
        brakes.before_edit(eve, body)
    return None


@pytest.mark.parametrize(("people", "fits"), [(4, True), (5, False)])
def test_a_newcomer_may_mention_a_few(session, eve, people, fits):
    body = " ".join(f"@member{n} @member{n}" for n in range(people))
    if fits:
        return brakes.before_post(session, eve, body)
    with pytest.raises(Invalid, match="4 people"):
        brakes.before_post(session, eve, body)
    return None


def test_the_same_text_goes_once_whatever_its_spaces_and_capitals(session, eve):
    brakes.before_post(session, eve, "Buy my book")
    with pytest.raises(Invalid, match="exactly this already"):
        brakes.before_post(session, eve, "buy  my\nBOOK ")
    brakes.before_post(session, eve, "Buy my other book")
    brakes.before_post(session, make_member(session), "Buy my book")


def test_reactions_and_flags_have_limits_of_their_own(session, eve):
    for _ in range(15):
        brakes.before_reaction(session, eve)
    with pytest.raises(TooSoon):
        brakes.before_reaction(session, eve)
    for _ in range(3):
        brakes.before_flag(session, eve)
    with pytest.raises(TooSoon):
        brakes.before_flag(session, eve)
    write(session, eve, 3)


def test_whoever_tries_the_site_out_writes_a_hundred_and_twenty_times_a_minute(session, eve):
    write(session, eve, 120, easy=True)
    for _ in range(120):
        brakes.before_reaction(session, eve, easy=True)
        brakes.before_post(session, make_member(session, joined_at=now()), "The same answer", easy=True)


def test_a_refused_post_uses_nothing_up(session, eve):
    for _ in range(5):
        with pytest.raises(Invalid, match="links"):
            brakes.before_post(session, eve, "https://a.example " * 9)
    write(session, eve, 3)
