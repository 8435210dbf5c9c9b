"""Visitors: a browser without script that opens pages and sends the forms on them."""

from __future__ import annotations

from typing import Any

from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web import forms


class Visitor:
    """Whoever a client is signed in as."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, status: int = 200) -> BeautifulSoup:
        """Open a page, which answers as it should."""
        with self.client.get(address) as answer:  # once it is closed, what was seen is noted
            assert answer.status_code == status, answer.text[:2000]
            return forms.soup(answer)

    def send(self, address: str, form: str, **typed: Any) -> TestResponse:
        """Send the form of a page that fits a selector, with all its fields, some of them filled in."""
        return forms.send(self.client, address, form, **typed)
