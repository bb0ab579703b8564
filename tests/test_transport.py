from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ParamValidationError, StubAssertionError, UnStubbedResponseError
from botocore.stub import Stubber
from moto import mock_aws
from moto.server import ThreadedMotoServer

import ecrimages
from ecrimages import (
    Client,
    ConfigurationError,
    CredentialsError,
    Image,
    ImageId,
    ImageNotFoundError,
    MalformedResponseError,
    RepositoryNotFoundError,
    ServerError,
    ThrottlingError,
)
from ecrimages.testing import FakeECR, Fault

REGION = "us-east-1"
DIGEST = "sha256:" + "0f" * 32
ABSENT = "sha256:" + "ee" * 32
PUSHED = datetime(2026, 1, 12, 15, 2, 26, tzinfo=timezone.utc)
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

# What boto3 gives, with datetimes, of an image with most of the members.
PARSED: dict[str, Any] = {
    "registryId": "123456789012",
    "repositoryName": "team/app",
    "imageDigest": DIGEST,
    "imageTags": ["v1", "latest"],
    "imageSizeInBytes": 3_000_000_000,
    "imagePushedAt": PUSHED,
    "imageScanStatus": {"status": "COMPLETE"},
    "imageScanFindingsSummary": {"imageScanCompletedAt": PUSHED, "findingSeverityCounts": {"HIGH": 2}},
    "artifactMediaType": CONFIG,
}


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have botocore wait for nothing before it tries again, and record how long it would have."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=waited.append))
    return waited


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
    """Give an environment in which AWS is not configured at all, and boto3 has no session yet."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return monkeypatch


def stubbed() -> tuple[Client, Stubber]:
    """Return a client of the library, and what answers for its boto3 client."""
    boto3_client = boto3.Session("testing", "testing", region_name=REGION).client("ecr")
    return Client(boto3_client), Stubber(boto3_client)


def test_a_stubber_answers_for_ecr() -> None:
    """A Stubber of botocore's works as with any boto3 client: its parsed pages become the same records."""
    client, stubber = stubbed()
    request = {"repositoryName": "team/app", "maxResults": 1}
    metadata = {"RequestId": "request-1"}
    second = {**PARSED, "imageDigest": ABSENT}
    stubber.add_response(
        "describe_images",
        {"imageDetails": [PARSED], "nextToken": "token", "ResponseMetadata": metadata},
        request,
    )
    stubber.add_response("describe_images", {"imageDetails": [second]}, {**request, "nextToken": "token"})

    with stubber:
        pages = list(client.describe_images("team/app", page_size=1).pages())

    assert [page.images for page in pages] == [(Image.from_dict(PARSED),), (Image.from_dict(second),)]
    assert [page.next_token for page in pages] == ["token", None]
    assert [page.request_id for page in pages] == ["request-1", None]
    stubber.assert_no_pending_responses()


def test_a_stubber_raises_for_ecr() -> None:
    """Errors of a Stubber come out as the library's own, and the listing goes on after them."""
    client, stubber = stubbed()
    stubber.add_client_error("describe_images", "ThrottlingException", "Rate exceeded", 400)
    stubber.add_client_error("describe_images", "ServerException", http_status_code=500)
    stubber.add_response("describe_images", {"imageDetails": [PARSED]})

    with stubber:
        listing = client.describe_images("team/app")
        with pytest.raises(ThrottlingError, match="Rate exceeded"):
            next(listing)
        with pytest.raises(ServerError):
            next(listing)
        images = list(listing)

    assert images == [Image.from_dict(PARSED)]


def test_a_stubber_answers_for_one_image() -> None:
    """Looked up by id, a stubbed image, and a stubbed refusal, are as ECR's."""
    client, stubber = stubbed()
    text = (
        "The image with imageId {imageDigest:'null', imageTag:'v9'} does not exist within the repository "
        "with name 'team/app' in the registry with id '123456789012'"
    )
    stubber.add_response(
        "describe_images",
        {"imageDetails": [PARSED]},
        {"repositoryName": "team/app", "imageIds": [{"imageTag": "v1"}]},
    )
    stubber.add_client_error("describe_images", "ImageNotFoundException", text)

    with stubber:
        image = client.get_image("team/app", tag="v1")
        with pytest.raises(ImageNotFoundError) as caught:
            client.get_image("team/app", tag="v9")

    assert image == Image.from_dict(PARSED)
    assert caught.value.image_id == ImageId(tag="v9")


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({}, "imageDetails"),
        ({"imageDetails": [{}]}, "imageDetails[0].registryId"),
        (
            {"imageDetails": [PARSED, {**PARSED, "imagePushedAt": datetime(2026, 1, 12)}]},  # noqa: DTZ001
            "imageDetails[1].imagePushedAt",
        ),
    ],
)
def test_a_stubbed_answer_that_makes_no_sense(answer: dict[str, Any], path: str) -> None:
    """What lacks a member or a time zone is an error that says where, as on the wire."""
    client, stubber = stubbed()
    stubber.add_response("describe_images", {**answer, "ResponseMetadata": {"RequestId": "request-1"}})

    with stubber, pytest.raises(MalformedResponseError) as caught:
        next(client.describe_images("team/app"))

    assert caught.value.path == path
    assert caught.value.request_id == "request-1"
    assert caught.value.retryable is False


def test_the_assertions_of_a_stubber_come_out() -> None:
    """A test that expects other parameters, or no call, sees the Stubber's own assertion."""
    client, stubber = stubbed()

    with stubber:
        with pytest.raises(UnStubbedResponseError):
            next(client.describe_images("team/app"))
        stubber.add_response("describe_images", {"imageDetails": []}, {"repositoryName": "team/other"})
        with pytest.raises(StubAssertionError):
            next(client.describe_images("team/app"))


def test_a_stubber_and_the_wire_by_turns() -> None:
    """The same client answers from a Stubber while it is active, and from the wire before and after."""
    with FakeECR() as ecr:
        image = ecr.add_image("team/app")
        boto3_client = ecr.client()
        client = Client(boto3_client)

        before = list(client.describe_images("team/app"))
        with Stubber(boto3_client) as stubber:
            stubber.add_response("describe_images", {"imageDetails": [PARSED]})
            during = list(client.describe_images("team/app"))
        after = list(client.describe_images("team/app"))

        assert before == after == [image]
        assert during == [Image.from_dict(PARSED)]


def test_what_botocore_refuses_comes_out() -> None:
    """Parameters that a handler of the application spoils are refused in botocore's own words."""
    with FakeECR() as ecr:
        boto3_client: Any = ecr.client()
        boto3_client.meta.events.register(
            "provide-client-params.ecr.DescribeImages", lambda **_: {"repositoryName": 1}
        )

        with pytest.raises(ParamValidationError, match="Invalid type for parameter repositoryName"):
            next(Client(boto3_client).describe_images("team/app"))


@contextlib.contextmanager
def moto_in_process() -> Iterator[Any]:
    """Give a boto3 client that moto's decorator answers."""
    with mock_aws():
        yield boto3.Session("testing", "testing", region_name=REGION).client("ecr")


@contextlib.contextmanager
def moto_over_http() -> Iterator[Any]:
    """Give a boto3 client of moto's server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    session = boto3.Session("testing", "testing", region_name=REGION)
    client = session.client("ecr", endpoint_url=f"http://{host}:{port}")
    try:
        yield client
    finally:
        client.close()
        server.stop()


def manifest(number: int) -> str:
    """Return a manifest, which differs from others in its layer, by which moto makes the digest."""
    config = {"mediaType": CONFIG, "digest": ABSENT, "size": 7}
    layer = {"mediaType": LAYER, "digest": f"sha256:{number:064x}", "size": 7}
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": [layer],
        }
    )


@pytest.mark.parametrize("moto", [moto_in_process, moto_over_http])
def test_moto_answers_for_ecr(moto: Any) -> None:
    """With moto, as decorator and as server, listing, looking up and missing things work as with ECR."""
    with moto() as boto3_client:
        boto3_client.create_repository(repositoryName="team/app")
        put = boto3_client.put_image
        tagged = put(repositoryName="team/app", imageManifest=manifest(1), imageTag="v1")["image"]
        untagged = put(repositoryName="team/app", imageManifest=manifest(2))["image"]
        client = Client(boto3_client)

        images = list(client.describe_images("team/app", page_size=1))
        by_tag = client.get_image("team/app", tag="v1")
        by_digest = client.get_image("team/app", digest=untagged["imageId"]["imageDigest"])
        with pytest.raises(ImageNotFoundError) as no_image:
            client.get_image("team/app", tag="v9")
        with pytest.raises(RepositoryNotFoundError) as no_repository:
            next(client.describe_images("team/none"))
        exists = [
            client.image_exists("team/app", tag="v1"),
            client.image_exists("team/app", tag="v9"),
            client.image_exists("team/app", digest=ABSENT),
        ]

        digests = [tagged["imageId"]["imageDigest"], untagged["imageId"]["imageDigest"]]
        assert {image.digest: image.tags for image in images} == {digests[0]: ("v1",), digests[1]: ()}
        assert {image.pushed_at.utcoffset() for image in images} == {timezone.utc.utcoffset(None)}
        assert {image.repository_name for image in images} == {"team/app"}
        assert by_tag in images
        assert by_digest in images
        assert (by_tag.digest, by_tag.tags) == (digests[0], ("v1",))
        assert (by_digest.digest, by_digest.tags) == (digests[1], ())
        assert no_image.value.image_id == ImageId(tag="v9")
        assert no_repository.value.repository_name == "team/none"
        assert exists == [True, False, False]


@pytest.mark.parametrize(
    ("retries", "environment"),
    [
        pytest.param(None, {}, id="not said"),
        pytest.param({"mode": "legacy"}, {}, id="legacy"),
        pytest.param({"mode": "standard"}, {}, id="standard"),
        pytest.param({"mode": "adaptive"}, {}, id="adaptive"),
        pytest.param({"max_attempts": 1}, {}, id="one more attempt"),
        pytest.param({"max_attempts": 0}, {}, id="no more attempts"),
        pytest.param({"mode": "standard", "max_attempts": 3}, {}, id="three more attempts"),
        pytest.param({"mode": "adaptive", "total_max_attempts": 6}, {}, id="six attempts"),
        pytest.param(None, {"AWS_MAX_ATTEMPTS": "2"}, id="in the environment"),
        pytest.param(None, {"AWS_RETRY_MODE": "legacy"}, id="the mode in the environment"),
        pytest.param(
            {"total_max_attempts": 4},
            {"AWS_MAX_ATTEMPTS": "2", "AWS_RETRY_MODE": "adaptive"},
            id="in the environment and in code",
        ),
    ],
)
def test_a_truncated_is_asked_for_as_often_as_botocore_asks(
    retries: Any, environment: Mapping[str, str], delays: list[float], bare_environment: pytest.MonkeyPatch
) -> None:
    """However the number of attempts is configured, the library makes as many as botocore does."""
    for name, value in environment.items():
        bare_environment.setenv(name, value)
    session = boto3.Session("testing", "testing", region_name=REGION)
    asked = []
    for fault, error in ((Fault.server_error(), ServerError), (Fault.truncated(), MalformedResponseError)):
        with FakeECR() as ecr:
            ecr.add_image("team/app")
            ecr.inject_faults(*[fault] * 20)
            boto3_client = session.client(
                "ecr", endpoint_url=ecr.endpoint_url, config=Config(retries=retries)
            )

            with pytest.raises(error):
                next(Client(boto3_client).describe_images("team/app"))
            asked.append(len(ecr.requests))

    assert asked[0] == asked[1]
    assert len(delays) == 2 * asked[0] - 2


def test_the_default_client(bare_environment: pytest.MonkeyPatch, delays: list[float]) -> None:
    """`Client()` asks boto3's default session, names itself to the service, and makes eight attempts."""
    with FakeECR() as ecr:
        image = ecr.add_image("team/app")
        for name, value in ecr.environment().items():
            bare_environment.setenv(name, value)
        ecr.inject_faults(*[Fault.server_error()] * 7)

        images = list(Client().describe_images("team/app"))

        assert images == [image]
        assert len(ecr.requests) == 8
        assert len(delays) == 7
        assert f"ecrimages/{ecrimages.__version__}" in ecr.requests[0].headers["user-agent"].split()


def test_the_functions_use_the_default_session(bare_environment: pytest.MonkeyPatch) -> None:
    """A default session that the application has set up is the one that is asked."""
    with FakeECR(region_name="eu-central-1") as ecr:
        bare_environment.setenv("AWS_ENDPOINT_URL_ECR", ecr.endpoint_url)
        boto3.setup_default_session(
            aws_access_key_id="planted-key-id", aws_secret_access_key="x", region_name="eu-central-1"
        )

        with pytest.raises(RepositoryNotFoundError):
            next(Client().describe_images("team/none"))

        assert "Credential=planted-key-id/" in ecr.requests[0].headers["authorization"]
        assert "/eu-central-1/ecr/" in ecr.requests[0].headers["authorization"]


def test_a_client_that_is_handed_in_is_not_renamed() -> None:
    """The user agent of the application's own client is left as it is."""
    with FakeECR() as ecr:
        ecr.add_image("team/app")
        boto3_client = ecr.client(Config(user_agent_extra="planted/1"))

        list(Client(boto3_client).describe_images("team/app"))
        boto3_client.describe_images(repositoryName="team/app")

        ours, raw = (request.headers["user-agent"] for request in ecr.requests)
        assert ours == raw
        assert "planted/1" in ours
        assert "ecrimages" not in ours


def test_no_region(bare_environment: pytest.MonkeyPatch) -> None:
    """Without a region there is an error of the library at the first use, and at the next one too."""
    bare_environment.setenv("AWS_ACCESS_KEY_ID", "testing")
    bare_environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = Client()

    for _ in range(2):
        with pytest.raises(ConfigurationError, match="You must specify a region") as caught:
            client.image_exists("team/app", tag="v1")
        assert caught.value.retryable is False


def test_an_unknown_profile(bare_environment: pytest.MonkeyPatch) -> None:
    """A profile that is not there is an error that names it."""
    bare_environment.setenv("AWS_PROFILE", "planted-profile")

    with pytest.raises(ConfigurationError, match="planted-profile") as caught:
        next(Client().describe_images("team/app"))

    assert caught.value.retryable is False


def test_no_credentials(bare_environment: pytest.MonkeyPatch) -> None:
    """Without credentials the error says so."""
    bare_environment.setenv("AWS_DEFAULT_REGION", REGION)

    with pytest.raises(CredentialsError, match="Unable to locate credentials") as caught:
        next(Client().describe_images("team/app"))

    assert caught.value.retryable is False


def test_an_environment_that_is_mended(bare_environment: pytest.MonkeyPatch) -> None:
    """A client that could not be made is made at the next use, and the same iterator goes on."""
    with FakeECR() as ecr:
        image = ecr.add_image("team/app")
        listing = Client().describe_images("team/app")

        with pytest.raises(ConfigurationError):
            next(listing)
        for name, value in ecr.environment().items():
            bare_environment.setenv(name, value)
        bare_environment.setattr(boto3, "DEFAULT_SESSION", None)

        assert list(listing) == [image]
