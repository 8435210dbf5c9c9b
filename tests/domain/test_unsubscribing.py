"""What the link in a letter can stop: one member's letters of one list, for ever, and nothing else."""

from datetime import timedelta

import pytest

from app.domain.base import now
from app.domain.mail import preferences, unsubscribing
from app.domain.mail.preferences import KINDS
from app.domain.mail.unsubscribing import LISTS
from tests.factories import make_member

KEY = "a key of this test, long enough"


def follow(session, member, what):
    """Open the link that a letter had in it."""
    path = unsubscribing.path(KEY, member.id, what)
    return unsubscribing.find(session, (KEY,), path.removeprefix("/unsubscribe/"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_link_that_stops_it_alone_and_lets_it_come_again(session, kind):
    ada, ben = make_member(session), make_member(session)
    before = preferences.of(session, ada)
    link = follow(session, ada, kind)
    assert not unsubscribing.is_stopped(session, link)

    assert unsubscribing.stop(session, link)
    assert not unsubscribing.stop(session, link)
    assert unsubscribing.is_stopped(session, link)
    assert preferences.of(session, ada) == before | {kind: "never"}
    assert preferences.of(session, ben) == before

    assert unsubscribing.resume(session, link)
    assert not unsubscribing.resume(session, link)
    assert preferences.of(session, ada) == before


def test_what_comes_again_comes_as_it_was_chosen(session):
    ada = make_member(session)
    preferences.choose(session, ada, {"badge_earned": "daily"})
    link = follow(session, ada, "badge_earned")
    unsubscribing.stop(session, link)
    unsubscribing.resume(session, link)
    assert preferences.of(session, ada)["badge_earned"] == "daily"


def test_a_link_works_for_ever_and_whatever_the_address_is_by_then(session):
    ada = make_member(session)
    path = unsubscribing.path(KEY, ada.id, "badge_earned")
    ada.email, ada.username = "elsewhere@members.example", "lovelace"
    link = unsubscribing.find(session, (KEY,), path.removeprefix("/unsubscribe/"))
    two_years_on = now() + timedelta(days=730)
    assert unsubscribing.stop(session, link, at=two_years_on)
    assert preferences.of(session, ada)["badge_earned"] == "never"


def test_the_link_to_everything_stops_everything_and_keeps_the_choices(session):
    ada = make_member(session)
    preferences.choose(session, ada, {"reply": "daily"})
    link = follow(session, ada, "all")
    assert unsubscribing.stop(session, link)
    assert {preferences.frequency(session, ada.id, kind) for kind in KINDS} == {"never"}
    assert unsubscribing.is_stopped(session, follow(session, ada, "reply"))
    assert unsubscribing.resume(session, link)
    assert preferences.frequency(session, ada.id, "reply") == "daily"


def test_the_link_of_a_summary_stops_what_comes_in_it_and_only_that_comes_again(session):
    ada, then = make_member(session), now()
    preferences.choose(session, ada, {"mention": "daily", "reply": "daily"}, at=then)
    preferences.choose(session, ada, {"message": "daily"}, at=then)
    preferences.choose(session, ada, {"message": "never"}, at=then + timedelta(hours=1))
    link, before = follow(session, ada, "daily"), preferences.of(session, ada)

    assert unsubscribing.stop(session, link, at=then + timedelta(hours=2))
    assert preferences.of(session, ada) == before | {"mention": "never", "reply": "never"}
    assert unsubscribing.is_stopped(session, link)
    assert unsubscribing.resume(session, link)
    assert preferences.of(session, ada) == before


def test_notices_without_a_setting_have_the_link_of_the_one_they_follow():
    assert unsubscribing.path(KEY, 7, "swag") == unsubscribing.path(KEY, 7, "rank")


def test_a_link_is_of_no_use_for_another_member_another_list_or_another_site(session):
    ada, ben = make_member(session), make_member(session)
    links = {(it.id, what): unsubscribing.path(KEY, it.id, what) for it in (ada, ben) for what in LISTS}
    assert len(set(links.values())) == 2 * len(LISTS)
    token = links[ada.id, "reply"].removeprefix("/unsubscribe/")
    number, what, signature = token.split(".")
    forged = [
        f"{ben.id}.{what}.{signature}", f"{number}.all.{signature}", f"{number}.badges.{signature}",
        f"{number}.{what}.{'0' * 40}", f"0{number}.{what}.{signature[1:]}", token[:-1], f"{token}0", token.upper(), "",
        f"{token}\n", "٣" + token,
    ]  # fmt: skip
    assert [unsubscribing.find(session, (KEY,), it) for it in forged] == [None] * len(forged)
    assert unsubscribing.find(session, ("another key",), token) is None
    assert unsubscribing.find(session, ("another key", KEY), token) == (ada, "reply")
    assert unsubscribing.find(session, (KEY,), token) == (ada, "reply")


def test_who_left_is_not_stopped_and_not_started(session):
    ada = make_member(session)
    ada.deleted_at = now()
    for what in ("all", "reply", "weekly"):
        link = follow(session, ada, what)
        assert not unsubscribing.stop(session, link)
        assert not unsubscribing.resume(session, link)
    assert ada.mail_stopped_at is None
    assert preferences.of(session, ada)["reply"] == "weekly"


def test_every_list_has_words(session):
    assert len({unsubscribing.about(what) for what in LISTS}) == len(LISTS)
