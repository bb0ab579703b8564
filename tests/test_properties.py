from __future__ import annotations

import copy
import itertools
import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given, settings, strategies as st
from model_strategies import JSON, WITHOUT_DEADLINE, image_details, odd_image_details

from ecrimages import (
    Client,
    ECRImagesError,
    Image,
    ImagePage,
    MalformedResponseError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages._iterator import ImageIterator
from ecrimages._transport import Transport
from ecrimages.testing import FakeECR, Fault

PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
IMAGES = [
    Image(
        registry_id="123456789012",
        repository_name="team/app",
        digest=f"sha256:{number:064x}",
        pushed_at=PUSHED + timedelta(hours=number),
        tags=(f"v{number}",),
    )
    for number in range(40)
]
OVER_THE_WIRE = settings(WITHOUT_DEADLINE, max_examples=60)

ERRORS: list[ECRImagesError] = [
    ThrottlingError({"Error": {"Code": "ThrottlingException"}}),
    ServiceError({"Error": {"Code": "NewException"}}),
    TransportError("connection reset", retryable=True),
    MalformedResponseError("missing", path="imageDetails"),
]
FAULTS = [
    Fault.throttling(),
    Fault.server_error(),
    Fault.access_denied(),
    Fault.html(status=200),
    Fault.html(),
    Fault.truncated(0.9),
    Fault.closed(0.1),
    Fault.reset(),
    Fault.empty_page(),
    Fault.edit(lambda answer: answer.pop("imageDetails")),
    Fault.edit(lambda answer: answer.update(nextToken=1)),
]


class Pages:
    """Stands in for the calls of DescribeImages: gives pages of any sizes, and fails when it is told to."""

    def __init__(self, sizes: list[int], faults: Sequence[object]) -> None:
        starts = [0, *itertools.accumulate(sizes)]
        self.images = IMAGES[: starts[-1]]
        self._pages = [tuple(self.images[start:end]) for start, end in itertools.pairwise(starts)]
        self._faults = iter(faults)
        self._last = len(self._pages) - 1

    def __call__(self, request: Mapping[str, Any]) -> ImagePage:
        """Return the page that is asked for, or raise what is to go wrong."""
        number = int(request.get("nextToken", "page 0").split()[1])
        fault = next(self._faults, None)
        if isinstance(fault, ECRImagesError):
            raise fault
        if fault == "repeated" and "nextToken" in request:
            return ImagePage(images=self._pages[number], next_token=request["nextToken"])
        token = None if number == self._last else f"page {number + 1}"
        images = self._pages[number][: request["maxResults"]]
        return ImagePage(images=images, next_token=token)


@st.composite
def pages(draw: st.DrawFn) -> Pages:
    """Return a repository in pages of any sizes, empty ones too, with faults between."""
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=8))
    faults = draw(st.lists(st.none() | st.sampled_from([*ERRORS, "repeated"]), max_size=20))
    return Pages(sizes, faults)


def iterate(describe: Pages, **arguments: Any) -> ImageIterator:
    """Begin to list the repository."""
    request = {"repositoryName": "team/app", **arguments.pop("request", {})}
    return ImageIterator(describe, request, **{"page_size": 1000, "limit": None, **arguments})


def all_of(iterator: Iterator[Any]) -> Iterator[Any]:
    """Give what an iterator gives, asking it again after each error."""
    while True:
        try:
            yield next(iterator)
        except StopIteration:
            return
        except ECRImagesError:
            continue


@given(pages())
def test_each_image_comes_once(describe: Pages) -> None:
    """However the images are cut into pages and whatever fails, each comes once, in the service's order."""
    iterator = iterate(describe)

    images = list(all_of(iterator))

    assert images == describe.images
    assert list(iterator) == []
    assert iterator.next_token is None


@given(pages())
def test_each_page_comes_once(describe: Pages) -> None:
    """By page it is the same, and only the last page may be empty."""
    read = list(all_of(iterate(describe).pages()))

    assert [image for page in read for image in page.images] == describe.images
    assert all(page.images for page in read[:-1])
    assert [page.next_token is None for page in read] == [False] * (len(read) - 1) + [True] * bool(read)


@given(pages(), st.lists(st.sampled_from(["image", "page", "resume"]), max_size=12))
def test_images_and_pages_by_turns(describe: Pages, steps: list[str]) -> None:
    """Images, pages and new listings at a saved token can follow on each other, and leave nothing out."""
    iterator = iterate(describe)
    images: list[Image] = []

    for step in steps:
        if step == "image":
            images += itertools.islice(all_of(iterator), 1)
            continue
        images += next(all_of(iterator.pages()), ImagePage(images=())).images
        # Between pages, the token and the images that came are all there is to know.
        if step == "resume" and iterator.next_token is not None:
            iterator = iterate(describe, request={"nextToken": iterator.next_token})
    images += all_of(iterator)

    assert images == describe.images


@given(pages(), st.integers(0, 30), st.integers(4, 9))
def test_a_limit_is_kept(describe: Pages, limit: int, page_size: int) -> None:
    """With a limit so many images come, however the pages fall, and no request asks for more than is left."""
    came: list[Image] = []

    def watched(request: Mapping[str, Any]) -> ImagePage:
        assert request["maxResults"] == min(page_size, limit - len(came))
        page = describe(request)
        if page.next_token != request.get("nextToken"):
            came.extend(page.images)
        return page

    request = {"repositoryName": "team/app"}
    images = list(all_of(ImageIterator(watched, request, page_size=page_size, limit=limit)))

    assert images == describe.images[:limit]


@pytest.fixture(scope="module")
def ecr() -> Iterator[FakeECR]:
    """Give an ECR with a repository, for all examples."""
    with FakeECR() as ecr:
        ecr.add_images(IMAGES[:12])
        yield ecr


@pytest.fixture(scope="module")
def boto3_client(ecr: FakeECR) -> Any:
    """Give a boto3 client that makes one attempt at each request."""
    return ecr.client()


@pytest.fixture(scope="module")
def client(boto3_client: Any) -> Client:
    """Give a client for all examples."""
    return Client(boto3_client)


@given(
    page_size=st.integers(1, 13),
    script=st.lists(st.none() | st.sampled_from(FAULTS), max_size=10),
    by_page=st.booleans(),
)
@OVER_THE_WIRE
def test_each_image_comes_once_over_the_wire(
    ecr: FakeECR, client: Client, page_size: int, script: list[Fault | None], by_page: bool
) -> None:
    """With faults on any requests, and pages of any size, each image comes over the wire once."""
    ecr.inject_faults(*script)
    listing = client.describe_images("team/app", page_size=page_size)

    if by_page:
        images = [image for page in all_of(listing.pages()) for image in page.images]
    else:
        images = list(all_of(listing))

    assert images == IMAGES[:12]
    # What is left of the script is not for the next example.
    for _ in script:
        list(all_of(client.describe_images("team/app")))


STATUSES = st.sampled_from([200, 200, 200, 201, 206, 302, 400, 403, 404, 413, 429, 500, 502, 503])
ANSWERS = st.fixed_dictionaries(
    {"imageDetails": st.lists(image_details() | odd_image_details(), max_size=3) | JSON},
    optional={"nextToken": st.text(max_size=5) | JSON, "newMember": JSON},
)
REFUSALS = st.fixed_dictionaries(
    {},
    optional={
        "__type": JSON | st.sampled_from(["ServerException", "a#b#ImageNotFoundException", "#", ""]),
        **dict.fromkeys(("message", "Message", "code", "Code", "Error", "Errors", "requestID"), JSON),
    },
)
BODIES = st.binary(max_size=60) | st.builds(
    lambda document: json.dumps(document).encode(), JSON | ANSWERS | REFUSALS
)


@given(body=BODIES, status=STATUSES)
@settings(WITHOUT_DEADLINE, max_examples=250)
def test_whatever_the_body_the_errors_are_the_librarys(
    ecr: FakeECR, boto3_client: Any, body: bytes, status: int
) -> None:
    """Any bytes and any JSON, as an answer or as an error, give a page or one of the library's errors."""
    ecr.inject_faults(Fault.body(body, status=status))

    try:
        page = Transport(boto3_client).describe_images({"repositoryName": "team/app"})
    except ECRImagesError as error:
        check_error(error, status)
    else:
        assert status < 300
        assert len(page.images) == len(json.loads(body)["imageDetails"])
        assert page.next_token == (json.loads(body).get("nextToken") or None)


def check_error(error: ECRImagesError, status: int) -> None:
    """Check that an error is whole: of the right kind, one line, and picklable."""
    assert isinstance(error, ServiceError if status >= 300 else MalformedResponseError)
    assert type(error).__module__ == "ecrimages"
    assert "\n" not in str(error)
    assert len(str(error)) < 5000
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), str(twin)) == (type(error), str(error))
    if isinstance(error, ServiceError):
        assert error.http_status == status


@given(body=BODIES, status=STATUSES)
@OVER_THE_WIRE
def test_whatever_the_body_a_lookup_raises_the_librarys_errors(
    ecr: FakeECR, client: Client, body: bytes, status: int
) -> None:
    """Looked up by ids it is the same: of what was not asked for, nothing comes out."""
    asked = [IMAGES[3].digest, IMAGES[5].digest]
    ecr.inject_faults(Fault.body(body, status=status))
    lookup = client.get_images("team/app", asked, missing="skip")

    images = [image for image in all_of(lookup) if isinstance(image, Image)]

    assert {image.digest for image in images} <= set(asked)
    # What a refusal left of the ids, or of the script, is not for the next example.
    list(all_of(client.describe_images("team/app")))


@given(image_details(), st.booleans())
@WITHOUT_DEADLINE
def test_an_image_survives_its_dict(detail: dict[str, Any], wire: bool) -> None:
    """`Image.from_dict(image.to_dict())` is the same image, in boto3's form and in the wire's."""
    image = Image.from_dict(detail)

    twin = Image.from_dict(image.to_dict(wire=wire))

    assert twin == image
    assert twin.to_dict(wire=wire) == image.to_dict(wire=wire)
    assert extra_of(twin) == extra_of(image)


@given(image_details())
@WITHOUT_DEADLINE
def test_an_image_survives_json(detail: dict[str, Any]) -> None:
    """In the wire's form it can go through JSON."""
    image = Image.from_dict(detail)

    twin = Image.from_dict(json.loads(json.dumps(image.to_dict(wire=True))))

    assert twin == image


@given(image_details(), st.integers(0, pickle.HIGHEST_PROTOCOL))
@WITHOUT_DEADLINE
def test_a_pickle_or_copy_is_equal(detail: dict[str, Any], protocol: int) -> None:
    """Pickled or copied, an image is equal and has the same hash."""
    image = Image.from_dict(detail)
    page = ImagePage(images=(image,), next_token="token", request_id="request-1")

    for record in (image, page):
        twins: list[Any] = [
            pickle.loads(pickle.dumps(record, protocol)),
            copy.copy(record),
            copy.deepcopy(record),
            attrs.evolve(record),
        ]
        for twin in twins:
            assert twin == record
            assert hash(twin) == hash(record)
            assert repr(twin) == repr(record)


def extra_of(image: Image) -> list[Any]:
    """Return the unknown members of an image and of what it holds, where NaN is like NaN."""
    records = [image, image.scan_status, image.scan_findings_summary]
    return [None if record is None else repr(record.extra) for record in records]
