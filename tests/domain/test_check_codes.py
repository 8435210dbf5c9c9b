"""The code in a letter: recognised as long as the letter is remembered, and not to be made by others."""

import re
from datetime import timedelta

import pytest

from app.domain.base import now
from app.domain.mail import check_codes, deliveries
from tests.factories import make_member

KEY = "a key of this test, long enough"


@pytest.fixture
def letter(session):
    """A letter that left."""
    return sent(session)


def sent(session, **more):
    letter = deliveries.owe(session, "password_changed", make_member(session))
    letter.state, letter.handovers, letter.sent_at = "sent", 1, now()
    for name, value in more.items():
        setattr(letter, name, value)
    session.commit()
    session.refresh(letter)
    return letter


def test_a_code_is_four_groups_of_four_and_finds_its_letter_however_it_is_typed(session, letter):
    code = check_codes.code(KEY, letter)
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code)
    misread = code.replace("O", "0").replace("I", "1").replace("B", "8")
    for typed in (
        code,
        code.lower(),
        code.replace("-", ""),
        f" {code.replace('-', ' ')}\n",
        code.replace("-", "–"),
        misread,
    ):
        assert check_codes.find(session, (KEY,), typed).id == letter.id


def test_a_message_id_finds_it_too(session, letter):
    mark = check_codes.mark(KEY, letter)
    for typed in (f"<badge-earned.{mark}@community.example>", f"Message-ID: <x.{mark.upper()}@y>"):
        assert check_codes.find(session, (KEY,), typed).id == letter.id
    assert check_codes.find(session, (KEY,), f"<badge-earned.{'0' * 20}@community.example>") is None


def test_a_code_that_was_changed_in_any_place_is_not_recognised(session, letter):
    code = check_codes.code(KEY, letter).replace("-", "")
    for place, was in enumerate(code):
        other = "A" if was != "A" else "Z"
        assert check_codes.find(session, (KEY,), code[:place] + other + code[place + 1 :]) is None
    for typed in ("", code[:-1], code + "A", "ÄÖÜß" * 4, "9" * 16, "A" * 5000, "<.@>"):
        assert check_codes.find(session, (KEY,), typed) is None
    assert check_codes.find(session, (KEY,), code).id == letter.id


def test_another_site_knows_nothing_of_it(session, letter):
    assert check_codes.find(session, ("another key",), check_codes.code(KEY, letter)) is None
    assert check_codes.find(session, ("another key", KEY), check_codes.code(KEY, letter)).id == letter.id


def test_letters_have_codes_of_their_own_that_do_not_tell_their_number(session, letter):
    codes = [check_codes.code(KEY, it) for it in (letter, sent(session), sent(session))]
    assert len({part for code in codes for part in code.split("-")}) == 12


def test_a_letter_that_never_left_and_one_with_the_number_of_another_are_not_recognised(session, letter):
    waiting = sent(session, handovers=0)
    assert check_codes.find(session, (KEY,), check_codes.code(KEY, waiting)) is None
    code = check_codes.code(KEY, letter)
    letter.created_at -= timedelta(seconds=1)
    session.flush()
    assert check_codes.find(session, (KEY,), code) is None
