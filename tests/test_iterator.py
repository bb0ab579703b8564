from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, strategies as st
from model_strategies import WITHOUT_DEADLINE

from ecrimages import (
    Client,
    Image,
    ImageIterator,
    ImagePage,
    RepeatedTokenError,
    RepositoryNotFoundError,
    ThrottlingError,
)
from ecrimages._iterator import ImageIterator as Iterating
from ecrimages.testing import FakeECR, Fault

PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
NUMBER_OF_IMAGES = 7


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """Give an ECR with seven images in `team/app` and none in `team/empty`."""
    with FakeECR() as ecr:
        for number in range(NUMBER_OF_IMAGES):
            ecr.add_image("team/app", tags=[f"v{number}"], pushed_at=PUSHED + timedelta(days=number))
        ecr.add_repository("team/empty")
        yield ecr


@pytest.fixture
def client(ecr: FakeECR) -> Client:
    """Give a client of that ECR."""
    return Client(ecr.client())


@pytest.fixture
def expected(ecr: FakeECR) -> list[str]:
    """Give the digests of the seven images, in the order of that ECR."""
    details = ecr.client().describe_images(repositoryName="team/app")["imageDetails"]
    assert len(details) == NUMBER_OF_IMAGES
    return [detail["imageDigest"] for detail in details]


def digests(images: Iterable[Image]) -> list[str]:
    """Return the digests of images."""
    return [image.digest for image in images]


def listing_requests(ecr: FakeECR) -> list[Mapping[str, Any]]:
    """Return the parameters of the requests that came from this library."""
    return [request.parameters for request in ecr.requests if "maxResults" in request.parameters]


def sizes_asked_for(ecr: FakeECR) -> list[int]:
    """Return the `maxResults` of the requests that came from this library."""
    return [parameters["maxResults"] for parameters in listing_requests(ecr)]


def take_all(images: Iterable[Image], came: list[str]) -> None:
    """Put the digests of images into a list, one by one, so that it has what came before an error."""
    for each in images:
        came.append(each.digest)  # noqa: PERF401


def image(number: int) -> Image:
    """Return an image that no ECR has sent."""
    return Image(
        registry_id="123456789012",
        repository_name="team/app",
        digest=f"sha256:{number:064x}",
        pushed_at=PUSHED,
    )


def iterating(
    describe: Callable[[Mapping[str, Any]], ImagePage], *, page_size: int = 2, limit: int | None = None
) -> ImageIterator:
    """Return an iterator over the pages that a function gives."""
    return Iterating(describe, {"repositoryName": "team/app"}, page_size=page_size, limit=limit)


def giving(pages: list[ImagePage]) -> Callable[[Mapping[str, Any]], ImagePage]:
    """Return a function that gives one page after the other, whatever it is asked."""
    left = iter(pages)
    return lambda _: next(left)


def test_no_request_before_the_first_image(ecr: FakeECR, client: Client) -> None:
    """To make a listing, its pages and its repr costs no request; the first `next()` does one."""
    images = client.describe_images("team/app", page_size=3)
    pages = images.pages()
    iter(images)
    iter(pages)
    repr(images)
    requests_before = len(ecr.requests)

    next(images)

    assert requests_before == 0
    assert len(ecr.requests) == 1


def test_a_page_is_asked_for_when_it_is_needed(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """The second page is requested by the first image of it, not by the last image of the first page."""
    images = client.describe_images("team/app", page_size=3)

    requests = [(each.digest, len(listing_requests(ecr))) for each in images]

    assert requests == list(zip(expected, [1, 1, 1, 2, 2, 2, 3], strict=True))
    assert len(listing_requests(ecr)) == 3


@pytest.mark.parametrize("page_size", [1, 2, 3, 6, 7, 8, 1000])
def test_each_image_comes_once(client: Client, expected: list[str], page_size: int) -> None:
    """Whatever the size of a page, all images come, each once, in the service's order."""
    images = client.describe_images("team/app", page_size=page_size)

    assert digests(images) == expected


def test_a_page_has_a_thousand_images_unless_told(ecr: FakeECR, client: Client) -> None:
    """Without `page_size` the most that ECR gives is asked for, and a page size is sent as it was given."""
    list(client.describe_images("team/app"))
    list(client.describe_images("team/app", page_size=500))

    assert sizes_asked_for(ecr) == [1000, 500]


def test_a_repository_without_images(ecr: FakeECR, client: Client) -> None:
    """An empty repository gives no image, after one request."""
    images = client.describe_images("team/empty")

    assert list(images) == []
    assert list(images) == []
    assert len(ecr.requests) == 1


def test_what_was_asked_is_sent(ecr: FakeECR, client: Client) -> None:
    """Each request of a listing carries the same filter and registry, and the token of its page."""
    images = client.describe_images(
        "team/app",
        tag_status="TAGGED",
        image_status="ANY",
        registry_id="123456789012",
        page_size=4,
    )

    list(images)

    asked = {
        "repositoryName": "team/app",
        "registryId": "123456789012",
        "filter": {"tagStatus": "TAGGED", "imageStatus": "ANY"},
        "maxResults": 4,
    }
    first, second = listing_requests(ecr)
    assert first == asked
    assert second == {**asked, "nextToken": second["nextToken"]}


def test_nothing_is_sent_that_was_not_asked(ecr: FakeECR, client: Client) -> None:
    """Without filters and registry, they are left to ECR."""
    list(client.describe_images("team/app"))

    assert listing_requests(ecr) == [{"repositoryName": "team/app", "maxResults": 1000}]


@pytest.mark.parametrize(
    ("arguments", "tags"),
    [
        ({}, {("v1",), ()}),
        ({"tag_status": "TAGGED"}, {("v1",)}),
        ({"tag_status": "UNTAGGED"}, {()}),
        ({"tag_status": "ANY"}, {("v1",), ()}),
        ({"image_status": "ACTIVE"}, {("v1",), ()}),
        ({"image_status": "ARCHIVED"}, {("cold",)}),
        ({"image_status": "ACTIVATING"}, set()),
        ({"image_status": "ANY"}, {("v1",), (), ("cold",)}),
        ({"tag_status": "UNTAGGED", "image_status": "ARCHIVED"}, set()),
    ],
)
def test_filters(arguments: Any, tags: set[tuple[str, ...]]) -> None:
    """What comes is what the filters leave; without one for the storage class, the active images."""
    with FakeECR() as ecr:
        ecr.add_image("team/app", tags=["v1"])
        ecr.add_image("team/app")
        ecr.add_image("team/app", tags=["cold"], status="ARCHIVED")
        client = Client(ecr.client())

        images = list(client.describe_images("team/app", **arguments))

    assert {image.tags for image in images} == tags


def test_a_second_loop_goes_on(client: Client, expected: list[str]) -> None:
    """An iterator is its own iterator: a loop goes on where the one before was left."""
    images = client.describe_images("team/app", page_size=3)

    first = digests(itertools.islice(images, 2))
    second = []
    for each in images:
        second.append(each.digest)
        if len(second) == 3:
            break
    third = digests(images)

    assert (first, second, third) == (expected[:2], expected[2:5], expected[5:])
    assert digests(images) == []


def test_the_end_stays_the_end(ecr: FakeECR, client: Client) -> None:
    """After the last image every `next()` is StopIteration, and no request."""
    images = client.describe_images("team/app")
    pages = images.pages()
    list(images)

    for _ in range(2):
        with pytest.raises(StopIteration):
            next(images)
        with pytest.raises(StopIteration):
            next(pages)

    assert len(ecr.requests) == 1


def test_pages(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """By page, each has its images, the token of the next one and an id of its own request."""
    images = client.describe_images("team/app", page_size=3)

    pages = list(images.pages())

    assert [digests(page.images) for page in pages] == [expected[:3], expected[3:6], expected[6:]]
    sent = [parameters.get("nextToken") for parameters in listing_requests(ecr)]
    assert [None, *(page.next_token for page in pages)] == [*sent, None]
    assert len({page.request_id for page in pages} - {None}) == 3
    assert digests(images) == []


def test_the_page_of_an_empty_repository(client: Client) -> None:
    """An empty repository has one page, which is empty, so that who saves pages has something to save."""
    images = client.describe_images("team/empty")

    [page] = images.pages()

    assert (page.images, page.next_token) == ((), None)
    assert page.request_id is not None


def test_pages_after_images(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """What is left of a page after some of its images is a page of its own, without a request."""
    images = client.describe_images("team/app", page_size=3)
    first = next(images)
    pages = images.pages()

    rest = next(pages)
    requests = len(listing_requests(ecr))
    following = next(pages)

    assert first.digest == expected[0]
    assert digests(rest.images) == expected[1:3]
    assert requests == 1
    assert rest.next_token == listing_requests(ecr)[1]["nextToken"]
    assert rest.request_id is not None
    assert rest.request_id != following.request_id
    assert digests(following.images) == expected[3:6]


def test_images_after_pages(client: Client, expected: list[str]) -> None:
    """Both ways share one position: what came by page does not come by image again."""
    images = client.describe_images("team/app", page_size=3)

    page = next(images.pages())
    between = [next(images), next(images)]
    rest = next(images.pages())
    last = list(images)

    assert digests(page.images) == expected[:3]
    assert digests(between) == expected[3:5]
    assert digests(rest.images) == expected[5:6]
    assert digests(last) == expected[6:]


def test_a_page_that_was_read_to_its_end_has_no_rest(client: Client, expected: list[str]) -> None:
    """After the last image of a page, the next page to come is the next one."""
    images = client.describe_images("team/app", page_size=3)

    first = digests(itertools.islice(images, 3))
    page = next(images.pages())

    assert first == expected[:3]
    assert digests(page.images) == expected[3:6]


@WITHOUT_DEADLINE
@given(
    st.integers(0, 12),
    st.integers(1, 5),
    st.none() | st.integers(0, 13),
    st.lists(st.sampled_from(["image", "page", "error"]), max_size=30),
)
def test_any_mixture_gives_each_image_once(
    number: int, page_size: int, limit: int | None, steps: list[str]
) -> None:
    """Images and pages taken in any order, with errors between, are all images up to the limit, in order."""
    fails = False

    def describe(request: Mapping[str, Any]) -> ImagePage:
        nonlocal fails
        if fails:
            fails = False
            raise OSError
        begin = int(request.get("nextToken", "0"))
        end = begin + request["maxResults"]
        images = tuple(image(index) for index in range(begin, min(end, number)))
        return ImagePage(images=images, next_token=str(end) if end < number else None, request_id=None)

    iterator = iterating(describe, page_size=page_size, limit=limit)
    pages = iterator.pages()
    came: list[Image] = []
    for step in [*steps, *["image"] * (number + 2)]:
        fails = step == "error"
        try:
            if step == "page":
                came += next(pages).images
            else:
                came.append(next(iterator))
        except (OSError, StopIteration):
            pass
        assert f" {len(came)} images yielded" in repr(iterator)

    wanted = number if limit is None else min(limit, number)
    assert came == [image(index) for index in range(wanted)]


def test_the_next_token(ecr: FakeECR, client: Client) -> None:
    """It is None at first, then the token of the first page that was not fetched, and None at the end."""
    images = client.describe_images("team/app", page_size=3)

    tokens = [images.next_token, *(images.next_token for _ in images)]

    first, second = (parameters["nextToken"] for parameters in listing_requests(ecr)[1:])
    assert tokens == [None, first, first, first, second, second, second, None]


def test_a_listing_can_be_taken_up_at_each_token(client: Client, expected: list[str]) -> None:
    """Saved between pages, each token begins a listing of exactly what had not come yet."""
    images = client.describe_images("team/app", page_size=2)

    came: list[str] = []
    for page in images.pages():
        came += digests(page.images)
        assert images.next_token == page.next_token
        if page.next_token is None:
            break
        later = client.describe_images("team/app", page_size=1, start_token=page.next_token)
        assert later.next_token == page.next_token
        assert came + digests(later) == expected

    assert came == expected


def test_the_token_is_sent_for_the_first_page_only(ecr: FakeECR, client: Client) -> None:
    """A listing that begins at a token goes on with the tokens that come."""
    token = next(client.describe_images("team/app", page_size=2).pages()).next_token

    list(client.describe_images("team/app", page_size=2, start_token=token))

    sent = [parameters.get("nextToken") for parameters in listing_requests(ecr)]
    assert sent[:2] == [None, token]
    assert len(set(sent)) == 4


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [
        (0, []),
        (1, [1]),
        (2, [2]),
        (3, [3]),
        (4, [3, 1]),
        (6, [3, 3]),
        (7, [3, 3, 1]),
        (8, [3, 3, 2]),
        (100, [3, 3, 3]),
        (None, [3, 3, 3]),
    ],
)
def test_a_limit(
    ecr: FakeECR, client: Client, expected: list[str], limit: int | None, sizes: list[int]
) -> None:
    """So many images come and no more, without a page too many; the last request asks for what is left."""
    images = client.describe_images("team/app", page_size=3, limit=limit)

    came = digests(images)

    assert came == expected[:limit]
    assert sizes_asked_for(ecr) == sizes
    assert digests(images) == []


@pytest.mark.parametrize("limit", [1, 3, 4, 6])
def test_a_listing_can_be_taken_up_after_its_limit(client: Client, expected: list[str], limit: int) -> None:
    """At the limit, the token leads to the first image that did not come."""
    images = client.describe_images("team/app", page_size=3, limit=limit)
    first = digests(images)

    rest = client.describe_images("team/app", start_token=images.next_token)

    assert first + digests(rest) == expected


def test_pages_with_a_limit(client: Client, expected: list[str]) -> None:
    """The limit holds for pages too: the last one is cut to it."""
    pages = list(client.describe_images("team/app", page_size=3, limit=5).pages())

    assert [digests(page.images) for page in pages] == [expected[:3], expected[3:5]]
    assert list(client.describe_images("team/app", limit=0).pages()) == []


def without_paging(ecr: FakeECR) -> Fault:
    """Return a fault that answers as an emulator does that knows neither `maxResults` nor tokens."""
    details = ecr.client().describe_images(repositoryName="team/app")["imageDetails"]
    whole = [{**detail, "imagePushedAt": detail["imagePushedAt"].timestamp()} for detail in details]

    def answer_with_all(answer: dict[str, Any]) -> None:
        answer["imageDetails"] = whole
        answer.pop("nextToken", None)

    return Fault.edit(answer_with_all)


def test_a_limit_holds_where_the_service_does_not_page(ecr: FakeECR, client: Client) -> None:
    """A service that answers with more than was asked for does not break the limit, by image or by page."""
    fault = without_paging(ecr)
    ecr.inject_faults(fault, fault)

    images = client.describe_images("team/app", page_size=2, limit=5)
    pages = list(client.describe_images("team/app", page_size=2, limit=5).pages())

    assert len(list(images)) == 5
    assert [len(page.images) for page in pages] == [5]
    assert len(listing_requests(ecr)) == 2


def test_more_than_was_asked_for_is_no_fault(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """Without a limit, all of a page that is too large comes."""
    ecr.inject_faults(without_paging(ecr))

    images = client.describe_images("team/app", page_size=2)

    assert digests(images) == expected


def test_no_image_is_lost_behind_a_limit_that_the_service_passed_over() -> None:
    """If a page was cut to the limit, the token leads back to that page, and not past its surplus."""
    whole = ImagePage(images=tuple(map(image, range(4))), next_token="b", request_id=None)
    second = ImagePage(images=tuple(map(image, range(4, 8))), next_token="c", request_id=None)
    images = iterating(lambda request: second if "nextToken" in request else whole, limit=6)

    came = list(images)

    assert came == [image(index) for index in range(6)]
    assert images.next_token == "b"


def test_it_goes_on_after_an_error(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """An error ends a loop and not the iterator: the page that failed is asked for again, by either way."""
    images = client.describe_images("team/app", page_size=3)
    ecr.inject_faults(Fault.throttling(), None, Fault.throttling(), None, Fault.throttling())

    came: list[str] = []
    for _ in range(2):
        with pytest.raises(ThrottlingError):
            take_all(images, came)
    page = next(images.pages())
    with pytest.raises(ThrottlingError):
        next(images.pages())
    last = digests(images)

    assert came == expected[:3]
    assert digests(page.images) == expected[3:6]
    assert last == expected[6:]
    tokens = [parameters.get("nextToken") for parameters in listing_requests(ecr)]
    assert tokens[0] is tokens[1] is None
    assert tokens[2] == tokens[3] != tokens[4] == tokens[5]


def test_an_error_that_stays(ecr: FakeECR, client: Client) -> None:
    """A repository that is not there is not there the next time either, and can be made meanwhile."""
    images = client.describe_images("team/new")

    for _ in range(2):
        with pytest.raises(RepositoryNotFoundError, match="team/new"):
            next(images)
    ecr.add_image("team/new", tags=["v1"])

    assert [image.tags for image in images] == [("v1",)]


def test_empty_pages_are_passed_over(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """Pages without images lead on to the next one, by image and by page, however many they are."""
    ecr.inject_faults(*[Fault.empty_page()] * 40, None, *[Fault.empty_page()] * 40)

    images = client.describe_images("team/app", page_size=4)
    pages = [digests(page.images) for page in images.pages()]

    assert pages == [expected[:4], expected[4:]]
    assert len(listing_requests(ecr)) == 82


def test_an_empty_last_page_ends_the_listing() -> None:
    """An empty page without a token is the end: no image of it, and an empty page for who goes by page."""
    answers = [
        ImagePage(images=(image(0),), next_token="b", request_id=None),
        ImagePage(images=(), next_token=None, request_id=None),
    ]

    by_image = list(iterating(giving(answers)))
    by_page = list(iterating(giving(answers)).pages())

    assert by_image == [image(0)]
    assert by_page == answers


def test_empty_pages_without_an_end_take_no_stack_and_little_memory() -> None:
    """Ten thousand empty pages in a row are passed over, and leave a few bytes of each token behind."""

    def describe(request: Mapping[str, Any]) -> ImagePage:
        number = int(request.get("nextToken", "0")) + 1
        images = (image(number),) if number == 10_000 else ()
        # Tokens of ECR are longer than this one.
        return ImagePage(images=images, next_token=f"{number:0500}", request_id=None)

    images = iterating(describe)

    tracemalloc.start()
    first = next(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert first == image(10_000)
    assert "1 images yielded, more to come" in repr(images)
    # The tokens together have five million characters.
    assert peak < 2_500_000


def test_a_repeated_token_does_not_go_round(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """A token that came before is an error, of which no image came; who goes on asks for the page again."""
    images = client.describe_images("team/app", page_size=3)
    ecr.inject_faults(None, Fault.repeated_token())

    came: list[str] = []
    with pytest.raises(RepeatedTokenError) as caught:
        take_all(images, came)
    rest = digests(images)

    assert came == expected[:3]
    assert caught.value.token == listing_requests(ecr)[1]["nextToken"]
    assert rest == expected[3:]


def test_the_token_to_begin_at_is_a_known_one(ecr: FakeECR, client: Client, expected: list[str]) -> None:
    """A listing that begins at a token notices when that one comes again."""
    token = next(client.describe_images("team/app", page_size=3).pages()).next_token
    images = client.describe_images("team/app", page_size=3, start_token=token)
    ecr.inject_faults(Fault.repeated_token())

    with pytest.raises(RepeatedTokenError):
        next(images)

    assert digests(images) == expected[3:]


def test_its_repr(client: Client) -> None:
    """It tells the repository, how many images came, and whether there are more."""
    images = client.describe_images("team/app", page_size=5)

    states = [repr(images), *(repr(images) for _ in images), repr(images)]

    assert states == [
        f"<ImageIterator of 'team/app': {number} images yielded, {state}>"
        for number, state in [
            (0, "not started"),
            *((number, "more to come") for number in range(1, 7)),
            (7, "all read"),
            (7, "all read"),
        ]
    ]


def test_its_repr_after_the_last_page(client: Client) -> None:
    """By page, what was handed out with its page counts as yielded."""
    images = client.describe_images("team/app", page_size=5)
    pages = images.pages()

    states = [repr(images) for _ in pages]

    assert states == [
        "<ImageIterator of 'team/app': 5 images yielded, more to come>",
        "<ImageIterator of 'team/app': 7 images yielded, all read>",
    ]


def test_its_repr_of_a_part_of_a_page(client: Client) -> None:
    """The rest of a page counts when it is handed out."""
    images = client.describe_images("team/app", page_size=5)
    next(images)
    pages = images.pages()

    before = repr(images)
    next(pages)
    after = repr(images)

    assert before == "<ImageIterator of 'team/app': 1 images yielded, more to come>"
    assert after == "<ImageIterator of 'team/app': 5 images yielded, more to come>"


def test_its_repr_after_an_error(ecr: FakeECR, client: Client) -> None:
    """A page that failed has not come: before the first one, the listing has not begun."""
    images = client.describe_images("team/app", page_size=5)
    ecr.inject_faults(Fault.throttling())

    with pytest.raises(ThrottlingError):
        next(images)

    assert repr(images) == "<ImageIterator of 'team/app': 0 images yielded, not started>"


def test_its_repr_without_images(client: Client) -> None:
    """An empty repository is read to its end after the first request."""
    images = client.describe_images("team/empty")
    list(images)

    assert repr(images) == "<ImageIterator of 'team/empty': 0 images yielded, all read>"


@pytest.mark.parametrize(
    ("limit", "state"), [(0, "limit reached"), (2, "limit reached"), (5, "limit reached"), (8, "all read")]
)
def test_its_repr_at_the_limit(client: Client, limit: int, state: str) -> None:
    """A listing that ended at its limit does not claim to have read all."""
    images = client.describe_images("team/app", page_size=5, limit=limit)
    number = len(list(images))

    assert repr(images) == f"<ImageIterator of 'team/app': {number} images yielded, {state}>"


def living_images() -> int:
    """Return how many images there are in memory."""
    return sum(type(each) is Image for each in gc.get_objects())


@pytest.mark.parametrize("by_page", [False, True])
def test_memory_holds_one_page(by_page: bool) -> None:
    """When a page is asked for, no image of an earlier one is kept alive, and none is after the end."""
    gc.collect()
    before = living_images()
    counts = []

    def describe(request: Mapping[str, Any]) -> ImagePage:
        counts.append(living_images() - before)
        number = int(request.get("nextToken", "0")) + 1
        images = tuple(image(index) for index in range(50))
        return ImagePage(images=images, next_token=str(number) if number < 4 else None, request_id=None)

    iterator = iterating(describe, page_size=50)
    pages = iterator.pages()
    number = sum(len(page.images) for page in pages) if by_page else sum(1 for _ in iterator)
    counts.append(living_images() - before)

    assert number == 200
    # The loop itself may hold what it was given last.
    held_by_the_loop = 50 if by_page else 1
    assert counts[0] == 0
    assert all(count <= held_by_the_loop for count in counts)
    assert counts[-1] == 0
