"""What tests stand on: both databases, a real Redis, a real worker, a real browser.

Tests that take `app`, `engine`, `session`, `client` or `work` run once on SQLite and once on PostgreSQL, each
time on an empty, migrated database.
"""

from __future__ import annotations

import email
import gc
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect, sync_playwright
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

import config
from app import bell, cli, create_app, queue
from app.db import db, prepare
from tests import servers
from tests.places import Place

SHORTLY = 15  # seconds, in which nearly every test begins and ends
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# The small run asks the same questions each time, so that what passed once passes; the full one asks new ones.
SLOWLY = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("small", max_examples=100, derandomize=True, **SLOWLY)
hypothesis.settings.register_profile("full", max_examples=2000, **SLOWLY)
expect.set_options(timeout=30_000)  # a busy machine takes its time; what is so is seen at once
hypothesis.settings.load_profile("full" if os.environ.get("FULL") else "small")


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of the site under test."""
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """A PostgreSQL of our own, gone with the tests."""
    with servers.postgres() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def redis_url(workplace: Path) -> Iterator[str]:
    """A Redis of our own, started as the site starts it."""
    with servers.redis(workplace) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres: servers.Postgres) -> str:
    """The address of the site's database on PostgreSQL."""
    return postgres.database("contrail")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest, workplace: Path) -> str:
    """The address of the database, once for each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{workplace}/contrail.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def places(workplace: Path, redis_url: str) -> Iterator[Callable[[str], Place]]:
    """The site on the database at an address, made when it is first asked for."""
    made: dict[str, Place] = {}

    def on(url: str) -> Place:
        if url not in made:
            made[url] = Place(url, workplace, redis_url)
        return made[url]

    yield on
    for it in made.values():
        it.close()


@pytest.fixture
def site(engine_url: str, places: Callable[[str], Place]) -> Flask:
    """The site on a migrated database; `app` is the same with the database emptied."""
    return places(engine_url).site


@pytest.fixture
def app(engine_url: str, places: Callable[[str], Place]) -> Iterator[Flask]:
    """The site with an empty database and empty queues. No context is pushed: requests make their own."""
    place = places(engine_url)
    yield place.empty()
    place.rest()


@pytest.fixture
def engine(app: Flask) -> Engine:
    """The engine the site itself uses."""
    with app.app_context():
        return db.engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session to write and look with; what is not committed is undone after the test."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without script or screen."""
    return app.test_client()


@pytest.fixture
def make_app(workplace: Path, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes a site of one's own, with settings by name; on an SQLite file unless told otherwise."""
    made: list[Flask] = []

    def make(**settings: str) -> Flask:
        made.append(create_app(config.read({"INSTANCE_DIR": str(tmp_path), **settings})))
        cli.install(made[-1])
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def work(app: Flask, redis_url: str) -> Callable[[], None]:
    """Lets real RQ workers do what waits. The jobs are put there by hand: on a busy machine the bell gives up."""
    settings: config.Settings = app.config["SETTINGS"]

    def run() -> None:
        for name in queue.QUEUES:
            with Redis.from_url(redis_url, protocol=2) as client, servers.signals_kept():
                for job in reversed(queue.FUNCTIONS):  # letters last: there are more after the others
                    if queue.SHARED.get(job, job) == name:
                        queue.enqueue(job, client, settings.secret_key)
                queue.worker(name, client, settings.secret_key, app).work(burst=True, logging_level=None)
                failed = queue.queue(name, client, settings.secret_key).failed_job_registry
                for job_id in failed.get_job_ids():
                    job = queue.OurJob.fetch(
                        job_id, connection=client, serializer=queue.serializer(settings.secret_key)
                    )
                    failed.remove(job_id, delete_job=True)
                    pytest.fail(f"a job failed:\n{job.exc_info}")

    return run


@pytest.fixture
def patient_bell(monkeypatch: pytest.MonkeyPatch) -> type[bell.Bell]:
    """A bell that is heard on a busy machine too, where Redis may answer after more than the moment it may cost."""
    monkeypatch.setattr(bell, "STEP_SECONDS", 10.0)
    monkeypatch.setattr(bell, "BUDGET_SECONDS", 60.0)
    return bell.Bell


@pytest.fixture
def outbox(workplace: Path) -> Callable[..., list[EmailMessage]]:
    """The letters that left so far, the oldest first; or those to one address."""
    folder = workplace / "mail"
    shutil.rmtree(folder, ignore_errors=True)

    def letters(to: str = "") -> list[EmailMessage]:
        found = [email.message_from_bytes(it.read_bytes(), policy=SMTP) for it in sorted(folder.glob("*.eml"))]
        return [it for it in found if to in ("", it["To"])]

    return letters


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The site on a port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """A new window on the live site. Anything its console calls an error fails the test."""
    context = browser.new_context(base_url=live_server)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert not errors


@pytest.fixture
def own_engine() -> Callable[[str], Engine]:
    """Makes an engine beside the site's, with the same house rules."""
    from sqlalchemy import create_engine

    return lambda url: prepare(create_engine(url))


def pytest_runtest_setup() -> None:
    """No test begins in one hour and ends in the next: it may be another day, week or year by then."""
    left = 3600 - time.time() % 3600
    if left < SHORTLY:
        time.sleep(left + 0.1)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it for garbage took 7 % of the time of the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever opens a window is a browser test."""
    for item in items:
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
