"""Settings: what is wrong is named, with what to write instead."""

import os
import stat
from pathlib import Path

import pytest

import config

LONG = "x" * 40


def read(tmp_path, **environ):
    return config.read({"INSTANCE_DIR": str(tmp_path), **environ})


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("PORT", "five", "PORT=5000"),
        ("PORT", "99999", "1 to 65535"),
        ("WEB_WORKERS", "0", "1 to 64"),
        ("TRUSTED_PROXIES", "yes", "TRUSTED_PROXIES=0"),
        ("APP_ENV", "staging", "development or production"),
        ("DATABASE_URL", "mysql://root@db/x", "sqlite:////PATH"),
        ("DATABASE_URL", "sqlite://", "memory"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("MAIL_URL", "mail.example", "smtp://"),
        ("MAIL_URL", "smtp://", "smtp://"),
        ("MAIL_FROM", "nobody", "MAIL_FROM=donotreply@"),
        ("SITE_URL", "community.example", "http://"),
        ("SITE_URL", "https://community.example/forum", "https://community.example"),
        ("SITE_NAME", "Con\ntrail", "one line"),
        ("SECRET_KEY", "short", "token_urlsafe"),
        ("INSTANCE_DIR", "/proc/nowhere", "writable"),
    ],
)
def test_a_malformed_setting_is_named_with_its_remedy(tmp_path, name, value, remedy):
    with pytest.raises(config.SettingError) as no:
        read(tmp_path, **{name: value})
    assert str(no.value).startswith(name)
    assert remedy in str(no.value)
    assert "\n" not in str(no.value)


def test_a_password_in_an_address_is_not_repeated(tmp_path):
    with pytest.raises(config.SettingError) as no:
        read(tmp_path, REDIS_URL="http://someone:hunter2@redis.example")
    assert "hunter2" not in str(no.value)


def test_production_needs_a_secret_key(tmp_path):
    with pytest.raises(config.SettingError, match="SECRET_KEY is required"):
        read(tmp_path, APP_ENV="production")
    assert read(tmp_path, APP_ENV="production", SECRET_KEY=LONG).secret_key == LONG


def test_keys_of_before_are_for_what_was_signed_with_them(tmp_path):
    settings = read(tmp_path, SECRET_KEY=LONG, OLD_SECRET_KEYS=" older  oldest ")
    assert settings.secret_keys == (LONG, "older", "oldest")
    assert read(tmp_path, SECRET_KEY=LONG).secret_keys == (LONG,)


def test_development_keeps_a_key_that_only_we_can_read(tmp_path):
    first = read(tmp_path).secret_key
    assert read(tmp_path).secret_key == first
    assert len(first) >= 32
    assert stat.S_IMODE(os.stat(tmp_path / "secret_key").st_mode) == 0o600


def test_cookies_and_hosts_follow_the_address(tmp_path):
    flask = read(tmp_path, SITE_URL="https://community.example", APP_ENV="production", SECRET_KEY=LONG).for_flask()
    assert flask["SESSION_COOKIE_NAME"] == "__Host-session"
    assert flask["SESSION_COOKIE_SECURE"] is True
    assert flask["TRUSTED_HOSTS"] == ["127.0.0.1", "localhost", "[::1]", "community.example"]
    assert read(tmp_path).for_flask()["SESSION_COOKIE_SECURE"] is False


def test_mail_comes_from_the_sites_host(tmp_path):
    assert read(tmp_path, SITE_URL="https://community.example").mail_from == "donotreply@community.example"


def test_nothing_else_reads_the_environment():
    allowed = {
        "config.py",
        "app/cli/serve.py",
        "worker.py",
        "app/supervisor.py",
        "app/web/health.py",
    }  # they hand it on
    root = Path(config.__file__).parent
    readers = {str(path.relative_to(root)) for path in root.glob("app/**/*.py") if "os.environ" in path.read_text()}
    assert readers <= allowed
