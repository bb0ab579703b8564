"""The asynchronous client itself: how it is made, its threads, and what it leaves alone."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import os
import pickle
import threading
import traceback
from typing import Any
from unittest.mock import AsyncMock

import boto3
import pytest
from botocore.config import Config
from samples import image, parsed
from waiting import held_until, until, workers

import ecrimages
from ecrimages import (
    AsyncClient,
    AsyncImageIterator,
    ConfigurationError,
    CredentialsError,
    ImageNotFoundError,
    RequestTimeoutError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

from .connections import Connect, aiobotocore_client, cancel_in_flight, digests

aiobotocore = pytest.mark.aiobotocore


async def test_what_it_shows_of_itself(connect: Connect) -> None:
    """Region and registry are known without a request, and stand in the repr."""
    async with connect(registry_id="210987654321") as client:
        assert repr(client) == "<AsyncClient: region 'us-east-1', registry '210987654321'>"
        assert client.region_name == "us-east-1"
        assert client.registry_id == "210987654321"


async def test_image_uri(connect: Connect) -> None:
    """The URI is that of the synchronous client, and needs no `await`."""
    async with connect() as client:
        image = await client.get_image("team/app", "v1")

        uri = client.image_uri(image, tag="v1")

    assert uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app:v1"


async def test_the_default_registry_is_asked(ecr: FakeECR, connect: Connect) -> None:
    """`registry_id` of the client holds where a call does not name another."""
    ecr.add_image("team/app", tags=["theirs"], registry_id="210987654321")
    async with connect(registry_id="210987654321") as client:
        assert [image.tags async for image in client.describe_images("team/app")] == [("theirs",)]
        assert len(await digests(client.describe_images("team/app", registry_id="123456789012"))) == 7


async def test_copies_and_pickles_are_refused(connect: Connect) -> None:
    """Client and iterators say so, and what to do instead."""
    async with connect() as client:
        with pytest.raises(TypeError, match="create one in the worker"):
            pickle.dumps(client)
        for one_shot in (
            client.describe_images("team/app"),
            client.describe_images("team/app").pages(),
            client.get_images("team/app", ["v1"]),
            client.repository_names(),
            client.registry_images(),
            client.registry_images().pages(),
        ):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                copy.copy(one_shot)


@pytest.mark.parametrize(
    "ecr",
    ["ecr", object(), boto3.client, ecrimages.Client(), AsyncClient()],
    ids=["str", "object", "function", "Client", "AsyncClient"],
)
def test_what_is_no_client_is_refused(ecr: Any) -> None:
    """The error says what is expected."""
    with pytest.raises(TypeError, match="ecr must be a boto3 or aiobotocore ECR client"):
        AsyncClient(ecr)


def test_wrong_arguments_are_refused() -> None:
    """So are those of boto3's client, with the way to pass them."""
    unknown: Any = {"region_name": "eu-west-1"}
    with pytest.raises(TypeError, match=r"AsyncClient\(boto3.client\('ecr', region_name=...\)\)"):
        AsyncClient(**unknown)
    with pytest.raises(ValueError, match="max_workers must be an int of 1 or more, not 0"):
        AsyncClient(max_workers=0)
    with pytest.raises(ValueError, match="registry_id"):
        AsyncClient(registry_id="1")


async def test_its_threads_are_its_own(ecr: FakeECR, expected: list[str]) -> None:
    """Calls run in at most `max_workers` threads that end with `aclose()`, never in asyncio's, and start again."""
    loop: Any = asyncio.get_running_loop()
    boto3_client = ecr.client()
    threads: set[str] = set()
    boto3_client.meta.events.register("before-send.ecr", lambda **_: threads.add(threading.current_thread().name))
    async with AsyncClient(boto3_client, max_workers=2) as client:
        assert workers() == []

        await asyncio.gather(*(client.get_image("team/app", "v1") for _ in range(10)))

        assert threads == {*workers()}
        assert len(threads) == 2
        assert await digests(client.describe_images("team/app")) == expected
        assert loop._default_executor is None

    assert workers() == []
    assert await digests(client.describe_images("team/app")) == expected
    await client.aclose()
    await client.aclose()
    assert workers() == []


async def test_no_more_threads_than_connections(ecr: FakeECR) -> None:
    """With more, urllib3 would open and discard connections."""
    client = AsyncClient(ecr.client(Config(max_pool_connections=3)), max_workers=8)
    async with client:
        await asyncio.gather(*(client.get_image("team/app", "v1") for _ in range(20)))

        assert len(workers()) == 3


async def test_aclose_waits_for_requests_under_way(ecr: FakeECR) -> None:
    """A task that still waits gets its image; the loop is not blocked meanwhile. Cancelled, it ends the threads too."""
    for is_cancelled in (False, True):
        may_respond = threading.Event()
        ecr.inject_faults(held_until(may_respond.is_set))
        client = AsyncClient(ecr.client(), max_workers=1)
        tasks = [asyncio.ensure_future(client.get_image("team/app", "v1")) for _ in range(2)]
        closing = asyncio.ensure_future(client.aclose())
        await asyncio.sleep(0.01)
        assert not closing.done()
        if is_cancelled:
            closing.cancel()
        may_respond.set()
        await asyncio.wait([closing])

        assert closing.cancelled() == is_cancelled
        assert is_cancelled or workers() == []
        assert [image.tags for image in await asyncio.gather(*tasks)] == [("v1",), ("v1",)]
        await until(lambda: not workers())


async def test_a_dropped_client_leaves_no_thread(ecr: FakeECR) -> None:
    """A client that is not closed ends its threads when it is collected."""
    client = AsyncClient(ecr.client())
    async for _ in client.describe_images("team/app", page_size=2):
        break
    assert workers()

    del client
    gc.collect()

    await until(lambda: not workers())


async def test_context_variables_are_those_of_the_task(connect: Connect) -> None:
    """A tracer's handlers see the context of the task that asked."""
    trace: contextvars.ContextVar[str] = contextvars.ContextVar("trace")
    seen: set[str] = set()
    async with connect() as client:
        handed_in: Any = client._source.transport().ecr
        handed_in.meta.events.register("before-send.ecr", lambda **_: seen.add(trace.get()))

        async def traced(name: str) -> None:
            trace.set(name)
            await client.get_image("team/app", "v1")

        await asyncio.gather(traced("a"), traced("b"))

    assert seen == {"a", "b"}


async def test_a_client_of_its_own(ecr: FakeECR) -> None:
    """Without a client, `async with` makes one in a thread, and closes it; the region is known at once."""
    with ecr.activated():
        client = AsyncClient()
        assert repr(client) == "<AsyncClient: region not resolved yet>"
        with pytest.raises(RuntimeError, match="async with"):
            _ = client.region_name

        async with client:
            assert client.region_name == "us-east-1"
            assert (await client.get_image("team/app", "v1")).tags == ("v1",)
        assert repr(client) == "<AsyncClient: region not resolved yet>"

        async with AsyncClient() as other:
            pass
        assert (await other.get_image("team/app", "v1")).tags == ("v1",)
        assert other.region_name == "us-east-1"
        await other.aclose()


def test_a_client_of_its_own_outside_of_an_event_loop(ecr: FakeECR) -> None:
    """Where no event loop runs, the boto3 client is made on first use of the region."""
    with ecr.activated():
        assert AsyncClient().region_name == "us-east-1"


async def test_a_client_that_cannot_be_made(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """What boto3 raises while the client is made is an error of this library, and the next attempt is another."""
    with ecr.activated():
        client = AsyncClient()
        with monkeypatch.context() as patch:
            patch.setenv("AWS_PROFILE", "none")
            boto3.DEFAULT_SESSION = None
            images = client.describe_images("team/app")
            with pytest.raises(ConfigurationError):
                await anext(images)
            with pytest.raises(ConfigurationError):
                async with client:
                    pass
        boto3.DEFAULT_SESSION = None

        assert len(await digests(images)) == 7
        await client.aclose()


async def test_making_the_client_does_not_block_the_loop(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's thread takes no part in it."""
    threads: list[str] = []
    make = boto3.Session.client

    def recorded(*arguments: Any, **named: Any) -> Any:
        threads.append(threading.current_thread().name)
        return make(*arguments, **named)

    with ecr.activated():
        monkeypatch.setattr(boto3.Session, "client", recorded)
        async with AsyncClient():
            assert len(threads) == 1
            assert threads[0].startswith("ecrimages")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own(ecr: FakeECR) -> None:
    """A client that was used in the parent works in the child, and so does an iterator with a request in flight."""
    client = AsyncClient(ecr.client())

    async def use() -> int:
        return len(await digests(client.describe_images("team/app", page_size=2)))

    async def resume(images: AsyncImageIterator) -> int:
        async with client:
            return len(await digests(images)) + await use()

    assert asyncio.run(use()) == 7
    may_respond = threading.Event()
    ecr.inject_faults(held_until(may_respond.is_set))
    in_flight = client.describe_images("team/app")
    asyncio.run(cancel_in_flight(ecr, anext(in_flight)))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if asyncio.run(asyncio.wait_for(resume(in_flight), 60)) == 14 else 2
        finally:
            os._exit(status)

    assert os.waitpid(child, 0)[1] == 0
    may_respond.set()
    assert asyncio.run(resume(in_flight)) == 14


async def test_a_mock_of_an_asynchronous_client() -> None:
    """What returns coroutines is awaited, without aiobotocore."""
    ecr: Any = AsyncMock()
    ecr.describe_images.return_value = {"imageDetails": [parsed()]}
    client = AsyncClient(ecr)

    assert [each async for each in client.describe_images("team/app")] == [image()]
    ecr.describe_images.assert_awaited_once_with(repositoryName="team/app", maxResults=1000)


async def test_errors_carry_no_secret(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with credentials is a CredentialsError without them."""
    async with connect() as client:
        handed_in: Any = client._source.transport().ecr
        monkeypatch.setattr(handed_in._request_signer._credentials, "token", "planted\nsecret")
        with pytest.raises(CredentialsError) as caught:
            await client.get_image("team/app", "v1")

    assert "planted" not in repr(caught.value)


@aiobotocore
class TestOverAiobotocore:
    """What holds for aiobotocore's clients alone."""

    @pytest.fixture(autouse=True)
    def needs_aiobotocore(self) -> None:
        """Skip these tests where it is not installed."""
        pytest.importorskip("aiobotocore")

    async def test_it_is_not_closed(self, ecr: FakeECR) -> None:
        """`aclose()` leaves the application's client open."""
        async with aiobotocore_client(ecr) as wrapped:
            async with AsyncClient(wrapped) as client:
                await client.get_image("team/app", "v1")

            assert len((await wrapped.describe_images(repositoryName="team/app"))["imageDetails"]) == 7

    async def test_no_thread_is_started(self, ecr: FakeECR) -> None:
        """Its calls are awaited."""
        async with aiobotocore_client(ecr) as wrapped:
            client = AsyncClient(wrapped)
            await digests(client.describe_images("team/app"))
            await digests(client.registry_images())

            assert workers() == []

    async def test_an_unopened_client_is_refused(self, ecr: FakeECR) -> None:
        """What `create_client()` returns is no client yet, and the error says so."""
        unopened = aiobotocore_client(ecr)
        with pytest.raises(TypeError, match=r"async with session\.create_client\('ecr'\) as ecr"):
            AsyncClient(unopened)

        async with unopened as wrapped:
            assert (await AsyncClient(wrapped).get_image("team/app", "v1")).tags == ("v1",)

    async def test_the_synchronous_client_refuses_it(self, ecr: FakeECR) -> None:
        """`Client()` names the class to use."""
        async with aiobotocore_client(ecr) as wrapped:
            with pytest.raises(TypeError, match="AsyncClient"):
                ecrimages.Client(wrapped)

    async def test_raw_calls_are_untouched(self, ecr: FakeECR) -> None:
        """Between, beside and within the calls made here, the same client returns what it always has."""
        nested: list[Any] = []
        async with aiobotocore_client(ecr) as wrapped:
            before = await wrapped.describe_images(repositoryName="team/app")
            in_handler = False

            async def handler(**_: Any) -> None:
                nonlocal in_handler
                if not in_handler:
                    in_handler = True
                    nested.append(await wrapped.describe_images(repositoryName="team/app"))
                    in_handler = False

            wrapped.meta.events.register("before-send.ecr.DescribeImages", handler)
            client = AsyncClient(wrapped)
            ours, beside = await asyncio.gather(
                digests(client.describe_images("team/app", page_size=3)),
                wrapped.describe_images(repositoryName="team/app"),
            )
            with pytest.raises(wrapped.exceptions.ImageNotFoundException):
                await wrapped.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "none"}])

        assert ours == [detail["imageDigest"] for detail in before["imageDetails"]]
        for response in (beside, *nested):
            assert response["imageDetails"] == before["imageDetails"]

    @pytest.mark.parametrize("event", ["before-send.ecr", "before-parse.ecr", "after-call.ecr"])
    @pytest.mark.parametrize("awaits", [False, True])
    async def test_what_a_handler_raises_passes_through(self, ecr: FakeECR, event: str, awaits: bool) -> None:
        """An exception of the application's is its own, from a function or a coroutine."""

        class ApplicationError(Exception):
            pass

        def refuse(**_: Any) -> None:
            raise ApplicationError

        async def refuse_later(**_: Any) -> None:
            await asyncio.sleep(0)
            raise ApplicationError

        async with aiobotocore_client(ecr) as wrapped:
            wrapped.meta.events.register(event, refuse_later if awaits else refuse)
            with pytest.raises(ApplicationError):
                await AsyncClient(wrapped).get_image("team/app", "v1")

    @pytest.mark.usefixtures("bare_environment")
    @pytest.mark.parametrize(
        ("arguments", "error", "is_retryable"),
        [
            ({"aws_access_key_id": None, "aws_secret_access_key": None}, CredentialsError, False),
            ({"aws_session_token": "planted\nsecret"}, CredentialsError, False),
            ({"endpoint_url": "http://127.0.0.1:9"}, TransportError, True),
            ({"read_timeout": 0.1}, RequestTimeoutError, True),
            ({"proxies": {"http": "http://user:planted@127.0.0.1:9"}}, TransportError, True),
        ],
        ids=["no credentials", "newline", "refused", "time-out", "proxy"],
    )
    async def test_its_errors_are_translated(
        self, ecr: FakeECR, arguments: Any, error: type[Exception], is_retryable: bool
    ) -> None:
        """Those that never reach the service, too, and without secrets."""
        ecr.inject_faults(Fault.delay(0.5))
        async with aiobotocore_client(ecr, **arguments) as wrapped:
            with pytest.raises(error) as caught:
                await AsyncClient(wrapped).get_image("team/app", "v1")

        assert getattr(caught.value, "retryable", None) is is_retryable
        assert "planted" not in "".join(traceback.format_exception(caught.value))

    async def test_a_proxy_that_refuses_to_connect(self, ecr: FakeECR) -> None:
        """HTTP 407 of a proxy does not pass, and the error of aiohttp does not show the password."""

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            proxy = f"http://user:planted-password@127.0.0.1:{server.sockets[0].getsockname()[1]}"
            arguments: dict[str, Any] = {"endpoint_url": "https://10.0.0.1", "proxies": {"https": proxy}}
            async with aiobotocore_client(ecr, **arguments) as wrapped:
                with pytest.raises(TransportError) as caught:
                    await AsyncClient(wrapped).get_image("team/app", "v1")

        assert caught.value.retryable is False
        assert "planted" not in "".join(traceback.format_exception(caught.value))

    async def test_its_retries_hold(self, ecr: FakeECR) -> None:
        """A truncated body is retried as often as the client is configured for."""
        async with aiobotocore_client(ecr, attempts=3) as wrapped:
            ecr.inject_faults(Fault.truncated(), Fault.server_error())

            assert len(await digests(AsyncClient(wrapped).describe_images("team/app"))) == 7
            with pytest.raises(ImageNotFoundError):
                await AsyncClient(wrapped).get_image("team/app", "none")

    @pytest.mark.parametrize("fault", [Fault.reset(), Fault.closed()], ids=lambda fault: fault.name)
    async def test_with_httpx(self, ecr: FakeECR, fault: Fault) -> None:
        """A connection that fails is retried, and then a TransportError, if aiobotocore makes requests with httpx."""
        pytest.importorskip("httpx2")
        backend = pytest.importorskip("aiobotocore.httpxsession").HttpxSession
        async with aiobotocore_client(ecr, attempts=2, http_session_cls=backend) as wrapped:
            listing = AsyncClient(wrapped).describe_images("team/app")
            ecr.inject_faults(fault, fault, fault)
            with pytest.raises(TransportError) as caught:
                await anext(listing)

            assert caught.value.retryable is True
            assert len(await digests(listing)) == 7
            assert len(ecr.requests) == 4
