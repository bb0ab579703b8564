from __future__ import annotations

import copy
import gc
import itertools
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st
from samples import body_of, detail, needs_image_status

from ecrimages import (
    Client,
    ConfigurationError,
    ECRImagesError,
    Image,
    ImageStatusFilter,
    RepeatedTokenError,
    RepositoryNotFoundError,
    TagStatus,
    ThrottlingError,
)
from ecrimages.testing import FakeECR, Fault


@pytest.fixture
def images(ecr: FakeECR) -> list[Image]:
    """The seven images of `team/app`, in the order of the fake: by digest."""
    added = [ecr.add_image("team/app", tags=[f"v{number}"]) for number in range(7)]
    return sorted(added, key=lambda image: image.digest)


def sent(ecr: FakeECR, name: str) -> list[Any]:
    """Return a parameter of each request."""
    return [request.parameters.get(name) for request in ecr.requests]


def persistently(iterator: Iterator[Any]) -> Iterator[Any]:
    """Yield what an iterator does, which is called again after each error."""
    while True:
        try:
            yield next(iterator)
        except StopIteration:
            return
        except ECRImagesError:
            continue


@pytest.mark.parametrize(("page_size", "requests"), [(1, 7), (3, 3), (7, 1), (1000, 1)])
def test_each_image_comes_once(
    ecr: FakeECR, client: Client, images: list[Image], page_size: int, requests: int
) -> None:
    """All images come, each once, in the service's order, with no request too many."""
    listed = list(client.describe_images("team/app", page_size=page_size))

    assert listed == images
    assert sent(ecr, "maxResults") == [page_size] * requests


def test_a_page_is_requested_when_it_is_needed(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """No request is made before the first next(), and none for a page before its first image."""
    listing = client.describe_images("team/app", page_size=3)
    listing.pages()
    counts = [len(ecr.requests)]

    for _ in images:
        next(listing)
        counts.append(len(ecr.requests))

    assert counts == [0, 1, 1, 1, 2, 2, 2, 3]


def test_a_page_has_a_thousand_images_by_default(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """ECR's own default would cost ten times the requests."""
    next(client.describe_images("team/app"))

    assert [dict(request.parameters) for request in ecr.requests] == [
        {"repositoryName": "team/app", "maxResults": 1000}
    ]


def test_an_empty_repository(ecr: FakeECR, client: Client) -> None:
    """It has no image, and one page, which is empty."""
    ecr.add_repository("team/empty")

    assert list(client.describe_images("team/empty")) == []
    assert [page.images for page in client.describe_images("team/empty").pages()] == [()]


@needs_image_status
@pytest.mark.parametrize(
    ("tag_status", "image_status"),
    [("TAGGED", "ARCHIVED"), (TagStatus.TAGGED, ImageStatusFilter.ARCHIVED)],
    ids=["strings", "enums"],
)
def test_every_request_has_the_arguments(ecr: FakeECR, tag_status: Any, image_status: Any) -> None:
    """Filters and registry go with each request of a listing, and the token of its page."""
    for number in range(3):
        ecr.add_image("team/app", tags=[f"v{number}"], status="ARCHIVED", registry_id="111111111111")
    client = Client(ecr.client(), registry_id="111111111111")

    pages = list(
        client.describe_images("team/app", tag_status=tag_status, image_status=image_status, page_size=2).pages()
    )

    assert sent(ecr, "filter") == [{"tagStatus": "TAGGED", "imageStatus": "ARCHIVED"}] * 2
    assert sent(ecr, "registryId") == ["111111111111"] * 2
    assert sent(ecr, "nextToken") == [None, pages[0].next_token]
    assert [len(page.images) for page in pages] == [2, 1]


@pytest.mark.skipif(not needs_image_status.args[0], reason="this botocore has imageStatus")
def test_an_old_botocore_has_no_image_status(ecr: FakeECR, client: Client) -> None:
    """The error names the version that is needed, and nothing is sent."""
    with pytest.raises(ConfigurationError, match=r"botocore 1\.41\.0"):
        next(client.describe_images("team/app", image_status="ANY"))

    assert not ecr.requests


def test_a_second_loop_resumes(client: Client, images: list[Image]) -> None:
    """An iterator is one-shot: a loop resumes where the one before stopped, and the end stays the end."""
    listing = client.describe_images("team/app", page_size=3)

    first = list(itertools.islice(listing, 2))
    rest = list(listing)

    assert first + rest == images
    assert [*listing, *listing.pages()] == []


def test_pages(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """A page has its images, the token of the next, the id of its request and the repository."""
    pages = list(client.describe_images("team/app", page_size=3).pages())

    assert [image for page in pages for image in page.images] == images
    assert [page.next_token for page in pages] == [*sent(ecr, "nextToken")[1:], None]
    assert len({page.request_id for page in pages} - {None}) == 3
    assert {page.repository_name for page in pages} == {"team/app"}


def test_the_rest_of_a_page_is_a_page(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """Images and pages share one position: what is left of a page comes first, without a request."""
    listing = client.describe_images("team/app", page_size=3)
    first = next(listing)

    rest = next(listing.pages())
    requests = len(ecr.requests)
    others = list(listing)

    assert [first, *rest.images, *others] == images
    assert len(rest.images) == 2
    assert requests == 1


def test_a_listing_can_be_resumed_at_each_token(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """Saved between pages, each token starts a listing of exactly what had not come yet."""
    listing = client.describe_images("team/app", page_size=3)
    tokens = [listing.next_token]
    came: list[Image] = []

    for page in listing.pages():
        came += page.images
        tokens.append(listing.next_token)
        if page.next_token is not None:
            assert came + list(client.describe_images("team/app", start_token=page.next_token)) == images

    assert tokens == [None, *sent(ecr, "nextToken")[1:2], tokens[2], None]
    assert len(set(tokens)) == 3


@pytest.mark.parametrize(
    ("limit", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1]), (9, [3, 3, 3]), (None, [3, 3, 3])]
)
@pytest.mark.parametrize("by_page", [False, True])
def test_a_limit(
    ecr: FakeECR, client: Client, images: list[Image], limit: int | None, sizes: list[int], by_page: bool
) -> None:
    """So many images come and no more; the last request asks for what is left, and a token resumes there."""
    listing = client.describe_images("team/app", page_size=3, limit=limit)

    came = [image for page in listing.pages() for image in page.images] if by_page else list(listing)
    requested = sent(ecr, "maxResults")
    rest = list(client.describe_images("team/app", start_token=listing.next_token)) if listing.next_token else []

    assert came == images[:limit]
    assert requested == sizes
    assert came + rest == images or limit == 0


def test_a_limit_holds_where_the_service_does_not_page(ecr: FakeECR, client: Client) -> None:
    """More than was asked for, as emulators return, is cut; the token leads back to the page that was cut."""
    ecr.inject_faults(
        Fault.body(body_of(detail(1), detail(2), nextToken="a")),
        Fault.body(body_of(detail(3), detail(4), nextToken="b")),
    )

    listing = client.describe_images("team/app", limit=3)

    assert [image.tags for image in listing] == [("v1",), ("v2",), ("v3",)]
    assert listing.next_token == "a"
    assert sent(ecr, "maxResults") == [3, 1]


def test_empty_pages_with_a_token_are_passed_over(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """However many they are, they are not the end, and do not come out of pages()."""
    for by_page in (False, True):
        ecr.inject_faults(*[Fault.empty_page()] * 3, None, *[Fault.empty_page()] * 9)
        listing = client.describe_images("team/app", page_size=4)

        came = [list(page.images) for page in listing.pages()] if by_page else [list(listing)]

        assert list(itertools.chain(*came)) == images
        assert all(came)


@pytest.mark.parametrize("token", [None, ""])
def test_an_empty_token_is_the_end(ecr: FakeECR, client: Client, images: list[Image], token: str | None) -> None:
    """Null and '' end a listing as an absent token does: sent back, they would start over."""
    ecr.inject_faults(Fault.edit(lambda response: response.update(nextToken=token)))

    assert list(client.describe_images("team/app", page_size=3)) == images[:3]


@pytest.mark.parametrize("back_to", [0, 1])
@pytest.mark.parametrize("by_page", [False, True])
def test_a_repeated_token_is_an_error(
    ecr: FakeECR, client: Client, images: list[Image], back_to: int, by_page: bool
) -> None:
    """A token that leads back is an error each time; none of its images came, and the iterator can go on."""
    listing = client.describe_images("team/app", page_size=2)
    way: Iterator[Any] = listing.pages() if by_page else listing
    came = list(itertools.islice(way, 2 if by_page else 4))
    token = sent(ecr, "nextToken")[1] if back_to == 0 else listing.next_token
    ecr.inject_faults(*[Fault.edit(lambda response: response.update(nextToken=token))] * 2)

    with pytest.raises(RepeatedTokenError):
        next(way)
    with pytest.raises(RepeatedTokenError, match="pagination loop") as caught:
        next(way)
    came += way

    assert (caught.value.token, caught.value.repository_name) == (token, "team/app")
    assert caught.value.request_id is not None
    assert str(token) not in str(caught.value)
    assert ([image for page in came for image in page.images] if by_page else came) == images


def test_a_start_token_is_a_known_one(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """A listing that was resumed at a token notices when ECR returns that token again."""
    token = next(client.describe_images("team/app", page_size=3).pages()).next_token
    ecr.inject_faults(Fault.repeated_token())
    listing = client.describe_images("team/app", page_size=3, start_token=token)

    with pytest.raises(RepeatedTokenError):
        next(listing)

    assert list(listing) == images[3:]


def test_a_token_that_comes_again_after_an_error_is_no_repeated_one(ecr: FakeECR, client: Client) -> None:
    """Where a service's tokens are stable, the page that is requested again brings its token again."""
    page, last = Fault.body(body_of(detail(1), nextToken="a")), Fault.body(body_of(detail(2)))
    broken = Fault.body(body_of(detail(1), {}, nextToken="a"))
    ecr.inject_faults(broken, page, Fault.throttling(), last)

    assert [image.tags for image in persistently(client.describe_images("team/app"))] == [("v1",), ("v2",)]


@pytest.mark.parametrize(
    "token",
    [" ", "null", 'a"b\\c', "two\nlines\r\n", "\x00\x1b[2J", "../../%s{0}", "\u2028🐋", "\ud800", "x" * 100_000],
    ids=ascii,
)
def test_a_token_is_opaque(ecr: FakeECR, client: Client, token: str) -> None:
    """Whatever is in a token goes back to the service as it came."""
    ecr.inject_faults(Fault.body(body_of(detail(1), nextToken=token)), Fault.body(body_of()))

    assert len(list(client.describe_images("team/app"))) == 1
    assert sent(ecr, "nextToken") == [None, token]


def test_an_error_that_stays(ecr: FakeECR, client: Client) -> None:
    """A missing repository is missing the next time too, and can be created meanwhile."""
    listing = client.describe_images("team/app")

    for _ in range(2):
        with pytest.raises(RepositoryNotFoundError):
            next(listing)
    added = ecr.add_image("team/app")

    assert list(listing) == [added]


def test_an_image_that_comes_twice_in_a_page_comes_once(ecr: FakeECR, client: Client) -> None:
    """Emulators return an image for each of its tags; the first one counts. A null is passed over."""
    ecr.inject_faults(Fault.body(body_of(detail(1), None, detail(2), detail(1, imageTags=["other"]))))

    assert [image.tags for image in client.describe_images("team/app")] == [("v1",), ("v2",)]


@pytest.mark.parametrize("by_page", [False, True])
def test_a_re_entrant_next_is_an_error(ecr: FakeECR, images: list[Image], by_page: bool) -> None:
    """An event handler that advances the iterator that waits gets its image, and the outer next() an error."""
    boto3_client: Any = ecr.client()
    listing = Client(boto3_client).describe_images("team/app", page_size=3)
    way: Iterator[Any] = listing.pages() if by_page else listing
    inner: list[Any] = []

    def advance(**_: object) -> None:
        boto3_client.meta.events.unregister("before-send.ecr.DescribeImages", advance)
        inner.append(next(way))

    boto3_client.meta.events.register("before-send.ecr.DescribeImages", advance)

    with pytest.raises(RuntimeError, match="advanced by an event handler"):
        next(way)
    came = inner + list(way)

    assert ([image for page in came for image in page.images] if by_page else came) == images


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_iterator_cannot_be_copied(client: Client, duplicate: Any) -> None:
    """Two copies would share what is left."""
    listing = client.describe_images("team/app")

    for iterator in (listing, listing.pages(), client.get_images("team/app", []), client.repository_names()):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            duplicate(iterator)


def test_its_repr(ecr: FakeECR, client: Client, images: list[Image]) -> None:
    """It tells the repository, how many images came, and its state."""
    listing = client.describe_images("team/app", page_size=4)
    limited = client.describe_images("team/app", limit=2)
    reprs = [repr(listing)]
    ecr.inject_faults(Fault.throttling())
    with pytest.raises(ThrottlingError):
        next(listing)
    reprs.append(repr(listing))
    for _ in (1, 2):
        next(listing)
    reprs.append(repr(listing))
    next(listing.pages())
    reprs.append(repr(listing.pages()))
    next(listing)
    reprs.append(repr(listing))
    list(listing)
    list(limited)
    reprs += [repr(listing), repr(limited), repr(client.describe_images("team/app", limit=0))]

    assert reprs == [
        "<ImageIterator of 'team/app': 0 images yielded, not started>",
        "<ImageIterator of 'team/app': 0 images yielded, not started>",
        "<ImageIterator of 'team/app': 2 images yielded, more to come>",
        "<pages of <ImageIterator of 'team/app': 4 images yielded, more to come>>",
        "<ImageIterator of 'team/app': 5 images yielded, more to come>",
        "<ImageIterator of 'team/app': 7 images yielded, finished>",
        "<ImageIterator of 'team/app': 2 images yielded, limit reached>",
        "<ImageIterator of 'team/app': 0 images yielded, limit reached>",
    ]


def images_in_memory() -> int:
    """Return how many images there are, as far as the garbage collector knows."""
    return sum(type(thing) is Image for thing in gc.get_objects())


@pytest.mark.parametrize("by_page", [False, True])
def test_memory_holds_one_page(ecr: FakeECR, images: list[Image], by_page: bool) -> None:
    """When a page is requested, no image of an earlier one is kept alive, but for the one that was handed out."""
    boto3_client: Any = ecr.client()
    alive: list[int] = []
    boto3_client.meta.events.register("before-send.ecr.DescribeImages", lambda **_: alive.append(images_in_memory()))
    listing = Client(boto3_client).describe_images("team/app", page_size=3)
    way: Iterator[Any] = listing.pages() if by_page else listing

    # Hides the images that there are.
    gc.freeze()
    for item in way:
        del item
    gc.unfreeze()

    assert len(alive) == 3
    assert max(alive) <= 1


FAULTS: list[Fault | None] = [
    None,
    Fault.throttling(),
    Fault.server_error(),
    Fault.html(status=200),
    Fault.truncated(0.9),
    Fault.reset(),
    Fault.empty_page(),
    Fault.repeated_token(),
    Fault.edit(lambda response: response.pop("imageDetails", None)),
    Fault.edit(lambda response: response.update(nextToken=1)),
]


NUMBERS = itertools.count()


@given(
    page_size=st.integers(1, 8),
    limit=st.none() | st.integers(0, 8),
    faults=st.lists(st.sampled_from(FAULTS), max_size=12),
    steps=st.lists(st.sampled_from(["image", "page", "resume"]), max_size=12),
)
def test_any_mixture_gives_each_image_once(
    shared: FakeECR,
    shared_client: Client,
    page_size: int,
    limit: int | None,
    faults: list[Fault | None],
    steps: list[str],
) -> None:
    """Images, pages and listings resumed at a token, in any order and with any faults, leave nothing out."""
    # Faults that are left over are those of its repository.
    name = f"team/app-{next(NUMBERS)}"
    images = sorted((shared.add_image(name) for _ in range(7)), key=lambda image: image.digest)
    shared.inject_faults(*faults, repository_name=name)
    listing = shared_client.describe_images(name, page_size=page_size, limit=limit)
    came: list[Image] = []

    for step in steps:
        if step == "image":
            came += itertools.islice(persistently(listing), 1)
            continue
        came += next((page.images for page in persistently(listing.pages())), ())
        if step == "resume" and limit is None and listing.next_token is not None:
            listing = shared_client.describe_images(name, page_size=page_size, start_token=listing.next_token)
    came += persistently(listing)

    assert came == images[:limit]
