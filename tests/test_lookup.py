from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from operator import length_hint
from typing import Any, Literal

import boto3
import pytest
from hypothesis import given, strategies as st
from model_strategies import WITHOUT_DEADLINE
from moto.server import ThreadedMotoServer

from ecrimages import (
    Client,
    ECRImagesError,
    Image,
    ImageId,
    ImageNotFoundError,
    ImagePage,
    MalformedResponseError,
    RepositoryNotFoundError,
    ServerError,
    ThrottlingError,
)
from ecrimages._lookup import ImageLookup
from ecrimages.testing import FakeECR, Fault

PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
REGISTRY = "123456789012"
ABSENT = "sha256:" + "f" * 64
# An error of which the text does not tell what is missing.
UNREADABLE = Fault.error("ImageNotFoundException", "Something new")


def digest(number: int) -> str:
    """Return a digest."""
    return f"sha256:{number:064x}"


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """Give an ECR with 250 images in `team/app`: v0 to v249, of which v0 is `latest` too."""
    with FakeECR() as ecr:
        for number in range(250):
            tags = [f"v{number}", *(["latest"] if number == 0 else [])]
            ecr.add_image("team/app", tags=tags, digest=digest(number), pushed_at=PUSHED)
        yield ecr


@pytest.fixture
def client(ecr: FakeECR) -> Client:
    """Give a client of that ECR."""
    return Client(ecr.client())


def tags(images: Iterable[Image]) -> list[str]:
    """Return the first tag of each image."""
    return [image.tags[0] for image in images]


def take_with_errors(images: Iterator[Image]) -> tuple[list[str], list[ImageId | None]]:
    """Take all images; return the first tag of each, and the ids that errors named."""
    came: list[str] = []
    missing: list[ImageId | None] = []
    while True:
        try:
            for each in images:
                came.append(each.tags[0])  # noqa: PERF401
        except ImageNotFoundError as error:
            missing.append(error.image_id)
        else:
            return came, missing


def ids_asked_for(ecr: FakeECR) -> list[list[str]]:
    """Return what each request asked for, tags and digests alike."""
    return [
        ["@".join(image_id.values()) for image_id in request.parameters["imageIds"]]
        for request in ecr.requests
    ]


class Asked:
    """A stand-in for the service: it holds images, counts requests, and words its errors in some way."""

    def __init__(
        self, images: Iterable[Image], text: Callable[[ImageId], str] | None, *, fails: bool = True
    ) -> None:
        self.images = list(images)
        self.text = text
        self.fails = fails
        self.batches: list[list[ImageId]] = []

    def __call__(self, request: Mapping[str, Any]) -> ImagePage:
        """Answer as ECR does, or as an emulator that leaves out what is not there."""
        batch = [
            ImageId(tag=members.get("imageTag"), digest=members.get("imageDigest"))
            for members in request["imageIds"]
        ]
        self.batches.append(batch)
        found: dict[str, Image] = {}
        for image_id in batch:
            image = self.find(image_id)
            if image is not None:
                found[image.digest] = image
            elif self.fails:
                message = self.text(image_id) if self.text else ""
                error = {"Code": "ImageNotFoundException", "Message": message}
                raise ImageNotFoundError({"Error": error}, "DescribeImages", request)
        return ImagePage(images=tuple(found.values()), next_token=None, request_id=None)

    def find(self, image_id: ImageId) -> Image | None:
        """Return the image with an id, if there is one on which all of it is right."""
        for image in self.images:
            if image_id.digest in (None, image.digest) and (
                image_id.tag is None or image_id.tag in image.tags
            ):
                return image
        return None

    def look_up(
        self, image_ids: Iterable[ImageId | str], missing: Literal["raise", "skip"]
    ) -> Iterator[Image]:
        """Look images up here."""
        return ImageLookup(self, {"repositoryName": "team/app"}, image_ids, missing=missing)


def image(number: int, *tags: str) -> Image:
    """Return an image that no ECR has sent."""
    return Image(
        registry_id=REGISTRY,
        repository_name="team/app",
        digest=digest(number),
        pushed_at=PUSHED,
        tags=tags,
    )


def as_ecr_says(image_id: ImageId) -> str:
    """Return the text of ECR's error about an id."""
    return (
        f"The image with imageId {{imageDigest:'{image_id.digest or 'null'}', imageTag:"
        f"'{image_id.tag or 'null'}'}} does not exist within the repository with name 'team/app' "
        f"in the registry with id '{REGISTRY}'"
    )


def with_both(image_id: ImageId) -> str:
    """Return a text that tells a digest and a tag, whichever was asked for."""
    return as_ecr_says(ImageId(tag=image_id.tag or "v-both", digest=image_id.digest or ABSENT))


def of_another(image_id: ImageId) -> str:
    """Return a text about an id that nobody asked for."""
    return as_ecr_says(ImageId(tag=f"not-{image_id.tag}"))


# Texts that tell the id, and texts that do not.
READABLE = [as_ecr_says, with_both]
NOT_READABLE: list[Callable[[ImageId], str] | None] = [None, lambda _: "Something new", of_another]


# One image.


def test_an_image_by_tag(ecr: FakeECR, client: Client) -> None:
    """The image with a tag comes with all of its tags, after one request for that one id."""
    image = client.get_image("team/app", tag="latest")

    assert image.digest == digest(0)
    assert set(image.tags) == {"latest", "v0"}
    assert [request.parameters for request in ecr.requests] == [
        {"repositoryName": "team/app", "imageIds": [{"imageTag": "latest"}]}
    ]


def test_an_image_by_digest(ecr: FakeECR, client: Client) -> None:
    """The image with a digest comes after one request for that one id."""
    image = client.get_image("team/app", digest=digest(3), registry_id=REGISTRY)

    assert image.tags == ("v3",)
    assert [request.parameters for request in ecr.requests] == [
        {
            "repositoryName": "team/app",
            "registryId": REGISTRY,
            "imageIds": [{"imageDigest": digest(3)}],
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "image_id"),
    [({"tag": "v9999"}, ImageId(tag="v9999")), ({"digest": ABSENT}, ImageId(digest=ABSENT))],
)
def test_an_image_that_is_not_there(client: Client, arguments: Any, image_id: ImageId) -> None:
    """The error tells which image is missing, and in what repository and registry."""
    with pytest.raises(ImageNotFoundError) as caught:
        client.get_image("team/app", **arguments)

    error = caught.value
    assert (error.image_id, error.repository_name, error.registry_id) == (image_id, "team/app", REGISTRY)
    assert error.code == "ImageNotFoundException"
    assert error.http_status == 400
    assert error.request_id is not None
    assert error.message == as_ecr_says(image_id)


def test_a_text_that_does_not_tell(ecr: FakeECR, client: Client) -> None:
    """What the text of the error does not tell, the request does."""
    ecr.inject_faults(UNREADABLE)

    with pytest.raises(ImageNotFoundError, match="Something new") as caught:
        client.get_image("team/app", tag="v1", registry_id=REGISTRY)

    error = caught.value
    assert error.image_id == ImageId(tag="v1")
    assert (error.repository_name, error.registry_id) == ("team/app", REGISTRY)
    assert len(ecr.requests) == 1


def test_what_the_text_tells_goes_before_the_request(ecr: FakeECR, client: Client) -> None:
    """Where the text tells more than was asked, the error has it."""
    told = ImageId(tag="v1", digest=ABSENT)
    ecr.inject_faults(Fault.error("ImageNotFoundException", as_ecr_says(told)))

    with pytest.raises(ImageNotFoundError) as caught:
        client.get_image("team/app", tag="v1")

    assert caught.value.image_id == told
    assert caught.value.registry_id == REGISTRY


def test_no_repository(client: Client) -> None:
    """A missing repository is another error than a missing image."""
    with pytest.raises(RepositoryNotFoundError) as caught:
        client.get_image("team/none", tag="v1")

    assert (caught.value.repository_name, caught.value.registry_id) == ("team/none", REGISTRY)


def test_an_empty_answer_is_a_missing_image(ecr: FakeECR, client: Client) -> None:
    """An emulator answers with nothing where ECR answers with an error: the image is missing all the same."""
    ecr.inject_faults(Fault.body(b'{"imageDetails": []}'))

    with pytest.raises(ImageNotFoundError) as caught:
        client.get_image("team/app", tag="v1", registry_id=REGISTRY)

    error = caught.value
    assert (error.image_id, error.repository_name, error.registry_id) == (
        ImageId(tag="v1"),
        "team/app",
        REGISTRY,
    )
    assert (error.code, error.http_status) == ("ImageNotFoundException", 200)
    assert error.request_id is not None
    assert error.retryable is False
    assert "imageTag:'v1'} was left out of the answer" in str(error)
    assert pickle.loads(pickle.dumps(error)).image_id == error.image_id


def test_another_image_than_the_one_asked_for(ecr: FakeECR, client: Client) -> None:
    """An answer with an image that was not asked for is never taken for the one that was."""
    details = [image(7, "v7").to_dict(wire=True)]
    ecr.inject_faults(Fault.edit(lambda answer: answer.update(imageDetails=details)))

    with pytest.raises(MalformedResponseError) as caught:
        client.get_image("team/app", tag="v1")

    assert caught.value.path == "imageDetails[0]"
    assert f"{digest(7)} was not asked for" in str(caught.value)
    assert caught.value.request_id is not None


# Many images.


def test_ids_of_all_kinds(ecr: FakeECR, client: Client) -> None:
    """Tags, digests and `ImageId` may stand side by side; they come in ECR's order, after one request."""
    ids: list[ImageId | str] = [
        "v2",
        digest(1),
        ImageId(tag="v0"),
        ImageId(digest=digest(4)),
        ImageId(tag="v3", digest=digest(3)),
    ]

    images = list(client.get_images("team/app", ids))

    assert sorted(tags(images)) == ["v0", "v1", "v2", "v3", "v4"]
    assert [request.parameters["imageIds"] for request in ecr.requests] == [
        [
            {"imageTag": "v2"},
            {"imageDigest": digest(1)},
            {"imageTag": "v0"},
            {"imageDigest": digest(4)},
            {"imageDigest": digest(3), "imageTag": "v3"},
        ]
    ]


@pytest.mark.parametrize("number", [1, 99, 100, 101, 200, 250])
def test_a_hundred_a_request(ecr: FakeECR, client: Client, number: int) -> None:
    """Any number of ids is asked for, a hundred at a time, batch by batch in their order."""
    wanted = [f"v{index}" for index in range(number)]

    images = list(client.get_images("team/app", wanted))

    assert tags(images) == wanted
    asked = ids_asked_for(ecr)
    assert list(itertools.chain(*asked)) == wanted
    assert [len(batch) for batch in asked[:-1]] == [100] * (math.ceil(number / 100) - 1)


@pytest.mark.parametrize("make", [list, tuple, set, iter, lambda ids: dict.fromkeys(ids).keys()])
def test_ids_of_any_iterable(client: Client, make: Callable[[list[str]], Iterable[str]]) -> None:
    """Ids may come in any collection, in any view of one, and from any iterator."""
    images = client.get_images("team/app", make(["v1", "v2", digest(3)]))

    assert sorted(tags(images)) == ["v1", "v2", "v3"]


@pytest.mark.parametrize("ids", [[], iter(())])
@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_no_ids(ecr: FakeECR, client: Client, ids: Iterable[str], missing: Any) -> None:
    """No ids are no images, and no request: ECR would list all images if `imageIds` were left out."""
    images = list(client.get_images("team/none", ids, missing=missing))

    assert images == []
    assert ecr.requests == ()


def test_an_iterator_of_ids_is_read_as_it_is_needed(ecr: FakeECR, client: Client) -> None:
    """A hundred ids are taken from an iterator when the first image of theirs is asked for, not earlier."""
    read: list[int] = []

    def ids() -> Iterator[str]:
        for number in itertools.count():
            read.append(number)
            yield f"v{number}"

    images = client.get_images("team/app", ids())
    counts = [(len(read), len(ecr.requests))]
    counts += [(len(read), len(ecr.requests)) for _ in itertools.islice(images, 101)]

    assert counts == [(0, 0), *[(100, 1)] * 100, (200, 2)]


def test_an_iterator_that_repeats_itself_is_read_no_faster(ecr: FakeECR, client: Client) -> None:
    """From an iterator that gives one id for ever, a hundred are read at a time."""
    ids = itertools.repeat("v1", 250)
    images = client.get_images("team/app", ids)

    next(images)
    left = length_hint(ids)
    others = list(images)

    assert left == 150
    assert tags(others) == ["v1", "v1"]
    assert ids_asked_for(ecr) == [["v1"]] * 3


def test_ids_that_come_twice(ecr: FakeECR, client: Client) -> None:
    """An id that comes twice in a hundred is asked for once; in another hundred, its image comes again."""
    ids: list[ImageId | str] = [
        "v1",
        "v2",
        "v1",
        ImageId(tag="v1"),
        *[f"v{number}" for number in range(10, 106)],
        "v1",
    ]

    images = tags(client.get_images("team/app", ids))

    assert images == ["v1", "v2", *[f"v{number}" for number in range(10, 106)], "v1"]
    assert [len(batch) for batch in ids_asked_for(ecr)] == [98, 1]


def test_two_ids_of_one_image(ecr: FakeECR, client: Client) -> None:
    """Two ids of one image give it once, as they do in ECR."""
    images = list(client.get_images("team/app", ["v0", "latest", digest(0), "v1"]))

    assert tags(images) == ["v0", "v1"]
    assert len(ecr.requests) == 1


def test_two_ids_of_one_image_in_two_halves(ecr: FakeECR, client: Client) -> None:
    """If a batch had to be halved, two ids of one image give it once all the same."""
    ecr.inject_faults(UNREADABLE)

    images = list(client.get_images("team/app", ["v0", "v1", "latest", "v2"], missing="skip"))

    assert tags(images) == ["v0", "v1", "v2"]
    assert ids_asked_for(ecr) == [["v0", "v1", "latest", "v2"], ["v0", "v1"], ["latest", "v2"]]


def test_its_repr(client: Client) -> None:
    """It tells the repository, and how many images came."""
    images = client.get_images("team/app", ["v1", "v2", "v3"])
    next(images)

    assert repr(images) == "<ImageLookup in 'team/app': 1 images yielded>"
    assert iter(images) is images


# Wrong ids.


@pytest.mark.parametrize(
    "wrong",
    ["", "v 1", "team/app:v1", "sha256:", digest(1)[:-1], digest(1).upper(), f"sha256:{0xABC:064X}"],
)
@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_a_wrong_id_is_refused_before_the_request(
    ecr: FakeECR, client: Client, wrong: str, missing: Any
) -> None:
    """A malformed id is an error and never a missing image, whether of a list or of an iterator."""
    ids = ["v1", wrong, "v2"]

    with pytest.raises(ValueError, match="must be"):
        client.get_images("team/app", ids, missing=missing)
    lazily = client.get_images("team/app", iter(ids), missing=missing)
    with pytest.raises(ValueError, match="must be"):
        next(lazily)
    requests = len(ecr.requests)

    assert requests == 0
    assert tags(lazily) == ["v1", "v2"]


def test_an_iterator_of_ids_that_fails(ecr: FakeECR, client: Client) -> None:
    """What an iterator of ids raises comes out; the ids that it gave before are not lost."""

    def ids() -> Iterator[str]:
        yield "v1"
        yield "v2"
        raise OSError("the list of ids is gone")

    images = client.get_images("team/app", ids())

    with pytest.raises(OSError, match="the list of ids is gone"):
        next(images)

    assert len(ecr.requests) == 0
    assert tags(images) == ["v1", "v2"]


# Missing images.


def test_a_missing_image_is_an_error(ecr: FakeECR, client: Client) -> None:
    """Each missing image is an error of its own; who goes on gets the others, each once."""
    ids = ["v1", "gone-1", "v2", ABSENT, *[f"v{number}" for number in range(10, 120)], "gone-2"]
    images = client.get_images("team/app", ids)

    came, missing = take_with_errors(images)

    assert came == ["v1", "v2", *[f"v{number}" for number in range(10, 120)]]
    assert missing == [ImageId(tag="gone-1"), ImageId(digest=ABSENT), ImageId(tag="gone-2")]
    assert len(ecr.requests) == 5


def test_the_batch_before_a_missing_image_comes(client: Client) -> None:
    """The images of an earlier batch come before the error about a later one."""
    images = client.get_images("team/app", [*[f"v{number}" for number in range(100)], "gone", "v200"])

    came = tags(itertools.islice(images, 100))
    with pytest.raises(ImageNotFoundError):
        next(images)

    assert came == [f"v{number}" for number in range(100)]
    assert tags(images) == ["v200"]


@pytest.mark.parametrize("position", [0, 1, 49, 50, 98, 99, 100, 198, 199])
@pytest.mark.parametrize("readable", [True, False])
def test_a_missing_image_anywhere(ecr: FakeECR, client: Client, position: int, readable: bool) -> None:
    """Wherever in a batch the missing one stands, it alone is left out."""
    ids = [f"v{number}" for number in range(199)]
    ids.insert(position, "gone")
    if not readable:
        ecr.inject_faults(*[None] * (position // 100), UNREADABLE)

    images = tags(client.get_images("team/app", ids, missing="skip"))

    assert images == [f"v{number}" for number in range(199)]


def test_ten_missing_among_a_thousand() -> None:
    """ECR names one missing id at a time: ten among a thousand cost one request each."""
    with FakeECR() as ecr:
        for number in range(1000):
            if number % 100 != 37:
                ecr.add_image("team/app", tags=[f"v{number}"])
        client = Client(ecr.client())

        images = list(client.get_images("team/app", [f"v{number}" for number in range(1000)], missing="skip"))

        assert len(images) == 990
        assert len(ecr.requests) == 20


def test_ten_missing_in_one_batch(ecr: FakeECR, client: Client) -> None:
    """It is the same if they are all in one batch."""
    ids = [*[f"gone-{number}" for number in range(10)], *[f"v{number}" for number in range(240)]]

    images = list(client.get_images("team/app", ids, missing="skip"))

    assert len(images) == 240
    assert len(ecr.requests) == 3 + 10


@pytest.mark.parametrize("missing", ["raise", "skip"])
@pytest.mark.parametrize("readable", [True, False])
def test_a_batch_in_which_all_are_missing(ecr: FakeECR, client: Client, missing: Any, readable: bool) -> None:
    """It costs at most two requests an id, whether or not the texts tell which one is missing."""
    ids = [f"gone-{number}" for number in range(100)]
    if not readable:
        ecr.inject_faults(*[UNREADABLE] * 1000)

    came, errors = take_with_errors(client.get_images("team/app", ids, missing=missing))

    assert came == []
    assert errors == ([] if missing == "skip" else [ImageId(tag=tag) for tag in ids])
    assert len(ecr.requests) == (100 if readable else 199)


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_an_emulator_that_leaves_the_missing_out(missing: Any) -> None:
    """Where the answer has the images that are there, the others are missed at once and cost no request."""
    asked = Asked([image(number, f"v{number}") for number in range(150)], None, fails=False)
    ids = [f"v{number}" for number in range(200)]

    came, errors = take_with_errors(asked.look_up(ids, missing))

    assert came == ids[:150]
    assert errors == ([] if missing == "skip" else [ImageId(tag=tag) for tag in ids[150:]])
    assert len(asked.batches) == 2


def test_moto() -> None:
    """Moto's server, which speaks like ECR but answers in no order, gives the same."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        ecr = session.client("ecr", endpoint_url=f"http://{host}:{port}")
        ecr.create_repository(repositoryName="team/app")
        for number in range(5):
            ecr.put_image(
                repositoryName="team/app",
                imageManifest=f'{{"schemaVersion": 2, "number": {number}}}',
                imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
                imageTag=f"v{number}",
            )
        client = Client(ecr)
        first = client.get_image("team/app", tag="v0")
        both = ImageId(tag="v1", digest=first.digest)
        ids: list[ImageId | str] = ["v4", "gone", "v3", both, first.digest]

        came, errors = take_with_errors(client.get_images("team/app", ids))
        skipped = tags(client.get_images("team/app", ids, missing="skip"))
    finally:
        server.stop()

    assert sorted(came) == sorted(skipped) == ["v0", "v3", "v4"]
    assert errors == [ImageId(tag="gone"), both]


# Other errors.


def test_it_goes_on_after_an_error(ecr: FakeECR, client: Client) -> None:
    """After an error that is not about an image, the same request is made again."""
    ids = [f"v{number}" for number in range(150)]
    images = client.get_images("team/app", ids, missing="skip")
    ecr.inject_faults(Fault.throttling(), None, Fault.server_error(), Fault.html(status=200))

    with pytest.raises(ThrottlingError):
        next(images)
    came = tags(itertools.islice(images, 100))
    with pytest.raises(ServerError):
        next(images)
    with pytest.raises(MalformedResponseError):
        next(images)
    came += tags(images)

    assert came == ids
    asked = ids_asked_for(ecr)
    assert asked[0] == asked[1] == ids[:100]
    assert asked[2] == asked[3] == asked[4] == ids[100:]


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_an_error_among_halves(ecr: FakeECR, client: Client, missing: Any) -> None:
    """An error while a batch is being halved loses nothing either."""
    ecr.inject_faults(UNREADABLE, None, Fault.throttling())
    images = client.get_images("team/app", ["v1", "v2", "v3", "v4"], missing=missing)

    came = tags(itertools.islice(images, 2))
    with pytest.raises(ThrottlingError):
        next(images)

    assert came + tags(images) == ["v1", "v2", "v3", "v4"]


@pytest.mark.parametrize("missing", ["raise", "skip"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault.error("RepositoryNotFoundException", "The repository with name 'team/app' does not exist"),
        Fault.access_denied(),
        Fault.body(b"{}"),
        Fault.body(b'{"imageDetails": null}'),
        Fault.html(status=200),
        Fault.html(status=404),
        Fault.error("NotFound", "The image does not exist"),
    ],
    ids=["repository", "permission", "nothing", "null", "html", "html-404", "other-code"],
)
def test_nothing_else_is_a_missing_image(ecr: FakeECR, client: Client, missing: Any, fault: Fault) -> None:
    """Only ECR's own word, or an answer that leaves an image out, makes it missing."""
    ecr.inject_faults(fault)
    images = client.get_images("team/app", ["v1"], missing=missing)

    with pytest.raises(ECRImagesError) as caught:
        next(images)

    assert not isinstance(caught.value, ImageNotFoundError)
    assert tags(images) == ["v1"]


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_an_answer_with_an_image_too_many(ecr: FakeECR, client: Client, missing: Any) -> None:
    """An image that was not asked for makes the whole answer worthless, and none of it comes."""
    stranger = image(999, "v999").to_dict(wire=True)
    ecr.inject_faults(Fault.edit(lambda answer: answer["imageDetails"].append(stranger)))
    images = client.get_images("team/app", ["v1", "v2"], missing=missing)

    with pytest.raises(MalformedResponseError) as caught:
        next(images)

    assert caught.value.path == "imageDetails[2]"
    assert tags(images) == ["v1", "v2"]


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_an_answer_that_would_be_continued(ecr: FakeECR, client: Client, missing: Any) -> None:
    """A token in an answer by ids means that it is not all: nothing is concluded from it."""
    ecr.inject_faults(Fault.edit(lambda answer: answer.update(imageDetails=[], nextToken="more")))
    images = client.get_images("team/app", ["v1"], missing=missing)

    with pytest.raises(MalformedResponseError) as caught:
        next(images)

    assert caught.value.path == "nextToken"
    assert tags(images) == ["v1"]


def test_a_tag_on_two_images(ecr: FakeECR, client: Client) -> None:
    """If an answer has two images with the tag that was asked for, neither is taken for it."""
    twin = image(999, "v1").to_dict(wire=True)
    ecr.inject_faults(Fault.edit(lambda answer: answer["imageDetails"].append(twin)))

    with pytest.raises(MalformedResponseError, match="was not asked for"):
        client.get_image("team/app", tag="v1")


# Ids with both parts.


def test_a_tag_that_has_moved(ecr: FakeECR, client: Client) -> None:
    """With tag and digest, the image is there only while the tag is on it."""
    both = ImageId(tag="v1", digest=digest(1))
    before = list(client.get_images("team/app", [both]))
    ecr.add_image("team/app", tags=["v1"], digest=ABSENT)

    came, errors = take_with_errors(client.get_images("team/app", [both, "v2"]))

    assert [image.digest for image in before] == [digest(1)]
    assert came == ["v2"]
    assert errors == [both]


def test_all_three_ways_to_name_an_image_of_which_the_tag_has_moved(ecr: FakeECR, client: Client) -> None:
    """Neither the digest nor the tag is missing because the two together are."""
    ecr.add_image("team/app", tags=["v1"], digest=ABSENT)
    both = ImageId(tag="v1", digest=digest(1))

    images = client.get_images("team/app", [digest(1), both, "v1", ABSENT])
    with pytest.raises(ImageNotFoundError) as caught:
        next(images)

    assert caught.value.image_id == both
    assert {image.digest for image in images} == {digest(1), ABSENT}


@pytest.mark.parametrize("missing", ["raise", "skip"])
@pytest.mark.parametrize("part", ["digest", "tag"])
def test_an_emulator_that_looks_at_one_part_of_an_id(missing: Any, part: str) -> None:
    """If the answer has an image with one part of an id and not the other, it is not the one asked for."""
    holder = image(1, "v1") if part == "tag" else image(2, "v9")
    both = ImageId(tag="v1", digest=digest(2))
    other = image(3, "v3")
    page = ImagePage(images=(holder, other), next_token=None, request_id="id")
    lookup = ImageLookup(lambda _: page, {"repositoryName": "team/app"}, [both, "v3"], missing=missing)

    came, errors = take_with_errors(lookup)

    assert came == ["v3"]
    assert errors == ([] if missing == "skip" else [both])


def test_a_tag_that_is_called_null(ecr: FakeECR, client: Client) -> None:
    """In ECR's text a tag called `null` looks like none: the digest alone is not missing for that."""
    ecr.add_image("team/app", tags=["null"], digest=ABSENT)
    both = ImageId(tag="null", digest=digest(1))

    skipped = list(client.get_images("team/app", [digest(1), both, "null", "v2"], missing="skip"))
    came, errors = take_with_errors(client.get_images("team/app", [both, "v2", "v3"]))

    assert {image.digest for image in skipped} == {digest(1), ABSENT, digest(2)}
    assert came == ["v2", "v3"]
    assert errors == [both]


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_a_text_with_a_digest_in_upper_case(missing: Any) -> None:
    """A text that spells a digest in another way does not tell the id, which is found all the same."""
    asked = Asked(
        [image(1, "v1"), image(2, "v2")],
        lambda image_id: as_ecr_says(image_id).replace(f"{0xABC:x}'", f"{0xABC:X}'"),
    )

    came, errors = take_with_errors(asked.look_up([digest(1), digest(0xABC), digest(2)], missing))

    assert came == ["v1", "v2"]
    assert errors == ([] if missing == "skip" else [ImageId(digest=digest(0xABC))])


@pytest.mark.parametrize("missing", ["raise", "skip"])
def test_a_text_that_may_mean_two_ids(missing: Any) -> None:
    """If the text tells two parts that were asked for apart, neither is given up for that."""
    asked = Asked([image(1, "v1")], lambda _: as_ecr_says(ImageId(tag="v1", digest=ABSENT)))

    came, errors = take_with_errors(asked.look_up(["v1", ABSENT], missing))

    assert came == ["v1"]
    assert len(errors) == (missing == "raise")
    assert [len(batch) for batch in asked.batches] == [2, 1, 1]


# All of it at random.

_NUMBERS = st.integers(0, 30)
_IDS = st.one_of(
    _NUMBERS.map(lambda number: ImageId(tag=f"v{number}")),
    _NUMBERS.map(lambda number: ImageId(digest=digest(number))),
    _NUMBERS.map(lambda number: ImageId(tag=f"v{number}", digest=digest(number))),
    st.builds(lambda one, other: ImageId(tag=f"v{one}", digest=digest(other)), _NUMBERS, _NUMBERS),
    st.sampled_from(["latest", "it's"]).map(lambda tag: ImageId(tag=tag)),
)
_NULLS = st.sampled_from([ImageId(tag="null"), *[ImageId(tag="null", digest=digest(n)) for n in range(4)]])


@st.composite
def lookups(draw: st.DrawFn, *, with_nulls: bool = False) -> tuple[list[Image], list[ImageId]]:
    """Return what a repository holds, and ids to look up there, of which some are missing."""
    there = [image(number, f"v{number}") for number in sorted(draw(st.sets(_NUMBERS)))]
    if there:
        there[-1] = image(int(there[-1].digest[7:], 16), *there[-1].tags, "latest", "null")
    ids = draw(st.lists(_IDS | _NULLS if with_nulls else _IDS, max_size=60))
    # More of them than fit into a request or two, of which every so many is missing.
    more, every = draw(st.integers(0, 230)), draw(st.integers(1, 50))
    there += [image(number, f"v{number}") for number in range(1000, 1000 + more) if number % every]
    ids += [ImageId(tag=f"v{number}") for number in range(1000, 1000 + more)]
    return there, draw(st.permutations(ids)) if len(ids) < 100 else ids


def expectation(asked: Asked, ids: list[ImageId]) -> Iterator[tuple[set[str], set[ImageId], int]]:
    """Return, for each hundred ids, the digests that are to come, the ids that are missing, and all ids."""
    for begin in range(0, len(ids), 100):
        batch = set(ids[begin : begin + 100])
        found = {image_id: asked.find(image_id) for image_id in batch}
        digests = {image.digest for image in found.values() if image is not None}
        yield digests, {image_id for image_id in batch if found[image_id] is None}, len(batch)


def check_what_comes(asked: Asked, ids: list[ImageId]) -> list[tuple[int, int]]:
    """Check that the existing images come, each hundred's once; return numbers of missing and all ids."""
    came = [image.digest for image in asked.look_up(iter(ids), "skip")]

    batches = list(expectation(asked, ids))
    assert [{came.pop(0) for _ in digests} for digests, _, _ in batches] == [
        digests for digests, _, _ in batches
    ]
    assert came == []
    return [(len(missing), number) for _, missing, number in batches]


@WITHOUT_DEADLINE
@given(lookups(), st.sampled_from(READABLE))
def test_texts_that_tell_cost_a_request_a_missing_id(
    lookup: tuple[list[Image], list[ImageId]], text: Callable[[ImageId], str]
) -> None:
    """Whatever is missing, what exists comes, at the cost of one more request for each missing id."""
    there, ids = lookup
    # A quote in a tag makes a text unreadable.
    ids = [image_id for image_id in ids if image_id.tag != "it's"]
    asked = Asked(there, text)

    batches = check_what_comes(asked, ids)

    assert len(asked.batches) == sum(missing + (missing < number) for missing, number in batches)


@WITHOUT_DEADLINE
@given(lookups(with_nulls=True), st.sampled_from([*READABLE, *NOT_READABLE]))
def test_texts_that_do_not_tell_cost_a_few_requests(
    lookup: tuple[list[Image], list[ImageId]], text: Callable[[ImageId], str] | None
) -> None:
    """Whatever the text says, what exists comes, for at most two requests an id: few if few are missing."""
    there, ids = lookup
    asked = Asked(there, text)

    batches = check_what_comes(asked, ids)

    most = [min(2 * number - 1, 1 + 2 * missing * number.bit_length()) for missing, number in batches]
    assert len(asked.batches) <= sum(most)
    assert max(map(len, asked.batches), default=0) <= 100


@WITHOUT_DEADLINE
@given(lookups(with_nulls=True), st.sampled_from([as_ecr_says, None]), st.booleans())
def test_every_missing_id_is_an_error_of_its_own(
    lookup: tuple[list[Image], list[ImageId]], text: Callable[[ImageId], str] | None, fails: bool
) -> None:
    """With `missing="raise"` what exists comes too, and each missing id is named by one error."""
    there, ids = lookup
    asked = Asked(there, text, fails=fails)

    came, errors = take_with_errors(asked.look_up(ids, "raise"))

    batches = list(expectation(asked, ids))
    assert sorted(errors, key=repr) == sorted(
        itertools.chain(*(missing for _, missing, _ in batches)), key=repr
    )
    assert len(came) == sum(len(digests) for digests, _, _ in batches)


@WITHOUT_DEADLINE
@given(lookups(with_nulls=True))
def test_answers_that_leave_out_cost_no_request(lookup: tuple[list[Image], list[ImageId]]) -> None:
    """Where the missing are left out of the answer, a hundred ids are one request."""
    there, ids = lookup
    asked = Asked(there, None, fails=False)

    batches = check_what_comes(asked, ids)

    assert len(asked.batches) == len(batches)
