"""The bytes that a mail server gets, and what a reader makes of them that shares no code with the writer."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import html
import os
import pwd
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import fast_mail_parser
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import mail
from app.db import transaction
from app.domain.base import now
from app.domain.mail import digests, preferences
from app.domain.mail.deliveries import Delivery
from app.domain.notices import notifications
from app.domain.people.members import Member
from app.supervisor import tied_to
from tests.factories import make_member
from tests.mail.letters import html_of, text_of
from tests.mail.scene import use
from tests.mail.servers import mail_server
from tests.mail.test_letters import EVIL, owe_each
from tests.mail.test_notices_by_mail import do_everything
from tests.servers import free_port, until
from tests.web.scenery import make_award, make_badge, make_ranks

OPENSMTPD = shutil.which("smtpd", path="/usr/sbin:/usr/bin")
ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")
MOST_BYTES = 100_000  # some programs cut longer ones


@pytest.fixture
def sent(app, engine, monkeypatch):
    """Letters of every kind as a mail server got them, to somebody called so."""

    def sent(name="Ada Lovelace"):
        owe_everything(engine, name)
        with mail_server() as (clerk, port):
            use(app, monkeypatch, f"smtp://127.0.0.1:{port}")
            with app.app_context():
                number = mail.send()
        assert number == len(clerk.letters) > 15
        return clerk.letters

    return sent


def owe_everything(engine, name):
    """A letter of every kind, about accounts and about notices, to members who are all called so; and a digest."""
    with transaction(engine) as session:
        make_ranks(session)
        ada, ben = make_member(session, "ada", rank=1), make_member(session, "ben", role="moderator")
        preferences.choose(session, ada, dict.fromkeys(preferences.KINDS, "immediately"))
        owe_each(session, ada)
        do_everything(session, ada, ben)
        daily = make_member(session, "daisy", digest_hour=0)
        preferences.choose(session, daily, {"badge_earned": "daily"})
        award = make_award(session, make_badge(session, "early"), daily)
        notifications.tell_of_awards(session, [award.id], at=now() - timedelta(days=1))
        for member in session.scalars(select(Member)):
            member.name = name
    digests.write_due(partial(transaction, engine), at=now() + timedelta(days=1))
    with transaction(engine) as session:
        session.execute(update(Delivery).values(due_at=now()))


def head(content: bytes) -> list[bytes]:
    """The header lines as they are, continuation lines with the line they continue."""
    return re.split(rb"\r\n(?![ \t])", content.split(b"\r\n\r\n", 1)[0])


def lines_of(content: bytes, name: str) -> list[bytes]:
    return [it for it in head(content) if it.lower().startswith(name.lower().encode() + b":")]


def test_each_letter_is_seven_bit_text_in_lines_that_every_server_takes(sent):
    for it in sent():
        content = it.original_content
        assert content.isascii()
        assert b"\0" not in content
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert (
            max(
                len(line)
                for line in b"\r\n".join(head(content)).split(b"\r\n")
                if not line.lower().startswith(b"list-")
            )
            <= 320
        )
        assert len(content) <= MOST_BYTES


def test_each_header_stands_there_once_and_as_it_should_be_read(sent, app):
    site, sender = app.config["SETTINGS"].site_host, app.config["SETTINGS"].mail_from
    for it in sent():
        content = it.original_content
        for name in ONCE:
            assert len(lines_of(content, name)) == 1, name
        assert lines_of(content, "Auto-Submitted") == [b"Auto-Submitted: auto-generated"]
        assert lines_of(content, "From") == [f"From: Contrail <{sender}>".encode()]
        assert lines_of(content, "To") == [f"To: {it.rcpt_tos[0]}".encode()]
        assert re.fullmatch(
            rb"Message-ID: <[a-z-]+\.[0-9a-z]+@%s>" % re.escape(site.encode()), *lines_of(content, "Message-ID")
        )
        assert it.mail_from == sender
        assert len(it.rcpt_tos) == 1
        assert lines_of(content, "Bcc") == lines_of(content, "Cc") == []


def test_stopping_is_offered_as_programs_read_it_and_not_where_it_is_about_security(sent, app, engine):
    site, found = app.config["SETTINGS"].site_url.encode(), set()
    for it in sent():
        content = it.original_content
        offered = bool(lines_of(content, "List-Id"))
        found.add(offered)
        if offered:
            assert re.fullmatch(
                rb"List-Unsubscribe: <%s/unsubscribe/[\w~.-]+>" % re.escape(site),
                *lines_of(content, "List-Unsubscribe"),
            )
            assert lines_of(content, "List-Unsubscribe-Post") == [b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
            assert re.fullmatch(rb"List-Id: <[a-z-]+\.[\w.-]+>", *lines_of(content, "List-Id"))
        else:
            assert lines_of(content, "List-Unsubscribe") == lines_of(content, "List-Unsubscribe-Post") == []
    assert found == {True, False}


@pytest.mark.parametrize("name", ["Ada Lovelace", "Zoë Ødegård 李", "=?utf-8?q?Bcc:_eve?=", EVIL])
def test_another_reader_finds_nothing_to_mend_and_reads_the_same(sent, name):
    for it in sent(name):
        content = it.original_content
        read = fast_mail_parser.parse_email(content, strict=True)
        ours = email.message_from_bytes(content, policy=email.policy.SMTP)
        assert read.warnings == []
        assert read.subject == ours["Subject"]
        assert read.from_.address == it.mail_from
        assert [one.address for one in read.to] == it.rcpt_tos
        assert read.cc == read.bcc == read.reply_to == []
        assert read.date_parsed == ours["Date"].datetime
        [text], [page] = read.text_plain, read.text_html
        assert text.replace("\r\n", "\n") == ours.get_body(("plain",)).get_content().replace("\r\n", "\n")
        assert page.replace("\r\n", "\n") == ours.get_body(("html",)).get_content().replace("\r\n", "\n")
        assert "eve@evil.example" not in {one.address for one in read.to}


def test_subject_and_plain_text_show_every_sign_as_it_was_typed(sent, app, monkeypatch):
    name = 'Salt & "Pepper" O\'Brien <3'
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], site_name=name))
    for it in sent(name):
        letter = email.message_from_bytes(it.original_content, policy=email.policy.SMTP)
        text = text_of(letter)
        assert html.unescape(letter["Subject"]) == letter["Subject"]
        assert html.unescape(text) == text
        assert f"Hello {name}," in text
        assert "Hello Salt &amp; " in html_of(letter)


def test_another_reader_sees_the_same_tree(sent):
    for it in sent():
        tree = fast_mail_parser.parse_email_tree(it.original_content)
        assert tree.content_type == "multipart/alternative"
        text, looks = tree.children
        assert text.content_type == "text/plain"
        if looks.content_type == "multipart/related":
            page, *pictures = looks.children
            assert {one.content_type for one in pictures} == {"image/png"}
            for one in pictures:
                assert one.content.startswith(b"\x89PNG")
                assert f"cid:{one.content_id.strip('<>')}".encode() in page.content
        else:
            page = looks
        assert page.content_type == "text/html"


@contextmanager
def opensmtpd(folder: Path):
    """An OpenSMTPD on a port of this machine that keeps what it gets; gives the port and the folder of letters."""
    nobody, port = pwd.getpwnam("nobody"), free_port()
    box = folder / "box"
    box.mkdir()
    for it in (folder, *folder.parents):  # nobody has to get there
        if it.owner() == pwd.getpwuid(os.getuid()).pw_name and it != Path("/"):
            it.chmod(it.stat().st_mode | 0o011)
    os.chown(box, nobody.pw_uid, nobody.pw_gid)
    (folder / "conf").write_text(
        'table everybody { "@" = "nobody" }\n'
        f"listen on 127.0.0.1 port {port} hostname mail.example\n"
        f'action "keep" maildir "{box}/letters" virtual <everybody>\n'
        'match from any for domain { "members.example", "new.example" } action "keep"\n'
    )
    process = subprocess.Popen(
        [OPENSMTPD, "-d", "-f", folder / "conf"], stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
        preexec_fn=tied_to(os.getpid()),
    )  # fmt: skip
    try:
        until(lambda: b"starting" in (folder / "log").read_bytes(), "OpenSMTPD is up")
        time.sleep(1)
        yield port, box / "letters" / "new"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FULL"), reason="only in the full run: FULL=1")
@pytest.mark.skipif(OPENSMTPD is None, reason="OpenSMTPD is not installed: apt-get install opensmtpd")
@pytest.mark.skipif(os.getuid() != 0, reason="OpenSMTPD starts only as root")
def test_a_server_that_is_not_ours_takes_every_letter_and_changes_nothing(app, engine, monkeypatch, tmp_path):
    owe_everything(engine, "Zoë Ødegård 李")
    handed, hand_over = [], mail.Server.hand_over

    def noting(way, name, letter):
        handed.append(letter)
        return hand_over(way, name, letter)

    monkeypatch.setattr(mail.Server, "hand_over", noting)
    with opensmtpd(tmp_path) as (port, letters):
        use(app, monkeypatch, f"smtp://127.0.0.1:{port}")
        with app.app_context():
            number = mail.send()
        with Session(engine) as session:
            rows = session.scalars(select(Delivery)).all()
            assert {it.state for it in rows} == {"sent"}
            assert all(it.reply.startswith("250 2.0.0") for it in rows)
        until(lambda: letters.exists() and len(list(letters.iterdir())) == number, "all arrive", seconds=180)
        kept = [it.read_bytes() for it in letters.iterdir()]
    assert len(kept) == number > 15
    ours = {it.replace(b"\r\n", b"\n") for it in handed}
    for it in kept:
        before, _, letter = it.partition(b"\nFrom: ")
        assert {line.split(b":")[0] for line in re.split(rb"\n(?![ \t])", before)} == {
            b"Return-Path",
            b"Delivered-To",
            b"Received",
        }
        assert b"From: " + letter in ours
        assert fast_mail_parser.parse_email(it, strict=True).warnings == []
