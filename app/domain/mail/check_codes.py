"""Check codes: each letter carries one, and the site can tell whether it sent a letter with such a code.

A code is the delivery's number, sealed: nobody else can make one, or learn from one how many letters there are.
The name that a letter has among mail programs (its Message-ID) holds the same seal in other digits.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.mail.deliveries import Delivery

HALF = 5  # bytes each of the signature and the number: 40 bits to guess, a million million letters
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
MISREAD = str.maketrans("018", "OIB")  # digits that no code has, for the letters they look like
IN_MESSAGE_ID = re.compile(r"\.([0-9a-f]{20})@", re.IGNORECASE)


def code(secret_key: str, letter: Delivery) -> str:
    """The code of a letter, in four groups to read out."""
    text = base64.b32encode(_seal(secret_key, letter)).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def mark(secret_key: str, letter: Delivery) -> str:
    """The same as a part of its Message-ID."""
    return _seal(secret_key, letter).hex()


def find(session: Session, secret_keys: Sequence[str], typed: str) -> Delivery | None:
    """The letter with that code or Message-ID, if we sent it and still remember it, with this key or an earlier one."""
    seal = _typed(typed)
    found = (_sealed(session, it, seal) for it in secret_keys) if seal else ()
    return next((it for it in found if it), None)


def _sealed(session: Session, secret_key: str, seal: bytes) -> Delivery | None:
    signature = seal[:HALF]
    number = int.from_bytes(_masked(secret_key, signature, seal[HALF:]))
    letter = session.scalars(select(Delivery).where(Delivery.id == number, Delivery.handovers > 0)).first()
    ours = letter is not None and hmac.compare_digest(_signature(secret_key, letter), signature)
    return letter if ours else None


def _typed(text: str) -> bytes | None:
    """The seal in what somebody typed or pasted."""
    if found := IN_MESSAGE_ID.search(text):
        return bytes.fromhex(found[1])
    plain = re.sub(r"[\s\u2010-\u2015-]", "", text).upper().translate(MISREAD)
    return base64.b32decode(plain) if len(plain) == 2 * HALF * 8 // 5 and set(plain) <= set(ALPHABET) else None


def _seal(secret_key: str, letter: Delivery) -> bytes:
    signature = _signature(secret_key, letter)
    return signature + _masked(secret_key, signature, letter.id.to_bytes(HALF))


def _signature(secret_key: str, letter: Delivery) -> bytes:
    # With its time: a database may give the number of a letter that was forgotten to another.
    return _keyed(secret_key, f"letter\0{letter.id}\0{letter.created_at.timestamp()}".encode())


def _masked(secret_key: str, signature: bytes, number: bytes) -> bytes:
    """A number hidden, or shown again, by means of its signature."""
    return bytes(one ^ other for one, other in zip(number, _keyed(secret_key, b"mask\0" + signature), strict=True))


def _keyed(secret_key: str, text: bytes) -> bytes:
    return hmac.new(secret_key.encode(), b"check-code\0" + text, hashlib.sha256).digest()[:HALF]
