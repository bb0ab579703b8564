"""What stands in for ECR in tests, and other protocols: pages are read from the parsed response."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError, StubAssertionError, UnStubbedResponseError
from botocore.parsers import PROTOCOL_PARSERS
from botocore.stub import Stubber
from moto import mock_aws
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from samples import PUSHED, digest, image, parsed
from werkzeug.serving import make_server
from wire import Wire, session

from ecrimages import (
    Client,
    ECRImagesError,
    ImageId,
    ImageNotFoundError,
    MalformedResponseError,
    RepositoryNotFoundError,
    ServerError,
    ServiceError,
    ThrottlingError,
)
from ecrimages.testing import FakeECR


def boto3_client(**arguments: Any) -> Any:
    """Return a boto3 client."""
    return session().client("ecr", **arguments)


def stubbed() -> tuple[Client, Stubber]:
    """Return a client, and the Stubber of its boto3 client."""
    client = boto3_client()
    return Client(client), Stubber(client)


def test_a_stubber_responds() -> None:
    """Its parsed pages become the same records, with tokens and request ids."""
    client, stubber = stubbed()
    request = {"repositoryName": "team/app", "maxResults": 1}
    first = {"imageDetails": [parsed(1)], "nextToken": "t", "ResponseMetadata": {"RequestId": "id"}}
    stubber.add_response("describe_images", first, request)
    stubber.add_response("describe_images", {"imageDetails": [parsed(2)]}, {**request, "nextToken": "t"})
    stubber.add_response("describe_repositories", {"repositories": [{"repositoryName": "team/app"}]})

    with stubber:
        pages = list(client.describe_images("team/app", page_size=1).pages())
        names = list(client.repository_names())

    assert [page.images for page in pages] == [(image(1),), (image(2),)]
    assert [(page.next_token, page.request_id) for page in pages] == [("t", "id"), (None, None)]
    assert names == ["team/app"]


def test_the_errors_of_a_stubber() -> None:
    """They are the library's own, and the iterator resumes after them."""
    client, stubber = stubbed()
    stubber.add_client_error("describe_images", "ThrottlingException", "Rate exceeded", 400)
    stubber.add_client_error("describe_images", "ServerException", http_status_code=500)
    stubber.add_client_error("describe_images", "NewException", "text")
    stubber.add_response("describe_images", {"imageDetails": [parsed(1)]})
    stubber.add_client_error("describe_images", "ImageNotFoundException", "gone")

    with stubber:
        listing = client.describe_images("team/app")
        for error in (ThrottlingError, ServerError):
            with pytest.raises(error):
                next(listing)
        with pytest.raises(ServiceError) as caught:
            next(listing)
        images = list(listing)
        exists = client.image_exists("team/app", tag="v9")

    assert type(caught.value) is ServiceError
    assert (images, exists) == ([image(1)], False)


@pytest.mark.parametrize(
    ("response", "path"),
    [
        ({}, "imageDetails"),
        ({"imageDetails": [{}]}, "imageDetails[0].registryId"),
        (
            {"imageDetails": [parsed(1), {**parsed(2), "imagePushedAt": datetime(2026, 1, 12)}]},
            "imageDetails[1].imagePushedAt",
        ),
    ],
    ids=["empty", "no field", "naive time"],
)
def test_a_malformed_stub(response: dict[str, Any], path: str) -> None:
    """What lacks a field, or a time zone, is an error with its path, as on the wire."""
    client, stubber = stubbed()
    stubber.add_response("describe_images", {**response, "ResponseMetadata": {"RequestId": "request-1"}})

    with stubber, pytest.raises(MalformedResponseError) as caught:
        next(client.describe_images("team/app"))

    assert (caught.value.path, caught.value.request_id) == (path, "request-1")


def test_the_assertions_of_a_stubber_come_out() -> None:
    """A test that expects other parameters, or no call, sees the Stubber's own assertion."""
    client, stubber = stubbed()

    with stubber:
        with pytest.raises(UnStubbedResponseError):
            next(client.describe_images("team/app"))
        stubber.add_response("describe_images", {"imageDetails": []}, {"repositoryName": "team/other"})
        with pytest.raises(StubAssertionError):
            next(client.describe_images("team/app"))


def test_a_stubber_and_the_wire_in_turn(ecr: FakeECR) -> None:
    """The same client reads from a Stubber while it is active, and from the wire before and after."""
    added = ecr.add_image("team/app")
    client = ecr.client()

    before = list(Client(client).describe_images("team/app"))
    with Stubber(client) as stubber:
        stubber.add_response("describe_images", {"imageDetails": [parsed(1)]})
        during = list(Client(client).describe_images("team/app"))
    after = list(Client(client).describe_images("team/app"))

    assert (before, during, after) == ([added], [image(1)], [added])


def test_wrong_parameters_come_out(ecr: FakeECR) -> None:
    """Parameters that a handler of the application spoils are refused in botocore's own words."""
    client: Any = ecr.client()
    client.meta.events.register("provide-client-params.ecr.DescribeImages", lambda **_: {"repositoryName": 1})

    with pytest.raises(ParamValidationError, match="Invalid type for parameter repositoryName"):
        next(Client(client).describe_images("team/app"))


def test_a_patched_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto's documentation recommends to patch _make_api_call: what it returns, or raises, counts."""
    outcomes: list[Any] = [
        {"imageDetails": [parsed(1)]},
        ClientError({"Error": {"Code": "ThrottlingException"}}, "Describe"),
    ]

    def patched(_self: Any, _operation_name: str, _parameters: Any) -> Any:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", patched)
    client = Client(boto3_client())

    assert list(client.describe_images("team/app")) == [image(1)]
    with pytest.raises(ThrottlingError) as caught:
        list(client.describe_images("team/app"))
    assert (caught.value.operation_name, caught.value.repository_name) == ("Describe", "team/app")


def cbor(value: Any) -> bytes:
    """Return a value in CBOR (RFC 8949); a time is one with the tag 1."""
    match value:
        case dict():
            return bytes([0xA0 + len(value)]) + b"".join(map(cbor, [part for item in value.items() for part in item]))
        case list():
            return bytes([0x80 + len(value)]) + b"".join(map(cbor, value))
        case str():
            return bytes([0x78, len(value)]) + value.encode()
        case datetime():
            return b"\xc1\x1a" + int(value.timestamp()).to_bytes(4)
    raise AssertionError(value)


@pytest.mark.skipif("smithy-rpc-v2-cbor" not in PROTOCOL_PARSERS, reason="this botocore does not know the protocol")
def test_another_protocol_is_botocores() -> None:
    """Where ECR's model has another protocol than JSON, the body is left to botocore, and what it parsed is read."""
    body = cbor({"imageDetails": [parsed(1)], "nextToken": ""})
    # A model of its own, not that of all clients.
    services: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    client = services.client("ecr")
    client.meta.service_model.__dict__["resolved_protocol"] = "smithy-rpc-v2-cbor"
    wire = Wire(lambda _: body, smithy_protocol="rpc-v2-cbor")
    client.meta.events.register("before-send.ecr", wire.send)

    page = next(Client(client).describe_images("team/app").pages())

    assert (page.images, page.next_token) == ((image(1),), None)
    body = b"\xff"
    with pytest.raises(MalformedResponseError, match="could not be parsed") as caught:
        next(Client(client).describe_images("team/app"))
    assert caught.value.retryable is True


@contextlib.contextmanager
def moto_in_process() -> Iterator[Any]:
    """Give a boto3 client that moto's decorator responds to."""
    with mock_aws():
        # Of a session that was made after moto was imported.
        yield boto3.Session("testing", "testing", region_name="us-east-1").client("ecr")


@contextlib.contextmanager
def moto_over_http() -> Iterator[Any]:
    """Give a boto3 client of moto's server."""
    # ThreadedMotoServer takes half a second to stop.
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    client = boto3_client(endpoint_url=f"http://127.0.0.1:{server.port}")
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        thread.join()


def manifest(number: int) -> str:
    """Return a manifest, which differs from others in its layer, by which moto makes the digest."""
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(0), "size": 7}
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(number), "size": 7}
    media_type = "application/vnd.oci.image.manifest.v1+json"
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": [layer]})


@pytest.mark.parametrize("moto", [moto_in_process, moto_over_http])
def test_moto(moto: Any) -> None:
    """With moto, as decorator and as server, listing, looking up and missing things work as with ECR."""
    with moto() as ecr:
        ecr.create_repository(repositoryName="team/app")
        put = [
            ecr.put_image(repositoryName="team/app", imageManifest=manifest(number), **tag)["image"]["imageId"]
            for number, tag in enumerate([{"imageTag": "v1"}, {}])
        ]
        client = Client(ecr)

        images = {image.digest: image for image in client.describe_images("team/app", page_size=1)}

        assert {name: image.tags for name, image in images.items()} == {
            put[0]["imageDigest"]: ("v1",),
            put[1]["imageDigest"]: (),
        }
        assert client.get_image("team/app", tag="v1") == images[put[0]["imageDigest"]]
        assert client.get_image("team/app", put[1]["imageDigest"]) == images[put[1]["imageDigest"]]
        assert [client.image_exists("team/app", name) for name in ("v1", "v9", digest(9))] == [True, False, False]
        assert list(client.repository_names()) == ["team/app"]
        with pytest.raises(ImageNotFoundError) as no_image:
            client.get_image("team/app", tag="v9")
        with pytest.raises(RepositoryNotFoundError) as no_repository:
            next(client.describe_images("team/none"))
        assert no_image.value.image_id == ImageId(tag="v9")
        assert no_repository.value.repository_name == "team/none"


def test_a_client_that_is_no_boto3_client() -> None:
    """An object that is used like a client is called, and the exceptions of its own come out."""

    class Own:
        def __init__(self) -> None:
            self.meta = SimpleNamespace()

        def describe_images(self, **request: Any) -> Any:
            if request["repositoryName"] == "team/broken":
                raise LookupError("own")
            return {"imageDetails": [parsed(1)]}

    client = Client(Own())  # type: ignore[arg-type]

    assert list(client.describe_images("team/app")) == [image(1)]
    assert next(client.describe_images("team/app")).pushed_at == PUSHED
    assert repr(client) == "<Client: region not resolved yet>"
    with pytest.raises(LookupError, match="own") as caught:
        list(client.describe_images("team/broken"))
    assert not isinstance(caught.value, ECRImagesError)


@pytest.mark.parametrize("response", [None, [], "text", {"ResponseMetadata": [], "imageDetails": None}])
def test_a_method_that_returns_no_response(monkeypatch: pytest.MonkeyPatch, response: Any) -> None:
    """A patched method that returns something else than a response is no raw error."""
    client = boto3_client()
    monkeypatch.setattr(client, "describe_images", lambda **_: response, raising=False)

    with pytest.raises(MalformedResponseError, match=r"the client returned no dict but|imageDetails: missing"):
        next(Client(client).describe_images("team/app"))


@pytest.mark.parametrize(
    "call",
    [
        lambda client: list(client.describe_images("team/app")),
        lambda client: list(client.describe_images("team/app").pages()),
        lambda client: next(client.describe_images("team/app")) and client.get_image("team/app", "v1"),
        lambda client: list(client.registry_images(["team/app"])),
    ],
    ids=["images", "pages", "id", "registry"],
)
def test_a_mock_without_more_responses(call: Callable[[Client], object]) -> None:
    """The StopIteration of a mock, or of next() in an event handler, is not the end of the images."""
    mock = Mock()
    mock.describe_images.side_effect = [{"imageDetails": [parsed(1)], "nextToken": "t"}]

    with pytest.raises(RuntimeError, match="raised StopIteration, as a mock"):
        call(Client(mock))


def test_a_mock_with_metadata_of_other_types() -> None:
    """An error of a test double has its code, whatever else is in its response."""
    mock, metadata = Mock(), {"RequestId": 12, "HTTPStatusCode": "500"}
    response: Any = {"Error": {"Code": "NewException", "Message": "text"}, "ResponseMetadata": metadata}
    mock.describe_images.side_effect = ClientError(response, "DescribeImages")

    with pytest.raises(ServiceError) as caught:
        next(Client(mock).describe_images("team/app"))

    assert (caught.value.code, caught.value.request_id, caught.value.http_status) == ("NewException", "12", None)
