"""What members say of themselves: name, photo, links, time zone."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.people.members import Member
from app.domain.people.pictures import Picture
from tests.factories import make_member
from tests.web.forms import problems, send, soup, toast
from tests.web.scenery import make_ranks, make_thread_of, sign_in

PAGE = "/settings/profile"


@pytest.fixture
def ada(client, engine):
    with transaction(engine) as session:
        make_ranks(session)
        ada = make_member(session, "ada", rank=1)
    sign_in(client, engine, ada)
    return ada


def photo(size=(400, 300)):
    """A picture file as a phone would send it."""
    file = BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "MakerOfTheCamera"
    Image.new("RGB", size, (10, 120, 200)).save(file, "JPEG", exif=exif)
    return (BytesIO(file.getvalue()), "me.jpg")


def test_what_a_member_says_of_themselves_is_on_their_profile(client, ada):
    answer = send(
        client, PAGE, "#profile-form", name="Ada Adams", title="Analyst", location="Oslo",
        website="https://ada.example/me", links="https://one.example/\nhttp://two.example/x", about="**Hello** there",
    )  # fmt: skip
    assert "Saved" in toast(client, answer)
    page = soup(client.get("/u/ada"))
    assert page.h1.text == "Ada Adams"
    assert page.select_one(".pass p").text.startswith("Analyst · Oslo · joined")
    assert page.select_one(".prose strong").text == "Hello"
    links = page.select("a[rel~=nofollow]")
    assert [it["href"] for it in links] == ["https://ada.example/me", "https://one.example/", "http://two.example/x"]


def test_a_form_left_as_it_is_changes_nothing(client, engine, ada):
    send(client, PAGE, "#profile-form", about="One\n\nTwo", zone="Europe/Oslo")
    before = soup(client.get(PAGE)).select_one("#profile-form")
    assert send(client, PAGE, "#profile-form").status_code == 303
    assert soup(client.get(PAGE)).select_one("#profile-form").textarea == before.textarea
    with Session(engine) as session:
        member = session.get_one(Member, ada.id)
        assert (member.about, member.zone, member.name) == ("One\n\nTwo", "Europe/Oslo", "ada")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("website", "javascript:alert(1)"), ("website", "data:text/html,x"), ("website", "ada.example"),
        ("website", "https://bank.example@evil.example/"), ("website", "https://x"), ("website", "https://a.example/ b"),
        ("website", "https://" + "x" * 300 + ".example"), ("links", "https://fine.example\nftp://files.example"),
        ("links", "\n".join(["https://a.example"] * 6)), ("zone", "Mars/Olympus"), ("zone", "../etc/passwd"),
        ("name", "n" * 81), ("title", "t" * 121), ("location", "l" * 121), ("about", "a" * 5001),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused_with_a_reason_and_kept_as_typed(client, engine, ada, field, typed):
    answer = send(client, PAGE, "#profile-form", **{"title": "Pilot", field: typed})
    assert answer.status_code == 422
    assert list(problems(answer)) == [field]
    form = soup(answer).select_one("#profile-form")
    if field != "zone":
        assert typed in (
            form.select_one(f"#{field}").get("value"),
            form.select_one(f"#{field}").text.removeprefix("\n"),
        )
    with Session(engine) as session:
        assert session.get_one(Member, ada.id).title == ""


def test_marks_that_turn_text_about_and_line_breaks_do_not_get_into_a_name(client, engine, ada):
    send(client, PAGE, "#profile-form", name="A\u202eda\r\nBcc:\u200b x\x07")
    with Session(engine) as session:
        assert session.get_one(Member, ada.id).name == "Ada Bcc: x"


def test_script_in_about_is_dead(client, ada):
    send(client, PAGE, "#profile-form", about="<script>alert(1)</script> [x](javascript:alert(1)) <b onclick=x>y</b>")
    about = soup(client.get("/u/ada")).select_one(".prose")
    assert not about.select("script, [onclick], a[href^=javascript]")
    assert "<script>" in about.text


@pytest.mark.parametrize(
    "more",
    [{"role": "administrator"}, {"points": "9999"}, {"rank": "2"}, {"username": "boss"}, {"email": "x@evil.example"},
     {"is_staff": "1"}, {"email_verified_at": "2020-01-01"}, {"id": "1"}, {"joined_at": "2001-01-01"}],
)  # fmt: skip
def test_fields_nobody_asked_for_are_ignored(client, engine, ada, more):
    with Session(engine) as session:
        before = dict(session.get_one(Member, ada.id).__dict__)
    assert send(client, PAGE, "#profile-form", title="Pilot", **more).status_code == 303
    with Session(engine) as session:
        after = dict(session.get_one(Member, ada.id).__dict__)
    changed = {name for name in before if name != "_sa_instance_state" and before[name] != after[name]}
    assert changed == {"title"}


def test_a_photo_shows_wherever_the_member_is_named(client, engine, ada):
    with transaction(engine) as session:
        thread = make_thread_of(session, session.get_one(Member, ada.id), 1)
    assert not soup(client.get("/u/ada")).select("img.avatar")
    answer = send(client, PAGE, "#photo-form", photo=photo())
    assert "That is you" in toast(client, answer)
    for address, places in (
        ("/u/ada", ".pass"),
        ("/", ".threads"),
        (f"/t/{thread.id}/a-thread", ".who"),
        ("/", ".tools"),
    ):
        shown = soup(client.get(address)).select_one(f"{places} img.avatar")
        assert shown["loading"] == "lazy"
        assert shown["width"] == shown["height"]
        picture = client.get(shown["src"])
        assert Image.open(BytesIO(picture.data)).size == (int(shown["width"]), int(shown["height"]))
        assert b"MakerOfTheCamera" not in picture.data


def test_another_photo_takes_the_place_of_the_first_and_removing_leaves_none(client, engine, ada):
    for _ in range(2):
        send(client, PAGE, "#photo-form", photo=photo())
    with Session(engine) as session:
        assert session.query(Picture).count() == 2  # small and large
    assert "gone" in toast(client, send(client, PAGE, 'form[action$="/removal"]'))
    assert not soup(client.get("/u/ada")).select("img.avatar")
    with Session(engine) as session:
        assert session.query(Picture).count() == 0


@pytest.mark.parametrize("file", [b"", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", b"GIF89a" + b"x" * 99])
def test_what_is_no_photo_is_refused_with_a_reason(client, engine, ada, file):
    answer = send(client, PAGE, "#photo-form", photo=(BytesIO(file), "me.png"))
    assert answer.status_code == 422
    assert problems(answer)["photo"]
    with Session(engine) as session:
        assert session.get_one(Member, ada.id).photo is None


def test_the_settings_are_ones_own(client):
    for address in (PAGE, "/settings", "/settings/account"):
        assert client.get(address).location == f"/login?next={address}"
