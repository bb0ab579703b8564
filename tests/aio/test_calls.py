"""The calls of the asynchronous client do what those of the synchronous one do."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from samples import needs_image_status
from waiting import held_until

from ecrimages import (
    AsyncClient,
    AsyncImageIterator,
    Client,
    Image,
    ImageId,
    ImageNotFoundError,
    MalformedResponseError,
    RepeatedTokenError,
    RepositoryNotFoundError,
    ServerError,
    ThrottlingError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

from .connections import Connect, digests, take_all

NEVER_THERE = "sha256:" + "f" * 64
METHODS = sorted(
    name
    for name, value in vars(Client).items()
    if inspect.isfunction(value) and not name.startswith("_") and name != "close"
)


async def test_nothing_is_requested_before_the_first_image(ecr: FakeECR, connect: Connect) -> None:
    """A listing, its pages and its repr need no request; the first `anext()` makes one."""
    async with connect() as client:
        images = client.describe_images("team/app", page_size=3)
        aiter(images)
        images.pages()
        assert repr(images) == "<AsyncImageIterator of 'team/app': 0 images yielded, not started>"
        requests_before = len(ecr.requests)

        await anext(images)

        assert (requests_before, len(ecr.requests)) == (0, 1)
        assert repr(images) == "<AsyncImageIterator of 'team/app': 1 images yielded, more to come>"


@pytest.mark.parametrize("page_size", [1, 3, 7, 8])
async def test_each_image_comes_once(connect: Connect, expected: list[str], page_size: int) -> None:
    """Whatever the size of a page, all images come, each once, in the service's order."""
    async with connect() as client:
        assert await digests(client.describe_images("team/app", page_size=page_size)) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": 0},
        {"limit": 4, "page_size": 3},
        {"tag_status": "UNTAGGED"},
        pytest.param({"image_status": "ANY", "registry_id": "123456789012"}, marks=needs_image_status),
        {"page_size": 2},
    ],
)
async def test_a_listing_is_that_of_the_synchronous_client(ecr: FakeECR, connect: Connect, arguments: Any) -> None:
    """The same arguments make the same requests, and bring the same images."""
    ecr.add_image("team/app", status="ARCHIVED")
    ecr.add_image("team/app")
    theirs = list(Client(ecr.client()).describe_images("team/app", **arguments))
    theirs_requests = _requests(ecr)
    async with connect() as client:
        images = client.describe_images("team/app", **arguments)

        ours = [image async for image in images]

    assert ours == theirs
    assert _requests(ecr)[len(theirs_requests) :] == theirs_requests


def _requests(ecr: FakeECR) -> list[dict[str, Any]]:
    # Each token is another text.
    return [{**request.parameters, "nextToken": "nextToken" in request.parameters} for request in ecr.requests]


async def test_pages_and_images_share_one_position(connect: Connect, expected: list[str]) -> None:
    """The rest of a page comes as a page; the token leads to the page after it."""
    async with connect() as client:
        images = client.describe_images("team/app", page_size=3)
        first = await anext(images)
        rest = await anext(images.pages())
        token = images.next_token

        others = [page async for page in images.pages()]
        again = await digests(client.describe_images("team/app", start_token=token))

    assert [first.digest, *(image.digest for image in rest.images)] == expected[:3]
    assert [len(page.images) for page in others] == [3, 1]
    assert [page.repository_name for page in others] == ["team/app", "team/app"]
    assert again == expected[3:]
    assert images.next_token is None
    assert repr(images) == "<AsyncImageIterator of 'team/app': 7 images yielded, finished>"
    assert repr(images.pages()) == f"<pages of {images!r}>"


async def test_an_empty_repository_has_one_empty_page(connect: Connect) -> None:
    """A repository without images yields no image, and one page."""
    async with connect() as client:
        assert await digests(client.describe_images("team/empty")) == []
        assert [page.images async for page in client.describe_images("team/empty").pages()] == [()]


async def test_a_loop_resumes_after_break(connect: Connect, expected: list[str]) -> None:
    """A second `async for` over the same iterator resumes where the first has stopped."""
    async with connect() as client:
        images = client.describe_images("team/app", page_size=2)
        came: list[str] = []
        async for image in images:
            came.append(image.digest)
            break

        assert came + await digests(images) == expected


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.throttling(), ThrottlingError),
        (Fault.server_error(), ServerError),
        (Fault.html(), ServerError),
        (Fault.html(status=200), MalformedResponseError),
        (Fault.truncated(), MalformedResponseError),
        (Fault.closed(), (MalformedResponseError, TransportError)),
        (Fault.reset(), TransportError),
        (Fault.edit(lambda document: document["imageDetails"][0].pop("imageDigest")), MalformedResponseError),
        (Fault.repeated_token(), RepeatedTokenError),
    ],
    ids=lambda value: getattr(value, "name", None) or getattr(value, "__name__", "either"),
)
async def test_a_listing_resumes_after_an_error(
    ecr: FakeECR, connect: Connect, expected: list[str], fault: Fault, error: Any
) -> None:
    """Each fault is an error of this library, at its page; then the same iterator brings the rest."""
    async with connect() as client:
        images, came = client.describe_images("team/app", page_size=3), list[Image]()
        ecr.inject_faults(None, fault)
        with pytest.raises(error):
            await take_all(images, came)
        assert [image.digest for image in came] == expected[:3]

        await take_all(images, came)

    assert [image.digest for image in came] == expected


async def test_an_empty_page_with_a_token_is_passed_over(ecr: FakeECR, connect: Connect, expected: list[str]) -> None:
    """A page without images that is not the last ends nothing, neither by image nor by page."""
    async with connect() as client:
        for by_page in (False, True):
            ecr.inject_faults(None, Fault.empty_page(), Fault.empty_page())
            images = client.describe_images("team/app", page_size=3)
            if by_page:
                pages = [page async for page in images.pages()]
                assert [image.digest for page in pages for image in page.images] == expected
                assert all(page.images for page in pages)
            else:
                assert await digests(images) == expected


async def test_get_image(connect: Connect, expected: list[str]) -> None:
    """One image is found by tag, by digest, by id and by string."""
    async with connect() as client:
        image = await client.get_image("team/app", "v1")

        for found in (
            client.get_image("team/app", tag="v1"),
            client.get_image("team/app", digest=image.digest),
            client.get_image("team/app", image.digest),
            client.get_image("team/app", ImageId(tag="v1"), registry_id=image.registry_id),
        ):
            assert await found == image
        with pytest.raises(ImageNotFoundError) as caught:
            await client.get_image("team/app", tag="none")
    assert caught.value.image_id == ImageId(tag="none")
    assert image.digest in expected


async def test_image_exists(connect: Connect) -> None:
    """A missing image is False; a missing repository is an error."""
    async with connect() as client:
        assert await client.image_exists("team/app", tag="v1") is True
        assert await client.image_exists("team/app", digest=NEVER_THERE) is False
        with pytest.raises(RepositoryNotFoundError):
            await client.image_exists("team/none", "v1")


async def test_get_images_in_batches(ecr: FakeECR, connect: Connect) -> None:
    """Any number of ids are requested 100 at a time, as they are needed, and read as they are needed."""
    read: list[int] = []

    def ids() -> Iterator[str]:
        for number in range(230):
            read.append(number)
            yield f"t{number}"

    for number in range(230):
        ecr.add_image("team/tags", tags=[f"t{number}"])
    async with connect() as client:
        images = client.get_images("team/tags", ids())
        assert repr(images) == "<AsyncImageLookup in 'team/tags': 0 images yielded>"

        await anext(images)
        assert len(read) == 100
        assert len(await digests(images)) == 229

    assert [len(request.parameters["imageIds"]) for request in ecr.requests] == [100, 100, 30]


async def test_get_images_resumes_after_a_missing_one(connect: Connect) -> None:
    """Each missing image is an error of its own, and no other is lost; or all of them are skipped."""
    async with connect() as client:
        images, tags, missing = client.get_images("team/app", ["v1", "x", "v2", "y"]), set[str](), set[str | None]()
        while True:
            try:
                async for image in images:
                    tags.update(image.tags)
                break
            except ImageNotFoundError as error:
                missing.add(error.image_id and error.image_id.tag)
        skipped = client.get_images("team/app", ["v1", "x", "v2", "y"], missing="skip")

        assert {image.tags async for image in skipped} == {("v1",), ("v2",)}

    assert tags == {"v1", "v2"}
    assert missing == {"x", "y"}


async def test_newest_images(ecr: FakeECR, connect: Connect) -> None:
    """The newest come first, of those that `where` takes, as with the synchronous client."""
    theirs = Client(ecr.client())

    def is_odd(image: Image) -> bool:
        return int(image.tags[0][1:]) % 2 == 1

    async with connect() as client:
        newest = await client.newest_images("team/builds", 3, where=is_odd, page_size=5)

        assert newest == theirs.newest_images("team/builds", 3, where=is_odd, page_size=5)
        assert await client.newest_images("team/builds", 0) == []
        assert await client.newest_images("team/app") == theirs.newest_images("team/app")


async def test_repository_names(ecr: FakeECR, connect: Connect) -> None:
    """All names come; a truncated list is an error, and the same iterator resumes."""
    async with connect() as client:
        ecr.inject_faults(Fault.truncated())
        names = client.repository_names()
        assert repr(names) == "<AsyncNameIterator: 0 names yielded, not started>"
        with pytest.raises(MalformedResponseError):
            await anext(names)

        assert [name async for name in names] == ["team/app", "team/builds", "team/empty"]


WRONG_CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("describe_images", ("Team/App",), {}),
    ("describe_images", (42,), {}),
    ("describe_images", ("team/app",), {"page_size": 0}),
    ("describe_images", ("team/app",), {"limit": -1}),
    ("describe_images", ("team/app",), {"tag_status": "tagged"}),
    ("describe_images", ("team/app",), {"image_status": "COLD"}),
    ("describe_images", ("team/app",), {"start_token": ""}),
    ("describe_images", ("team/app",), {"registry_id": "1"}),
    ("get_images", ("team/app", "v1"), {}),
    ("get_images", ("team/app", ["v1", 2]), {}),
    ("get_images", ("team/app", ["v1"]), {"missing": "ignore"}),
    ("get_image", ("team/app",), {}),
    ("get_image", ("team/app", "v1"), {"tag": "v1"}),
    ("get_image", ("team/app",), {"digest": "sha256:x"}),
    ("image_exists", ("team/app",), {}),
    ("newest_images", ("team/app", -1), {}),
    ("newest_images", ("team/app",), {"where": "v1"}),
    ("repository_names", (), {"registry_id": 1}),
    ("registry_images", ("team/app",), {}),
    ("registry_images", (["Team"],), {}),
    ("registry_images", (), {"max_workers": 0}),
    ("registry_images", (), {"max_workers": 11}),
    ("registry_images", (), {"failed": "ignore"}),
    ("image_uri", ("team/app",), {}),
]


async def test_wrong_arguments_are_refused_as_by_the_synchronous_client(ecr: FakeECR, connect: Connect) -> None:
    """Of a method that returns an iterator at the call, of a coroutine when it is awaited; before any request."""
    synchronous = Client(ecr.client())
    async with connect() as client:
        for method, positional, named in WRONG_CALLS:
            with pytest.raises((TypeError, ValueError)) as theirs:
                getattr(synchronous, method)(*positional, **named)
            call = getattr(client, method)
            with pytest.raises(theirs.type, match=f"^{re.escape(str(theirs.value))}$"):
                await call(*positional, **named) if inspect.iscoroutinefunction(call) else call(*positional, **named)
    assert ecr.requests == ()


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_the_arguments_and_the_documentation_of_the_synchronous_one(name: str) -> None:
    """Names, order, defaults and annotations are the same, and so is what the docstring says of them."""
    ours, theirs = getattr(AsyncClient, name), getattr(Client, name)

    assert inspect.signature(ours).parameters == inspect.signature(theirs).parameters
    assert _section(ours, "Args") == _section(theirs, "Args")
    assert _section(ours, "Raises").startswith(_section(theirs, "Raises"))


def _section(function: Any, title: str) -> str:
    text = inspect.getdoc(function) or ""
    section = text.partition(f"{title}:\n")[2].partition("\n\n")[0]
    return re.sub(r"\s+", " ", section).replace("the boto3 client's connection pool", "the client's connection pool")


async def test_for_is_refused_by_python(connect: Connect) -> None:
    """`for` over an asynchronous iterator, and `with` in the place of `async with`, are errors of Python's own."""
    async with connect() as client:
        images: Any = client.describe_images("team/app")
        assert issubclass(AsyncImageIterator, AsyncIterator)

        with pytest.raises(TypeError, match="'AsyncImageIterator' object is not iterable"):
            list(images)
        with pytest.raises(TypeError, match="context manager"), images:
            pass


async def test_look_ups_are_made_at_the_same_time(ecr: FakeECR, connect: Connect) -> None:
    """`gather` makes 8 requests at a time over threads, and 10 over aiobotocore's connections."""
    ecr.inject_faults(*[held_until(lambda: len(ecr.requests) >= 8)] * 7)
    async with connect() as client:
        images = await asyncio.gather(*(client.get_image("team/app", "v1") for _ in range(20)))

    assert len(set(images)) == 1


async def test_the_event_loop_is_blocked_for_less_than_by_botocore(connect: Connect, ecr: FakeECR) -> None:
    """The loop's thread spends less time on a page than botocore's parser; with threads, it decodes none."""
    for number in range(2000):
        ecr.add_image("team/large", tags=[f"v{number}"])
    ecr_client = ecr.client()
    gc.disable()
    try:
        start = time.thread_time()
        ecr_client.describe_images(repositoryName="team/large", maxResults=1000)
        by_botocore = time.thread_time() - start
        async with connect() as client:
            # The first call imports what it needs, and opens a connection.
            pages = client.describe_images("team/large").pages()
            await anext(pages)
            start = time.thread_time()
            page = await anext(pages)
            used = time.thread_time() - start
    finally:
        gc.enable()
    assert len(page.images) == 1000
    assert used < by_botocore
