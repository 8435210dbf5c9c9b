"""Second factors: six digits from an app that shares a secret with the site, and codes on paper for when it is lost."""

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ForeignKey, String, delete, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.domain.base import Base, now
from app.domain.people.members import Member
from app.domain.problems import Conflict, Invalid
from app.domain.words import _

RECOVERY_CODES = 10
CLOCKS_DIFFER = (-1, 0, 1)  # steps of half a minute by which a phone's clock may be off
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


class SecondFactor(Base):
    """The secret a member's app shares with the site, sealed; a step of time is taken once, and none before it."""

    __tablename__ = "second_factors"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    sealed: Mapped[str] = mapped_column(String(300))
    latest_step: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class RecoveryCode(Base):
    """A code that works once. Only its hash is kept: it is random enough to need no salt."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    used_at: Mapped[datetime | None]


class Vault:
    """Seals secrets, so that a copy of the database alone opens nothing: its key is drawn from the site's own."""

    def __init__(self, secret_key: str) -> None:
        drawn = HKDF(SHA256(), 32, salt=None, info=b"contrail.second-factors").derive(secret_key.encode())
        self._box = Fernet(base64.urlsafe_b64encode(drawn))

    def seal(self, member: Member, secret: str) -> str:
        """A member's secret, unreadable; moved to another member's row it opens nothing."""
        return self._box.encrypt(f"{member.id}:{secret}".encode()).decode()

    def open(self, member: Member, sealed: str) -> str | None:
        """The secret, unless it was sealed for somebody else or with another key."""
        try:
            owner, _colon, secret = self._box.decrypt(sealed.encode()).decode().partition(":")
        except InvalidToken:
            return None
        return secret if owner == str(member.id) else None


def new_secret() -> str:
    """A secret for an app; nothing is kept of it until a code has shown that the app has it."""
    return pyotp.random_base32()


def address(secret: str, member: Member, site: str) -> str:
    """What the app reads from the square: the secret, and what to call it."""
    return pyotp.TOTP(secret).provisioning_uri(name=member.username, issuer_name=site.replace(":", " "))


def find(session: Session, member: Member) -> SecondFactor | None:
    """A member's second factor, where it is on."""
    return session.get(SecondFactor, member.id)


def turn_on(
    session: Session, member: Member, sealed: str, code: str, vault: Vault, *, at: datetime | None = None
) -> list[str]:
    """Ask for codes from now on, once one shows that the app works; returns the recovery codes, which are not kept."""
    moment, secret = at or now(), vault.open(member, sealed)
    if secret is None:
        raise Conflict(_("This page is too old. Open it again and scan the new square."))
    step = _step(secret, code, moment)
    if step is None:
        raise Invalid(code=_("This code does not fit. Type the six digits that the app shows now."))
    if find(session, member):
        raise Conflict(_("Your second factor is on already."))
    session.add(SecondFactor(member_id=member.id, sealed=sealed, latest_step=step, created_at=moment))
    return renew_recovery_codes(session, member)


def turn_off(session: Session, member: Member, *, since: datetime | None = None) -> bool:
    """Ask for no codes any more, or only where it was turned on since then; whether it was on."""
    off = delete(SecondFactor).where(SecondFactor.member_id == member.id)
    if since is not None:
        off = off.where(SecondFactor.created_at >= since)
    was_on = session.execute(off.returning(SecondFactor.member_id)).first() is not None
    if was_on:
        session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    return was_on


def renew_recovery_codes(session: Session, member: Member) -> list[str]:
    """Ten new codes; the old ones work no longer."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.member_id == member.id))
    codes = [_new_code() for _nth in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=_hash(member, code), member_id=member.id) for code in codes)
    return codes


def recovery_codes_left(session: Session, member: Member) -> int:
    """How many codes on paper still work."""
    unused = (RecoveryCode.member_id == member.id) & RecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(unused)) or 0


def accept(session: Session, member: Member, code: str, vault: Vault, *, at: datetime | None = None) -> bool:
    """Whether the code is right; it is used up by this, and whoever read it over a shoulder comes too late."""
    moment, factor = at or now(), find(session, member)
    if factor is None:
        return False
    secret = vault.open(member, factor.sealed)
    step = _step(secret, code, moment) if secret else None
    return _use_step(session, member, step) if step else _use_recovery_code(session, member, code, moment)


def _new_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _nth in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _use_step(session: Session, member: Member, step: int) -> bool:
    taken = update(SecondFactor).where(SecondFactor.member_id == member.id, SecondFactor.latest_step < step)
    return session.execute(taken.values(latest_step=step).returning(SecondFactor.member_id)).first() is not None


def _use_recovery_code(session: Session, member: Member, code: str, moment: datetime) -> bool:
    taken = update(RecoveryCode).where(
        RecoveryCode.code_hash == _hash(member, code),
        RecoveryCode.member_id == member.id,
        RecoveryCode.used_at.is_(None),
    )
    return session.execute(taken.values(used_at=moment).returning(RecoveryCode.member_id)).first() is not None


def _step(secret: str, code: str, moment: datetime) -> int | None:
    """The step of time that the six digits belong to, of those around now."""
    typed, app = re.sub(r"[\s-]", "", code), pyotp.TOTP(secret)
    steps: Sequence[int] = [app.timecode(moment) + off for off in CLOCKS_DIFFER]
    return next((step for step in steps if compare_digest(app.generate_otp(step).encode(), typed.encode())), None)


def _hash(member: Member, code: str) -> str:
    typed = re.sub(r"[\s-]", "", code).lower()
    return sha256(f"{member.id}:{typed}".encode()).hexdigest()
