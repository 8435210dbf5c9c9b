"""Every setting, read from the environment. Nothing else looks there."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class SettingError(Exception):
    """A setting that cannot be used: says which, why, and what to write instead."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"{name} {problem}. {remedy}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What this installation was told. All paths are absolute."""

    instance_dir: Path
    database_url: str
    redis_url: str | None
    mail_url: str
    mail_from: str
    site_url: str
    site_name: str
    port: int
    web_workers: int
    trusted_proxies: int
    production: bool
    secret_key: str
    old_secret_keys: tuple[str, ...]
    metrics_token: str | None

    @property
    def site_host(self) -> str:
        return urlsplit(self.site_url).hostname or "localhost"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """What was ever signed with, for links in letters that were sent long ago."""
        return (self.secret_key, *self.old_secret_keys)

    @property
    def is_https(self) -> bool:
        return self.site_url.startswith("https://")

    @property
    def on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    def for_flask(self) -> dict[str, object]:
        """Flask's own configuration, derived."""
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": self._engine_options(),
            "TRUSTED_HOSTS": [*LOCAL_HOSTS, self.site_host],  # this machine asks how we are; links are made of SITE_URL
            "MAX_CONTENT_LENGTH": 8 * 1024 * 1024,
            "MAX_FORM_MEMORY_SIZE": 512 * 1024,
            "MAX_FORM_PARTS": 200,
            "SESSION_COOKIE_NAME": "__Host-session" if self.is_https else "session",
            "SESSION_COOKIE_SECURE": self.is_https,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_PATH": "/",
            "WTF_CSRF_TIME_LIMIT": None,  # a form in a tab left open overnight still works; the session bounds it
            "WTF_CSRF_HEADERS": [],
        }

    def _engine_options(self) -> dict[str, object]:
        # What members wrote does not belong into error messages.
        if self.on_sqlite:
            return {"hide_parameters": True}
        return {
            "hide_parameters": True,
            "pool_size": 2,
            "max_overflow": 8,
            "connect_args": {"connect_timeout": 5},
        }


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; raises SettingError with the remedy."""
    production = _choice(environ, "APP_ENV", ("development", "production")) == "production"
    instance_dir = _instance_dir(environ)
    port = _number(environ, "PORT", 5000, 1, 65535)
    site_url = _site_url(environ, f"http://127.0.0.1:{port}")
    host = urlsplit(site_url).hostname or "localhost"
    return Settings(
        instance_dir=instance_dir,
        database_url=_database_url(environ, instance_dir),
        redis_url=_url(environ, "REDIS_URL", ("redis", "rediss", "unix")),
        mail_url=_mail_url(environ, instance_dir),
        mail_from=_mail_from(environ, f"donotreply@{host}"),
        site_url=site_url,
        site_name=_line(environ, "SITE_NAME", "Contrail"),
        port=port,
        web_workers=_number(environ, "WEB_WORKERS", 2, 1, 64),
        trusted_proxies=_number(environ, "TRUSTED_PROXIES", 0, 0, 8),
        production=production,
        secret_key=_secret_key(environ, instance_dir, production),
        old_secret_keys=tuple(environ.get("OLD_SECRET_KEYS", "").split()),
        metrics_token=environ.get("METRICS_TOKEN") or None,
    )


def read_or_exit() -> Settings:
    """The settings, or the end of the process with one clear line and status 2."""
    try:
        return read()
    except SettingError as no:
        print(f"Error: {no}", file=sys.stderr)
        raise SystemExit(2) from None


def _line(environ: Mapping[str, str], name: str, default: str) -> str:
    value = environ.get(name, "").strip() or default
    if any(character < " " for character in value):
        raise SettingError(name, "contains a control character", "Write it on one line.")
    return value


def _choice(environ: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = environ.get(name) or allowed[0]
    if value not in allowed:
        raise SettingError(name, f"{value!r} is unknown", f"Use {' or '.join(allowed)}.")
    return value


def _number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environ.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise SettingError(name, f"{text!r} is not a number from {least} to {most}", f"For example {name}={default}.")
    return int(text)


def _url(environ: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str | None:
    value = environ.get(name) or None
    if value is not None:
        _split(name, value, schemes)
    return value


def _split(name: str, value: str, schemes: tuple[str, ...]) -> None:
    # The value may hold a password: it is never repeated in the message.
    remedy = f"Begin it with {' or '.join(scheme + '://' for scheme in schemes)}."
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise SettingError(name, "is not a URL", remedy) from None
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        raise SettingError(name, "is not a URL of a known kind", remedy)


def _instance_dir(environ: Mapping[str, str]) -> Path:
    path = Path(environ.get("INSTANCE_DIR") or "instance").absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # letters and members' secrets lie in it
    except OSError as no:
        raise SettingError(
            "INSTANCE_DIR", f"{path} cannot be made ({no.strerror})", "Name a writable folder."
        ) from None
    return path


def _database_url(environ: Mapping[str, str], instance_dir: Path) -> str:
    name = "DATABASE_URL"
    value = environ.get(name) or f"sqlite:///{instance_dir}/contrail.db"
    value = re.sub(r"^(postgres|postgresql)://", "postgresql+psycopg://", value)
    kind = value.partition("://")[0]
    if kind not in ("sqlite", "postgresql+psycopg"):
        remedy = "Use sqlite:////PATH/TO/FILE or postgresql://USER:PASSWORD@HOST/NAME."
        raise SettingError(name, "is not a SQLite or PostgreSQL address", remedy)
    if kind == "sqlite" and (not value.removeprefix("sqlite://").strip("/") or ":memory:" in value):
        raise SettingError(name, "names no file", "Web and worker share it, so it cannot live in memory.")
    return value


def _site_url(environ: Mapping[str, str], default: str) -> str:
    value = (environ.get("SITE_URL") or default).rstrip("/")
    _split("SITE_URL", value, ("http", "https"))
    parts = urlsplit(value)
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        raise SettingError(
            "SITE_URL", f"{value!r} is more or less than a site's address", "For example https://community.example"
        )
    return value


def _mail_url(environ: Mapping[str, str], instance_dir: Path) -> str:
    name = "MAIL_URL"
    value = environ.get(name) or f"file:{instance_dir}/mail"
    if value.startswith("file:"):
        if not value.removeprefix("file:"):
            raise SettingError(name, "names no folder", "For example file:/var/mail/contrail")
        return f"file:{Path(value.removeprefix('file:').removeprefix('//')).absolute()}"
    _split(name, value, ("smtp", "smtps"))
    if not urlsplit(value).hostname:
        raise SettingError(name, "names no mail server", "For example smtp://USER:PASSWORD@mail.example:587")
    return value


def _mail_from(environ: Mapping[str, str], default: str) -> str:
    value = _line(environ, "MAIL_FROM", default)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise SettingError("MAIL_FROM", f"{value!r} is not an e-mail address", f"For example MAIL_FROM={default}")
    return value


def _secret_key(environ: Mapping[str, str], instance_dir: Path, production: bool) -> str:
    key = environ.get("SECRET_KEY", "")
    remedy = 'Make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
    if key and len(key) < 32:
        raise SettingError("SECRET_KEY", "is shorter than 32 characters", remedy)
    if production and not key:
        raise SettingError("SECRET_KEY", "is required when APP_ENV=production", remedy)
    return key or _kept_key(instance_dir / "secret_key")


def _kept_key(path: Path) -> str:
    """The key a development site made for itself. Two processes may start at once: the first link wins."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
