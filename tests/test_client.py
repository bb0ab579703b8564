from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest

import ecrimages
from ecrimages import (
    AccessDeniedError,
    AuthenticationError,
    Client,
    ECRImagesError,
    Image,
    MalformedResponseError,
    RepositoryNotFoundError,
    ServerError,
    ServiceError,
    ThrottlingError,
    TransportError,
)
from ecrimages.testing import FakeECR, Fault

PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
OTHER_REGISTRY = "210987654321"
ABSENT = "sha256:" + "f" * 64

# Prints how many threads got the right answer.
THREADS_ON_THE_FUNCTIONS = """
import threading
import ecrimages

barrier, right = threading.Barrier(16), []

def work(number):
    barrier.wait()
    if number % 4 == 0:
        right.append(len(list(ecrimages.describe_images("team/app", page_size=1))) == 2)
    elif number % 4 == 1:
        right.append(ecrimages.get_image("team/app", tag="v1").tags == ("v1",))
    elif number % 4 == 2:
        right.append(not ecrimages.image_exists("team/app", tag="v9"))
    else:
        [newest] = ecrimages.newest_images("team/app")
        [same] = ecrimages.get_images("team/app", [newest.digest])
        right.append(newest == same)

threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(right.count(True))
"""
# The same with a client each, which boto3's default session makes all at once.
THREADS_ON_CLIENTS = """
import threading
import ecrimages

barrier, right = threading.Barrier(8), []

def work():
    barrier.wait()
    right.append(ecrimages.Client().image_exists("team/app", tag="v1"))

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(right.count(True))
"""


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """Give an ECR that holds nothing yet."""
    with FakeECR() as ecr:
        yield ecr


@pytest.fixture
def client(ecr: FakeECR) -> Client:
    """Give a client of that ECR."""
    return Client(ecr.client())


def first_tags(images: list[Image]) -> list[str]:
    """Return the first tag of each image."""
    return [image.tags[0] for image in images]


def run(program: str, ecr: FakeECR) -> str:
    """Run a program that finds this ECR in its environment; return what it prints."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, **ecr.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


# image_exists()


def test_an_image_exists(ecr: FakeECR, client: Client) -> None:
    """True by tag and by digest, after one request for that one id."""
    image = ecr.add_image("team/app", tags=["v1"])

    by_tag = client.image_exists("team/app", tag="v1")
    by_digest = client.image_exists("team/app", digest=image.digest)

    assert by_tag is by_digest is True
    assert [request.parameters["imageIds"] for request in ecr.requests] == [
        [{"imageTag": "v1"}],
        [{"imageDigest": image.digest}],
    ]


def test_an_image_does_not_exist(ecr: FakeECR, client: Client) -> None:
    """False by tag and by digest if ECR says so, in a repository with other images and in an empty one."""
    ecr.add_image("team/app", tags=["v1"])
    ecr.add_repository("team/empty")

    answers = [
        client.image_exists(repository, **image_id)
        for repository in ("team/app", "team/empty")
        for image_id in ({"tag": "v2"}, {"digest": ABSENT})
    ]

    assert answers == [False] * 4
    assert len(ecr.requests) == 4


def test_an_image_that_an_emulator_leaves_out_does_not_exist(ecr: FakeECR, client: Client) -> None:
    """An answer without the image means False as well: emulators send it where ECR sends an error."""
    ecr.inject_faults(Fault.body(b'{"imageDetails": []}'))

    assert client.image_exists("team/app", tag="v1") is False


@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        (Fault.throttling(), ThrottlingError),
        (Fault.server_error(), ServerError),
        (Fault.html(), ServerError),
        (Fault.html(status=404), ServiceError),
        (Fault.access_denied(), AccessDeniedError),
        (Fault.access_denied(status=403), AccessDeniedError),
        (Fault.expired_token(), AuthenticationError),
        (Fault.error("NotFoundException", "The image does not exist", status=404), ServiceError),
        (Fault.error("ResourceNotFoundException", "imageId"), ServiceError),
        (Fault.error("", "The image with imageId"), ServiceError),
        (Fault.reset(), TransportError),
        (Fault.html(status=200), MalformedResponseError),
        (Fault.truncated(), MalformedResponseError),
        # Older versions of botocore notice this themselves.
        (Fault.closed(), (MalformedResponseError, TransportError)),
        (Fault.body(b"{}"), MalformedResponseError),
        (Fault.body(b'{"imageDetails": null}'), MalformedResponseError),
        (Fault.body(b'{"imageDetails": [], "nextToken": "more"}'), MalformedResponseError),
    ],
)
def test_every_other_error_comes_out(
    ecr: FakeECR,
    client: Client,
    fault: Fault,
    error_class: type[ECRImagesError] | tuple[type[ECRImagesError], ...],
) -> None:
    """Whatever else goes wrong is an error, and never taken for an image that is not there."""
    ecr.add_image("team/app", tags=["v1"])
    ecr.inject_faults(fault)

    with pytest.raises(error_class):
        client.image_exists("team/app", tag="v1")

    assert client.image_exists("team/app", tag="v1") is True


def test_a_missing_repository_is_not_a_missing_image(client: Client) -> None:
    """A repository that is not there is an error, for nobody can tell whether a typo is in its name."""
    with pytest.raises(RepositoryNotFoundError):
        client.image_exists("team/none", tag="v1")


# newest_images()


def test_the_newest_images(ecr: FakeECR, client: Client) -> None:
    """Those pushed last come, newest first, whatever the order of the pages; one of them unless told."""
    for number in (3, 0, 4, 1, 2):
        ecr.add_image("team/app", tags=[f"v{number}"], pushed_at=PUSHED + timedelta(microseconds=number))

    newest = [
        first_tags(client.newest_images("team/app", count, page_size=2)) for count in (0, 1, 2, 5, 6, 10**12)
    ]

    in_order = ["v4", "v3", "v2", "v1", "v0"]
    assert newest == [[], in_order[:1], in_order[:2], in_order, in_order, in_order]
    assert first_tags(client.newest_images("team/app")) == ["v4"]


@pytest.mark.parametrize("count", [1, 2, 25])
def test_every_page_is_read(ecr: FakeECR, client: Client, count: int) -> None:
    """The order of a listing means nothing, so all pages are read before anything is cut."""
    for number in range(25):
        ecr.add_image("team/app", pushed_at=PUSHED + timedelta(days=number))

    newest = client.newest_images("team/app", count, page_size=10)

    assert [image.pushed_at for image in newest] == [
        PUSHED + timedelta(days=24 - number) for number in range(count)
    ]
    assert len(ecr.requests) == 3


def test_of_images_as_new_the_lower_digest_comes_first(ecr: FakeECR, client: Client) -> None:
    """Whatever the size of the pages and whenever the images were added, the result is the same."""
    digests = [f"sha256:{number:064x}" for number in (7, 3, 9, 1, 5)]
    for digest in digests:
        ecr.add_image("team/app", digest=digest, pushed_at=PUSHED)
    older = ecr.add_image("team/app", digest=f"sha256:{0:064x}", pushed_at=PUSHED - timedelta(seconds=1))

    for page_size in (1, 2, 1000):
        for count in range(7):
            newest = client.newest_images("team/app", count, page_size=page_size)
            assert [image.digest for image in newest] == [*sorted(digests), older.digest][:count]


def test_the_newest_images_in_a_service_that_lists_backwards(ecr: FakeECR, client: Client) -> None:
    """The result does not depend on the order in which the service lists."""
    for number in range(6):
        ecr.add_image("team/app", tags=[f"v{number}"], pushed_at=PUSHED + timedelta(days=number // 2))
    expected = client.newest_images("team/app", 3)
    ecr.inject_faults(Fault.edit(lambda answer: answer["imageDetails"].reverse()))

    assert client.newest_images("team/app", 3) == expected


def test_newest_goes_by_the_push_and_not_by_the_tag(ecr: FakeECR, client: Client) -> None:
    """A tag that moved to an older image does not make that one newer."""
    old = ecr.add_image("team/app", tags=["v1", "latest"], pushed_at=PUSHED)
    ecr.add_image("team/app", tags=["v2"], pushed_at=PUSHED + timedelta(days=1))

    [newest] = client.newest_images("team/app")

    assert newest.tags == ("v2",)
    assert client.get_image("team/app", tag="latest") == old


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        ({}, None),
        ({"tag_status": "UNTAGGED"}, None),
        ({"tag_status": "TAGGED"}, "v1"),
        ({"tag_status": "TAGGED", "image_status": "ARCHIVED"}, "cold"),
        ({"image_status": "ANY", "tag_status": "ANY"}, None),
    ],
)
def test_the_newest_of_some_images(ecr: FakeECR, client: Client, arguments: Any, tag: str | None) -> None:
    """The filters of a listing are filters here, and sent to ECR."""
    ecr.add_image("team/app", tags=["cold"], pushed_at=PUSHED + timedelta(days=1), status="ARCHIVED")
    ecr.add_image("team/app", tags=["v1"], pushed_at=PUSHED)
    ecr.add_image("team/app", pushed_at=PUSHED + timedelta(days=2))

    [newest] = client.newest_images("team/app", **arguments)

    assert newest.tags == ((tag,) if tag else ())
    [request] = ecr.requests
    assert request.parameters["maxResults"] == 1000
    assert len(request.parameters.get("filter", {})) == len(arguments)


def test_no_newest_image(ecr: FakeECR, client: Client) -> None:
    """An empty repository has none; to ask for none costs no request; a missing repository is an error."""
    ecr.add_repository("team/empty")

    assert client.newest_images("team/app", 0) == []
    assert len(ecr.requests) == 0
    assert client.newest_images("team/empty") == []
    with pytest.raises(RepositoryNotFoundError):
        client.newest_images("team/app")


@pytest.mark.parametrize("fault", [Fault.throttling(), Fault.truncated(), Fault.html(status=200)])
def test_the_newest_of_a_part_do_not_come(ecr: FakeECR, client: Client, fault: Fault) -> None:
    """If one page cannot be read there is no result, for the newest might be on that one."""
    for number in range(4):
        ecr.add_image("team/app", pushed_at=PUSHED + timedelta(days=number))
    ecr.inject_faults(None, fault)

    with pytest.raises(ECRImagesError):
        client.newest_images("team/app", 1, page_size=2)


@pytest.mark.parametrize("count", [1, 5])
def test_memory_holds_a_page_and_the_newest(ecr: FakeECR, client: Client, count: int) -> None:
    """However many images there are, a page of them and those that are newest so far are in memory."""
    ecr.add_images(
        Image(
            registry_id="123456789012",
            repository_name="team/app",
            digest=f"sha256:{number:064x}",
            # The newest comes last: each image is the newest so far.
            pushed_at=PUSHED + timedelta(seconds=number),
        )
        for number in range(400)
    )
    gc.collect()
    before = living_images()
    counts = []
    ecr.inject_faults(*[Fault.edit(lambda _: counts.append(living_images() - before))] * 8)

    newest = client.newest_images("team/app", count, page_size=50)

    assert len(newest) == count
    assert len(counts) == 8
    # When a page is asked for, the one before it is gone.
    assert max(counts) <= count + 1


def living_images() -> int:
    """Return how many images there are in memory."""
    return sum(type(each) is Image for each in gc.get_objects())


# Registries


def test_the_registry_of_the_client(ecr: FakeECR) -> None:
    """A client for another account's registry asks there; a call may name yet another one."""
    ecr.add_image("team/app", tags=["mine"])
    ecr.add_image("team/app", tags=["theirs"], registry_id=OTHER_REGISTRY)
    mine, theirs = Client(ecr.client()), Client(ecr.client(), registry_id=OTHER_REGISTRY)

    assert [image.tags for image in mine.describe_images("team/app")] == [("mine",)]
    assert [image.tags for image in theirs.describe_images("team/app")] == [("theirs",)]
    assert theirs.get_image("team/app", tag="theirs").registry_id == OTHER_REGISTRY
    assert theirs.image_exists("team/app", tag="mine") is False
    assert theirs.image_exists("team/app", tag="mine", registry_id=ecr.registry_id) is True
    assert [image.tags for image in mine.get_images("team/app", ["theirs"], registry_id=OTHER_REGISTRY)] == [
        ("theirs",)
    ]
    assert first_tags(theirs.newest_images("team/app")) == ["theirs"]
    assert first_tags(theirs.newest_images("team/app", registry_id=ecr.registry_id)) == ["mine"]
    assert [request.parameters.get("registryId") for request in ecr.requests] == [
        None,
        *[OTHER_REGISTRY] * 3,
        ecr.registry_id,
        *[OTHER_REGISTRY] * 2,
        ecr.registry_id,
    ]


def test_errors_tell_the_registry(ecr: FakeECR) -> None:
    """What is missing in another account's registry is missing there, and the error says so."""
    ecr.add_image("team/app", tags=["v1"])
    theirs = Client(ecr.client(), registry_id=OTHER_REGISTRY)

    with pytest.raises(RepositoryNotFoundError) as caught:
        theirs.get_image("team/app", tag="v1")

    assert caught.value.registry_id == OTHER_REGISTRY


# What a client is


def test_its_repr(ecr: FakeECR) -> None:
    """It tells the region, if that is known without a request, and the registry, if there is one."""
    boto3_client = ecr.client()

    texts = [
        repr(Client()),
        repr(Client(registry_id=OTHER_REGISTRY)),
        repr(Client(boto3_client)),
        repr(Client(boto3_client, registry_id=OTHER_REGISTRY)),
    ]

    assert texts == [
        "<Client: region to be found>",
        "<Client: region to be found, registry '210987654321'>",
        "<Client: region 'us-east-1'>",
        "<Client: region 'us-east-1', registry '210987654321'>",
    ]


def test_a_client_that_is_handed_in_stays_as_it_is(ecr: FakeECR) -> None:
    """Its own answers, errors, pages and settings are the same before and after it was used here."""
    ecr.add_image("team/app", tags=["v1"])
    boto3_client = ecr.client()
    config = dict(vars(boto3_client.meta.config))
    before = raw_answers(boto3_client)

    assert Client(boto3_client).image_exists("team/app", tag="v1")

    assert raw_answers(boto3_client) == before
    assert dict(vars(boto3_client.meta.config)) == config
    assert "ecrimages" not in ecr.requests[-1].headers["user-agent"]


def raw_answers(boto3_client: Any) -> list[Any]:
    """Return what a boto3 client says of a repository by itself."""
    answer = boto3_client.describe_images(repositoryName="team/app")
    metadata = answer.pop("ResponseMetadata")
    try:
        boto3_client.describe_images(repositoryName="team/none")
    except boto3_client.exceptions.RepositoryNotFoundException as error:
        answer["error"] = (type(error), str(error))
    pages = boto3_client.get_paginator("describe_images").paginate(repositoryName="team/app")
    return [answer, metadata["HTTPStatusCode"], [page["imageDetails"] for page in pages]]


class Asyncio:
    """What aiobotocore gives has the method, but no answer that could be had without `await`."""

    async def describe_images(self, **request: object) -> None:
        """Do nothing."""


def service_client(name: str) -> Any:
    """Return a client of another service, of which no request is made."""
    session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client(name)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda: "ecr", "not 'ecr'", id="name"),
        pytest.param(lambda: boto3, "not <module 'boto3'", id="module"),
        pytest.param(lambda: boto3.Session(region_name="us-east-1"), "not Session(", id="session"),
        pytest.param(lambda: service_client("s3"), "not <botocore.client.S3 ", id="s3"),
        pytest.param(lambda: service_client("ec2"), "not <botocore.client.EC2 ", id="ec2"),
        pytest.param(lambda: service_client("ecr-public"), "not <botocore.client.ECRPublic ", id="public"),
        pytest.param(Client, "not <Client: region to be found>", id="client"),
        pytest.param(Asyncio, "not <test_client.Asyncio ", id="asyncio"),
        pytest.param(FakeECR, "not <FakeECR not running", id="fake"),
        pytest.param(lambda: "123456789012", "not '123456789012'", id="registry"),
        pytest.param(lambda: False, "not False", id="false"),
    ],
)
def test_a_wrong_client_is_refused(make: Any, said: str) -> None:
    """What is no boto3 client of ECR is refused when it is handed in, with a word on what is right."""
    with pytest.raises(TypeError) as caught:
        Client(make())

    text = str(caught.value)
    assert text.startswith("ecr must be a boto3 ECR client, such as boto3.client('ecr'), not ")
    assert said in text


# The functions of the module


def test_threads_share_the_functions(ecr: FakeECR) -> None:
    """Sixteen threads that begin together get right answers from one boto3 client, made once."""
    for number in range(2):
        ecr.add_image("team/app", tags=[f"v{number}"], pushed_at=PUSHED + timedelta(days=number))

    printed = run(THREADS_ON_THE_FUNCTIONS, ecr)

    assert printed == "16"
    assert len(ecr.requests) == 4 * (2 + 1 + 1 + 2)
    for request in ecr.requests:
        assert f"ecrimages/{ecrimages.__version__}" in request.headers["user-agent"]


def test_clients_are_made_in_many_threads(ecr: FakeECR) -> None:
    """Clients that find their boto3 clients at the same time do not get in each other's way."""
    ecr.add_image("team/app", tags=["v1"])

    printed = run(THREADS_ON_CLIENTS, ecr)

    assert printed == "8"


def test_the_functions_take_another_registry(ecr: FakeECR) -> None:
    """Each function asks another account's registry if the call names it."""
    image = ecr.add_image("team/app", tags=["v1"], registry_id=OTHER_REGISTRY)
    program = f"""
import ecrimages
there = dict(registry_id="{OTHER_REGISTRY}")
images = [
    *ecrimages.describe_images("team/app", **there),
    ecrimages.get_image("team/app", tag="v1", **there),
    *ecrimages.get_images("team/app", ["v1"], **there),
    *ecrimages.newest_images("team/app", **there),
]
print(ecrimages.image_exists("team/app", tag="v1", **there), *(image.digest for image in images))
"""

    printed = run(program, ecr)

    assert printed == " ".join(["True", *[image.digest] * 4])
    assert {request.parameters["registryId"] for request in ecr.requests} == {OTHER_REGISTRY}
