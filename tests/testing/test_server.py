from __future__ import annotations

import errno
import gc
import os
import select
import signal
import socket
import struct
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from samples import digest

from ecrimages import Client, TransportError
from ecrimages.testing import FakeECR, Fault
from testing.expected import digests, error


def connect(ecr: FakeECR) -> socket.socket:
    """Return a connection to a FakeECR."""
    return socket.create_connection(("127.0.0.1", int(ecr.endpoint_url.rpartition(":")[2])))


@pytest.mark.parametrize(
    ("arguments", "error_class", "text"),
    [
        ({"registry_id": "me"}, ValueError, "registry_id must be 12 digits, not 'me'"),
        ({"region_name": "us_east_1"}, ValueError, "region_name must be a region such as 'us-east-1', not"),
        ({"region_name": None}, ValueError, "region_name must be a region such as 'us-east-1', not None"),
        ({"latency": -1}, ValueError, "latency must not be negative, not -1"),
        ({"latency": float("nan")}, ValueError, "latency must be finite, not nan"),
        ({"latency": "1"}, TypeError, "latency must be a number, not '1'"),
        ({"rate_limit": 0}, ValueError, "rate_limit must be greater than 0, not 0"),
        ({"rate_limit": True}, TypeError, "rate_limit must be a number, not True"),
        ({"burst": 1}, ValueError, "burst needs a rate_limit"),
        ({"rate_limit": 1, "burst": 0}, ValueError, "burst must be an integer of at least 1, not 0"),
        ({"rate_limit": 1, "burst": 1.5}, ValueError, "burst must be an integer of at least 1, not 1.5"),
    ],
)
def test_arguments_are_validated(arguments: Any, error_class: type[Exception], text: str) -> None:
    """The message names the argument."""
    with pytest.raises(error_class, match=f"^{text}"):
        FakeECR(**arguments)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the fakes, in seconds, as the only item."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def codes(client: Any, count: int) -> list[str]:
    """Return the error codes of some requests of two operations, with `ok` for a good response."""
    found = []
    for number in range(count):
        call = client.list_images if number % 2 else client.describe_images
        try:
            call(repositoryName="team/app")
            found.append("ok")
        except ClientError as caught:
            found.append(caught.response["Error"]["Code"])
    return found


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(("rate_limit", "burst", "allowed"), [(0.001, None, 1), (0.001, 3, 3), (2.5, None, 3)])
def test_the_rate_limit(rate_limit: float, burst: int | None, allowed: int) -> None:
    """As many requests as the burst are allowed at once, and the next one is throttled."""
    with FakeECR(rate_limit=rate_limit, burst=burst) as ecr:
        ecr.add_repository("team/app")
        found = codes(ecr.client(), allowed + 1)

    assert found == [*["ok"] * allowed, "ThrottlingException"]
    assert len(ecr.requests) == allowed + 1


def test_the_rate_limit_recovers(now: list[float]) -> None:
    """Requests at the rate are allowed, and a pause brings no more than the burst."""
    with FakeECR(rate_limit=2, burst=1) as ecr:
        ecr.add_repository("team/app")
        client = ecr.client()
        ecr.inject_faults(None, Fault.server_error())
        found = []
        for pause in (0.0, 0.25, 0.25, 0.25, 9.0):
            now[0] += pause
            found += codes(client, 2 if pause == 9 else 1)

    # A throttled request takes no fault.
    throttled = "ThrottlingException"
    assert found == ["ok", throttled, "ServerException", throttled, "ok", throttled]


def test_latency() -> None:
    """Each response is delayed, those to concurrent requests at the same time."""
    with FakeECR(latency=0.2) as ecr:
        client: Any = ecr.client(Config(max_pool_connections=25))
        start = time.monotonic()
        with ThreadPoolExecutor(25) as pool:
            list(pool.map(lambda _: client.describe_repositories(), range(25)))
        elapsed = time.monotonic() - start

    # One after the other, they would take five seconds.
    assert 0.2 <= elapsed < 5


def test_it_runs_within_its_with_statement_only() -> None:
    """Elsewhere, what needs the server is an error."""
    ecr = FakeECR()
    for _ in range(2):
        for call in (ecr.client, ecr.environment, ecr.activated, lambda: ecr.endpoint_url):
            with pytest.raises(RuntimeError, match="with FakeECR"):
                call()
        with ecr:
            assert ecr.endpoint_url.startswith("http://127.0.0.1:")


def test_it_can_be_started_again() -> None:
    """Images, requests and queued faults remain."""
    ecr = FakeECR()
    ecr.add_image("team/app", digest=digest(1))
    with ecr:
        token = ecr.client().describe_images(repositoryName="team/app", maxResults=1)
    ecr.add_image("team/app", digest=digest(2))
    ecr.inject_faults(Fault.throttling())
    with ecr:
        code, _, _ = error(ecr.client().describe_images, repositoryName="team/app")
        found = digests(ecr.client())

    assert "nextToken" not in token
    assert code == "ThrottlingException"
    assert found == [digest(1), digest(2)]
    assert len(ecr.requests) == 3


def test_it_cannot_be_started_twice(ecr: FakeECR) -> None:
    """A second `with` is an error and does not stop it; stopping it twice is none."""
    with pytest.raises(RuntimeError, match="is running already"), ecr:
        pass

    assert ecr.client().describe_repositories()["repositories"] == []
    ecr.__exit__(None, None, None)


def test_its_repr() -> None:
    """It has the URL and the number of requests."""
    ecr = FakeECR()
    before = repr(ecr)
    with ecr:
        ecr.client().describe_repositories()
        running, url = repr(ecr), ecr.endpoint_url

    assert before == "<FakeECR not running, 0 requests>"
    assert running == f"<FakeECR at {url}, 1 requests>"
    assert repr(ecr) == "<FakeECR not running, 1 requests>"


def test_it_stops_without_a_trace() -> None:
    """Threads and sockets are gone, though clients are connected and a response is pending."""
    threads = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with FakeECR() as ecr:
            clients = [ecr.client() for _ in range(3)]
            for client in clients:
                client.describe_repositories()
            idle = connect(ecr)
            ecr.inject_faults(Fault.delay(3600))
            with pytest.raises(ReadTimeoutError):
                ecr.client(Config(read_timeout=0.05)).describe_repositories()
        remaining = set(threading.enumerate()) - threads
        del ecr
        gc.collect()

    assert remaining == set()
    assert [warning.message for warning in caught if warning.category is ResourceWarning] == []
    with idle:
        assert idle.recv(1) == b""
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        clients[1].describe_repositories()


def test_without_a_with_statement_nothing_is_left_behind() -> None:
    """There is neither a thread nor a socket."""
    threads = threading.active_count()

    FakeECR().add_image("team/app")
    gc.collect()

    assert threading.active_count() == threads


def test_an_exception_passes_through() -> None:
    """It is stopped then."""
    ecr = FakeECR()

    with pytest.raises(KeyError, match="mine"), ecr:
        raise KeyError("mine")

    assert "not running" in repr(ecr)


def test_many_clients_at_once(ecr: FakeECR) -> None:
    """Each of them gets its responses, and each request is recorded once."""
    for number in range(5):
        ecr.add_image("team/app", digest=digest(number))
    barrier = threading.Barrier(8)

    def list_twice(_: int) -> list[int]:
        barrier.wait(timeout=30)
        client = ecr.client()
        return [len(digests(client)) for _ in range(2)]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(list_twice, range(8)))

    assert found == [[5, 5]] * 8
    assert len(ecr.requests) == 16


def test_a_client_that_resets_its_connection(capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing is printed, and other clients are unaffected."""
    with FakeECR() as ecr:
        connection = connect(ecr)
        connection.sendall(b"POST / HT")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

        assert ecr.client().describe_repositories()["repositories"] == []

    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child() -> None:
    """It can send requests, its end of the with statement does not hang, and it does not hold the port."""
    results, done = os.pipe(), os.pipe()
    with FakeECR() as ecr:
        ecr.add_image("team/app", digest=digest(1))
        connection = connect(ecr)
        address = connection.getpeername()
        digests(ecr.client())
        if (pid := os.fork()) == 0:
            try:
                found = digests(ecr.client())
                ecr.__exit__(None, None, None)
                os.write(results[1], str(found == [digest(1)]).encode())
                os.read(done[0], 1)
            finally:
                os._exit(0)
        ready, _, _ = select.select([results[0]], [], [], 30)
        result = os.read(results[0], 10) if ready else b"the child hangs"

    with connection, socket.socket() as probe:
        closed, refused = connection.recv(1), probe.connect_ex(address)
    os.kill(pid, signal.SIGKILL) if not ready else os.write(done[1], b"1")
    os.waitpid(pid, 0)
    for descriptor in (*results, *done):
        os.close(descriptor)
    assert result == b"True"
    assert (closed, refused) == (b"", errno.ECONNREFUSED)


def test_the_client_of_a_fake_that_has_ended() -> None:
    """Its error says so, and not only that nothing listens there."""
    with FakeECR() as ecr:
        client = Client(ecr.client())

    with pytest.raises(TransportError, match="this FakeECR has ended: use its client within its with statement"):
        client.image_exists("team/app", "v1")
