"""The boto3 client that is handed in is the application's: what others see of it, and do with it, is as ever."""

from __future__ import annotations

import copy
import functools
import importlib
import itertools
import json
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from samples import COMPLETED, PUSHED, body_of, detail, digest, one_by_one, parsed
from wire import Wire

from ecrimages import Client, ECRImagesError, Image, ImageScanFindingsSummary, MalformedResponseError, ThrottlingError
from ecrimages.testing import FakeECR, Fault

AFTER_THE_PARSER = ("response-received", "needs-retry", "after-call")
EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "request-created",
    "before-sign",
    "before-send",
    "before-parse",
    *AFTER_THE_PARSER,
)
WAYS = ("register", "register_first", "register_last")


@pytest.fixture(scope="module")
def ecr(shared: FakeECR) -> FakeECR:
    """One fake for all tests here. Each of them has a client of its own."""
    return shared


@pytest.fixture(scope="module")
def image(ecr: FakeECR) -> Image:
    """An image of `team/app` with nested fields, and none that an old boto3 does not know."""
    summary = ImageScanFindingsSummary(scan_completed_at=COMPLETED, severity_counts={"HIGH": 1})
    return ecr.add_image(
        "team/app", tags=["v1", "latest"], pushed_at=PUSHED, scan_findings_summary=summary, status=None
    )


def ours(client: Any, repository_name: str = "team/app") -> list[Image]:
    """Return what this library lists."""
    return list(Client(client).describe_images(repository_name))


def parsed_in(event_name: str, arguments: dict[str, Any]) -> Any:
    """Return the parsed response among the arguments of an event, without what differs from call to call."""
    response: Any = {
        "response-received": lambda: arguments["parsed_response"],
        "needs-retry": lambda: arguments["response"][1],
        "after-call": lambda: arguments["parsed"],
    }[event_name.partition(".")[0]]()
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize(
    ("event", "scope", "how"), one_by_one(AFTER_THE_PARSER, [".ecr", "", ".ecr.DescribeImages"], WAYS)
)
def test_what_comes_after_the_parser_sees_boto3s_response(
    ecr: FakeECR, boto3_client: Any, image: Image, event: str, scope: str, how: str
) -> None:
    """Recorders and guards see around a call of this library what they see around the application's own."""
    seen: list[Any] = []

    def record(event_name: str, **arguments: Any) -> None:
        seen.append(parsed_in(event_name, arguments))

    getattr(boto3_client.meta.events, how)(event + scope, record)
    boto3_client.describe_images(repositoryName="team/app")

    assert ours(boto3_client) == [image]
    theirs, here = seen
    assert here == theirs
    assert here["imageDetails"][0]["imagePushedAt"] == PUSHED
    assert type(here["imageDetails"][0]["imagePushedAt"]) is datetime
    json.dumps(here, default=str)
    copy.deepcopy(here)
    pickle.dumps(here)


@pytest.mark.parametrize("event", AFTER_THE_PARSER)
def test_a_recorder_cannot_change_a_record(boto3_client: Any, image: Image, event: str) -> None:
    """A handler that keeps the response, and empties it and everything in it later, changes no record."""
    kept: list[Any] = []

    def keep(event_name: str, **arguments: Any) -> None:
        kept.append(parsed_in(event_name, arguments))

    boto3_client.meta.events.register(f"{event}.ecr", keep)
    [listed] = ours(boto3_client)
    [detail] = kept[0]["imageDetails"]
    detail["imageScanFindingsSummary"]["findingSeverityCounts"].clear()
    detail["imageTags"].clear()
    detail.clear()

    assert listed == image


def test_a_guard_against_empty_responses_has_nothing_to_do(ecr: FakeECR, boto3_client: Any, image: Image) -> None:
    """A retry handler and a check of the application's, for boto3's empty responses, let ours pass."""

    def retry(response: Any, attempts: int, **_: object) -> float | None:
        is_empty = response and response[0].status_code == 200 and "imageDetails" not in response[1]
        return 0.0 if is_empty and attempts < 5 else None

    def check(parsed: dict[str, Any], **_: object) -> None:
        if "imageDetails" not in parsed:
            raise RuntimeError("an empty response")

    boto3_client.meta.events.register("needs-retry.ecr.DescribeImages", retry)
    boto3_client.meta.events.register("after-call.ecr.DescribeImages", check)
    before = len(ecr.requests)

    assert ours(boto3_client) == [image]
    assert len(ecr.requests) == before + 1


def test_a_recording_can_be_played_back(ecr: FakeECR, boto3_client: Any, image: Image) -> None:
    """What a recorder like placebo saves of our calls can be played back to ours and to boto3's, without a request."""
    recorded: list[Any] = []
    boto3_client.meta.events.register(
        "after-call.ecr", lambda http_response, parsed, **_: recorded.append((http_response, copy.deepcopy(parsed)))
    )
    ours(boto3_client)
    player: Any = ecr.client()
    player.meta.events.register("before-call.ecr", lambda **_: recorded[0])
    requests = len(ecr.requests)

    assert ours(player) == [image]
    assert player.describe_images(repositoryName="team/app")["imageDetails"][0]["imageTags"] == ["v1", "latest"]
    assert len(ecr.requests) == requests


def test_a_cache_holds_whole_responses(
    ecr: FakeECR, boto3_client: Any, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache like botocache, a patched _make_api_call, serves our calls with boto3's responses, and the reverse."""
    cache: dict[str, Any] = {}
    original = type(boto3_client)._make_api_call

    def cached(self: Any, operation_name: str, parameters: dict[str, Any]) -> Any:
        key = json.dumps([operation_name, parameters], sort_keys=True)
        if key not in cache:
            cache[key] = original(self, operation_name, parameters)
        return copy.deepcopy(cache[key])

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", cached)
    before = len(ecr.requests)

    for _ in range(2):
        assert ours(boto3_client) == [image]
        raw = boto3_client.describe_images(repositoryName="team/app", maxResults=1000)
        assert raw["imageDetails"][0]["imagePushedAt"] == PUSHED
    assert len(ecr.requests) == before + 1


def without_protected(response: dict[str, Any]) -> list[Any]:
    """Return the details that are not tagged as protected."""
    return [detail for detail in response["imageDetails"] if "protected" not in detail.get("imageTags", [])]


class Filtering:
    """An extension of clients in boto3's own way, which leaves images out."""

    def _make_api_call(self, operation_name: str, parameters: dict[str, Any]) -> Any:
        parent: Any = super()
        response = parent._make_api_call(operation_name, parameters)
        response["imageDetails"] = without_protected(response)
        return response


class Around:
    """An object around a client, which leaves images out."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_images(self, **parameters: Any) -> dict[str, Any]:
        """Leave out the protected images."""
        response = self._client.describe_images(**parameters)
        return {**response, "imageDetails": without_protected(response)}


def extended(ecr: FakeECR, extension: type = Filtering) -> Any:
    """Return a client of an extended class."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    session.events.register("creating-client-class.ecr", lambda base_classes, **_: base_classes.insert(0, extension))
    services: Any = session
    return services.client("ecr", endpoint_url=ecr.endpoint_url)


def wrapped(ecr: FakeECR) -> Any:
    """Return a client with an instance attribute in place of its method."""
    client: Any = ecr.client()
    original = client._make_api_call

    def make_api_call(operation_name: str, parameters: dict[str, Any]) -> Any:
        response = original(operation_name, parameters)
        response["imageDetails"][:] = without_protected(response)
        return response

    client._make_api_call = make_api_call
    return client


@pytest.mark.parametrize(
    "make", [extended, wrapped, lambda ecr: Around(ecr.client())], ids=["class", "attribute", "wrapper object"]
)
def test_what_a_client_returns_counts(ecr: FakeECR, make: Callable[[FakeECR], Any]) -> None:
    """A client that leaves images out of the response, in place or anew, leaves them out of ours."""
    ecr.add_image("team/old", tags=["protected"], digest=digest(2))
    old = ecr.add_image("team/old", tags=["old"], digest=digest(1), status=None)
    client = make(ecr)

    assert ours(client, "team/old") == [old]
    [detail] = client.describe_images(repositoryName="team/old")["imageDetails"]
    assert detail["imageTags"] == ["old"]


CHANGES: dict[str, Callable[[Any], object]] = {
    "in place": lambda parsed: parsed["imageDetails"].pop(),
    "anew": lambda parsed: parsed.update(imageDetails=parsed["imageDetails"][:1]),
    "below": lambda parsed: parsed["imageDetails"][1].update(imageTags=["other"]),
    "token": lambda parsed: parsed.update(nextToken="other"),
}


@pytest.mark.parametrize(("event", "change"), one_by_one(AFTER_THE_PARSER, CHANGES))
def test_what_a_handler_changes_counts(ecr: FakeECR, boto3_client: Any, event: str, change: str) -> None:
    """A handler that changes the parsed response changes what boto3 returns, and what ours does."""
    for number in range(2):
        ecr.add_image("team/two", tags=[f"v{number}"], digest=digest(number), status=None)

    def tamper(event_name: str, **arguments: Any) -> None:
        name = {"response-received": "parsed_response", "after-call": "parsed"}.get(event_name.partition(".")[0])
        CHANGES[change](arguments[name] if name else arguments["response"][1])

    boto3_client.meta.events.register(f"{event}.ecr", tamper)
    raw = boto3_client.describe_images(repositoryName="team/two")

    page = next(Client(boto3_client).describe_images("team/two").pages())

    assert page.images == tuple(Image.from_dict(detail) for detail in raw["imageDetails"])
    assert page.next_token == raw.get("nextToken")


@pytest.mark.parametrize(
    ("scope", "how", "tag"),
    one_by_one([".ecr", "", ".ecr.DescribeImages"], WAYS, [b"a-longer-tag", b"v2", b""]),
)
def test_a_handler_may_change_the_body(boto3_client: Any, image: Image, scope: str, how: str, tag: bytes) -> None:
    """A handler before the parser sees the body of our calls, and may change it, its length too."""
    seen: list[bytes] = []

    def scrub(response_dict: dict[str, Any], **_: object) -> None:
        seen.append(response_dict["body"])
        response_dict["body"] = response_dict["body"].replace(b"v1", tag)

    getattr(boto3_client.meta.events, how)(f"before-parse{scope}", scrub)
    raw = boto3_client.describe_images(repositoryName="team/app")

    [listed] = ours(boto3_client)

    assert list(listed.tags) == raw["imageDetails"][0]["imageTags"]
    assert seen[0] == seen[1]


def test_a_handler_may_add_to_the_response(boto3_client: Any, image: Image) -> None:
    """What a handler before the parser puts over the response, in botocore's own way, counts as in a raw call."""

    def put(customized_response_dict: dict[str, Any], **_: object) -> None:
        customized_response_dict.update(imageDetails=[parsed(7)], nextToken="other")

    boto3_client.meta.events.register("before-parse.ecr", put)
    raw = boto3_client.describe_images(repositoryName="team/app")

    page = next(Client(boto3_client).describe_images("team/app").pages())

    assert page.images == tuple(Image.from_dict(detail) for detail in raw["imageDetails"])
    assert page.next_token == raw["nextToken"] == "other"


@pytest.mark.parametrize("length", ["100000", "", "-1", "x", "²", "9" * 5000, "1e3", "0", 7, 200_000])
def test_a_whole_body_is_read_whatever_its_length(length: Any) -> None:
    """A body that was scrubbed after its length was written, as vcrpy's cassettes are, is whole if it is JSON."""
    client = Wire(lambda _: body_of(detail(1)), content_length=length).client

    assert [image.tags for image in ours(client)] == [("v1",)]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"content_length": "100000"}, "truncated: 50 of 100000 bytes were received"),
        (
            {"content_length": "100000", "transfer_encoding": "chunked"},
            "not JSON, or truncated: 50 bytes, starting with",
        ),
        ({"content_length": "100000", "Content_Encoding": "gzip"}, "not JSON, or truncated: 50 bytes, starting with"),
        ({"content_length": "40"}, "not JSON, or truncated: 50 bytes, starting with"),
    ],
)
def test_a_truncated_body_tells_its_length(headers: dict[str, Any], text: str) -> None:
    """A body that is no JSON, and shorter than announced, says how much came; not if it is encoded (RFC 9112)."""
    client = Wire(lambda _: body_of(detail(1))[:50], **headers).client

    with pytest.raises(MalformedResponseError, match=text) as caught:
        ours(client)

    assert caught.value.retryable is True


@pytest.mark.parametrize(
    ("event", "how", "fault"), one_by_one(EVENTS, WAYS[1:], [None, Fault.truncated(), Fault.throttling()])
)
def test_a_nested_call_is_nobody_elses(
    ecr: FakeECR, boto3_client: Any, image: Image, event: str, how: str, fault: Fault | None
) -> None:
    """A raw call of the application's in the middle of ours gets its own response, or error, and ours gets ours."""
    ecr.add_image("team/other", tags=["o"], digest=digest(1))
    outcomes: list[Any] = []

    def call(**_: object) -> None:
        if outcomes:
            return
        outcomes.append(None)
        if fault is not None:
            ecr.inject_faults(fault, repository_name="team/other")
        try:
            response = boto3_client.describe_images(repositoryName="team/other")
        except ClientError as error:
            outcomes[0] = error.response["Error"]["Code"]
        else:
            outcomes[0] = [detail["imageTags"] for detail in response.get("imageDetails", [])]

    getattr(boto3_client.meta.events, how)(f"{event}.ecr", call)

    assert ours(boto3_client) == [image]
    assert outcomes == [
        [["o"]] if fault is None else "ThrottlingException" if fault.name == "ThrottlingException" else []
    ]


def test_a_call_of_ours_in_the_middle_of_ours(ecr: FakeECR, boto3_client: Any, image: Image) -> None:
    """A listing in an event handler of a listing is right, and so is the one around it."""
    other = ecr.add_image("team/inner")
    client = Client(boto3_client)
    inner: list[Image] = []

    def list_other(**_: object) -> None:
        boto3_client.meta.events.unregister("before-send.ecr", list_other)
        inner.extend(client.describe_images("team/inner"))

    boto3_client.meta.events.register("before-send.ecr", list_other)

    assert (ours(boto3_client), inner) == ([image], [other])


@pytest.mark.parametrize("event", ["provide-client-params", "before-send", "after-call"])
def test_an_error_of_a_nested_call_is_the_applications(
    ecr: FakeECR, boto3_client: Any, image: Image, event: str
) -> None:
    """What a handler lets out is about its own call: it comes out as it is, and says nothing of ours."""
    ecr.add_repository("team/base")
    nested: list[None] = []

    def look_up(**_: object) -> None:
        if not nested:
            nested.append(None)
            try:
                boto3_client.describe_images(repositoryName="team/base", imageIds=[{"imageTag": "gone"}])
            finally:
                nested.clear()

    boto3_client.meta.events.register(f"{event}.ecr.DescribeImages", look_up)
    client = Client(boto3_client)

    for call in (
        lambda: client.image_exists("team/app", tag="v1"),
        lambda: list(client.get_images("team/app", ["v1"], missing="skip")),
    ):
        with pytest.raises(boto3_client.exceptions.ImageNotFoundException) as caught:
            call()
        assert not isinstance(caught.value, ECRImagesError)


def test_an_error_of_another_call_of_an_extension(ecr: FakeECR, boto3_client: Any, image: Image) -> None:
    """An extended client that makes another call after ours, which fails, says nothing of our call."""

    class Checking:
        def _make_api_call(self, operation_name: str, parameters: dict[str, Any]) -> Any:
            parent: Any = super()
            parent._make_api_call(operation_name, parameters)
            return boto3_client.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "gone"}])

    client = extended(ecr, Checking)

    with pytest.raises(boto3_client.exceptions.ImageNotFoundException) as caught:
        Client(client).image_exists("team/app", image.digest)

    assert not isinstance(caught.value, ECRImagesError)


def test_an_emitter_of_the_applications_own(boto3_client: Any, image: Image) -> None:
    """A client whose emitter is another object than botocore's is used with it."""

    class Emitter:
        def __init__(self, events: Any) -> None:
            self.emit, self.emit_until_response = events.emit, events.emit_until_response

    boto3_client.meta.events = Emitter(boto3_client.meta.events)

    assert ours(boto3_client) == [image]


@pytest.mark.parametrize("event", EVENTS)
def test_an_exception_of_a_handler_comes_out(ecr: FakeECR, boto3_client: Any, image: Image, event: str) -> None:
    """An exception of the application's own is neither swallowed, retried nor translated."""

    class OwnError(Exception):
        pass

    own = OwnError("own")
    boto3_client = ecr.client(Config(retries={"mode": "standard", "total_max_attempts": 3}))

    def fail(**_: object) -> None:
        raise own

    boto3_client.meta.events.register(f"{event}.ecr", fail)
    before = len(ecr.requests)

    with pytest.raises(OwnError) as caught:
        ours(boto3_client)

    assert caught.value is own
    assert len(ecr.requests) - before <= 1


def test_nothing_is_registered_on_the_client(ecr: FakeECR, boto3_client: Any, image: Image) -> None:
    """Its emitter, its endpoint and its attributes are the same objects before, during and after our calls."""

    def state() -> list[Any]:
        events = boto3_client.meta.events
        handlers = [events.__dict__, events._emitter._handlers._root, events._emitter._lookup_cache.keys()]
        return [*map(id, (events, boto3_client._endpoint, boto3_client._endpoint._event_emitter)), repr(handlers[1])]

    during: list[Any] = []
    boto3_client.meta.events.register("before-send.ecr", lambda **_: during.append(state()))
    before = state(), sorted(vars(boto3_client))

    ours(boto3_client)
    client = Client(boto3_client)
    ecr.inject_faults(Fault.truncated())
    with pytest.raises(MalformedResponseError):
        client.get_image("team/app", "v1")

    assert (state(), sorted(vars(boto3_client))) == before
    assert during == [before[0]] * 2
    assert type(boto3_client).__module__ == "botocore.client"
    assert boto3_client.meta.config.user_agent_extra is None


def test_a_raw_call_stays_boto3s(ecr: FakeECR, boto3_client: Any, image: Image) -> None:
    """After our calls, a raw call that is truncated is boto3's empty response, without a retry."""
    ours(boto3_client)
    before = len(ecr.requests)
    ecr.inject_faults(Fault.truncated())

    raw = boto3_client.describe_images(repositoryName="team/app")

    assert "imageDetails" not in raw
    assert len(ecr.requests) == before + 1


def test_threads_share_a_client(ecr: FakeECR, boto3_client: Any) -> None:
    """Each thread gets its own repository, with faults in some, and raw calls beside are boto3's own."""
    images = {f"team/app-{n}": [ecr.add_image(f"team/app-{n}") for _ in range(5)] for n in range(4)}
    client = Client(ecr.client(Config(max_pool_connections=20)))
    ecr.inject_faults(*[Fault.throttling(), None] * 3, repository_name="team/app-0")
    barrier = threading.Barrier(8)

    def list_ours(name: str) -> list[Image]:
        barrier.wait()
        listing = client.describe_images(name, page_size=2)
        came: list[Image] = []
        while True:
            try:
                came.append(next(listing))
            except ThrottlingError as error:
                assert error.repository_name == "team/app-0"  # noqa: PT017
            except StopIteration:
                return came

    def list_raw(name: str) -> list[Any]:
        barrier.wait()
        paginator = boto3_client.get_paginator("describe_images")
        pages = paginator.paginate(repositoryName=name, PaginationConfig={"PageSize": 2})
        return [detail["imageDigest"] for page in pages for detail in page["imageDetails"]]

    with ThreadPoolExecutor(8) as pool:
        listed = [pool.submit(list_ours, name) for name in images]
        raw = [pool.submit(list_raw, name) for name in itertools.islice(images, 1, None)] + [pool.submit(barrier.wait)]

    for name, future in zip(images, listed, strict=True):
        assert sorted(future.result(), key=str) == sorted(images[name], key=str)
    for name, raw_future in zip(itertools.islice(images, 1, None), raw, strict=False):
        assert sorted(raw_future.result()) == sorted(image.digest for image in images[name])  # type: ignore[arg-type]


class Proxy:
    """A wrapper that looks like the function in every way, as wrapt's do, and leaves an image out of the response."""

    def __init__(self, function: Any) -> None:
        self._function = function

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self._function)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)

    def __get__(self, instance: Any, owner: Any) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        returned = self._function(*arguments)
        parsed = returned[1] if isinstance(returned, tuple) else returned
        parsed["imageDetails"].pop()
        return returned


@pytest.mark.parametrize(
    "method",
    ["client.BaseClient._make_api_call", "client.BaseClient._make_request", "endpoint.Endpoint.make_request"],
)
@pytest.mark.usefixtures("image")
def test_what_a_tracer_changes_counts(boto3_client: Any, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """A method of botocore's may be wrapped after the Client was made, whatever the wrapper looks like."""
    client = Client(boto3_client)
    assert len(list(client.describe_images("team/app"))) == 1
    owner, _, name = method.rpartition(".")
    module, _, class_name = owner.partition(".")
    original = getattr(getattr(importlib.import_module(f"botocore.{module}"), class_name), name)
    monkeypatch.setattr(f"botocore.{method}", Proxy(original))

    assert list(client.describe_images("team/app")) == []


def test_a_handler_that_is_registered_during_a_call_counts(boto3_client: Any, image: Image) -> None:
    """A handler of an early event may register one that changes the response."""

    def empty(parsed: dict[str, Any], **_: object) -> None:
        parsed["imageDetails"].clear()

    def register(**_: object) -> None:
        boto3_client.meta.events.register("after-call.ecr.DescribeImages", empty)

    assert ours(boto3_client) == [image]
    boto3_client.meta.events.register("before-call.ecr.DescribeImages", register)

    assert ours(boto3_client) == []


def test_a_mock_is_a_handler(boto3_client: Any, image: Image) -> None:
    """A mock with the specification of a function is called as a handler."""
    handler = Mock(spec=print, return_value=None)
    function = Mock(spec=ours, return_value=None)
    for mock in (handler, function):
        boto3_client.meta.events.register("after-call.ecr", mock)

    assert ours(boto3_client) == [image]
    assert handler.called
    assert function.called
