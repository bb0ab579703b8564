from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import Mock

import pytest
from samples import PUSHED, body_of, detail, digest, image, needs_image_status
from wire import Wire, session

import ecrimages
from ecrimages import (
    AccessDeniedError,
    Client,
    ConfigurationError,
    ECRImagesError,
    MalformedResponseError,
    RepeatedTokenError,
    ThrottlingError,
)
from ecrimages.testing import FakeECR, Fault


def client_of(region_name: str) -> Client:
    """Return a client of a region, which makes no request."""
    return Client(session().client("ecr", region_name=region_name))


NAMES = [f"team/app-{number:04}" for number in range(1002)]


@pytest.fixture(scope="module")
def large() -> Iterator[FakeECR]:
    """A registry whose repositories are two pages."""
    with FakeECR() as ecr:
        for name in NAMES:
            ecr.add_repository(name)
        yield ecr


def test_the_newest_images_come_newest_first(ecr: FakeECR, client: Client) -> None:
    """Every page is read; of those pushed at the same time, the lower digest comes first."""
    hours = [5, 1, 9, 9, 3, 7, 9]
    images = [
        ecr.add_image("team/app", digest=digest(number), pushed_at=PUSHED + timedelta(hours=hour))
        for number, hour in enumerate(hours)
    ]

    newest = {count: client.newest_images("team/app", count, page_size=2) for count in (0, 1, 4, 99)}

    by_age = [images[number] for number in (2, 3, 6, 5, 0, 4, 1)]
    assert newest == {count: by_age[:count] for count in newest}
    assert client.newest_images("team/app") == by_age[:1]


def test_the_newest_of_all_times(ecr: FakeECR, client: Client) -> None:
    """Times in any zone, and at the ends of the calendar, are compared as instants."""
    zone = timezone(timedelta(hours=14))
    times = [datetime(1, 1, 1, 14, tzinfo=zone), datetime.max.replace(tzinfo=UTC, microsecond=0), PUSHED]
    images = [ecr.add_image("team/app", pushed_at=time) for time in times]

    assert client.newest_images("team/app", 3) == [images[1], images[2], images[0]]


@needs_image_status
def test_the_newest_of_some_images(ecr: FakeECR, client: Client) -> None:
    """`where` is a predicate on Image, and the filters are those of the listing."""
    for number in range(4):
        ecr.add_image("team/app", tags=[f"v{number}"] if number < 3 else [], pushed_at=PUSHED + timedelta(hours=number))
    archived = ecr.add_image("team/app", tags=["old"], status="ARCHIVED", pushed_at=PUSHED)

    by_tag = client.newest_images("team/app", where=lambda image: "v1" in image.tags)
    tagged = client.newest_images("team/app", tag_status="TAGGED")

    assert [image.tags for image in by_tag + tagged] == [("v1",), ("v2",)]
    assert client.newest_images("team/app", 9, where=lambda _: False) == []
    assert client.newest_images("team/app", image_status="ARCHIVED") == [archived]


def test_repository_names_come_from_every_page(large: FakeECR) -> None:
    """Names come from all pages, 1000 repositories per request, and none before the first next()."""
    before = len(large.requests)
    names = Client(large.client()).repository_names()
    at_the_call = large.requests[before:]

    came = list(names)

    sent = [(request.operation, request.parameters["maxResults"]) for request in large.requests[before:]]
    assert came == NAMES
    assert at_the_call == ()
    assert sent == [("DescribeRepositories", 1000)] * 2
    assert repr(names) == "<NameIterator: 1002 names yielded, finished>"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.truncated(), MalformedResponseError),
        (Fault.html(status=200), MalformedResponseError),
        (Fault.body(b"{}"), MalformedResponseError),
        (Fault.body(b'{"repositories": [null]}'), MalformedResponseError),
        (Fault.body(b'{"repositories": {}}'), MalformedResponseError),
        (Fault.edit(lambda body: body.update(nextToken=1)), MalformedResponseError),
        (Fault.throttling(), ThrottlingError),
        (Fault.error("AccessDeniedException"), AccessDeniedError),
        (Fault.repeated_token(), RepeatedTokenError),
    ],
    ids=["half", "HTML", "no list", "null", "no array", "token", "throttling", "denied", "repeated token"],
)
def test_a_page_of_names_that_failed_is_requested_again(
    large: FakeECR, fault: Fault, error: type[ECRImagesError]
) -> None:
    """A truncated page is an error and not a shorter registry, and the iterator resumes with it."""
    names = Client(large.client()).repository_names()
    came = list(itertools.islice(names, 1000))
    large.inject_faults(fault)

    with pytest.raises(error) as caught:
        next(names)
    came += names

    assert came == NAMES
    assert caught.value.repository_name is None
    assert getattr(caught.value, "operation_name", None) == "DescribeRepositories"


@pytest.mark.parametrize(
    "call",
    [
        lambda client, **more: next(client.describe_images("team/app", **more)),
        lambda client, **more: client.get_image("team/app", "v1", **more),
        lambda client, **more: next(client.get_images("team/app", ["v1"], **more)),
        lambda client, **more: client.image_exists("team/app", "v1", **more),
        lambda client, **more: client.newest_images("team/app", **more),
        lambda client, **more: next(client.repository_names(**more)),
    ],
    ids=["describe_images", "get_image", "get_images", "image_exists", "newest_images", "repository_names"],
)
def test_the_registry_of_a_call(ecr: FakeECR, call: Any) -> None:
    """A call's registry_id comes before the client's default, and without either none is sent."""
    for registry in ("111111111111", "222222222222", "123456789012"):
        ecr.add_image("team/app", tags=["v1"], registry_id=registry)
    with_default = Client(ecr.client(), registry_id="111111111111")

    call(with_default)
    call(with_default, registry_id="222222222222")
    call(Client(ecr.client()))

    assert [request.parameters.get("registryId") for request in ecr.requests] == ["111111111111", "222222222222", None]
    assert with_default.registry_id == "111111111111"


@pytest.mark.parametrize(
    ("region_name", "host"),
    [
        ("eu-west-1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        ("cn-north-1", "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_the_uri_of_an_image(region_name: str, host: str) -> None:
    """It has the DNS suffix of the client's partition, and the digest, or one of the tags."""
    client = client_of(region_name)

    assert client.region_name == region_name
    assert client.image_uri(image()) == f"{host}/team/app@{digest(1)}"
    assert client.image_uri(image(), tag="v1") == f"{host}/team/app:v1"
    assert ecrimages.ImageURI.parse(client.image_uri(image())).digest == digest(1)


def test_every_partitions_suffix_is_known() -> None:
    """Each DNS suffix of botocore's own data is one that ImageURI.parse() takes."""
    for partition in session().get_available_partitions():
        for region_name in session().get_available_regions("ecr", partition)[:1]:
            client = client_of(region_name)

            assert ecrimages.ImageURI.parse(client.image_uri(image())).region_name == region_name


def test_a_client_that_was_handed_in_stays_open(ecr: FakeECR) -> None:
    """close() and `with` leave the application's boto3 client alone."""
    boto3_client: Any = ecr.client()
    added = ecr.add_image("team/app")

    with Client(boto3_client) as client:
        assert list(client.describe_images("team/app")) == [added]

    assert boto3_client.describe_images(repositoryName="team/app")["imageDetails"]


@pytest.mark.parametrize(
    "call",
    [
        lambda client, **more: list(client.describe_images("team/app", **more)),
        lambda client, **more: client.get_image("team/app", "v1", **more),
        lambda client, **more: client.image_exists("team/app", "v1", **more),
        lambda client, **more: client.newest_images("team/app", **more),
    ],
    ids=["describe_images", "get_image", "image_exists", "newest_images"],
)
@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"repositoryName": "team/other"}, "imageDetails[1].repositoryName"),
        ({"registryId": "999999999999"}, "imageDetails[1].registryId"),
    ],
)
def test_anothers_images_are_no_response(ecr: FakeECR, client: Client, call: Any, fields: Any, path: str) -> None:
    """An image of another repository, or of another registry than was named, is an error with its path."""
    ecr.inject_faults(Fault.body(body_of(detail(1), detail(2, **fields))))

    with pytest.raises(MalformedResponseError, match=r"expected '.*', which was asked for, not '") as caught:
        call(client, registry_id="123456789012")

    assert (caught.value.path, caught.value.repository_name) == (path, "team/app")


def test_the_registry_of_an_image_is_its_own_where_none_was_named(ecr: FakeECR, client: Client) -> None:
    """Without registry_id, ECR says which registry is the caller's."""
    ecr.inject_faults(Fault.body(body_of(detail(1, registryId="999999999999"))))

    [listed] = client.describe_images("team/app")

    assert listed.registry_id == "999999999999"


def test_the_functions_are_the_methods_of_one_client() -> None:
    """Each function of the module is a method of Client, with its signature and documentation."""
    functions: list[Any] = [
        value
        for name, value in vars(ecrimages).items()
        if callable(value) and name.islower() and not name.startswith("_")
    ]

    assert {function.__name__ for function in functions} <= set(vars(Client))
    assert len({id(function.__self__) for function in functions}) == 1
    assert isinstance(functions[0].__self__, Client)
    assert all(function.__func__ is getattr(Client, function.__name__) for function in functions)


def test_a_predicate_that_raises_stop_iteration_ends_nothing(ecr: FakeECR, client: Client) -> None:
    """next() without a default in `where` is an error, and not the end of the images."""
    for number in range(3):
        ecr.add_image("team/app", tags=[f"v{number}"])

    with pytest.raises(RuntimeError, match="StopIteration"):
        client.newest_images("team/app", 3, where=lambda image: next(tag for tag in image.tags if tag != "v1"))


@pytest.mark.slow
def test_a_large_count_takes_linear_time() -> None:
    """The images so far are not sorted again for each page: that would take many times as long as the requests."""

    def respond(request: dict[str, Any]) -> bytes:
        page = int(request.get("nextToken", 0))
        token = {"nextToken": str(page + 1)} if page < 1999 else {}
        return body_of(*(detail(10 * page + number) for number in range(10)), **token)

    client = Client(Wire(respond).client)

    def least(read: Callable[[], Iterable[object]]) -> float:
        times = []
        for _ in range(3):
            before = time.process_time()
            assert len(list(read())) == 20_000
            times.append(time.process_time() - before)
        return min(times)

    listed = least(lambda: client.describe_images("team/app"))
    assert least(lambda: client.newest_images("team/app", 10**6)) < 3 * listed


def test_a_partition_that_botocore_does_not_know() -> None:
    """The URI of an image of a client with a foreign partition is an error that names it."""
    boto3_client = Mock()
    boto3_client.meta.partition = "aws-moon"

    with pytest.raises(ConfigurationError, match="aws-moon"):
        Client(boto3_client).image_uri(image())


def test_a_name_that_a_response_holds_twice_comes_once(ecr: FakeECR, client: Client) -> None:
    """So the images of the repository come once."""
    added = ecr.add_image("team/app")
    twice = Fault.edit(lambda document: document["repositories"].append(document["repositories"][0]))
    ecr.inject_faults(twice, twice, operation="DescribeRepositories")

    assert list(client.repository_names()) == ["team/app"]
    assert list(client.registry_images()) == [added]
