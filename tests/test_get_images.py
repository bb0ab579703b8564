from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from hypothesis import given, strategies as st
from samples import body_of, detail, digest, image

from ecrimages import (
    AccessDeniedError,
    Client,
    ECRImagesError,
    Image,
    ImageId,
    ImageNotFoundError,
    MalformedResponseError,
    RepositoryNotFoundError,
    ThrottlingError,
)
from ecrimages.testing import FakeECR, Fault

Missing = Literal["raise", "skip"]


def fill(ecr: FakeECR, count: int) -> list[Image]:
    """Add images with the tags v0, v1 and so on."""
    return [ecr.add_image("team/app", tags=[f"v{number}"], digest=digest(number)) for number in range(count)]


def requested(ecr: FakeECR) -> list[int]:
    """Return how many ids each request had."""
    return [len(request.parameters["imageIds"]) for request in ecr.requests]


def outcomes(iterator: Iterator[Image]) -> list[Any]:
    """Return what an iterator yields, and the ids of the images that it misses, in order."""
    came: list[Any] = []
    while True:
        try:
            came.append(next(iterator))
        except StopIteration:
            return came
        except ImageNotFoundError as error:
            came.append(error.image_id)
        except ECRImagesError:
            continue


def test_any_number_of_ids_is_requested_a_hundred_at_a_time(ecr: FakeECR, client: Client) -> None:
    """Strings and ImageIds, tags and digests, come a batch at a time, as they are needed."""
    images = fill(ecr, 250)
    ids = [image.digest if number % 2 else ImageId(tag=f"v{number}") for number, image in enumerate(images)]
    lookup = client.get_images("team/app", ids)

    first = next(lookup)
    before = requested(ecr)
    came = [first, *lookup]

    assert sorted(came, key=lambda image: image.digest) == images
    assert (before, requested(ecr)) == ([100], [100, 100, 50])
    assert repr(lookup) == "<ImageLookup in 'team/app': 250 images yielded>"


def test_no_ids_cost_no_request(ecr: FakeECR, client: Client) -> None:
    """No request is made, even if the repository is missing."""
    assert list(client.get_images("team/none", [])) == []
    assert ecr.requests == ()


def test_an_iterator_of_ids_is_read_a_batch_at_a_time(ecr: FakeECR, client: Client) -> None:
    """A generator is read when its ids are needed, and an id that is none is raised when its turn comes."""
    fill(ecr, 3)
    read: list[str] = []

    def ids() -> Iterator[Any]:
        for value in ("v0", "team/app:v1", None, "v2"):
            read.append(str(value))
            yield value

    lookup = client.get_images("team/app", ids())
    assert read == []
    with pytest.raises(ValueError, match="only 'sha256:…' is a digest"):
        next(lookup)
    with pytest.raises(TypeError, match="an image id must be an ImageId, a tag or a digest, not None"):
        next(lookup)

    assert [image.tags for image in lookup] == [("v0",), ("v2",)]


def test_an_error_of_the_iterator_of_ids_loses_none(ecr: FakeECR, client: Client) -> None:
    """What the caller's iterator raises comes out, and the ids that it gave before are not lost."""
    fill(ecr, 3)

    class Ids:
        values: Iterator[Any] = iter(["v0", OSError("disk"), "v1", "v2"])

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            value = next(self.values)
            if isinstance(value, Exception):
                raise value
            return str(value)

    lookup = client.get_images("team/app", Ids())

    with pytest.raises(OSError, match="disk"):
        next(lookup)

    assert [image.tags for image in lookup] == [("v0",), ("v1",), ("v2",)]


@pytest.mark.parametrize("response", ["ECR", "an emulator"])
def test_an_image_comes_once_a_batch(ecr: FakeECR, client: Client, response: str) -> None:
    """Ids that come twice, or are of one image, bring it once, however often the response holds it."""
    added = ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    if response == "an emulator":
        ecr.inject_faults(Fault.edit(lambda body: body["imageDetails"].append(body["imageDetails"][0])))

    came = list(
        client.get_images("team/app", ["v1", "latest", "v1", added.digest, ImageId(tag="v1", digest=added.digest)])
    )

    assert came == [added]
    assert requested(ecr) == [4]


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_missing_images(ecr: FakeECR, client: Client, missing: Missing) -> None:
    """Each missing id is an error, or is skipped, and the others come, for one more request an id."""
    images = fill(ecr, 10)
    gone = ["gone", "gone2", digest(99)]

    came = outcomes(client.get_images("team/app", [*[f"v{number}" for number in range(10)], *gone], missing=missing))

    ids = [ImageId(tag="gone"), ImageId(tag="gone2"), ImageId(digest=digest(99))]
    assert came == ([*ids, *images] if missing == "raise" else images)
    assert len(ecr.requests) == 4


def test_the_error_of_a_missing_image(ecr: FakeECR, client: Client) -> None:
    """It tells the id, the repository and the registry, and keeps botocore's error as its cause."""
    fill(ecr, 1)

    with pytest.raises(ImageNotFoundError) as caught:
        client.get_image("team/app", tag="v9", registry_id="123456789012")

    error = caught.value
    assert (error.image_id, error.repository_name, error.registry_id) == (ImageId(tag="v9"), "team/app", "123456789012")
    assert type(error.__cause__).__name__ == "ImageNotFoundException"
    assert error.retryable is False


def test_get_image(ecr: FakeECR, client: Client) -> None:
    """An image is found by tag, by digest, by both, by an ImageId and by a string."""
    [added] = fill(ecr, 1)
    both = ImageId(tag="v0", digest=added.digest)

    found = [
        client.get_image("team/app", "v0"),
        client.get_image("team/app", added.digest),
        client.get_image("team/app", both),
        client.get_image("team/app", tag="v0"),
        client.get_image("team/app", digest=added.digest),
    ]

    assert found == [added] * 5
    assert ecr.requests[2].parameters["imageIds"] == [{"imageTag": "v0", "imageDigest": added.digest}]
    with pytest.raises(ImageNotFoundError) as caught:
        client.get_image("team/app", ImageId(tag="v0", digest=digest(5)))
    assert caught.value.image_id == ImageId(tag="v0", digest=digest(5))


@pytest.mark.parametrize("missing", ["raise", "skip"])
@pytest.mark.parametrize(
    "text",
    ["Not found", "The image with imageId {imageDigest:'sha256:1', imageTag:'other'}", ""],
    ids=["other", "foreign", "none"],
)
def test_a_text_that_does_not_tell_the_id(ecr: FakeECR, missing: Missing, text: str) -> None:
    """The batch is halved until the missing ids are found, and an image comes once from all of its parts."""
    images = fill(ecr, 8)
    twice = ecr.add_image("team/app", tags=["v0", "again"], digest=digest(0))
    boto3_client: Any = ecr.client()

    def reword(parsed: dict[str, Any], **_: object) -> None:
        if "Error" in parsed:
            parsed["Error"]["Message"] = text

    boto3_client.meta.events.register("after-call.ecr", reword)
    lookup = Client(boto3_client).get_images(
        "team/app", [f"v{number}" for number in range(8)] + ["gone", "again"], missing=missing
    )

    came = outcomes(lookup)

    assert [image for image in came if isinstance(image, Image)] == [twice, *images[1:]]
    assert [image_id for image_id in came if isinstance(image_id, ImageId)] == (
        [ImageId(tag="gone")] if missing == "raise" else []
    )
    assert len(ecr.requests) <= 9


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_a_response_that_leaves_images_out(ecr: FakeECR, client: Client, missing: Missing) -> None:
    """Emulators return the images that exist: the others are missing, after the images of their batch."""
    ecr.inject_faults(Fault.body(body_of(detail(1), detail(2))))

    came = outcomes(
        client.get_images("team/app", ["v1", "gone", digest(2), ImageId(tag="v1", digest=digest(2))], missing=missing)
    )

    gone: list[Any] = [ImageId(tag="gone"), ImageId(tag="v1", digest=digest(2))]
    assert came == [image(1), image(2), *(gone if missing == "raise" else [])]


def test_the_error_of_an_image_that_is_left_out(ecr: FakeECR, client: Client) -> None:
    """An empty 200 means the same as ECR's error, and the error looks the same."""
    ecr.inject_faults(Fault.body(body_of()))

    with pytest.raises(ImageNotFoundError, match="imageTag:'v1'} is missing from the response") as caught:
        client.get_image("team/app", "v1", registry_id="123456789012")

    error = caught.value
    assert (error.code, error.http_status) == ("ImageNotFoundException", 200)
    assert (error.image_id, error.repository_name, error.registry_id) == (ImageId(tag="v1"), "team/app", "123456789012")
    assert error.request_id is not None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (body_of(detail(1), detail(2)), "imageDetails[1]"),
        (body_of(detail(1), nextToken="t"), "nextToken"),
        (body_of(detail(1, repositoryName="team/other")), "imageDetails[0].repositoryName"),
    ],
)
def test_a_response_to_another_question(ecr: FakeECR, client: Client, body: bytes, path: str) -> None:
    """An image that was not requested, or a token, is no response to a request by id."""
    ecr.inject_faults(Fault.body(body))

    with pytest.raises(MalformedResponseError) as caught:
        client.get_image("team/app", "v1")

    assert (caught.value.path, caught.value.repository_name) == (path, "team/app")
    assert caught.value.request_id is not None


def test_a_tag_that_has_moved(ecr: FakeECR, client: Client) -> None:
    """Where an emulator looks at one part of an id, an image that has only that part is a missing one."""
    ecr.inject_faults(*[Fault.body(body_of(detail(1)))] * 2)

    for image_id in (ImageId(tag="v1", digest=digest(2)), ImageId(tag="v2", digest=digest(1))):
        assert outcomes(client.get_images("team/app", [image_id])) == [image_id]


@pytest.mark.parametrize("tag", ["null", "v1"])
def test_the_tag_null(ecr: FakeECR, client: Client, tag: str) -> None:
    """In ECR's text, a part of the id that was not requested reads 'null': a tag of that name is found missing too."""
    ecr.add_repository("team/app")
    ids = [ImageId(tag=tag), ImageId(tag=tag, digest=digest(1)), ImageId(digest=digest(1))]

    for image_id in ids:
        assert outcomes(client.get_images("team/app", [image_id, "other"])) == [image_id, ImageId(tag="other")]
    assert [client.image_exists("team/app", image_id) for image_id in ids] == [False] * 3


def test_a_text_may_name_both_parts(ecr: FakeECR, client: Client) -> None:
    """A text that names tag and digest where one was requested still names the one."""
    text = f"The image with imageId {{imageDigest:'{digest(1)}', imageTag:'v1'}} does not exist"
    ecr.inject_faults(Fault.error("ImageNotFoundException", text), Fault.body(body_of(detail(2))))

    assert outcomes(client.get_images("team/app", ["v1", "v2"])) == [ImageId(tag="v1", digest=digest(1)), image(2)]


def test_it_resumes_after_an_error(ecr: FakeECR, client: Client) -> None:
    """After any error but ImageNotFoundError, the same request is made again."""
    images = fill(ecr, 150)
    lookup = client.get_images("team/app", [f"v{number}" for number in range(150)])
    ecr.inject_faults(Fault.throttling(), Fault.access_denied(), None, Fault.throttling())
    came: list[Image] = []

    for error in (ThrottlingError, AccessDeniedError):
        with pytest.raises(error):
            next(lookup)
    came += itertools.islice(lookup, 100)
    with pytest.raises(ThrottlingError):
        next(lookup)
    came += lookup

    assert sorted(came, key=lambda image: image.digest) == images
    assert requested(ecr) == [100, 100, 100, 50, 50]


def test_a_re_entrant_next_is_an_error(ecr: FakeECR) -> None:
    """An event handler that advances the look-up that waits gets the image, and the outer next() an error."""
    [added] = fill(ecr, 1)
    boto3_client: Any = ecr.client()
    lookup = Client(boto3_client).get_images("team/app", ["v0"])
    inner: list[Image] = []

    def advance(**_: object) -> None:
        boto3_client.meta.events.unregister("before-send.ecr.DescribeImages", advance)
        inner.append(next(lookup))

    boto3_client.meta.events.register("before-send.ecr.DescribeImages", advance)

    with pytest.raises(RuntimeError, match="advanced by an event handler"):
        next(lookup)

    assert inner + list(lookup) == [added]


def test_image_exists(ecr: FakeECR, client: Client) -> None:
    """An image exists by any of its ids, an archived one too."""
    added = ecr.add_image("team/app", tags=["v1"], status="ARCHIVED")

    found = [
        client.image_exists("team/app", "v1"),
        client.image_exists("team/app", tag="v1"),
        client.image_exists("team/app", digest=added.digest),
        client.image_exists("team/app", tag="v2"),
        client.image_exists("team/app", digest=digest(1)),
    ]

    assert found == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.access_denied(), AccessDeniedError),
        (Fault.throttling(), ThrottlingError),
        (Fault.html(status=200), MalformedResponseError),
        (Fault.error("RepositoryNotFoundException"), RepositoryNotFoundError),
        (Fault.body(b"", status=404), ECRImagesError),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_other_error_comes_out(ecr: FakeECR, client: Client, fault: Fault, error: type[ECRImagesError]) -> None:
    """image_exists() is False only if ECR says so."""
    ecr.inject_faults(fault)

    with pytest.raises(error):
        client.image_exists("team/app", tag="v1")


@pytest.fixture(scope="module")
def laconic_client(shared: FakeECR) -> Client:
    """A client for which the texts of errors do not tell the id."""
    boto3_client: Any = shared.client()
    boto3_client.meta.events.register("after-call.ecr", lambda parsed, **_: parsed.get("Error", {}).update(Message="?"))
    return Client(boto3_client)


NUMBERS = itertools.count()


@given(
    ids=st.lists(st.sampled_from(["v0", "v1", "v2", "v3", "gone", "gone2", digest(1), digest(9), "null"]), max_size=8),
    faults=st.lists(st.sampled_from([None, Fault.throttling(), Fault.truncated()]), max_size=6),
    is_text_known=st.booleans(),
)
def test_every_id_has_its_image_or_its_error(
    shared: FakeECR,
    shared_client: Client,
    laconic_client: Client,
    ids: list[str],
    faults: list[Fault | None],
    is_text_known: bool,
) -> None:
    """Whatever ids in whatever order, and whatever fails: each image comes once, and each missing id is told once."""
    # Faults that are left over are those of its repository.
    repository_name = f"team/app-{next(NUMBERS)}"
    images = [shared.add_image(repository_name, tags=[f"v{number}"], digest=digest(number)) for number in range(4)]
    shared.inject_faults(*faults, repository_name=repository_name)
    by_name = {name: image for image in images for name in (image.digest, *image.tags)}

    came = outcomes((shared_client if is_text_known else laconic_client).get_images(repository_name, iter(ids)))

    found = [image for image in came if isinstance(image, Image)]
    told = [image_id for image_id in came if isinstance(image_id, ImageId)]
    assert len(found) == len({image.digest for image in found})
    assert set(found) == {by_name[name] for name in ids if name in by_name}
    assert {image_id.tag or image_id.digest for image_id in told} == set(ids) - set(by_name)
    assert len(told) == len(set(told))


def test_ids_that_ask_for_the_next_image_are_an_error(ecr: FakeECR, client: Client) -> None:
    """An iterator of ids that advances the look-up which reads it gets the image, and it does not come again."""
    images = fill(ecr, 2)
    inner: list[Image] = []

    class Ids(Iterator[str]):
        ids = iter(["v0", "v1"])

        def __next__(self) -> str:
            image_id = next(self.ids)
            if image_id == "v1":
                inner.append(next(lookup))
            return image_id

    lookup = client.get_images("team/app", Ids())

    with pytest.raises(RuntimeError, match="advanced by an event handler"):
        next(lookup)

    assert inner == images[:1]
    assert list(lookup) == []
