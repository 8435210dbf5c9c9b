"""A mail server of our own, which can be told to misbehave."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers import free_port


class Clerk:
    """Takes letters, or answers to a command what it was told to."""

    def __init__(self) -> None:
        self.letters: list[Envelope] = []
        self.answers: dict[str, list[str]] = {}
        self.conversations = 0
        self.hang = ""

    def say(self, command: str, *answers: str) -> None:
        """Answer a command so, once each; then as usual."""
        self.answers[command] = list(answers)

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if told := self._told("MAIL"):
            return told
        envelope.mail_from = address
        return "250 fine"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if told := self._told("RCPT"):
            return told
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        told = self._told("DATA")
        if told is None or told.startswith(("2", "hang up")):
            self.letters.append(envelope)
        if told == "hang up":
            server.transport.abort()
        return told or "250 taken as 4711"

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, host: str, responses: list[str]
    ) -> list[str]:
        session.host_name = host
        self.conversations += 1
        return responses

    def _told(self, command: str) -> str | None:
        return self.answers[command].pop(0) if self.answers.get(command) else None


@contextmanager
def mail_server(port: int = 0, **options: Any) -> Iterator[tuple[Clerk, int]]:
    """A server on a port of this machine, with its clerk."""
    clerk = Clerk()
    controller = Controller(clerk, hostname="127.0.0.1", port=port or free_port(), **options)
    controller.start()
    try:
        yield clerk, controller.port
    finally:
        controller.stop()


def authenticator(user: bytes, password: bytes) -> Any:
    """Lets in whoever knows both."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.login == user and given.password == password)

    return check


@contextmanager
def silent_server() -> Iterator[int]:
    """Somebody who picks up and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        held: list[socket.socket] = []

        def pick_up() -> None:
            try:
                while True:
                    held.append(listening.accept()[0])
            except OSError:
                pass

        threading.Thread(target=pick_up, daemon=True).start()
        yield listening.getsockname()[1]
        for it in held:
            it.close()
        time.sleep(0)
