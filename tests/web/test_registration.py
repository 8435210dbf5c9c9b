"""Joining: from the form to the confirmed address, and what strangers learn from it, which is nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain import limits
from app.domain.base import now
from app.domain.mail.deliveries import Delivery
from app.domain.membership import accounts, blocked_names, easy_passwords
from app.domain.membership.links import Link
from app.domain.people.members import Member
from app.domain.problems import Refused
from app.domain.record.activities import Activity
from app.domain.writing import posts
from app.web.membership.accounts import JOINING
from tests.factories import make_category, make_member, sign_up
from tests.mail.letters import html_of, path_in
from tests.mail.letters import text_of as letter_text
from tests.web.forms import fill_in, form_at, soup, text_of, toast
from tests.web.scenery import sign_in

PASSWORD = "seventeen wild geese"
EMAIL = "ada@members.example"


def join(client, username="ada", email=EMAIL, password=PASSWORD, address="/register", **more):
    return fill_in(client, address, "/register", username=username, email=email, password=password, **more)


def log_in(client, username="ada", password=PASSWORD):
    return fill_in(client, "/login", username=username, password=password)


def find(engine, username="ada"):
    with Session(engine) as session:
        return session.scalars(select(Member).where(Member.username_key == username)).one_or_none()


def problems(answer):
    """What the page objects to, by field."""
    return {it["id"].removesuffix("-problem"): it.get_text(strip=True) for it in soup(answer).select(".error")}


def test_a_newcomer_joins_confirms_and_is_on_board(client, engine, work, outbox):
    answer = join(client)
    assert (answer.status_code, answer.location) == (303, "/register/sent")
    page = soup(client.get("/register/sent"))
    assert EMAIL in page.get_text()
    assert "mail" in page.select_one("#sent code").get_text()

    work()
    [letter] = outbox(EMAIL)
    verify = path_in(letter, "/verify/")
    assert letter["Subject"] == "Confirm your address for Contrail"
    assert soup(client.get(verify)).select_one("form#verify")
    answer = fill_in(client, verify)
    assert (answer.status_code, answer.location) == (303, "/")
    assert toast(client, answer) == "Your address is confirmed. Welcome on board, ada."
    ada = find(engine)
    assert (ada.email, ada.claimed_email, ada.is_reachable) == (EMAIL, None, True)
    assert client.get("/u/ada/points").status_code == 200


def test_a_letter_leaves_within_a_moment_of_its_cause(client, work, outbox, engine):
    join(client)
    work()
    with Session(engine) as session:
        letter = session.scalars(select(Delivery)).one()
        assert letter.state == "sent"
        assert letter.sent_at - letter.created_at < timedelta(seconds=10)


def test_whoever_wanted_to_go_somewhere_is_led_there_in_the_end(client, work, outbox):
    join(client, address="/register?next=/badges%3Fgroup=tower")
    work()
    verify = path_in(outbox(EMAIL)[0], "/verify/")
    assert fill_in(client, verify).location == "/badges?group=tower"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(client, work, outbox, target):
    join(client, next=target)
    work()
    verify = path_in(outbox(EMAIL)[0], "/verify/")
    assert fill_in(client, verify, next=target).location == "/"


def test_in_another_browser_one_is_asked_to_sign_in(client, app, work, outbox):
    join(client, address="/register?next=/badges")
    work()
    other = app.test_client()
    answer = fill_in(other, path_in(outbox(EMAIL)[0], "/verify/"))
    assert answer.location == "/login?next=/badges"
    assert other.get("/u/ada/points").status_code == 303


def test_a_known_address_is_answered_alike_and_its_owner_is_told(client, app, engine, work, outbox):
    with transaction(engine) as session:
        make_member(session, "olga", email=EMAIL)
    stranger = app.test_client()
    known, unknown = join(stranger, "eve", EMAIL), join(client, "ben", "ben@members.example")
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    pages = [it.get("/register/sent").text for it in (stranger, client)]
    assert pages[0].replace(EMAIL, "X") == pages[1].replace("ben@members.example", "X")

    work()
    [letter] = outbox(EMAIL)
    assert letter["Subject"] == "You have an account at Contrail already"
    assert "Hello olga" in letter_text(letter)
    assert "/verify/" not in letter_text(letter)
    [hers] = outbox("ben@members.example")
    assert "/verify/" in letter_text(hers)


def test_what_a_stranger_can_do_afterwards_does_not_tell_either(client, app, engine, work):
    """The account exists in both cases, so neither logging in nor trying the name again tells the cases apart."""
    with transaction(engine) as session:
        make_member(session, "owner", email=EMAIL)
    for name, email in (("eve", EMAIL), ("ben", "free@members.example")):
        join(client, name, email)
        assert join(client, name, "another@members.example").status_code == 422
        for username in (name, email):
            browser = app.test_client()
            assert log_in(browser, username).status_code == 303
            assert soup(browser.get("/")).select_one("#unconfirmed")
    assert find(engine, "owner").email == EMAIL


def test_a_name_that_is_taken_is_told_and_what_was_typed_stays(client, engine):
    with transaction(engine) as session:
        make_member(session, "ada")
        blocked_names.block(session, "gone")
    for name in ("ADA", "gone", "admin"):
        answer = join(client, name, "new@members.example")
        assert answer.status_code == 422
        assert list(problems(answer)) == ["username"]
        page = soup(answer)
        assert (page.select_one("#username")["value"], page.select_one("#email")["value"]) == (
            name,
            "new@members.example",
        )
        assert PASSWORD not in page.text
    assert join(client, "ada2", "new@members.example").status_code == 303


def test_all_problems_are_told_at_once_and_tied_to_their_fields(client):
    answer = join(client, "a b", "nowhere", "short")
    page = soup(answer)
    assert list(problems(answer)) == ["username", "email", "password"]
    assert "username-problem" in page.select_one("#username")["aria-describedby"]
    assert page.select_one("#problems[role=alert]")


@pytest.mark.parametrize(
    ("password", "fits"),
    [
        ("qwertyuiop", False), ("Password1", False), ("iloveyou", False), ("contrail-2026", False), ("adaada99", False),
        ("ada@members.example", False), ("12345678", False), ("aaaaaaaaaaaa", False), ("7 chars", False), ("x" * 129, False),
        ("wooden carrot", True), ("83746192837", True), ("  spaces stay  ", True), ("пароль для Ады", True), ("y z" * 42, True),
    ],
)  # fmt: skip
def test_passwords_are_long_enough_and_not_the_first_to_be_guessed(client, app, password, fits):
    answer = join(client, password=password)
    assert answer.status_code == (303 if fits else 422), problems(answer)
    assert log_in(app.test_client(), password=password).status_code == (303 if fits else 422)


def test_the_list_of_common_passwords_is_whole():
    assert len(easy_passwords.common()) > 8000
    assert all(len(it) >= 8 for it in easy_passwords.common())


def test_a_site_is_no_password_on_itself(make_app):
    make_app(SITE_NAME="Cessna Owners", SITE_URL="https://hangar-seven.example")
    assert easy_passwords.is_easy("cessna-owners!")
    assert easy_passwords.is_easy("Owners2026")
    assert not easy_passwords.is_easy("piper owners meet")


def test_an_unconfirmed_member_may_look_around_and_not_write(client, engine, work, outbox):
    join(client)
    assert log_in(client).status_code == 303
    page = soup(client.get("/"))
    assert EMAIL in page.select_one("#unconfirmed").get_text()
    with Session(engine) as session:
        ada = accounts.find(session, "ada")
        category = make_category(session)
        with pytest.raises(Refused, match="Confirm your e-mail"):
            posts.start_thread(session, ada, category, kind="question", title="Why?", body="Why?")
    work()
    fill_in(client, path_in(outbox(EMAIL)[0], "/verify/"))
    assert not soup(client.get("/")).select_one("#unconfirmed")
    with Session(engine) as session:
        ada = accounts.find(session, "ada")
        posts.start_thread(session, ada, make_category(session), kind="question", title="Why?", body="Why?")


def test_nobody_sees_a_member_who_has_not_confirmed(client, app, engine, work, outbox):
    join(client)
    work()
    stranger = app.test_client()
    assert stranger.get("/u/ada").status_code == 404
    log_in(client)
    assert client.get("/u/ada").status_code == 200
    fill_in(client, path_in(outbox(EMAIL)[0], "/verify/"))
    assert stranger.get("/u/ada").status_code == 200


def test_another_letter_can_be_asked_for(client, engine, work, outbox):
    join(client)
    log_in(client)
    work()
    answer = fill_in(client, "/verify")
    assert toast(client, answer) == f"A letter is on its way to {EMAIL}."
    work()
    first, second = outbox(EMAIL)
    assert first["Message-ID"] != second["Message-ID"]
    assert fill_in(client, path_in(first, "/verify/")).status_code == 303
    assert client.get(path_in(second, "/verify/")).status_code == 404
    assert client.get("/verify").location == "/settings/account"


def test_looking_at_a_link_changes_nothing_and_sending_it_works_once(client, app, engine, work, outbox):
    join(client)
    work()
    verify, scanner = path_in(outbox(EMAIL)[0], "/verify/"), app.test_client()
    for _ in range(50):
        assert scanner.get(verify, headers={"Purpose": "prefetch"}).status_code == 200
        assert scanner.head(verify).status_code == 200
    assert not find(engine).is_reachable
    form = form_at(scanner, verify)
    fields = {it["name"]: it.get("value", "") for it in form.select("input[name]")}
    assert scanner.post(verify, data=fields).status_code == 303
    assert find(engine).is_reachable
    assert scanner.post(verify, data=fields).status_code == 409


def test_a_link_dies_after_a_day_with_the_password_and_with_another_address(client, engine, work, outbox, session):
    join(client)
    work()
    verify = path_in(outbox(EMAIL)[0], "/verify/")
    assert client.get(verify).status_code == 200
    ada = accounts.find(session, "ada")
    before = ada.password_hash
    for spoil, mend in (
        (lambda: setattr(ada, "password_hash", "other"), lambda: setattr(ada, "password_hash", before)),
        (lambda: setattr(ada, "claimed_email", "b@c.example"), lambda: setattr(ada, "claimed_email", EMAIL)),
        (lambda: _move(session, -timedelta(hours=25)), lambda: _move(session, timedelta(hours=25))),
    ):
        spoil()
        session.commit()
        assert client.get(verify).status_code == 404
        mend()
        session.commit()
        assert client.get(verify).status_code == 200


def _move(session, by):
    link = session.scalars(select(Link)).one()
    link.expires_at += by


@pytest.mark.parametrize("secret", ["x", "x" * 43, "%00", "../../etc", "x" * 3000])
def test_an_invented_link_opens_nothing(client, secret):
    for start in ("/verify/", "/password-reset/", "/undo-address/"):
        assert client.get(start + secret).status_code in (400, 404, 308)


def test_a_link_for_one_thing_does_not_do_another(client, work, outbox):
    join(client)
    work()
    secret = path_in(outbox(EMAIL)[0], "/verify/").removeprefix("/verify/")
    assert client.get(f"/password-reset/{secret}").status_code == 404
    assert client.get(f"/undo-address/{secret}").status_code == 404


def test_nothing_that_opens_a_door_is_in_the_database_the_queue_or_the_log(
    client, engine, work, outbox, capsys, redis_url
):
    from app import redis_server

    join(client)
    with redis_server.connect(redis_url) as redis:
        queued = b"".join(redis.dump(key) or b"" for key in redis.scan_iter())
    work()
    verify = path_in(outbox(EMAIL)[0], "/verify/")
    client.get(verify)
    secret = verify.removeprefix("/verify/")
    with Session(engine) as session:
        rows = [vars(it) for kind in (Link, Delivery, Member) for it in session.scalars(select(kind))]
    said = capsys.readouterr()
    for place in (str(rows), queued.decode("latin-1"), said.out + said.err):
        assert secret not in place
        assert PASSWORD not in place
    assert EMAIL not in said.out + said.err


def test_who_confirms_first_owns_an_address_that_several_claim(client, app, engine, work, outbox):
    eve = app.test_client()
    join(eve, "eve")
    join(client, "ada")
    work()
    to_eve, to_ada = (path_in(it, "/verify/") for it in outbox(EMAIL))
    assert fill_in(client, to_ada).status_code == 303
    fields = {"csrf_token": form_at(eve, "/login").select_one("[name=csrf_token]")["value"]}
    assert eve.post(to_eve, data=fields).status_code == 409
    assert (find(engine, "ada").email, find(engine, "eve").email) == (EMAIL, None)


def test_a_confirmed_address_counts_once(client, engine, work, outbox):
    join(client)
    work()
    fill_in(client, path_in(outbox(EMAIL)[0], "/verify/"))
    with Session(engine) as session:
        kinds = session.scalars(select(Activity.kind)).all()
        assert kinds.count("email_verified") == 1


def test_nobodys_mailbox_is_filled_by_strangers(client, engine, work, outbox):
    for nth in range(5):
        assert join(client, f"eve{nth}", EMAIL).status_code == 303
        work()
    assert len(outbox(EMAIL)) == 3
    join(client, "ben", "ben@members.example")
    work()
    assert len(outbox("ben@members.example")) == 1
    with Session(engine) as session:
        states = session.scalars(select(Delivery.state).order_by(Delivery.id)).all()
        assert states == ["sent"] * 3 + ["dropped"] * 2 + ["sent"]


def test_who_asks_too_often_for_another_letter_is_told_to_wait(client, work, outbox):
    join(client)
    log_in(client)
    for _ in range(2):
        work()
        assert fill_in(client, "/verify").status_code == 303
    work()
    answer = fill_in(client, "/verify")
    assert answer.status_code == 403
    assert "try again in" in text_of(answer)
    assert len(outbox(EMAIL)) == 3


def test_a_hundred_and_twenty_may_join_in_a_minute_and_endless_ones_may_not(client, engine):
    key = limits.key(JOINING.what, "127.0.0.1")
    with transaction(engine) as session:
        for _ in range(JOINING.development.most - 1):
            limits.spend(session, key, JOINING.development)
    assert JOINING.development.most > 120
    assert join(client, "ada").status_code == 303
    answer = join(client, "ben", "ben@members.example")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60


def test_what_fills_in_the_field_that_nobody_sees_makes_no_account(client, engine):
    answer = join(client, callsign="buy cheap fuel")
    assert (answer.status_code, answer.location) == (303, "/register/sent")
    assert find(engine) is None
    assert join(client).status_code == 303
    assert find(engine)


def test_nobody_writes_rights_into_the_form(client, engine):
    join(client, role="administrator", points="1000", email_verified_at="2020-01-01", is_staff="1", id="1")
    ada = find(engine)
    assert (ada.role, ada.points, ada.email_verified_at) == ("member", 0, None)


def test_somebody_signed_in_is_not_asked_to_join(client, engine):
    with transaction(engine) as session:
        ada = make_member(session, "ada")
    assert client.get("/register").status_code == 200
    assert sign_in(client, engine, ada).get("/register?next=/badges").location == "/badges"


def test_the_link_leads_to_the_site_and_not_where_a_forged_header_says(app, client, work, outbox):
    assert client.get("/register", headers={"Host": "evil.example"}).status_code == 400
    fields = {it["name"]: it.get("value", "") for it in form_at(client, "/register").select("input[name]")}
    sent = client.post(
        "/register", data=fields | {"username": "ada", "email": EMAIL, "password": PASSWORD},
        headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
    )  # fmt: skip
    assert sent.status_code == 303
    work()
    [letter] = outbox(EMAIL)
    assert "evil.example" not in letter.as_string() + html_of(letter)
    assert app.config["SETTINGS"].site_url + "/verify/" in letter_text(letter)


def test_mails_go_where_the_page_says(client, work, outbox, workplace):
    join(client)
    work()
    said = soup(client.get("/register/sent")).select_one("#sent code").get_text()
    assert Path(said) == workplace / "mail"
    assert len(list(Path(said).glob("*.eml"))) == 1


def test_a_production_site_does_not_say_where_its_files_are(make_app):
    app = make_app(APP_ENV="production", SECRET_KEY="s" * 40, SITE_URL="https://flight.example")
    assert app.jinja_env.globals["mail_folder"] == ""


def test_the_name_of_who_left_is_free_again_after_a_while(session):
    blocked_names.block(session, "gone", at=now() - timedelta(days=91))
    assert sign_up(session, "gone", EMAIL, PASSWORD)
