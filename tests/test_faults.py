"""Whatever goes wrong with a response is one of the library's errors, and loses no image."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config
from fault_cases import CASES, Case, bring_about, in_second, with_fields
from samples import PUSHED

from ecrimages import (
    Client,
    ECRImagesError,
    Image,
    MalformedResponseError,
    ResponseError,
    ServerError,
    ServiceError,
    ThrottlingError,
)
from ecrimages.testing import FakeECR, Fault

Mode = Literal["legacy", "standard", "adaptive"]


@pytest.fixture(scope="module")
def ecr(shared: FakeECR) -> FakeECR:
    """One fake for all tests here: each of them takes the faults that it injects."""
    return shared


@pytest.fixture(scope="module")
def boto3_client(ecr: FakeECR) -> Any:
    """One client for all tests that need no configuration."""
    return ecr.client()


@pytest.fixture(scope="module")
def images(ecr: FakeECR) -> list[Image]:
    """The eight images of `team/app`, in the order of the fake: by digest."""
    added = [ecr.add_image("team/app", tags=[f"v{number}"], pushed_at=PUSHED) for number in range(8)]
    return sorted(added, key=lambda image: image.digest)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_loses_no_image(ecr: FakeECR, boto3_client: Any, images: list[Image], case: Case) -> None:
    """It is the library's own error, with everything there is to know, and the iterator resumes with the page."""
    listing = Client(boto3_client).describe_images("team/app", page_size=3)
    came = list(itertools.islice(listing, 3))
    bring_about(case, ecr, boto3_client)

    with pytest.raises(case.error) as caught:
        next(listing)
    came += listing

    error = caught.value
    assert came == images
    assert case.text in str(error)
    assert str(error).isprintable()
    assert len(str(error)) < 800
    assert error.retryable is case.retryable
    assert error.repository_name == "team/app"
    assert getattr(error, "path", None) == case.path or case.error is ECRImagesError
    if isinstance(error, (ServiceError, ResponseError)):
        assert error.operation_name == "DescribeImages"
        # botocore drops the headers of a 5xx without JSON.
        assert error.request_id is not None or case.error is ServerError or not isinstance(case.fault, Fault)
    if isinstance(error, ServiceError):
        assert f"HTTP {error.http_status}" in str(error)
        assert error.__cause__ is not None


SOME = ("200 with half a body", "throttling", "connection reset")


@pytest.mark.parametrize("case", [case for case in CASES if case.name in SOME], ids=lambda case: case.name)
@pytest.mark.parametrize(
    "way",
    [
        lambda client: (
            image for page in client.describe_images("team/app", page_size=3).pages() for image in page.images
        ),
        lambda client: client.get_images("team/app", [f"v{number}" for number in range(8)]),
        lambda client: iter(client.newest_images("team/app", 8)),
        lambda client: iter([client.get_image("team/app", f"v{number}") for number in range(8)]),
    ],
    ids=["pages", "get_images", "newest_images", "get_image"],
)
def test_a_fault_is_the_same_error_in_every_way(
    ecr: FakeECR, boto3_client: Any, images: list[Image], case: Case, way: Callable[[Client], Iterator[Image]]
) -> None:
    """The other ways to read have the same errors, and their images after them."""
    client = Client(boto3_client)
    bring_about(case, ecr, boto3_client)

    with pytest.raises(case.error, match=case.text) as caught:
        list(way(client))

    assert caught.value.retryable is case.retryable
    assert sorted(way(client), key=lambda image: image.digest) == images


@pytest.mark.parametrize("by_page", [False, True])
def test_a_fault_can_come_again_and_again(ecr: FakeECR, client: Client, images: list[Image], by_page: bool) -> None:
    """However often a page fails, none of its images comes out before the page is known to be good."""
    before = len(ecr.requests)
    listing = client.describe_images("team/app", page_size=3)
    way: Iterator[Any] = listing.pages() if by_page else listing
    came = list(itertools.islice(way, 1 if by_page else 3))
    ecr.inject_faults(*[in_second(imagePushedAt=None)] * 3)

    for _ in range(3):
        with pytest.raises(MalformedResponseError):
            next(way)
        assert "3 images yielded, more to come" in repr(listing)
    came += way

    assert ([image for page in came for image in page.images] if by_page else came) == images
    assert len(ecr.requests) - before == 6


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (in_second(imageScanStatus={"status": "NEW"}), lambda image: image.scan_status.status == "NEW"),
        (in_second(imageStatus="FROZEN"), lambda image: image.status == "FROZEN"),
        (
            in_second(imageScanFindingsSummary={"findingSeverityCounts": {"APOCALYPTIC": 1, "LOW": None}}),
            lambda image: image.severity_counts == {"APOCALYPTIC": 1},
        ),
        (in_second(newField={"deep": [1]}), lambda image: image.extra == {"newField": {"deep": (1,)}}),
        (in_second(imageTags=None), lambda image: image.tags == ()),
        (in_second(imageTags=[]), lambda image: image.tags == ()),
        (in_second(imageTags=["v1", None]), lambda image: image.tags == ("v1",)),
        (in_second(imageSizeInBytes=None), lambda image: image.size_in_bytes is None),
        (in_second(imageSizeInBytes=3.0e9), lambda image: image.size_in_bytes == 3_000_000_000),
        (in_second(imagePushedAt=1.768230146e9), lambda image: image.pushed_at == PUSHED),
        (with_fields(newField=[1]), lambda image: image.extra == {}),
    ],
    ids=[
        "scan status",
        "status",
        "severity",
        "field",
        "tags null",
        "no tags",
        "a tag null",
        "size null",
        "long",
        "time",
        "top",
    ],
)
def test_what_is_no_fault(
    ecr: FakeECR, client: Client, images: list[Image], fault: Fault, seen: Callable[[Image], bool]
) -> None:
    """Nulls, unknown fields and unknown values are no reason to stop."""
    ecr.inject_faults(None, fault)

    came = list(client.describe_images("team/app", page_size=3))

    assert [image.digest for image in came] == [image.digest for image in images]
    assert seen(came[4])


def configured(mode: Mode, attempts: int) -> Config:
    """Return the configuration of a client that makes so many attempts."""
    return Config(retries={"mode": mode, "total_max_attempts": attempts})


@pytest.mark.parametrize(
    ("mode", "attempts", "fault"),
    [
        ("legacy", 3, Fault.server_error()),
        ("legacy", 3, Fault.truncated()),
        ("standard", 1, Fault.server_error()),
        ("standard", 1, Fault.truncated()),
        ("standard", 3, Fault.server_error()),
        ("standard", 3, Fault.reset()),
        ("standard", 3, Fault.truncated()),
        ("standard", 3, Fault.closed()),
        ("standard", 3, Fault.html(status=200)),
        ("adaptive", 3, Fault.server_error()),
        ("adaptive", 3, Fault.truncated()),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else str(value),
)
def test_a_fault_is_retried_as_often_as_configured(
    ecr: FakeECR, images: list[Image], delays: list[float], mode: Mode, attempts: int, fault: Fault
) -> None:
    """A page that stays truncated is requested as often as one that the service fails to return."""
    listing = Client(ecr.client(configured(mode, attempts))).describe_images("team/app", page_size=3)
    came = list(itertools.islice(listing, 3))
    before = len(ecr.requests)
    ecr.inject_faults(*[fault] * attempts)

    with pytest.raises(ECRImagesError) as caught:
        next(listing)
    requests = len(ecr.requests) - before
    came += listing

    assert caught.value.retryable is True
    assert (requests, len(delays)) == (attempts, attempts - 1)
    assert all(0 <= delay <= 2.0**number for number, delay in enumerate(delays))
    assert came == images


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_faults_that_pass_are_not_seen(ecr: FakeECR, images: list[Image], delays: list[float], mode: Mode) -> None:
    """If the last attempt brings the page, the caller notices nothing; all faults are of one count."""
    before = len(ecr.requests)
    ecr.inject_faults(Fault.truncated(), Fault.server_error(), None, Fault.html(status=200), Fault.reset())
    listing = Client(ecr.client(configured(mode, 3))).describe_images("team/app", page_size=3)

    assert list(listing) == images
    assert len(ecr.requests) - before == 3 + 4
    assert len(delays) == 4


@pytest.mark.parametrize(
    ("retries", "environment"),
    [
        (None, {}),
        ({"mode": "legacy"}, {}),
        ({"mode": "standard"}, {}),
        ({"max_attempts": 0}, {}),
        ({"max_attempts": 3}, {}),
        ({"mode": "adaptive", "total_max_attempts": 6}, {}),
        (None, {"AWS_MAX_ATTEMPTS": "2"}),
        (None, {"AWS_RETRY_MODE": "legacy"}),
        ({"total_max_attempts": 4}, {"AWS_MAX_ATTEMPTS": "2", "AWS_RETRY_MODE": "adaptive"}),
    ],
    ids=str,
)
def test_the_count_is_botocores(
    default_session: FakeECR, monkeypatch: pytest.MonkeyPatch, delays: list[float], retries: Any, environment: Any
) -> None:
    """A truncated body is requested as often as botocore requests after a reset, wherever that is configured."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = Client(boto3.Session().client("ecr", config=Config(retries=retries)))
    before = len(default_session.requests)

    for name, fault in {"team/reset": Fault.reset(), "team/truncated": Fault.truncated()}.items():
        default_session.add_repository(name)
        default_session.inject_faults(*[fault] * 9, repository_name=name)
        with pytest.raises(ECRImagesError):
            next(client.describe_images(name))

    counts = Counter(request.parameters["repositoryName"] for request in default_session.requests[before:])
    assert counts["team/reset"] == counts["team/truncated"] > 0


def test_an_exception_of_the_next_attempt_comes_out(ecr: FakeECR, images: list[Image], delays: list[float]) -> None:
    """What an attempt raises without a response is not retried because an earlier response was truncated."""
    boto3_client: Any = ecr.client(configured("standard", 4))
    raised = [LookupError("own")]

    def fail(**_: object) -> None:
        if delays and raised:
            raise raised.pop()

    boto3_client.meta.events.register("before-send.ecr", fail)
    ecr.inject_faults(Fault.truncated())
    listing = Client(boto3_client).describe_images("team/app")

    with pytest.raises(LookupError, match="own"):
        next(listing)

    assert len(delays) == 1
    assert list(listing) == images


def test_names_are_retried_too(ecr: FakeECR, delays: list[float]) -> None:
    """A truncated list of repositories is requested again."""
    ecr.inject_faults(Fault.truncated(), Fault.truncated())

    assert "team/app" in list(Client(ecr.client(configured("standard", 3))).repository_names())
    assert len(delays) == 2


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_throttling_is_retried_by_botocore(ecr: FakeECR, delays: list[float], mode: Mode) -> None:
    """What botocore is configured to retry, it does, and no more than that."""
    before = len(ecr.requests)
    ecr.inject_faults(*[Fault.throttling()] * 3)

    with pytest.raises(ThrottlingError, match="configure more retries"):
        next(Client(ecr.client(configured(mode, 3))).describe_images("team/app"))

    assert len(ecr.requests) - before == 3
    assert len(delays) == 2


PERMANENT = [case for case in CASES if isinstance(case.fault, Fault) and not case.retryable and case.name != "501"]


@pytest.mark.parametrize("case", PERMANENT[::4], ids=lambda case: case.name)
def test_what_will_not_pass_is_not_retried(ecr: FakeECR, images: list[Image], delays: list[float], case: Case) -> None:
    """A response that would be the same again, such as one with a field of a wrong type, is requested once."""
    boto3_client = ecr.client(configured("standard", 3))
    listing = Client(boto3_client).describe_images("team/app", page_size=3)
    next(listing.pages())
    before = len(ecr.requests)
    bring_about(case, ecr, boto3_client)

    with pytest.raises(case.error):
        next(listing)

    assert len(ecr.requests) - before == 1
    assert delays == []


def test_a_delay_has_a_bound(ecr: FakeECR, delays: list[float]) -> None:
    """However many attempts are configured, no delay is longer than 20 seconds, as in botocore."""
    before = len(ecr.requests)
    ecr.inject_faults(*[Fault.truncated()] * 12)

    with pytest.raises(MalformedResponseError):
        next(Client(ecr.client(configured("standard", 12))).describe_images("team/app"))

    assert len(ecr.requests) - before == 12
    assert max(delays) <= 20


@pytest.mark.parametrize("beginning", [b"", b'{"imageDetails": [', b'{"imageDetails": [{"imageDigest": 1}], "more": "'])
def test_an_error_does_not_keep_the_body(ecr: FakeECR, boto3_client: Any, beginning: bytes) -> None:
    """A program may keep an error for each of thousands of repositories."""
    client, size = Client(boto3_client), 8_000_000
    end = b'"}' if beginning.endswith(b'"') else b""
    ecr.inject_faults(Fault.body(beginning + b" " * size + end))
    tracemalloc.start()
    try:
        with pytest.raises(MalformedResponseError) as caught:
            client.get_image("team/app", "v1")
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert caught.value.__traceback__ is not None
    assert kept < size / 8
