"""Who can write to Redis cannot make the worker do anything but our few jobs."""

import json
import time
import zlib

import pytest
from redis import Redis
from rq.exceptions import NoSuchJobError

from app import bell, jobs, queue, redis_server
from tests import servers

KEY = "k" * 40


@pytest.fixture
def client(redis_url):
    with Redis.from_url(redis_url, protocol=2) as client:
        client.flushall()
        yield client


@pytest.fixture
def burst(site, client):
    """Lets a real worker do what is in the awards queue; gives the failed jobs' ids."""

    def run():
        with servers.signals_kept():
            queue.worker("awards", client, KEY, site).work(burst=True, logging_level=None)
        return queue.queue("awards", client, KEY).failed_job_registry.get_job_ids()

    return run


def place(client, data, **fields):
    """Put a job into the queue as somebody who only has Redis would."""
    job = {
        "created_at": "2026-01-01T00:00:00.000000Z",
        "origin": "awards",
        "status": "queued",
        "data": zlib.compress(data),
    }
    client.hset("rq:job:foreign", mapping={**job, **fields})
    client.sadd("rq:queues", "rq:queue:awards")
    client.rpush("rq:queue:awards", "foreign")


def signed(function, *arguments):
    return queue.serializer(KEY).dumps((function, None, arguments, {}))


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "it-ran"


def test_unsigned_json_runs_nothing(client, burst, mark):
    place(client, json.dumps(["os.system", None, [f"touch {mark}"], {}]).encode())
    assert burst() == ["foreign"]
    assert not mark.exists()


def test_a_pickle_runs_nothing(client, burst, mark):
    place(client, b"cos\nsystem\n(S'touch " + str(mark).encode() + b"'\ntR.")
    assert burst() == ["foreign"]
    assert not mark.exists()


def test_a_signed_job_for_another_function_runs_nothing(client, burst, mark):
    place(client, signed("os.system", f"touch {mark}"))
    assert burst() == ["foreign"]
    assert not mark.exists()


def test_a_job_signed_with_another_key_runs_nothing(client, burst, mark):
    place(client, queue.serializer("z" * 40).dumps(("app.jobs.evaluate", None, (), {})))
    assert burst() == ["foreign"]


@pytest.mark.parametrize("field", ["success_callback_name", "failure_callback_name", "stopped_callback_name"])
def test_callbacks_in_the_job_are_dropped(client, burst, field):
    place(client, b"nonsense", **{field: "os.abort"})  # it would end this very process
    assert burst() == ["foreign"]


def test_webhooks_in_the_job_are_dropped(client):
    place(
        client, signed("app.jobs.evaluate"), webhooks=json.dumps([{"url": "http://127.0.0.1:1/", "events": ["failed"]}])
    )
    job = queue.OurJob.fetch("foreign", connection=client, serializer=queue.serializer(KEY))
    assert not job.webhooks


def test_a_damaged_job_is_removed_and_the_worker_goes_on(client, burst):
    place(client, signed("app.jobs.evaluate"), created_at="not a time")
    queue.enqueue("awards", client, KEY)
    assert burst() == []
    assert client.llen("rq:queue:awards") == 0
    with pytest.raises(NoSuchJobError):
        queue.OurJob.fetch("foreign", connection=client, serializer=queue.serializer(KEY))


def test_the_functions_exist():
    assert {getattr(jobs, path.removeprefix("app.jobs.")).__module__ for path in queue.FUNCTIONS.values()} == {
        "app.jobs"
    }


def test_a_storm_of_rings_leaves_one_job(client, redis_url, patient_bell):
    its = patient_bell(redis_url, KEY)
    assert all(its.ring("awards") for _ in range(1000))
    assert client.llen("rq:queue:awards") == 1
    its.answer("awards")
    its.ring("awards")
    assert client.llen("rq:queue:awards") == 2


def seconds(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def costs_a_moment_once(url):
    """Whether a bell that nobody hears costs a moment and then nothing. A busy machine may hold it up now and then."""
    for _ in range(10):
        its = bell.Bell(url, KEY)
        if seconds(lambda: its.ring("awards", "mail")) < 0.4 and seconds(lambda: ring_often(its)) < 0.1:  # noqa: B023
            return True
    return False


def ring_often(its):
    assert not any(its.ring("awards") for _ in range(1000))


def test_a_dead_redis_costs_a_moment_once(tmp_path):
    assert costs_a_moment_once(f"unix://{tmp_path}/nobody.sock")


def test_a_hung_redis_costs_a_moment_once(tmp_path):
    process = servers.start_redis(tmp_path)
    try:
        url = f"unix://{redis_server.socket_path(tmp_path)}"
        process.send_signal(servers.signal.SIGSTOP)
        assert costs_a_moment_once(url)
    finally:
        process.kill()
        process.wait()


def test_the_bell_rings_again_after_its_rest(client, redis_url, tmp_path, monkeypatch, patient_bell):
    monkeypatch.setattr(bell, "REST_SECONDS", 0.05)
    its = patient_bell(f"unix://{tmp_path}/late.sock", KEY)
    assert not its.ring("awards")
    (tmp_path / "late.sock").symlink_to(redis_url.removeprefix("unix://"))
    time.sleep(0.06)
    assert its.ring("awards")
    assert client.llen("rq:queue:awards") == 1
