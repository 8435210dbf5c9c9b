"""Is this e-mail legitimate? The sender is named, a code of ours is recognised, a changed one is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app import envelopes
from app.db import transaction
from app.domain.mail import check_codes, deliveries
from tests.factories import make_member
from tests.web.forms import soup, text_of
from tests.web.scenery import make_ranks


@pytest.fixture
def letter(engine):
    with transaction(engine) as session:
        make_ranks(session)
        letter = deliveries.owe(session, "password_changed", make_member(session, "ada"))
        letter.state, letter.handovers, letter.sent_at = "sent", 1, datetime(2026, 11, 20, 9, tzinfo=UTC)
        session.flush()
        return letter


@pytest.fixture
def ask(app, client):
    """Asks about a code; says what the page then knows, and shows it."""

    def ask(code):
        answer = client.get("/mail-check", query_string={"code": code})
        assert answer.status_code == 200
        result = soup(answer).select_one("#result")
        return (result["data-known"], result.get_text(" ", strip=True)) if result else ("", text_of(answer))

    return ask


@pytest.fixture
def code(app, letter):
    return check_codes.code(app.config["SETTINGS"].secret_key, letter)


def test_the_page_names_the_sender_and_where_links_lead(app, client):
    settings = app.config["SETTINGS"]
    page = soup(client.get("/mail-check"))
    assert page.select_one("#sender").text == settings.mail_from
    assert settings.site_url in page.select_one("main").text
    assert page.select_one("#result") is None
    assert soup(client.get("/")).select_one('.foot a[href="/mail-check"]')


def test_the_code_of_a_letter_is_recognised_with_its_kind_and_day_and_nobody_s_name(ask, code):
    known, said = ask(code.lower())
    assert known == "yes"
    assert "Your password was changed" in said
    assert "20 Nov 2026" in said
    assert "ada" not in said


def test_a_changed_code_is_not_recognised_and_stays_in_its_field(client, ask, code):
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    known, said = ask(wrong)
    assert known == "no"
    assert "We do not know this code" in said
    page = soup(client.get("/mail-check", query_string={"code": wrong}))
    assert page.select_one("#code")["value"] == wrong


def test_a_message_id_is_recognised_too(app, ask, letter):
    settings = app.config["SETTINGS"]
    assert ask(envelopes.message_id(letter, settings))[0] == "yes"
    assert ask(envelopes.message_id(letter, settings).replace(".", ".0", 1))[0] == "no"


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", "A" * 500, "٣" * 16, "' OR 1=1", "%"])
def test_whatever_is_typed_is_only_not_known(ask, typed):
    assert ask(typed)[0] == "no"


def test_nothing_typed_asks_nothing(ask):
    assert ask("   ")[0] == ""


def test_guessing_is_slowed_down_and_looking_is_not(client, letter, code):
    for _guess in range(120):
        client.get("/mail-check?code=AAAA-BBBB-CCCC-DDDD")
    slow = client.get(f"/mail-check?code={code}")
    assert slow.status_code == 429
    assert "That was quick" in text_of(slow)
    assert client.get("/mail-check").status_code == 200
