"""Mail: letters leave, each once, as far as a mail server lets us know.

MAIL_URL says where letters go: `file:` puts each into a file of its own, `smtp:` and `smtps:` hand it to a mail server.
"""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import structlog
from flask import current_app

import config
from app import envelopes
from app.db import db, snapshot, transaction
from app.domain.correspondence import letters
from app.domain.mail import deliveries, mailings
from app.domain.mail.deliveries import Delivery
from app.domain.mail.leases import Lost
from app.domain.mail.stationery import Postponed, Unwanted
from app.domain.site import site_settings

log = structlog.get_logger("contrail.mail")

SERVER_SECONDS = 10.0  # how long a mail server may take over one answer
RUN_SECONDS = 30.0  # how long one run may send; the next goes on
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class Blocked(Exception):
    """The way to the mail server is blocked; that says nothing about the letter."""


class Refused(Exception):
    """The mail server does not take the letter: `later` perhaps, or it does not know the `address`."""

    def __init__(self, code: int, reply: str, *, about_address: bool = False) -> None:
        super().__init__(reply)
        self.later = code < 500
        self.about_address = about_address


class Transport(Protocol):
    """A way by which letters leave, one at a time."""

    def offer(self, to: str) -> None:
        """Ask whether a letter to that address would be taken. Can be repeated; raises Refused or Blocked."""

    def hand_over(self, name: str, letter: bytes) -> str:
        """Give the letter away, and return what was answered. After an error it may have left all the same."""

    def withdraw(self) -> None:
        """Take back an offer."""

    def close(self) -> None:
        """Say goodbye."""


def send() -> int:
    """Send what is due, as long as a run may last; returns how many letters left."""
    settings: config.Settings = current_app.config["SETTINGS"]
    route = urlsplit(settings.mail_url).scheme
    until, number = time.monotonic() + RUN_SECONDS, 0
    if _is_held(route) or not deliveries.any_due(db.session(), letters.WRITERS):
        return 0
    with transaction() as session:
        deliveries.look_after(session)
    with contextlib.closing(transport(settings)) as way:
        while time.monotonic() < until and not _is_held(route):
            with transaction() as session:
                owed = deliveries.claim(session, letters.WRITERS)
            if owed is None:
                break
            try:
                number += _deliver(owed, way, settings, route)
            except Lost:
                log.warning("somebody else sends this letter", delivery=owed.id)
    return number


def _is_held(route: str) -> bool:
    reading = db.session()
    return deliveries.paused(reading) is not None or deliveries.is_resting(reading, route)


def _deliver(owed: Delivery, way: Transport, settings: config.Settings, route: str) -> bool:
    """Send one letter, as far as it goes; whether it left."""
    # On SQLite one transaction keeps all others from writing, and most of a letter's time goes into its words.
    opened = snapshot if owed.kind in letters.READ_ONLY else transaction
    try:
        with opened() as session:
            row = session.get_one(Delivery, owed.id)
            letter = letters.write(session, row)
            says = envelopes.said(letter, row, settings, site_settings.read(session).name or settings.site_name)
            content = envelopes.written(letter, row, settings, says)
    except Postponed as no:
        _note(mailings.leave_to_digest, owed, no.period)
        return False
    except Unwanted as no:
        _note(deliveries.dropped, owed, str(no))
        return False
    except Exception as no:
        log.exception("letter cannot be written", delivery=owed.id, kind=owed.kind)
        _note(deliveries.put_off, owed, f"cannot be written: {type(no).__name__}")
        return False

    try:
        way.offer(letter.to)
    except Refused as no:
        _note(_after_refusal(no), owed, str(no))
        return False
    except Blocked as no:
        _rest(owed, route, str(no))
        return False
    try:
        with transaction() as session:
            letters.count(session, owed, letter)
            deliveries.handing_over(session, owed, subject=envelopes.subject(letter, says))
    except Lost:
        way.withdraw()
        raise
    try:
        reply = way.hand_over(file_name(owed), content)
    except Refused as no:
        _note(_after_refusal(no), owed, str(no))
        return False
    except Blocked as no:  # in the middle of it: the letter may have left
        _note(deliveries.doubt, owed, str(no))
        return False
    with transaction() as session:
        deliveries.sent(session, owed, reply)
        deliveries.worked(session, route)
    log.info("letter sent", delivery=owed.id, kind=owed.kind)
    return True


def _after_refusal(no: Refused) -> Any:
    if no.later:
        return deliveries.put_off
    return deliveries.bounced if no.about_address else deliveries.dead


def _note(step: Any, owed: Delivery, reply: str) -> None:
    with transaction() as session:
        step(session, owed, reply)
    log.info("letter not sent", delivery=owed.id, kind=owed.kind, step=step.__name__, reply=reply)


def _rest(owed: Delivery, route: str, reply: str) -> None:
    with transaction() as session:
        deliveries.put_back(session, owed, reply)
        rest = deliveries.failed(session, route)
    log.warning("mail server out of reach", reply=reply, resting=rest.total_seconds())


def file_name(owed: Delivery) -> str:
    """The name of a letter's file: when it was owed, then which; a second try takes the place of the first."""
    return f"{owed.created_at.astimezone(UTC):%Y%m%d-%H%M%S}-{owed.id:08}-{owed.kind.replace('_', '-')}.eml"


# Ways


def transport(settings: config.Settings) -> Transport:
    """The way that MAIL_URL names. Nothing is connected before the first letter."""
    if settings.mail_url.startswith("file:"):
        return Folder(Path(settings.mail_url.removeprefix("file:")))
    return Server(settings.mail_url, settings.mail_from, settings.site_host)


class Folder:
    """Puts each letter into a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def offer(self, to: str) -> None:
        """The folder takes everything, once it is there."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as no:
            raise Blocked(f"{self.path}: {no.strerror}") from no

    def hand_over(self, name: str, letter: bytes) -> str:
        """Write the file; it is there as a whole or not at all."""
        draft = self.path / f".{name}.{os.getpid()}"
        try:
            draft.touch(mode=0o600)
            draft.write_bytes(letter)
            draft.replace(self.path / name)
        except OSError as no:
            raise Refused(450, f"{self.path}: {no.strerror}") from no
        return "in a file"

    def withdraw(self) -> None:
        """Nothing was offered."""

    def close(self) -> None:
        """Nothing is open."""


class Server:
    """Speaks to a mail server; one conversation for all letters of a run."""

    def __init__(self, url: str, sender: str, own_host: str) -> None:
        self.parts = urlsplit(url)
        self.sender, self.own_host = sender, own_host
        self.line: smtplib.SMTP | None = None

    def offer(self, to: str) -> None:
        """Name sender and recipient; a conversation that was closed meanwhile is begun anew."""
        with speaking():
            line = self._line()
            code, reply = line.mail(self.sender)
            if code != 250:
                self._reset(line)
                raise Blocked(_in_words(code, reply)) if code == 421 else Refused(code, _in_words(code, reply))
            code, reply = line.rcpt(to)
            if code not in (250, 251):
                self._reset(line)
                raise Refused(code, _in_words(code, reply), about_address=True)

    def hand_over(self, name: str, letter: bytes) -> str:
        """Send the letter itself."""
        assert self.line is not None  # noqa: S101  an offer came first
        with speaking():
            try:
                code, reply = self.line.data(letter)
            except smtplib.SMTPDataError as no:  # refused before a word of it was sent
                code, reply = no.smtp_code, no.smtp_error if isinstance(no.smtp_error, bytes) else b""
            if code != 250:
                raise Refused(code, _in_words(code, reply))
        return _in_words(code, reply)

    def withdraw(self) -> None:
        """Forget sender and recipient."""
        if self.line is not None:
            self._reset(self.line)

    def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.line.quit()
            self.line = None

    def _line(self) -> smtplib.SMTP:
        if self.line is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if self.line.noop()[0] == 250:
                    return self.line
            self.line.close()
        self.line = self._connect()
        return self.line

    def _connect(self) -> smtplib.SMTP:
        host, encrypted = self.parts.hostname or "", self.parts.scheme == "smtps"
        if encrypted:
            line: smtplib.SMTP = smtplib.SMTP_SSL(
                host,
                self.parts.port or 465,
                self.own_host,
                timeout=SERVER_SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            line = smtplib.SMTP(host, self.parts.port or 25, self.own_host, timeout=SERVER_SECONDS)
        line.ehlo()
        if not encrypted and line.has_extn("starttls") and host not in LOCAL_HOSTS:
            line.starttls(context=ssl.create_default_context())
            line.ehlo()
            encrypted = True
        if self.parts.username:
            if not encrypted and host not in LOCAL_HOSTS:
                raise Blocked("the server offers no encryption, so the password of MAIL_URL stays here: use smtps://")
            line.login(unquote(self.parts.username), unquote(self.parts.password or ""))
        return line

    def _reset(self, line: smtplib.SMTP) -> None:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            line.rset()


@contextlib.contextmanager
def speaking() -> Iterator[None]:
    """Read silence and broken lines as a blocked way."""
    try:
        yield
    except (smtplib.SMTPException, OSError) as no:
        raise Blocked(f"{type(no).__name__}: {no}"[:300]) from no


def _in_words(code: int, reply: bytes) -> str:
    return f"{code} {reply.decode('utf-8', 'replace')}"[:300]
