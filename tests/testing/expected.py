"""What several tests of `ecrimages.testing` use."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from ecrimages.testing import FakeECR

OTHER_REGISTRY = "210987654321"
ABSENT = "sha256:" + "f" * 64
JSON_TYPE = "application/x-amz-json-1.1"


class RawResponse(NamedTuple):
    """An HTTP response as it was received."""

    status: int
    content_type: str | None
    body: bytes


def listed(client: Any, **parameters: Any) -> list[dict[str, Any]]:
    """Return the image details of one response of DescribeImages."""
    parameters = {"repositoryName": "team/app", **parameters}
    details: list[dict[str, Any]] = client.describe_images(**parameters)["imageDetails"]
    return details


def digests(client: Any, **parameters: Any) -> list[str]:
    """Return the digests in one response of DescribeImages."""
    return [detail["imageDigest"] for detail in listed(client, **parameters)]


def error(call: Callable[..., object], **parameters: Any) -> tuple[str, str, int]:
    """Return the code, the message and the HTTP status of the error that a call of boto3 raises."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response: Any = caught.value.response
    return (
        response["Error"]["Code"],
        response["Error"]["Message"],
        response["ResponseMetadata"]["HTTPStatusCode"],
    )


def post(ecr: FakeECR, body: bytes = b'{"repositoryName": "team/app"}', **headers: str) -> RawResponse:
    """Send a request without boto3, to DescribeImages unless the headers differ."""
    default = {"X_Amz_Target": "AmazonEC2ContainerRegistry_V20150921.DescribeImages"}
    connection = http.client.HTTPConnection(ecr.endpoint_url.removeprefix("http://"), timeout=30)
    try:
        connection.putrequest("POST", "/")
        for name, value in {"Content_Length": str(len(body)), **default, **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        response = connection.getresponse()
        assert response.getheader("x-amzn-RequestId")
        return RawResponse(response.status, response.getheader("Content-Type"), response.read())
    finally:
        connection.close()


def post_json(ecr: FakeECR, **parameters: Any) -> tuple[int, Any]:
    """Send a request without boto3; return the status and the document."""
    response = post(ecr, json.dumps({"repositoryName": "team/app", **parameters}).encode())
    return response.status, json.loads(response.body)
