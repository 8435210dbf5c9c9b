"""The real thing, started as people start it, and ended in every way."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from app import redis_server
from tests import servers
from tests.servers import ROOT, free_port, until

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(900)]
PATIENCE = 300  # seconds; two cores may be shared by many
ENDED_WITHIN = (
    30  # twice the eight seconds that the parts of the site have to end by themselves, and a busy machine's share
)


class Site:
    """`flask serve` on an instance folder."""

    def __init__(self, folder, *options, port=None):
        self.folder, self.port = folder, port or free_port()
        environ = {
            **os.environ, "INSTANCE_DIR": str(folder), "PORT": str(self.port), "WEB_WORKERS": "1",
        }  # fmt: skip
        for name in ("REDIS_URL", "DATABASE_URL", "APP_ENV"):
            environ.pop(name, None)
        folder.mkdir(exist_ok=True)
        self.output = folder / "output"
        self.starts = (self.output.read_text().count("Stop with Ctrl-C.") if self.output.exists() else 0) + 1
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve", *options],
            cwd=ROOT, env=environ, stdout=self.output.open("ab"), stderr=(folder / "errors").open("ab"),
        )  # fmt: skip

    def await_start(self):
        try:
            until(
                lambda: self.output.read_text().count("Stop with Ctrl-C.") == self.starts,
                "the site is up",
                seconds=PATIENCE,
            )
            until(
                lambda: {"awards", "mail", "sweep", "redis-server"} <= self.names(), "all parts run", seconds=PATIENCE
            )
        except AssertionError:  # else it would run beside all tests that follow
            self.process.kill()
            raise
        return self

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def names(self):
        return {it.name() for it in self.family()}

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.read().decode()

    def port_is_free(self):
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) != 0


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The first start on an empty folder, demo and all."""
    site = Site(tmp_path_factory.mktemp("site")).await_start()
    yield site
    site.process.kill()
    site.process.wait()


def gone(processes):
    return all(not it.is_running() or it.status() == psutil.STATUS_ZOMBIE for it in processes)


def test_it_says_where_it_is_where_mails_go_and_who_can_log_in(site):
    said = site.output.read_text()
    assert f"Contrail is at http://127.0.0.1:{site.port}" in said
    assert str(site.folder / "mail") in said
    logins = [line.split() for line in said.splitlines() if line.startswith("demo  ")]
    assert logins
    assert all(len(parts) == 4 for parts in logins)


def test_a_second_start_on_the_same_instance_is_refused_and_harms_nothing(site):
    second = Site(site.folder)
    assert second.process.wait(PATIENCE) == 1
    assert "is already served" in (site.folder / "errors").read_text()
    assert site.get("/healthz") == "ok\n"
    assert [it.name() for it in site.family()].count("redis-server") == 1


def test_whatever_is_killed_comes_back(site):
    for name in ("redis-server", "awards", "sweep"):
        [victim] = [it for it in site.family() if it.name() == name]
        victim.kill()
        until(
            lambda name=name, old=victim.pid: name in {it.name() for it in site.family() if it.pid != old},
            f"{name} is back",
            seconds=PATIENCE,
        )
    url = f"unix://{redis_server.socket_path(site.folder)}"
    assert redis_server.answers(url, within=30)
    until(lambda: '"ready":true' in site.get("/readyz"), "the site is ready")


def test_ctrl_c_ends_everything_within_seconds(site):  # the last test that uses this start
    family = site.family()
    began = time.monotonic()
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(PATIENCE) == 0
    assert time.monotonic() - began < ENDED_WITHIN
    assert gone(family)
    assert site.port_is_free()


def test_a_second_start_keeps_the_data_and_kill_9_of_the_parent_leaves_nothing(site):
    again = Site(site.folder).await_start()
    logins = [line for line in again.output.read_text().splitlines() if line.startswith("demo  ")]
    assert len(set(logins)) == len(logins) / 2  # the same were printed by the first start
    family = again.family()
    assert len(family) >= 7
    again.process.kill()
    again.process.wait()
    until(lambda: gone(family), "every process is gone")
    assert again.port_is_free()


def test_with_parent_it_ends_when_its_parent_is_killed(tmp_path):
    environ = {**os.environ, "INSTANCE_DIR": str(tmp_path), "PORT": str(free_port()), "WEB_WORKERS": "1"}
    command = f"{sys.executable} -m flask serve --with-parent; true"  # `true` keeps the shell from becoming the site
    shell = subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    parent = psutil.Process(shell.pid)
    until(lambda: len(parent.children(recursive=True)) >= 4, "parts of the site run", seconds=PATIENCE)
    family = parent.children(recursive=True)
    shell.kill()
    shell.wait()
    until(lambda: gone(family), "every process is gone")


def test_the_embedded_redis_keeps_its_data_after_kill_9(tmp_path):
    process = servers.start_redis(tmp_path)
    url = f"unix://{redis_server.socket_path(tmp_path)}"
    with redis_server.connect(url) as client:
        for number in range(500):
            client.rpush("kept", number)
    time.sleep(1.2)  # the file is synced every second
    process.kill()
    process.wait()
    process = servers.start_redis(tmp_path)
    with redis_server.connect(url) as client:
        assert client.llen("kept") == 500
    process.kill()
    process.wait()


def test_two_embedded_starts_are_one_redis_and_the_second_takes_over(tmp_path):
    first = servers.start_redis(tmp_path)
    second = servers.start_redis(tmp_path)
    try:
        time.sleep(1)
        assert {psutil.Process(it.pid).name() for it in (first, second)} == {
            "redis-server",
            psutil.Process(second.pid).name(),
        }
        assert psutil.Process(second.pid).name() != "redis-server"
        first.kill()
        first.wait()
        until(lambda: psutil.Process(second.pid).name() == "redis-server", "the second takes over")
        assert redis_server.answers(f"unix://{redis_server.socket_path(tmp_path)}", within=30)
    finally:
        second.kill()
        second.wait()


def test_the_socket_is_private_and_its_path_never_too_long(tmp_path):
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    path = redis_server.socket_path(deep)
    assert len(str(path)) <= 100
    process = servers.start_redis(deep)
    try:
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert path.stat().st_mode & 0o777 == 0o700
    finally:
        process.kill()
        process.wait()
