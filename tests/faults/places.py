"""Named places on a letter's way at which a process may die or fall asleep. Only tests' processes know them."""

from __future__ import annotations

import os
import signal
import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app import bell, mail
from app.domain.mail import deliveries, mailings

Act = Callable[[], None]


def die() -> None:
    """Kill this process as a crash does: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep() -> None:
    """Stop this process until somebody lets it go on."""
    os.kill(os.getpid(), signal.SIGSTOP)


def at(place: str, act: Act) -> None:
    """Do that whenever this process comes by a place."""
    (PLACES | AS_IT_HAPPENS)[place](act)


def hurry() -> None:
    """Let everything that takes minutes take a second or less; the order of what happens stays."""
    deliveries.LEASE, deliveries.DOUBT = timedelta(seconds=5), timedelta(seconds=1)
    deliveries.STEPS = (timedelta(seconds=0.5),) * 4
    deliveries.REST_LEAST, deliveries.REST_MOST = timedelta(seconds=0.3), timedelta(seconds=1)
    mail.SERVER_SECONDS = 1.0


def _before(home: Any, name: str) -> Callable[[Act], None]:
    def lay(act: Act) -> None:
        usual = getattr(home, name)

        def first(*given: Any, **named: Any) -> Any:
            act()
            return usual(*given, **named)

        setattr(home, name, first)

    return lay


def _after(home: Any, name: str) -> Callable[[Act], None]:
    def lay(act: Act) -> None:
        usual = getattr(home, name)

        def then(*given: Any, **named: Any) -> Any:
            answer = usual(*given, **named)
            act()
            return answer

        setattr(home, name, then)

    return lay


def _within_the_letter(part: float) -> Callable[[Act], None]:
    """In the middle of the letter's bytes, or when its last dot is on its way and nothing was answered yet."""

    def lay(act: Act) -> None:
        def data(line: smtplib.SMTP, letter: bytes) -> Any:
            assert line.docmd("data")[0] == 354
            whole = smtplib._quote_periods(letter) + b".\r\n"  # type: ignore[attr-defined]
            line.send(whole[: int(len(whole) * part)])
            act()
            line.send(whole[int(len(whole) * part) :])
            return line.getreply()

        smtplib.SMTP.data = data  # type: ignore[method-assign, assignment]

    return lay


AS_IT_HAPPENS: dict[str, Callable[[Act], None]] = {
    "letter owed, not committed": _after(mailings, "owe"),
    "committed, bell not rung": _before(bell, "ring"),
}
PLACES: dict[str, Callable[[Act], None]] = {
    "claimed": _before(mail, "_deliver"),
    "offered": _after(mail.Server, "offer"),
    "handed over": _before(mail.Server, "hand_over"),
    "half of it sent": _within_the_letter(0.5),
    "last dot sent": _within_the_letter(1.0),
    "answered": _after(mail.Server, "hand_over"),
    "noted, not committed": _before(deliveries, "worked"),
}
