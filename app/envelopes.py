"""Envelopes: a letter's bytes, made from its three files.

A letter is a folder `templates/email/KIND` with subject.txt, body.txt and body.html.
"""

from __future__ import annotations

import base64
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, NamedTuple

from flask import current_app

import config
from app import art
from app.domain.mail import check_codes, unsubscribing
from app.domain.mail.deliveries import Delivery
from app.domain.mail.stationery import Letter, Picture
from app.domain.words import _, ngettext

SUBJECT_MOST = 200


def said(letter: Letter, owed: Delivery, settings: config.Settings, site_name: str) -> dict[str, Any]:
    """All that the templates of a letter may ask for."""
    stop = unsubscribing.path(settings.secret_key, owed.member_id or 0, letter.of) if letter.of else ""
    return {
        "kind": letter.template, "site_url": settings.site_url, "site_name": site_name, "mail_from": settings.mail_from,
        "code": check_codes.code(settings.secret_key, owed), "stop_url": settings.site_url + stop,
        "pictures": {it.name: _content_id(it, owed, settings) for it in letter.pictures}, **letter.says,
    }  # fmt: skip


def written(letter: Letter, owed: Delivery, settings: config.Settings, says: dict[str, Any]) -> bytes:
    """The very bytes of a letter."""
    text, html = (_rendered(letter.template, name, says) for name in ("body.txt", "body.html"))
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(_on_one_line(says["site_name"]), addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = subject(letter, says)
    message["Date"] = format_datetime(owed.created_at.astimezone(UTC))
    message["Message-ID"] = message_id(owed, settings)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.of:
        message["List-Id"] = f"<{letter.of.replace('_', '-')}.{settings.site_host}>"
        message["List-Unsubscribe"] = f"<{says['stop_url']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if letter.thread_id:
        message["In-Reply-To"] = message["References"] = f"<thread.{letter.thread_id}@{settings.site_host}>"
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    _add_pictures(message, letter, owed, settings)
    for part in message.walk():
        if part.is_multipart():  # not by chance: a letter tried again is the same letter
            name = part.get_content_subtype()
            part.set_boundary(f"{name}-{check_codes.mark(settings.secret_key, owed)}")
    return message.as_bytes()


def subject(letter: Letter, says: dict[str, Any]) -> str:
    """What a letter is about, on one line."""
    return _on_one_line(_rendered(letter.template, "subject.txt", says))[:SUBJECT_MOST]


def _add_pictures(message: EmailMessage, letter: Letter, owed: Delivery, settings: config.Settings) -> None:
    html = message.get_body(("html",))
    assert html is not None  # noqa: S101  it was added just now
    for it in letter.pictures:
        html.add_related(
            art.png(it.family, it.tier, it.glyph, it.size),
            "image", "png", cid=f"<{_content_id(it, owed, settings)}>", disposition="inline", filename=f"{it.name}.png",
        )  # fmt: skip


def _content_id(picture: Picture, owed: Delivery, settings: config.Settings) -> str:
    return f"{picture.name}.{check_codes.mark(settings.secret_key, owed)}@{settings.site_host}"


def message_id(owed: Delivery, settings: config.Settings) -> str:
    """The name of a delivery: the same however often it is tried, and nobody else can tell the next one."""
    return f"<{owed.kind.replace('_', '-')}.{check_codes.mark(settings.secret_key, owed)}@{settings.site_host}>"


class OneLine(EmailPolicy):
    """What mail servers expect, with those headers in one piece that programs read: folding would encode them."""

    def _fold(self, name: str, value: Any, refold_binary: bool = False) -> str:
        if name.lower() == "message-id" or name.lower().startswith("list-"):
            return f"{name}: {value}{self.linesep}"
        return str(super()._fold(name, value, refold_binary))  # type: ignore[misc]


POLICY = OneLine(linesep="\r\n", cte_type="7bit")


def _rendered(kind: str, name: str, says: dict[str, Any]) -> str:
    # Only HTML needs & and quotes written in another way; a subject or a plain text would show them so.
    plain = {} if name.endswith(".html") else {"_": _, "ngettext": ngettext}
    return current_app.jinja_env.get_template(f"email/{kind}/{name}").render(says | plain)


def _on_one_line(text: str) -> str:
    """A text for a header: whatever breaks lines or cannot be seen becomes a space."""
    return " ".join("".join(it if it.isprintable() else " " for it in text).split())


class Preview(NamedTuple):
    """A letter to look at on a page: its pictures are in its HTML."""

    subject: str
    text: str
    html: str


def preview(letter: Letter, owed: Delivery, settings: config.Settings, site_name: str) -> Preview:
    """A letter as its reader would see it."""
    says = said(letter, owed, settings, site_name)
    text, html = (_rendered(letter.template, name, says) for name in ("body.txt", "body.html"))
    for it in letter.pictures:
        picture = base64.b64encode(art.png(it.family, it.tier, it.glyph, it.size)).decode()
        html = html.replace(f"cid:{says['pictures'][it.name]}", f"data:image/png;base64,{picture}")
    return Preview(subject(letter, says), text, html)
