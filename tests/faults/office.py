"""A mail server that misbehaves in every way mail servers do, and keeps its own account of what it took.

What it accepted and what it refused for good is all that fault runs believe: the site's rows are held against it.
"""

from __future__ import annotations

import ssl
import threading
import time
from asyncio import Transport, sleep
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from random import Random
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from tests.mail.servers import authenticator
from tests.servers import free_port

SLOW_SECONDS = 0.4
FOR_EVER = 3600.0

# What a conversation may be spoilt by, and when: as it begins, or for one letter.
AT_THE_DOOR = ("refused", "no banner", "421 at the door", "STARTTLS fails", "AUTH fails")
PASSING = ("421 closing", "450 recipient", "451 letter", "drop before the dot", "slow", "hangs")
FOR_GOOD = ("550 recipient", "552 letter", "554 letter")
IN_DOUBT = (
    "drop after the dot",
    "hangs after the dot",
    "250 then reset",
)  # it took the letter; who sent it cannot know
FAULTS = (*AT_THE_DOOR, *PASSING, *FOR_GOOD, *IN_DOUBT)
MIXED = ("refused", "no banner", "421 at the door", *PASSING, *FOR_GOOD, *IN_DOUBT)


@dataclass(frozen=True)
class Taken:
    """A letter that was accepted."""

    to: str
    name: str  # its Message-ID
    content: bytes


@dataclass
class Office:
    """Decides what goes wrong next, and writes down what it took."""

    next_fault: Callable[[], str] = lambda: ""
    taken: list[Taken] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # addresses whose letter was refused for good
    faults: Counter[str] = field(default_factory=Counter)
    door: list[str] = field(default_factory=list)  # what the next conversations begin with
    conversations: int = 0

    def copies(self) -> dict[str, list[Taken]]:
        """The accepted letters of each address."""
        found: dict[str, list[Taken]] = {}
        for it in list(self.taken):
            found.setdefault(it.to, []).append(it)
        return found

    def draw(self) -> str:
        """What goes wrong with the letter that begins now."""
        fault = self.next_fault()
        if fault:
            self.faults[fault] += 1
        if fault in AT_THE_DOOR:
            self.door.append(fault)
            return "421 closing"
        return fault


def sometimes(dice: Random, share: float, faults: tuple[str, ...] = MIXED) -> Callable[[], str]:
    """Now and then something goes wrong."""
    return lambda: dice.choice(faults) if dice.random() < share else ""


def times(fault: str, number: int) -> Callable[[], str]:
    """The same goes wrong so many times, and then nothing."""
    left = iter([fault] * number)
    return lambda: next(left, "")


class Conversation(SMTP):
    """One conversation."""

    office: Office
    fault = ""

    def connection_made(self, transport: Any) -> None:
        self.office.conversations += 1
        told = self.office.door.pop(0) if self.office.door else ""
        if told == "no banner":
            self.transport = transport
            transport.pause_reading()
        elif told == "refused":
            transport.abort()
        elif told == "421 at the door":
            transport.write(b"421 come back later\r\n")
            transport.close()
        else:
            super().connection_made(transport)

    async def begin(self, when: tuple[str, ...]) -> str:
        """The answer to a command that goes wrong now, if it does."""
        if self.fault not in when:
            return ""
        if self.fault.startswith("hangs"):
            await sleep(FOR_EVER)
        if self.fault == "slow":
            await sleep(SLOW_SECONDS)
            return ""
        return {"421 closing": "421 closing", "450 recipient": "450 busy", "550 recipient": "550 nobody of that name"}[
            self.fault
        ]

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        if self.fault == "drop before the dot":
            await self.push("354 go on")
            self.hang_up()
        else:
            await super().smtp_DATA(arg)

    def hang_up(self) -> None:
        """Break the line as a crash does."""
        assert isinstance(self.transport, Transport)
        self.transport.abort()


class Clerk:
    """Answers the commands of all conversations."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def handle_MAIL(
        self, server: Conversation, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        server.fault = self.office.draw()
        if no := await server.begin(("421 closing", "hangs", "slow")):
            return no
        envelope.mail_from = address
        return "250 fine"

    async def handle_RCPT(
        self, server: Conversation, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if no := await server.begin(("450 recipient", "550 recipient", "slow")):
            if no.startswith("5"):
                self.office.refused.add(address)
            return no
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Conversation, _session: Session, envelope: Envelope) -> str:
        [to] = envelope.rcpt_tos
        if server.fault in ("552 letter", "554 letter"):
            self.office.refused.add(to)
            return f"{server.fault[:3]} not this one"
        if server.fault == "451 letter":
            return "451 not now"
        content = envelope.original_content or b""
        name = str(message_from_bytes(content, policy=SMTP_POLICY)["Message-ID"]).strip()
        self.office.taken.append(Taken(to, name, content))
        if server.fault == "drop after the dot":
            server.hang_up()
        if server.fault == "hangs after the dot":
            await sleep(FOR_EVER)
        if server.fault == "250 then reset":
            await server.push("250 taken")
            server.hang_up()
        if server.fault == "slow":
            await sleep(SLOW_SECONDS)
        return "250 taken"


class Building(Controller):
    """The office on a port."""

    def __init__(self, office: Office, host: str, port: int, **options: Any) -> None:
        self.office, self.options = office, options
        super().__init__(Clerk(office), hostname=host, port=port, **options)

    def factory(self) -> SMTP:
        server = Conversation(self.handler, **self.SMTP_kwargs)
        server.office = self.office
        return server


@contextmanager
def office(fault: str = "", *, port: int = 0) -> Iterator[tuple[Office, str]]:
    """An open office, and the MAIL_URL that leads to it. Only a fault of the whole house is named here."""
    host, options, login = "127.0.0.1", {}, ""
    if (
        fault == "STARTTLS fails"
    ):  # its certificate is nobody's; and to a machine of one's own no encryption is asked for
        host, options = "127.0.0.2", {"tls_context": _worthless_certificate()}
    if fault == "AUTH fails":
        options = {"authenticator": authenticator(b"pilot", b"right"), "auth_required": True, "auth_require_tls": False}
        login = "pilot:wrong@"
    here = Office()
    building = Building(here, host, port or free_port(), **options)
    building.start()
    try:
        yield here, f"smtp://{login}{host}:{building.port}"
    finally:
        _close(building)


def _worthless_certificate() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # none at all: the handshake fails


def _close(building: Building) -> None:
    """Close, even while somebody hangs in a conversation."""
    thread = threading.Thread(target=building.stop, daemon=True)
    thread.start()
    thread.join(5)
    time.sleep(0)
