"""Showing uploaded pictures, and how much may be sent."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from app.db import transaction
from app.domain.people import pictures
from tests.factories import make_member


@pytest.fixture
def picture(engine):
    file = BytesIO()
    Image.new("RGB", (20, 10)).save(file, "PNG")
    with transaction(engine) as session:
        return pictures.keep(session, make_member(session, "ada"), pictures.draw(file.getvalue()))


def test_a_picture_is_served_as_a_picture_and_nothing_else(client, picture):
    answer = client.get(picture.path)
    assert answer.status_code == 200
    assert answer.content_type == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "immutable" in answer.headers["Cache-Control"]
    assert Image.open(BytesIO(answer.data)).size == (20, 10)


@pytest.mark.parametrize(
    "name", ["1", "x", "..", "..%2f..%2fconfig", "%2e%2e", "%c0%ae%c0%ae", "%EF%BC%8F", "x" * 5000]
)
def test_no_other_name_finds_anything(client, picture, name):
    assert client.get(f"/pictures/{name}.webp").status_code == 404


def test_more_than_a_long_text_is_refused_where_no_picture_is_wanted(client):
    assert client.post("/login", data={"username": "x" * 300_000}).status_code == 413
    assert (
        client.post("/login", data={"username": "x" * 200_000}).status_code == 400
    )  # for want of a token, read in full


@pytest.mark.parametrize("address", ["/pictures/a%00b.webp", "/c/a%00b", "/u/a%00b", "/?sort=a%00b", "/login?next=%00"])
def test_a_character_that_no_text_has_is_a_bad_request_everywhere(client, address):
    assert client.get(address).status_code == 400
