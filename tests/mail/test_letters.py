"""What letters say and how they are made, read from their bytes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from app import envelopes
from app.db import transaction
from app.domain.mail import deliveries
from app.domain.mail.deliveries import Delivery
from app.domain.membership import account_letters, accounts
from app.domain.people.members import Member
from tests.factories import make_member, sign_up
from tests.mail.letters import html_of, text_of

TEMPLATES = Path(__file__).parents[2] / "templates/email"
PASSWORD = "seventeen wild geese"
EVIL = 'x\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>{{7*7}}‮"'


def owe_each(session, member):
    """One letter of every kind, ready to be sent."""
    for kind in account_letters.WRITERS:
        facts = {"password_reset": {"asked": member.username}, "address_changed": {"to": "a•••@new.example"}}.get(kind)
        if kind in ("welcome", "new_address"):
            other = sign_up(session, f"new{kind[:3]}", f"{kind[:3]}@members.example", PASSWORD)
            session.flush()
            session.execute(Delivery.__table__.delete().where(Delivery.member_id == other.id))
            other.name = member.name
            deliveries.owe(session, kind, other, address=other.claimed_email)
        else:
            to = None if kind == "password_reset" else member
            address = "old@members.example" if kind == "address_changed" else None
            deliveries.owe(session, kind, to, address=address, facts=facts)
    known = sign_up(session, "again", member.email, PASSWORD)
    known.name = member.name


@pytest.fixture
def every(engine, work, outbox):
    """A letter of every kind, as sent to somebody called so."""

    def every(name="Ada Lovelace"):
        with transaction(engine) as session:
            owe_each(session, make_member(session, "ada"))
            for member in session.scalars(select(Member)):
                member.name = name
        work()
        return outbox()

    return every


def test_there_is_a_letter_of_every_kind_with_its_three_files(every):
    found = every()
    assert len(found) == len(account_letters.WRITERS) + 1
    assert {it["Subject"] for it in found} > {"You have an account at Contrail already"}
    for folder in (it for it in TEMPLATES.iterdir() if it.is_dir()):
        assert {it.name for it in folder.iterdir()} == {"subject.txt", "body.txt", "body.html"}
    assert {it.name for it in TEMPLATES.iterdir() if it.is_dir()} >= {*account_letters.WRITERS, "address_known"}


def test_every_letter_has_the_headers_of_a_letter_by_a_machine(every, app):
    settings = app.config["SETTINGS"]
    for it in every():
        assert it["From"].addresses[0].addr_spec == settings.mail_from
        assert it["From"].addresses[0].display_name == "Contrail"
        assert len(it["To"].addresses) == 1
        assert it["Auto-Submitted"] == "auto-generated"
        assert re.fullmatch(r"<[a-z-]+\.[0-9a-f]{20}@127\.0\.0\.1>", it["Message-ID"].strip())
        assert it["Date"].datetime
        assert it["List-Unsubscribe"] is None
        assert it["Cc"] is it["Bcc"] is None
        assert [part.get_content_type() for part in it.iter_parts()] == ["text/plain", "text/html"]
        assert max(map(len, it.as_bytes().split(b"\r\n"))) <= 998


def test_both_parts_say_the_same_and_link_to_nowhere_else(every, app):
    site = app.config["SETTINGS"].site_url
    for it in every():
        page, text = BeautifulSoup(html_of(it), "html.parser"), text_of(it)
        hrefs = {a["href"] for a in page.select("a")}
        assert hrefs <= set(re.findall(r"https?://\S+", text))
        assert all(href.startswith(f"{site}/") for href in hrefs)
        assert not page.select("img, script, form, link, iframe")
        words = " ".join(page.select_one(".card").get_text(" ", strip=True).split())
        for paragraph in text.split("--\n")[0].split("\n\n"):
            first = " ".join(paragraph.splitlines()[:1]).strip().rstrip(":")
            assert first in words, (it["Subject"], first)
        assert "None" not in text
        assert "{{" not in text + html_of(it)


def test_a_name_breaks_out_of_no_letter(every, app, monkeypatch):
    settings = dataclasses.replace(app.config["SETTINGS"], site_name=EVIL)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    found = every(EVIL)
    assert len(found) == len(account_letters.WRITERS) + 1
    for it in found:
        assert it["Bcc"] is None
        assert "eve@evil.example" not in it["To"]
        assert "\n" not in it["Subject"]
        assert "<script>" not in html_of(it)
        assert "{{7*7}}" in text_of(it)
        assert it["From"].addresses[0].addr_spec == settings.mail_from


@pytest.mark.parametrize(
    "email",
    ["a@b.example\r\nBcc: eve@evil.example", "a@b.example,eve@evil.example", "<a@b.example>", '"a b"@c.example', "a@b.example>", "a..b@c.example"],
)  # fmt: skip
def test_no_address_is_taken_that_could_be_two(session, email):
    with pytest.raises(accounts.Invalid):
        sign_up(session, "ada", email, PASSWORD)


def test_letters_are_right_in_every_script(every):
    [letter, *_] = [it for it in every("Zoë Ødegård 李") if "ada" in it["To"]]
    assert "Hello Zoë Ødegård 李," in text_of(letter)
    assert "Zoë Ødegård 李" in html_of(letter)


def test_the_name_of_a_letter_is_its_own_and_stays(engine, app):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
        first, second = (deliveries.owe(session, "password_changed", ada) for _ in range(2))
    settings = app.config["SETTINGS"]
    assert envelopes.message_id(first, settings) == envelopes.message_id(first, settings)
    assert envelopes.message_id(first, settings) != envelopes.message_id(second, settings)
    assert envelopes.message_id(first, settings) != envelopes.message_id(
        first, dataclasses.replace(settings, secret_key="z" * 40)
    )


def test_headers_that_programs_read_are_never_folded_or_encoded():
    from email.message import EmailMessage

    message = EmailMessage(policy=envelopes.POLICY)
    url = "https://community.example/unsubscribe/" + "x" * 120
    message["List-Unsubscribe"] = f"<{url}>"
    message["Message-ID"] = "<" + "y" * 100 + "@community.example>"
    written = message.as_bytes()
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in written
    assert b"Message-ID: <" + b"y" * 100 + b"@community.example>\r\n" in written


def test_letters_call_the_site_what_staff_call_it(engine, work, outbox):
    from app.domain.site.site_settings import SiteSetting

    with transaction(engine) as session:
        session.add(SiteSetting(key="name", value="Hangar Seven"))
        deliveries.owe(session, "password_changed", make_member(session, "ada"))
    work()
    [letter] = outbox()
    assert letter["Subject"] == "Your password for Hangar Seven was changed"
    assert letter["From"].addresses[0].display_name == "Hangar Seven"
