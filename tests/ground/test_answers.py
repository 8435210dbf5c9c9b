"""What every answer carries, and what machines ask."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.domain.base import now
from app.domain.membership import accounts
from app.domain.record import activities
from app.web import headers

LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture
def a_static_file(app):
    from app import ROOT

    return next(path for path in sorted((ROOT / "static").rglob("*.css"))).relative_to(ROOT / "static")


def is_guarded(answer):
    return all(answer.headers.get(name) == value for name, value in headers.ALWAYS.items())


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/readyz", "/metrics", "/nothing-here", "/t/999999/x", "/static/nothing.css"]
)
def test_every_kind_of_answer_is_guarded(client, path):
    assert is_guarded(client.get(path))


def test_refusals_are_guarded(client):
    assert is_guarded(client.get("/", headers={"Host": "evil.example"}))
    assert is_guarded(client.post("/", data={"x": "y"}))
    assert is_guarded(client.open("/", method="BREW"))


@pytest.mark.parametrize(("trouble", "status"), [("a crash", 500), ("no database", 503)])
def test_what_goes_wrong_is_guarded_and_shows_its_reference(make_app, trouble, status):
    app = make_app(DATABASE_URL="sqlite:////proc/nowhere/x.db")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    if trouble == "a crash":
        app.view_functions["lists.home"] = lambda: 1 // 0
    answer = app.test_client().get("/")
    assert answer.status_code == status
    assert is_guarded(answer)
    assert answer.headers["X-Request-Reference"] in answer.text


def test_static_files_are_guarded_and_kept_for_ever_under_their_own_address(app, client, a_static_file):
    with app.test_request_context():
        address = app.jinja_env.globals["asset"](str(a_static_file))
    answer = client.get(address)
    assert answer.status_code == 200
    assert is_guarded(answer)
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert is_guarded(again)
    assert "immutable" not in client.get(f"/static/{a_static_file}").headers["Cache-Control"]


def test_the_policy_lets_nothing_in_by_default():
    assert headers.POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers.POLICY


def test_pages_are_not_kept_by_caches_and_vary_with_who_asks(client):
    answer = client.get("/")
    assert "private" in answer.headers["Cache-Control"]
    assert {"Cookie", "HX-Request", "HX-Request-Type"} <= set(answer.vary.as_set(preserve_casing=True))


def test_a_foreign_host_is_refused(client):
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_in_production_this_machine_may_ask_how_the_site_is_and_nobody_by_another_name(make_app, path):
    client = make_app(APP_ENV="production", SECRET_KEY="k" * 40, SITE_URL="https://community.example").test_client()
    assert client.get(path, base_url="http://127.0.0.1:5000").status_code in (200, 503)  # not migrated is an answer
    assert client.get(path, base_url="https://evil.example").status_code == 400


def test_https_is_remembered(make_app):
    app = make_app(SITE_URL="https://community.example")
    answer = app.test_client().get("/healthz", base_url="https://community.example")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_healthz_needs_no_database(make_app):
    app = make_app(DATABASE_URL="sqlite:////proc/nowhere/x.db")
    assert app.test_client().get("/healthz").text == "ok\n"


def test_readyz_says_what_is_wrong(client, make_app):
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["problems"]) == (200, [])
    broken = make_app(DATABASE_URL="sqlite:////proc/nowhere/x.db").test_client().get("/readyz")
    assert broken.status_code == 503
    assert "database" in broken.json["problems"][0]
    unmigrated = make_app().test_client().get("/readyz")
    assert unmigrated.status_code == 503
    assert "flask db upgrade" in unmigrated.json["problems"][0]


def test_readyz_notices_that_nobody_works(client, session):
    ada = accounts.create(session, "ada", "ada@flight.example")
    activities.note(session, "email_verified", ada).noted_at = now() - timedelta(minutes=10)
    session.commit()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["waiting"] == 1
    assert "waited" in answer.json["problems"][0]


def test_metrics_are_for_this_machine_or_for_who_knows_the_token(client, make_app):
    assert "contrail_waiting_activities 0.0" in client.get("/metrics", environ_base=LOCAL).text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", environ_base=LOCAL, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    guarded = make_app(METRICS_TOKEN="open sesame").test_client()
    assert guarded.get("/metrics", environ_base=LOCAL).status_code == 404


def test_a_session_of_reading_uses_one_connection(app):
    from app.db import db

    with app.app_context():
        for _ in range(5):
            db.session.execute(text("SELECT 1")).all()
        assert db.engine.pool.checkedout() == 1
