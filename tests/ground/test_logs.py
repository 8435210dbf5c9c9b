"""One line an entry, whatever people send; nothing in it that is not ours to tell."""

import json
import logging

import pytest
import structlog

from app import logs


@pytest.fixture
def lines(capsys):
    logs.configure()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logs.configure()


def test_a_line_cannot_be_forged(lines):
    structlog.get_logger("x").info('hello\n{"event": "forged"}', name="a\r\nb\u2028c\x1b[31m")
    logging.getLogger("library").warning("title: %s", "one\ntwo")
    entries = lines()
    assert len(entries) == 2
    assert entries[0]["name"] == "a\\r\\nb\\u2028c\\x1b[31m"
    assert "forged" not in [entry["event"] for entry in entries]


def test_an_address_is_not_logged(lines):
    structlog.get_logger("x").warning("no such member ada@flight.example", whom="<ada@flight.example>")
    try:
        raise ValueError("Key (email)=(ada@flight.example) already exists")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "ada@flight" not in json.dumps(lines())


def test_a_request_has_one_line_with_its_reference_and_no_token(app, lines):
    answer = app.test_client().get("/password-reset/very-secret-token?next=ada@flight.example")
    [entry] = [it for it in lines() if it["event"] == "request"]
    assert entry["reference"] == answer.headers["X-Request-Reference"]
    assert entry["status"] == answer.status_code
    assert "very-secret-token" not in json.dumps(entry)
    assert "ada@" not in json.dumps(entry)  # the reference may well contain the letters of the name alone
    assert "flight" not in json.dumps(entry)


def test_each_request_has_its_own_reference(app):
    client = app.test_client()
    assert len({client.get("/healthz").headers["X-Request-Reference"] for _ in range(20)}) == 20
