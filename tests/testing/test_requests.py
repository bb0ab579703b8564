from __future__ import annotations

import json
from typing import Any

import pytest
from samples import digest

from ecrimages.testing import FakeECR, Fault, RecordedRequest
from testing.expected import digests, error, listed, post, post_json

REPOSITORY_PATTERN = "(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
TOO_MANY_IDS = [{"imageTag": f"v{number}"} for number in range(101)]
ID = [{"imageTag": "v1"}]


@pytest.mark.parametrize(
    ("parameters", "path", "constraint"),
    [
        ({"imageIds": TOO_MANY_IDS}, "imageIds", "Member must have length less than or equal to 100"),
        ({"imageIds": []}, "imageIds", "Member must have length greater than or equal to 1"),
        ({"imageIds": "v1"}, "imageIds", "Member must have length greater than or equal to 1"),
        ({"imageIds": [{}]}, "imageIds", "Member must have imageTag or imageDigest"),
        ({"imageIds": [1]}, "imageIds", "Member must have imageTag or imageDigest"),
        ({"imageIds": [{"imageName": "v1"}]}, "imageIds", "Member must have imageTag or imageDigest"),
        ({"imageIds": [{"imageTag": ""}]}, "imageTag", "Member must have length greater than or equal to 1"),
        ({"imageIds": [{"imageTag": 1}]}, "imageTag", "Member must have length greater than or equal to 1"),
        (
            {"imageIds": [{"imageDigest": "v1"}]},
            "imageDigest",
            "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        ({"imageIds": ID, "maxResults": 10}, "maxResults", "Member must not be combined with imageIds"),
        ({"imageIds": ID, "nextToken": "token"}, "nextToken", "Member must not be combined with imageIds"),
        ({"maxResults": 0}, "maxResults", "Member must have value greater than or equal to 1"),
        ({"maxResults": 1001}, "maxResults", "Member must have value less than or equal to 1000"),
        ({"maxResults": "10"}, "maxResults", "Member must be an integer"),
        ({"maxResults": True}, "maxResults", "Member must be an integer"),
        ({"nextToken": 1}, "nextToken", "Member must be a string"),
        ({"filter": ["TAGGED"]}, "filter", "Member must have tagStatus and imageStatus only"),
        ({"filter": {"tags": "v1"}}, "filter", "Member must have tagStatus and imageStatus only"),
        (
            {"filter": {"tagStatus": "SOME"}},
            "filter.tagStatus",
            "Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]",
        ),
        (
            {"filter": {"imageStatus": "DELETED"}},
            "filter.imageStatus",
            "Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]",
        ),
        (
            {"repositoryName": "App"},
            "repositoryName",
            f"must satisfy regular expression '{REPOSITORY_PATTERN}'",
        ),
        ({"repositoryName": "a"}, "repositoryName", "Member must have length between 2 and 256"),
        ({"repositoryName": None}, "repositoryName", "Member must not be null"),
        ({"registryId": "1"}, "registryId", "must satisfy regular expression '[0-9]{12}'"),
        ({"registryId": 123456789012}, "registryId", "must satisfy regular expression '[0-9]{12}'"),
        ({"sortBy": "pushedAt"}, "sortBy", "Member is not known"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_invalid_parameters_of_describe_images(
    shared: FakeECR, parameters: dict[str, Any], path: str, constraint: str
) -> None:
    """A parameter out of its limits is refused with ECR's text, also if boto3 would not send it."""
    shared.add_image("team/app", tags=["v1"], digest=digest(1))

    status, document = post_json(shared, **parameters)

    text = f"Invalid parameter at '{path}' failed to satisfy constraint: '{constraint}'"
    assert (status, document) == (400, {"__type": "InvalidParameterException", "message": text})


@pytest.mark.parametrize(
    ("operation", "parameters", "path"),
    [
        ("describe_repositories", {"repositoryNames": ["No Name"]}, "repositoryNames"),
        ("describe_repositories", {"repositoryNames": [f"r-{n}" for n in range(101)]}, "repositoryNames"),
        ("describe_repositories", {"repositoryNames": ["team/app"], "maxResults": 5}, "maxResults"),
        ("describe_repositories", {"repositoryNames": ["team/app"], "nextToken": "x"}, "nextToken"),
        ("describe_repositories", {"maxResults": 1001}, "maxResults"),
        ("list_images", {"repositoryName": "team/app", "maxResults": 0}, "maxResults"),
        ("batch_get_image", {"repositoryName": "team/app", "imageIds": []}, "imageIds"),
        ("batch_delete_image", {"repositoryName": "team/app"}, "imageIds"),
        ("batch_delete_image", {"repositoryName": "team/app", "imageIds": TOO_MANY_IDS}, "imageIds"),
        ("describe_image_scan_findings", {"repositoryName": "team/app"}, "imageIds"),
        ("describe_image_scan_findings", {"repositoryName": "team/app", "imageId": {}}, "imageIds"),
    ],
)
def test_invalid_parameters_of_other_operations(
    shared: FakeECR, shared_client: Any, operation: str, parameters: Any, path: str
) -> None:
    """The message names the parameter."""
    shared.add_image("team/app", tags=["v1"], digest=digest(1))

    code, message, _ = error(getattr(shared_client, operation), **parameters)

    assert code == "InvalidParameterException"
    assert f"at '{path}'" in message


def test_a_repository_name_that_is_no_string(shared: FakeECR) -> None:
    """It is refused by the service, and no error of the fake."""
    status, document = post_json(shared, repositoryName=["team/app"])

    assert (status, document["__type"]) == (400, "InvalidParameterException")


def test_null_counts_as_absent(shared: FakeECR) -> None:
    """A parameter that is null is ignored."""
    shared.add_image("team/app", digest=digest(1))
    names = ("registryId", "imageIds", "nextToken", "maxResults", "filter")

    status, document = post_json(shared, **dict.fromkeys(names))

    assert (status, len(document["imageDetails"])) == (200, 1)


def test_an_unsupported_operation(ecr: FakeECR, client: Any) -> None:
    """The error says so, with those that are supported, and the request is recorded."""
    code, text, status = error(client.get_authorization_token)

    assert (code, status) == ("UnknownOperationException", 400)
    assert text.startswith("FakeECR does not support the operation 'GetAuthorizationToken', only BatchDeleteImage, ")
    assert [request.operation for request in ecr.requests] == ["GetAuthorizationToken"]


@pytest.mark.parametrize("target", ["", "SpencerFrontendService.DescribeImages"])
def test_a_request_for_another_service(shared: FakeECR, target: str) -> None:
    """A request for ECR Public, for example, gets an error."""
    response = post(shared, X_Amz_Target=target)

    assert (response.status, json.loads(response.body)["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_a_json_object(shared: FakeECR, shared_client: Any, body: bytes) -> None:
    """The request is refused and not recorded, and the server goes on."""
    shared.add_image("team/app", digest=digest(1))
    before = shared.requests

    response = post(shared, body)

    document = {"__type": "SerializationException", "message": "The body is not a JSON object"}
    assert (response.status, json.loads(response.body)) == (400, document)
    assert shared.requests == before
    assert digests(shared_client) == [digest(1)]


@pytest.mark.parametrize("length", ["-1", "many", "1.5"])
def test_a_malformed_content_length(shared: FakeECR, capfd: pytest.CaptureFixture[str], length: str) -> None:
    """The request is refused, without a traceback on stderr."""
    response = post(shared, b"", Content_Length=length)

    assert response.status == 400
    assert capfd.readouterr().err == ""


def test_requests_are_recorded(ecr: FakeECR, client: Any) -> None:
    """Each request is recorded with operation, parameters and headers, whatever the response."""
    ecr.add_image("team/app")
    ecr.inject_faults(None, Fault.throttling())

    listed(client, maxResults=5)
    error(client.describe_images, repositoryName="team/app")
    error(client.batch_delete_image, repositoryName="team/none", imageIds=ID)

    assert [(request.operation, request.parameters) for request in ecr.requests] == [
        ("DescribeImages", {"repositoryName": "team/app", "maxResults": 5}),
        ("DescribeImages", {"repositoryName": "team/app"}),
        ("BatchDeleteImage", {"repositoryName": "team/none", "imageIds": ID}),
    ]
    first = ecr.requests[0]
    assert isinstance(first, RecordedRequest)
    assert "Credential=testing/" in first.headers["authorization"]
    assert repr(first) == f"RecordedRequest(operation='DescribeImages', parameters={first.parameters})"
