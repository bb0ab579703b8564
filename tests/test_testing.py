from __future__ import annotations

import gc
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from ecrimages import Client, Image, ImageScanFindingsSummary, ImageScanStatus, SeverityCounts
from ecrimages.testing import FakeECR, Fault, RecordedRequest

PUSHED = datetime(2026, 1, 12, 15, 2, 26, 123000, tzinfo=timezone.utc)
REGISTRY = "123456789012"
OTHER_REGISTRY = "210987654321"
ABSENT = "sha256:" + "f" * 64
HTML = b"<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"


def digest(number: int) -> str:
    """Return a digest."""
    return f"sha256:{number:064x}"


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """Give an ECR that holds nothing yet."""
    with FakeECR() as ecr:
        yield ecr


@pytest.fixture
def boto3_client(ecr: FakeECR) -> Any:
    """Give a boto3 client of that ECR, of which botocore itself checks nothing."""
    return ecr.client(Config(parameter_validation=False))


def details(boto3_client: Any, **parameters: Any) -> list[dict[str, Any]]:
    """Return what boto3 gives of the images in one answer."""
    found: list[dict[str, Any]] = boto3_client.describe_images(repositoryName="team/app", **parameters)[
        "imageDetails"
    ]
    return found


def tags(found: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    """Return the tags of images."""
    return {tuple(detail.get("imageTags", ())) for detail in found}


def refusal(boto3_client: Any, operation: str = "describe_images", **parameters: Any) -> tuple[str, str, int]:
    """Return code, text and HTTP status of the error that an operation ends with."""
    with pytest.raises(ClientError) as caught:
        getattr(boto3_client, operation)(**parameters)
    error: Any = caught.value.response
    return error["Error"]["Code"], error["Error"]["Message"], error["ResponseMetadata"]["HTTPStatusCode"]


def post(ecr: FakeECR, body: bytes, **headers: str) -> tuple[int, Any]:
    """Send a request without boto3; return status and answer."""
    connection = http.client.HTTPConnection(ecr.endpoint_url.removeprefix("http://"), timeout=30)
    try:
        connection.putrequest("POST", "/")
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# Listing


def test_an_image_as_boto3_shows_it(ecr: FakeECR, boto3_client: Any) -> None:
    """All that an image says arrives, under ECR's names; what it does not say is absent."""
    ecr.add_image(
        "team/app",
        tags=["v1", "latest"],
        digest=digest(1),
        pushed_at=PUSHED,
        size_in_bytes=3_000_000_000,
        scan_status=ImageScanStatus(status="COMPLETE", description="done"),
        scan_findings_summary=ImageScanFindingsSummary(
            scan_completed_at=PUSHED, severity_counts=SeverityCounts({"HIGH": 2})
        ),
        manifest_media_type="application/vnd.oci.image.manifest.v1+json",
        status="ACTIVE",
        extra={"newMember": 1},
    )

    [found] = details(boto3_client)

    assert found == {
        "registryId": REGISTRY,
        "repositoryName": "team/app",
        "imageDigest": digest(1),
        "imageTags": ["v1", "latest"],
        "imagePushedAt": PUSHED,
        "imageSizeInBytes": 3_000_000_000,
        "imageScanStatus": {"status": "COMPLETE", "description": "done"},
        "imageScanFindingsSummary": {"imageScanCompletedAt": PUSHED, "findingSeverityCounts": {"HIGH": 2}},
        "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
        "imageStatus": "ACTIVE",
    }


def test_add_image_returns_what_a_client_is_told(ecr: FakeECR) -> None:
    """The image that was added equals the one that is listed, with the unknown members that it has."""
    added = [
        ecr.add_image("team/app", tags=["v1"], digest=digest(1), extra={"newMember": {"deep": [1]}}),
        ecr.add_image("team/app", digest=digest(2), pushed_at=PUSHED, last_archived_at=PUSHED),
    ]

    listed = list(Client(ecr.client()).describe_images("team/app"))

    assert listed == added
    assert [image.extra for image in listed] == [image.extra for image in added]


def test_an_image_is_made_up_where_nothing_is_said(ecr: FakeECR) -> None:
    """Without digest and time an image has its own, valid digest, and was pushed just now."""
    before = datetime.now(timezone.utc)

    images = [ecr.add_image("team/app") for _ in range(3)]

    assert len({image.digest for image in images}) == 3
    assert all(len(image.digest) == 71 for image in images)
    assert all(before <= image.pushed_at <= datetime.now(timezone.utc) for image in images)
    assert all((image.tags, image.registry_id) == ((), REGISTRY) for image in images)


@pytest.mark.parametrize("page_size", [1, 2, 3, 6, 7, 8, 1000])
def test_pages_give_every_image_once(ecr: FakeECR, boto3_client: Any, page_size: int) -> None:
    """Whatever the size of a page, boto3's paginator finds each image once; the last page has no token."""
    added = {ecr.add_image("team/app").digest for _ in range(7)}

    paginator = boto3_client.get_paginator("describe_images")
    pages = list(paginator.paginate(repositoryName="team/app", PaginationConfig={"PageSize": page_size}))

    found = [detail["imageDigest"] for page in pages for detail in page["imageDetails"]]
    assert len(found) == 7
    assert set(found) == added
    assert len(pages) == -(-7 // page_size)
    assert ["nextToken" in page for page in pages] == [True] * (len(pages) - 1) + [False]


def test_a_page_has_a_hundred_images_unless_asked(ecr: FakeECR, boto3_client: Any) -> None:
    """Without `maxResults` a page has a hundred images, and a token if there are more."""
    for _ in range(101):
        ecr.add_image("team/app")

    answer = boto3_client.describe_images(repositoryName="team/app")
    rest = boto3_client.describe_images(repositoryName="team/app", nextToken=answer["nextToken"])

    assert len(answer["imageDetails"]) == 100
    assert len(rest["imageDetails"]) == 1
    assert "nextToken" not in rest


def test_an_empty_repository(ecr: FakeECR, boto3_client: Any) -> None:
    """A repository without images has one page, which is empty; to make it again does no harm."""
    ecr.add_repository("team/app")
    before = details(boto3_client)
    ecr.add_image("team/app")
    ecr.add_repository("team/app")

    assert before == []
    assert len(details(boto3_client)) == 1


def test_a_page_that_can_be_asked_for_again(ecr: FakeECR, boto3_client: Any) -> None:
    """A token leads to the same page each time, and two answers never carry the same one."""
    for _ in range(4):
        ecr.add_image("team/app")

    first = boto3_client.describe_images(repositoryName="team/app", maxResults=2)
    again = boto3_client.describe_images(repositoryName="team/app", maxResults=2)
    pages = [details(boto3_client, nextToken=token) for token in (first["nextToken"], again["nextToken"]) * 2]

    assert first["nextToken"] != again["nextToken"]
    assert all(page == pages[0] for page in pages)
    assert len(pages[0]) == 2


def test_a_repository_that_changes_while_it_is_listed(ecr: FakeECR, boto3_client: Any) -> None:
    """What is added or deleted between two pages moves no other image to another page."""
    for number in (10, 20, 30, 40, 50):
        ecr.add_image("team/app", digest=digest(number))

    first = boto3_client.describe_images(repositoryName="team/app", maxResults=3)
    ecr.add_image("team/app", digest=digest(15))
    for number in (20, 30):
        boto3_client.batch_delete_image(repositoryName="team/app", imageIds=[{"imageDigest": digest(number)}])
    rest = details(boto3_client, nextToken=first["nextToken"])

    assert [detail["imageDigest"] for detail in first["imageDetails"]] == [digest(10), digest(20), digest(30)]
    assert [detail["imageDigest"] for detail in rest] == [digest(40), digest(50)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {("v1",), ()}),
        ({"filter": {}}, {("v1",), ()}),
        ({"filter": {"tagStatus": "ANY"}}, {("v1",), ()}),
        ({"filter": {"tagStatus": "TAGGED"}}, {("v1",)}),
        ({"filter": {"tagStatus": "UNTAGGED"}}, {()}),
        ({"filter": {"imageStatus": "ACTIVE"}}, {("v1",), ()}),
        ({"filter": {"imageStatus": "ARCHIVED"}}, {("cold",)}),
        ({"filter": {"imageStatus": "ACTIVATING"}}, {("warm",)}),
        ({"filter": {"imageStatus": "ANY"}}, {("v1",), (), ("cold",), ("warm",)}),
        ({"filter": {"imageStatus": "ANY", "tagStatus": "UNTAGGED"}}, {()}),
    ],
)
def test_filters(ecr: FakeECR, boto3_client: Any, asked: Any, expected: set[tuple[str, ...]]) -> None:
    """Without a filter for the storage class, active images are listed; one that says nothing is active."""
    ecr.add_image("team/app", tags=["v1"], status="ACTIVE")
    ecr.add_image("team/app")
    ecr.add_image("team/app", tags=["cold"], status="ARCHIVED")
    ecr.add_image("team/app", tags=["warm"], status="ACTIVATING")

    assert tags(details(boto3_client, **asked)) == expected


def test_a_filtered_listing_in_pages(ecr: FakeECR, boto3_client: Any) -> None:
    """A page is as full as it can be of what the filter leaves, and the last one has no token."""
    for number in range(20):
        ecr.add_image("team/app", tags=["v1"] if number == 19 else [f"v{number}"] if number % 2 else [])

    paginator = boto3_client.get_paginator("describe_images")
    pages = list(
        paginator.paginate(
            repositoryName="team/app", filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 3}
        )
    )

    assert [len(page["imageDetails"]) for page in pages] == [3, 3, 3]


def test_no_tags_are_absent(ecr: FakeECR, boto3_client: Any) -> None:
    """Of an untagged image ECR sends no `imageTags`, and not an empty list."""
    ecr.add_image("team/app")
    ecr.add_image("team/app", tags=["v1"])
    ecr.add_image("team/app", tags=["v1"])

    found = details(boto3_client)

    assert sorted("imageTags" in detail for detail in found) == [False, False, True]


def test_a_tag_moves(ecr: FakeECR, boto3_client: Any) -> None:
    """A tag that is put on another image leaves the first one, which keeps its other tags, or has none."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    ecr.add_image("team/app", tags=["v2", "latest"], digest=digest(2))
    ecr.add_image("team/app", tags=["v2"], digest=digest(3))

    found = {detail["imageDigest"]: detail.get("imageTags") for detail in details(boto3_client)}

    assert found == {digest(1): ["v1"], digest(2): ["latest"], digest(3): ["v2"]}
    [latest] = details(boto3_client, imageIds=[{"imageTag": "latest"}])
    assert latest["imageDigest"] == digest(2)


def test_an_image_with_the_same_digest_is_replaced(ecr: FakeECR, boto3_client: Any) -> None:
    """There is one image of a digest, and what was on the one before is gone."""
    ecr.add_image("team/app", tags=["v1", "v2"], digest=digest(1), size_in_bytes=1)
    ecr.add_image("team/app", tags=["v2", "v3"], digest=digest(1))

    [found] = details(boto3_client)

    assert found["imageTags"] == ["v2", "v3"]
    assert "imageSizeInBytes" not in found
    assert refusal(boto3_client, repositoryName="team/app", imageIds=[{"imageTag": "v1"}])[0] == (
        "ImageNotFoundException"
    )


# Images by their ids


def test_images_by_id(ecr: FakeECR, boto3_client: Any) -> None:
    """Tags, digests and both together name images of any storage class; two ids of one image give it once."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    ecr.add_image("team/app", digest=digest(2))
    ecr.add_image("team/app", tags=["cold"], digest=digest(3), status="ARCHIVED")
    ecr.add_image("team/app", tags=["v4"], digest=digest(4))

    found = details(
        boto3_client,
        imageIds=[
            {"imageTag": "cold"},
            {"imageDigest": digest(2)},
            {"imageTag": "v1", "imageDigest": digest(1)},
            {"imageTag": "latest"},
        ],
    )

    assert [detail["imageDigest"] for detail in found] == [digest(3), digest(2), digest(1)]


@pytest.mark.parametrize(
    ("image_id", "told"),
    [
        ({"imageTag": "v9"}, "{imageDigest:'null', imageTag:'v9'}"),
        ({"imageDigest": ABSENT}, f"{{imageDigest:'{ABSENT}', imageTag:'null'}}"),
        (
            {"imageTag": "v1", "imageDigest": digest(2)},
            f"{{imageDigest:'{digest(2)}', imageTag:'v1'}}",
        ),
        ({"imageTag": "v9", "imageDigest": ABSENT}, f"{{imageDigest:'{ABSENT}', imageTag:'v9'}}"),
    ],
)
@pytest.mark.parametrize("registry", [{}, {"registryId": OTHER_REGISTRY}])
def test_one_missing_id_fails_the_request(
    ecr: FakeECR, boto3_client: Any, image_id: Any, told: str, registry: dict[str, str]
) -> None:
    """The text names the first id that is missing, whatever else was asked for, as ECR words it."""
    for number in (1, 2):
        ecr.add_image(
            "team/app",
            tags=[f"v{number}"],
            digest=digest(number),
            registry_id=registry.get("registryId", REGISTRY),
        )
    ids = [{"imageTag": "v1"}, image_id, {"imageTag": "v8"}]

    answer = refusal(boto3_client, repositoryName="team/app", imageIds=ids, **registry)

    text = (
        f"The image with imageId {told} does not exist within the repository with name 'team/app' "
        f"in the registry with id '{registry.get('registryId', REGISTRY)}'"
    )
    assert answer == (
        "ImageNotFoundException",
        text,
        400,
    )


# Refusals


def test_a_repository_that_is_not_there(ecr: FakeECR, boto3_client: Any) -> None:
    """The text names repository and registry as ECR does, for each operation on one."""
    ecr.add_repository("team/app", registry_id=OTHER_REGISTRY)
    text = "The repository with name 'team/app' does not exist in the registry with id '123456789012'"

    listing = refusal(boto3_client, repositoryName="team/app")
    lookup = refusal(boto3_client, repositoryName="team/app", imageIds=[{"imageTag": "v1"}])
    deletion = refusal(
        boto3_client, "batch_delete_image", repositoryName="team/app", imageIds=[{"imageTag": "v1"}]
    )

    assert listing == lookup == deletion == ("RepositoryNotFoundException", text, 400)
    assert details(boto3_client, registryId=OTHER_REGISTRY) == []


REPOSITORY_PATTERN = "(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
TOO_MANY = [{"imageTag": f"v{number}"} for number in range(101)]


@pytest.mark.parametrize(
    ("parameters", "path", "constraint"),
    [
        ({"imageIds": TOO_MANY}, "imageIds", "Member must have length less than or equal to 100"),
        ({"imageIds": []}, "imageIds", "Member must have length greater than or equal to 1"),
        ({"imageIds": [{}]}, "imageIds", "Member must have imageTag or imageDigest"),
        ({"imageIds": [{"imageTag": ""}]}, "imageTag", "Member must have length greater than or equal to 1"),
        (
            {"imageIds": [{"imageDigest": "v1"}]},
            "imageDigest",
            "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        (
            {"imageIds": [{"imageTag": "v1"}], "maxResults": 10},
            "maxResults",
            "Member must not be combined with imageIds",
        ),
        (
            {"imageIds": [{"imageTag": "v1"}], "nextToken": "token"},
            "nextToken",
            "Member must not be combined with imageIds",
        ),
        ({"maxResults": 0}, "maxResults", "Member must have value greater than or equal to 1"),
        ({"maxResults": 1001}, "maxResults", "Member must have value less than or equal to 1000"),
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
            {"repositoryName": "Team/App"},
            "repositoryName",
            f"must satisfy regular expression '{REPOSITORY_PATTERN}'",
        ),
        ({"repositoryName": "a"}, "repositoryName", "Member must have length between 2 and 256"),
        ({"repositoryName": None}, "repositoryName", "Member must not be null"),
        ({"registryId": "1"}, "registryId", "must satisfy regular expression '[0-9]{12}'"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_parameters_that_ecr_refuses(
    ecr: FakeECR, boto3_client: Any, parameters: dict[str, Any], path: str, constraint: str
) -> None:
    """A parameter that is out of its limits is refused before anything is looked up, with ECR's text."""
    ecr.add_image("team/app", tags=["v1"])
    asked = {"repositoryName": "team/app", **parameters}

    answer = refusal(boto3_client, **{name: value for name, value in asked.items() if value is not None})

    text = f"Invalid parameter at '{path}' failed to satisfy constraint: '{constraint}'"
    assert answer == ("InvalidParameterException", text, 400)


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"maxResults": "10"}, "Member must be an integer"),
        ({"maxResults": True}, "Member must be an integer"),
        ({"nextToken": 1}, "Member must be a string"),
        ({"filter": ["TAGGED"]}, "Member must have tagStatus and imageStatus only"),
        ({"filter": {"tags": "TAGGED"}}, "Member must have tagStatus and imageStatus only"),
        ({"registryId": 123456789012}, "must satisfy regular expression"),
        (
            {"sortBy": "pushedAt"},
            "at 'sortBy' failed to satisfy constraint: 'Member is not known'",
        ),
        ({"imageIds": [{"imageTag": 1}]}, "Invalid parameter at 'imageTag'"),
        ({"imageIds": [1]}, "Member must have imageTag or imageDigest"),
        ({"imageIds": [{"imageName": "v1"}]}, "Member must have imageTag or imageDigest"),
        ({"imageIds": "v1"}, "Member must have length greater than or equal to 1"),
    ],
)
def test_parameters_that_boto3_would_not_send(ecr: FakeECR, parameters: dict[str, Any], text: str) -> None:
    """Other programs than boto3 are told as well what is wrong with their request."""
    ecr.add_repository("team/app")
    body = json.dumps({"repositoryName": "team/app", **parameters}).encode()

    status, answer = post(ecr, body, X_Amz_Target="AmazonEC2ContainerRegistry_V20150921.DescribeImages")

    assert status == 400
    assert answer["__type"] == "InvalidParameterException"
    assert text in answer["message"]


@pytest.mark.parametrize(
    "token", ["", "token", "!", "dG9rZW4=", "NQ==", "WzFd", "é", "bnVsbA==", "W10=", "WzEsMiwzXQ=="]
)
def test_a_token_that_never_came(ecr: FakeECR, boto3_client: Any, token: str) -> None:
    """A token that this ECR has not made is refused, and never taken for the first page."""
    ecr.add_image("team/app")

    answer = refusal(boto3_client, repositoryName="team/app", nextToken=token)

    assert answer == ("InvalidParameterException", "Invalid parameter at 'nextToken'", 400)


def test_null_is_as_good_as_absent(ecr: FakeECR) -> None:
    """A member of a request that is null is one that was not sent."""
    ecr.add_image("team/app")
    names = ("registryId", "imageIds", "nextToken", "maxResults", "filter")
    body = json.dumps({"repositoryName": "team/app", **dict.fromkeys(names)}).encode()

    status, answer = post(ecr, body, X_Amz_Target="AmazonEC2ContainerRegistry_V20150921.DescribeImages")

    assert (status, len(answer["imageDetails"])) == (200, 1)


def test_an_operation_that_it_does_not_know(ecr: FakeECR, boto3_client: Any) -> None:
    """An operation that is not implemented is an error that says so, and is recorded like any other."""
    answer = refusal(boto3_client, "get_authorization_token")

    text = "This ECR does not know the operation 'GetAuthorizationToken'"
    assert answer == ("UnknownOperationException", text, 400)
    assert [request.operation for request in ecr.requests] == ["GetAuthorizationToken"]


@pytest.mark.parametrize("target", [{}, {"X_Amz_Target": "SpencerFrontendService.DescribeImages"}])
def test_a_request_for_another_service(ecr: FakeECR, target: dict[str, str]) -> None:
    """A request that is not meant for ECR, such as one for ECR Public, is not answered as if it were."""
    ecr.add_image("team/app")

    status, answer = post(ecr, b'{"repositoryName": "team/app"}', **target)

    assert (status, answer["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 100_000, b'{"repositoryName": "team/app"']
)
def test_a_body_that_is_no_object(ecr: FakeECR, body: bytes) -> None:
    """A request that is not a JSON object is refused, not recorded, and no reason to stop."""
    refused = post(ecr, body)
    ecr.add_image("team/app")

    assert refused == (
        400,
        {"__type": "SerializationException", "message": "The body is not a JSON object"},
    )
    assert ecr.requests == ()
    assert len(details(ecr.client())) == 1


@pytest.mark.parametrize("length", ["-1", "many", "1.5"])
def test_a_length_that_is_no_number(ecr: FakeECR, capfd: pytest.CaptureFixture[str], length: str) -> None:
    """A request of which nobody knows where it ends is refused, and the connection is closed."""
    status, answer = post(ecr, b"", Content_Length=length)

    assert (status, answer["__type"]) == (400, "SerializationException")
    assert capfd.readouterr().err == ""


# Deletion


def delete(boto3_client: Any, *image_ids: Mapping[str, str]) -> tuple[Any, Any]:
    """Delete images; return what ECR says was deleted, and what could not be."""
    answer = boto3_client.batch_delete_image(repositoryName="team/app", imageIds=list(image_ids))
    return answer["imageIds"], answer["failures"]


def test_an_image_is_deleted_by_digest(ecr: FakeECR, boto3_client: Any) -> None:
    """By digest an image goes with all of its tags, and the answer names each of them."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    ecr.add_image("team/app", digest=digest(2))
    ecr.add_image("team/app", tags=["v3"], digest=digest(3))

    deleted, failures = delete(boto3_client, {"imageDigest": digest(1)}, {"imageDigest": digest(2)})

    assert deleted == [
        {"imageDigest": digest(1), "imageTag": "v1"},
        {"imageDigest": digest(1), "imageTag": "latest"},
        {"imageDigest": digest(2)},
    ]
    assert failures == []
    assert tags(details(boto3_client)) == {("v3",)}


def test_a_tag_is_deleted(ecr: FakeECR, boto3_client: Any) -> None:
    """By tag the tag goes; the image stays while it has another one, and goes with its last."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))

    first = delete(boto3_client, {"imageTag": "latest"})
    left = tags(details(boto3_client))
    last = delete(boto3_client, {"imageTag": "v1", "imageDigest": digest(1)})

    assert first == ([{"imageDigest": digest(1), "imageTag": "latest"}], [])
    assert left == {("v1",)}
    assert last == ([{"imageDigest": digest(1), "imageTag": "v1"}], [])
    assert details(boto3_client) == []


def test_what_cannot_be_deleted(ecr: FakeECR, boto3_client: Any) -> None:
    """A missing image is a failure of its own, and does not keep the others."""
    ecr.add_image("team/app", tags=["v1"], digest=digest(1))
    ecr.add_image("team/app", tags=["v2"], digest=digest(2))
    missing: list[dict[str, str]] = [
        {"imageTag": "v9"},
        {"imageDigest": ABSENT},
        {"imageTag": "v2", "imageDigest": digest(1)},
    ]

    deleted, failures = delete(boto3_client, *missing, {"imageTag": "v1"}, {"imageTag": "v1"})

    assert deleted == [{"imageDigest": digest(1), "imageTag": "v1"}]
    assert failures == [
        {"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}
        for image_id in [*missing, {"imageTag": "v1"}]
    ]
    assert tags(details(boto3_client)) == {("v2",)}


@pytest.mark.parametrize("image_ids", [[], [{}], TOO_MANY, None])
def test_a_deletion_that_ecr_refuses(ecr: FakeECR, boto3_client: Any, image_ids: Any) -> None:
    """A deletion without ids, or with more than a hundred, is refused as a whole."""
    ecr.add_image("team/app", tags=["v1"])
    parameters = {} if image_ids is None else {"imageIds": image_ids}

    code, text, _ = refusal(boto3_client, "batch_delete_image", repositoryName="team/app", **parameters)

    assert code == "InvalidParameterException"
    assert "'imageIds'" in text
    assert len(details(boto3_client)) == 1


# Registries, and what is recorded


def test_registries(ecr: FakeECR, boto3_client: Any) -> None:
    """Repositories of the same name in two accounts are two; without an account the caller's is meant."""
    ecr.add_image("team/app", tags=["mine"])
    ecr.add_image("team/app", tags=["theirs"], registry_id=OTHER_REGISTRY)

    assert tags(details(boto3_client)) == {("mine",)}
    assert tags(details(boto3_client, registryId=REGISTRY)) == {("mine",)}
    assert tags(details(boto3_client, registryId=OTHER_REGISTRY)) == {("theirs",)}


def test_an_ecr_of_another_account() -> None:
    """The account that callers belong to can be chosen, and the region."""
    with FakeECR(registry_id=OTHER_REGISTRY, region_name="eu-central-1") as ecr:
        image = ecr.add_image("team/app")
        boto3_client = ecr.client()

        [found] = details(boto3_client)

    assert image.registry_id == found["registryId"] == OTHER_REGISTRY
    assert boto3_client.meta.region_name == "eu-central-1"


def test_requests_are_recorded(ecr: FakeECR, boto3_client: Any) -> None:
    """Each request is kept with its operation, parameters and headers, whatever came of it."""
    ecr.add_image("team/app")
    ecr.play(None, Fault.throttling())

    details(boto3_client, maxResults=5)
    refusal(boto3_client, repositoryName="team/app")
    refusal(boto3_client, "batch_delete_image", repositoryName="team/none", imageIds=[{"imageTag": "v1"}])

    assert [(request.operation, request.parameters) for request in ecr.requests] == [
        ("DescribeImages", {"repositoryName": "team/app", "maxResults": 5}),
        ("DescribeImages", {"repositoryName": "team/app"}),
        ("BatchDeleteImage", {"repositoryName": "team/none", "imageIds": [{"imageTag": "v1"}]}),
    ]
    first = ecr.requests[0]
    assert isinstance(first, RecordedRequest)
    assert first.headers["x-amz-target"] == "AmazonEC2ContainerRegistry_V20150921.DescribeImages"
    assert "Credential=testing/" in first.headers["authorization"]
    assert repr(first) == (
        "RecordedRequest(operation='DescribeImages', "
        "parameters={'repositoryName': 'team/app', 'maxResults': 5})"
    )


def test_retries_are_recorded(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """What botocore asks again counts, and `client()` takes settings that let it ask again."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    ecr.add_image("team/app")
    ecr.play(Fault.throttling(), Fault.server_error())

    found = details(ecr.client(Config(retries={"mode": "standard", "total_max_attempts": 3})))

    assert len(found) == 1
    assert len(ecr.requests) == 3


def test_a_client_makes_one_attempt(ecr: FakeECR) -> None:
    """Unless told otherwise a client tries once, whatever other settings it is given."""
    ecr.add_image("team/app")
    ecr.play(*[Fault.server_error()] * 2)

    refusal(ecr.client(), repositoryName="team/app")
    refusal(ecr.client(Config(user_agent_extra="mine/1")), repositoryName="team/app")

    assert len(ecr.requests) == 2
    assert "mine/1" in ecr.requests[1].headers["user-agent"]


def test_a_client_goes_past_proxies(ecr: FakeECR, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is not asked for the way to this machine."""
    ecr.add_image("team/app")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    assert len(details(ecr.client())) == 1


def test_the_environment(ecr: FakeECR) -> None:
    """Code that makes its own boto3 client is led here by environment variables."""
    ecr.add_image("team/app", tags=["v1"])
    program = (
        "import boto3; ecr = boto3.client('ecr'); answer = ecr.describe_images(repositoryName='team/app');"
        "print(ecr.meta.region_name, answer['imageDetails'][0]['imageTags'])"
    )

    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program],
        env={**os.environ, **ecr.environment()},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "us-east-1 ['v1']\n"
    assert len(ecr.requests) == 1


# Faults, as a raw boto3 client sees them


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.throttling(), ("ThrottlingException", "Rate exceeded", 400)),
        (Fault.server_error(), ("ServerException", "An internal server error has occured", 500)),
        (
            Fault.expired_token(),
            ("ExpiredTokenException", "The security token included in the request is expired", 400),
        ),
        (Fault.error("OptInRequired", "Sign up", status=403), ("OptInRequired", "Sign up", 403)),
        (Fault.error("com.amazonaws.ecr#Code", "text"), ("Code", "text", 400)),
        (Fault.error("Code"), ("Code", "", 400)),
        (Fault.html(), ("502", "Bad Gateway", 502)),
        (Fault.html(status=503), ("503", "Service Unavailable", 503)),
        (Fault.body(b'{"__type": "Mine", "message": "text"}', status=418), ("Mine", "text", 418)),
    ],
)
def test_errors_on_demand(
    ecr: FakeECR, boto3_client: Any, fault: Fault, expected: tuple[str, str, int]
) -> None:
    """A fault that is an error comes out of boto3 with its code, text and status, once."""
    ecr.add_image("team/app")
    ecr.play(fault)

    answer = refusal(boto3_client, repositoryName="team/app")

    assert answer == expected
    assert len(details(boto3_client)) == 1


@pytest.mark.parametrize("status", [400, 403])
def test_access_denied(ecr: FakeECR, boto3_client: Any, status: int) -> None:
    """Access is denied with either of the statuses that ECR uses, in its own words."""
    ecr.play(Fault.access_denied(status=status))

    code, text, http_status = refusal(boto3_client, repositoryName="team/app")

    assert (code, http_status) == ("AccessDeniedException", status)
    assert text.startswith(
        "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: ecr:Desc"
    )
    assert text.endswith("because no identity-based policy allows the ecr:DescribeImages action")


@pytest.mark.parametrize(
    "fault",
    [
        Fault.html(status=200),
        Fault.cut_body(),
        Fault.cut_body(0),
        Fault.body(b""),
    ],
)
def test_what_boto3_takes_for_an_empty_repository(ecr: FakeECR, boto3_client: Any, fault: Fault) -> None:
    """A page of HTML, half a body or none: boto3 gives an answer without images, and no error."""
    ecr.add_image("team/app")
    ecr.play(fault)

    answer = boto3_client.describe_images(repositoryName="team/app")

    assert "imageDetails" not in answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_what_is_sent_on_demand(ecr: FakeECR) -> None:
    """Status, type and body are those of the fault, down to the bytes."""
    ecr.add_image("team/app")
    whole = raw_answer(ecr)
    ecr.play(Fault.html(status=200), Fault.html(), Fault.body(b"\x00mine", status=299), Fault.cut_body(0.25))

    answers = [raw_answer(ecr) for _ in range(4)]

    json_type = "application/x-amz-json-1.1"
    assert whole[:2] == (200, json_type)
    assert answers == [
        (200, "text/html", HTML),
        (502, "text/html", HTML),
        (299, json_type, b"\x00mine"),
        (200, json_type, whole[2][: len(whole[2]) // 4]),
    ]


def raw_answer(ecr: FakeECR) -> tuple[int, str | None, bytes]:
    """Return status, type and bytes of an answer to a listing."""
    connection = http.client.HTTPConnection(ecr.endpoint_url.removeprefix("http://"), timeout=30)
    try:
        headers = {"X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeImages"}
        connection.request("POST", "/", body=b'{"repositoryName": "team/app"}', headers=headers)
        answer = connection.getresponse()
        assert answer.getheader("x-amzn-RequestId")
        return answer.status, answer.getheader("Content-Type"), answer.read()
    finally:
        connection.close()


def test_a_connection_that_is_closed_in_the_body(ecr: FakeECR) -> None:
    """Fewer bytes come than were announced."""
    ecr.add_image("team/app")
    whole = raw_answer(ecr)[2]
    ecr.play(Fault.closed(0.5))

    with pytest.raises(http.client.IncompleteRead) as caught:
        raw_answer(ecr)

    assert caught.value.partial == whole[: len(whole) // 2]
    assert caught.value.expected == len(whole) - len(whole) // 2


def test_a_connection_that_is_reset(ecr: FakeECR, boto3_client: Any) -> None:
    """Instead of an answer there is a broken connection; the next request gets a new one."""
    ecr.add_image("team/app")
    details(boto3_client)
    ecr.play(Fault.reset(), Fault.reset())

    with pytest.raises(ConnectionClosedError):
        details(boto3_client)
    with pytest.raises(ConnectionResetError):
        raw_answer(ecr)

    assert len(details(boto3_client)) == 1


def test_an_answer_that_is_late(ecr: FakeECR) -> None:
    """A delay that is longer than the client waits is a time-out; a short one is none."""
    ecr.add_image("team/app")
    ecr.play(Fault.delay(60), Fault.delay(0.01))
    boto3_client = ecr.client(Config(read_timeout=0.3))

    with pytest.raises(ReadTimeoutError):
        details(boto3_client)

    assert len(details(boto3_client)) == 1
    assert len(ecr.requests) == 2


def test_an_answer_that_is_edited(ecr: FakeECR, boto3_client: Any) -> None:
    """An answer can be changed on its way, and what the ECR holds stays as it is."""
    ecr.add_image("team/app", tags=["v1"])
    changed = Fault.edit(lambda answer: answer["imageDetails"][0]["imageTags"].append("planted"))
    ecr.play(changed, changed)

    found = [tags(details(boto3_client)) for _ in range(3)]

    assert found == [{("v1", "planted")}, {("v1", "planted")}, {("v1",)}]


def test_an_edit_that_fails_is_seen(
    ecr: FakeECR, boto3_client: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """A mistake in the change of an answer breaks the connection, and its traceback is printed."""
    ecr.add_image("team/app")
    ecr.play(Fault.edit(lambda answer: answer["imageDetials"]))

    with pytest.raises(ConnectionClosedError):
        details(boto3_client)

    assert "KeyError: 'imageDetials'" in capfd.readouterr().err
    assert len(details(boto3_client)) == 1


def test_an_empty_page_that_leads_on(ecr: FakeECR, boto3_client: Any) -> None:
    """A page without images carries a new token to the page that was asked for, the first or a later one."""
    for number in range(4):
        ecr.add_image("team/app", digest=digest(number))
    ecr.play(Fault.empty_page(), None, Fault.empty_page(), Fault.empty_page())

    paginator = boto3_client.get_paginator("describe_images")
    pages = list(paginator.paginate(repositoryName="team/app", PaginationConfig={"PageSize": 2}))

    found = [[detail["imageDigest"] for detail in page["imageDetails"]] for page in pages]
    assert found == [[], [digest(0), digest(1)], [], [], [digest(2), digest(3)]]


@pytest.mark.parametrize(
    "parameters", [{"nextToken": "bad"}, {"maxResults": 0}, {"repositoryName": "team/none"}]
)
@pytest.mark.parametrize("fault", [Fault.empty_page(), Fault.delay(0.0)], ids=["empty_page", "delay"])
def test_a_refusal_stays_one(ecr: FakeECR, boto3_client: Any, fault: Fault, parameters: Any) -> None:
    """What is wrong with a request is told, though the answer was to be an empty page, or late."""
    ecr.add_image("team/app")
    asked = {"repositoryName": "team/app", **parameters}
    expected = refusal(boto3_client, **asked)
    ecr.play(fault)

    assert refusal(boto3_client, **asked) == expected


def test_a_repeated_token(ecr: FakeECR, boto3_client: Any) -> None:
    """From the second page on the token of the request comes again; a first page has none to repeat."""
    for _ in range(6):
        ecr.add_image("team/app")
    ecr.play(Fault.repeated_token(), Fault.repeated_token())

    first = boto3_client.describe_images(repositoryName="team/app", maxResults=2)
    second = boto3_client.describe_images(
        repositoryName="team/app", maxResults=2, nextToken=first["nextToken"]
    )

    assert len(first["imageDetails"]) == len(second["imageDetails"]) == 2
    assert second["nextToken"] == first["nextToken"]


def test_a_script_goes_on_where_the_last_one_ends(ecr: FakeECR, boto3_client: Any) -> None:
    """Faults come in their order, one a request, good answers between them; then all is well."""
    ecr.add_image("team/app")
    fault = Fault.throttling()
    ecr.play(None, fault)
    ecr.play()
    ecr.play(fault, None, Fault.server_error())

    outcomes: list[object] = []
    for _ in range(7):
        try:
            outcomes.append(len(details(boto3_client)))
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    assert outcomes == [1, "ThrottlingException", "ThrottlingException", 1, "ServerException", 1, 1]


def test_the_repr_of_a_fault() -> None:
    """A fault tells what it is."""
    assert repr(Fault.throttling()) == "Fault(name='ThrottlingException')"
    assert repr(Fault.cut_body()) == "Fault(name='cut_body')"


@pytest.mark.parametrize(
    "wrong",
    ["throttling", Fault.throttling, Fault, [Fault.throttling()], {"throttling": 1}, 3, False],
    ids=["name", "method", "class", "list", "dict", "number", "false"],
)
def test_what_cannot_be_played(ecr: FakeECR, boto3_client: Any, wrong: Any) -> None:
    """What is no fault is refused with a word on what is right, and nothing of the script is played."""
    ecr.add_image("team/app")

    with pytest.raises(TypeError) as caught:
        ecr.play(Fault.throttling(), wrong)

    assert str(caught.value) == (
        f"play() takes faults one by one, such as Fault.throttling(), or None, not {wrong!r}"
    )
    assert len(details(boto3_client)) == 1


@pytest.mark.parametrize("share", [1, 1.5, -0.1, 50])
@pytest.mark.parametrize("make", [Fault.cut_body, Fault.closed])
def test_a_share_that_is_none(make: Any, share: float) -> None:
    """To send all of the body, or more, would be no fault."""
    with pytest.raises(ValueError, match=r"^share must be 0.0 to less than 1.0, not "):
        make(share)


# What cannot be added


@pytest.mark.parametrize(
    ("arguments", "error_class", "said"),
    [
        ({"size": 1}, TypeError, "an Image has no 'size'; its other fields are registry_id, size_in_bytes,"),
        ({"tag": "v1"}, TypeError, "an Image has no 'tag'; its other fields are "),
        ({"tags": "v1"}, TypeError, "tags must be an iterable of strings, not the string 'v1'"),
        ({"tags": [1]}, TypeError, "digest and tags must be strings, not "),
        ({"tags": [""]}, ValueError, "tags must match "),
        ({"tags": ["v 1"]}, ValueError, "tags must match "),
        ({"tags": ["team/app:v1"]}, ValueError, "tags must match "),
        ({"tags": ["v1", "v1"]}, ValueError, "tags must differ, not ('v1', 'v1')"),
        ({"digest": "v1"}, ValueError, "digest must be such as 'sha256:' and 64 hex digits, not 'v1'"),
        ({"digest": ""}, ValueError, "digest must be such as 'sha256:' and 64 hex digits, not ''"),
        ({"digest": 1}, TypeError, "digest and tags must be strings, not "),
        ({"pushed_at": datetime(2026, 1, 1)}, ValueError, "has no time zone"),  # noqa: DTZ001
        ({"pushed_at": 1768230146}, TypeError, "a time must be an aware datetime"),
        ({"registry_id": "1"}, ValueError, "registry_id must match [0-9]{12}, not '1'"),
        ({"repository_name": "Team/App"}, ValueError, "repository_name must match "),
        ({"repository_name": "team/app:v1"}, ValueError, "repository_name must match "),
    ],
)
def test_an_image_that_ecr_could_not_have(
    ecr: FakeECR, boto3_client: Any, arguments: dict[str, Any], error_class: type[Exception], said: str
) -> None:
    """A mistake in a test is an error where it was made, and leaves the repository as it was."""
    ecr.add_repository("team/app")

    with pytest.raises(error_class) as caught:
        ecr.add_image(**{"repository_name": "team/app", **arguments})

    assert said in str(caught.value)
    assert details(boto3_client) == []


@pytest.mark.parametrize("wrong", [{"imageDigest": ABSENT}, "v1", None])
def test_only_images_can_be_added(ecr: FakeECR, boto3_client: Any, wrong: Any) -> None:
    """Of images that are added together, those before a wrong one are there."""
    image = Image(registry_id=REGISTRY, repository_name="team/app", digest=ABSENT, pushed_at=PUSHED)

    with pytest.raises(TypeError, match=r"^images must be Image objects, not "):
        ecr.add_images([image, wrong])

    assert len(details(boto3_client)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"repository_name": "App"}, "repository_name must match "),
        ({"repository_name": 1}, "repository_name must match "),
        ({"repository_name": "team/app", "registry_id": "me"}, "registry_id must match "),
        ({"repository_name": "team/app", "registry_id": ""}, "registry_id must match "),
    ],
)
def test_a_repository_that_ecr_could_not_have(ecr: FakeECR, arguments: Any, said: str) -> None:
    """A wrong name of a repository or registry is an error where it was given."""
    with pytest.raises(ValueError, match=f"^{said}"):
        ecr.add_repository(**arguments)


@pytest.mark.parametrize("registry_id", ["", "me", "1234567890123"])
def test_a_registry_that_cannot_be(registry_id: str) -> None:
    """The account of an ECR has 12 digits."""
    with pytest.raises(ValueError, match=r"^registry_id must match \[0-9\]\{12\}, not "):
        FakeECR(registry_id=registry_id)


# Start and stop


def test_it_answers_inside_of_its_with_statement_only() -> None:
    """Outside, what needs it running says so at once, and does not wait for an answer."""
    ecr = FakeECR()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="with FakeECR"):
            ecr.client()
        with pytest.raises(RuntimeError, match="with FakeECR"):
            ecr.environment()
        with pytest.raises(RuntimeError, match="with FakeECR"):
            _ = ecr.endpoint_url
        with ecr:
            ecr.endpoint_url  # noqa: B018


def test_it_can_be_started_again() -> None:
    """What it holds and what it was asked outlives its `with` statement; faults wait for the next request."""
    ecr = FakeECR()
    ecr.add_image("team/app", tags=["v1"])
    with ecr:
        details(ecr.client())
    ecr.add_image("team/app", tags=["v2"])
    ecr.play(Fault.throttling())
    with ecr:
        boto3_client = ecr.client()
        code, _, _ = refusal(boto3_client, repositoryName="team/app")
        found = tags(details(boto3_client))

    assert code == "ThrottlingException"
    assert found == {("v1",), ("v2",)}
    assert len(ecr.requests) == 3


def test_it_cannot_be_started_twice(ecr: FakeECR) -> None:
    """A second `with` inside of the first is an error, and does not stop it."""
    with pytest.raises(RuntimeError, match="is running already"), ecr:
        pass

    ecr.add_image("team/app")
    assert len(details(ecr.client())) == 1


def test_to_stop_it_twice_is_no_error() -> None:
    """Whoever stops it by hand may do so inside of its `with` statement."""
    with FakeECR() as ecr:
        ecr.__exit__(None, None, None)


def test_its_repr() -> None:
    """It tells where it listens, and how many requests came."""
    ecr = FakeECR()
    before = repr(ecr)
    with ecr:
        ecr.add_repository("team/app")
        details(ecr.client())
        running = repr(ecr)
        url = ecr.endpoint_url

    assert before == "<FakeECR not running, 0 requests>"
    assert running == f"<FakeECR at {url}, 1 requests>"
    assert url.startswith("http://127.0.0.1:")
    assert repr(ecr) == "<FakeECR not running, 1 requests>"


def test_it_stops_without_a_trace() -> None:
    """Its threads and sockets go, though clients are connected and an answer is under way."""
    threads_before = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with FakeECR() as ecr:
            ecr.add_image("team/app")
            boto3_clients = [ecr.client(Config(read_timeout=0.2)) for _ in range(3)]
            for boto3_client in boto3_clients:
                details(boto3_client)
            idle = socket.create_connection(("127.0.0.1", int(ecr.endpoint_url.rpartition(":")[2])))
            ecr.play(Fault.delay(3600))
            with pytest.raises(ReadTimeoutError):
                details(boto3_clients[0])
        threads_after = set(threading.enumerate())
        del ecr
        gc.collect()

    assert threads_after - threads_before == set()
    assert [warning.message for warning in caught if warning.category is ResourceWarning] == []
    # The other end of the connection is closed.
    with idle:
        assert idle.recv(1) == b""
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        details(boto3_clients[1])
    for boto3_client in boto3_clients:
        boto3_client.close()


def test_one_that_is_never_started_leaves_nothing_behind() -> None:
    """Without a `with` statement there is neither a thread nor a socket."""
    threads_before = threading.active_count()

    ecr = FakeECR()
    ecr.add_image("team/app")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del ecr
        gc.collect()

    assert threading.active_count() == threads_before
    assert [warning.message for warning in caught if warning.category is ResourceWarning] == []


def test_an_exception_goes_through_it() -> None:
    """What is raised inside of its `with` statement comes out, and it is stopped."""
    ecr = FakeECR()

    with pytest.raises(KeyError, match="mine"), ecr:
        raise KeyError("mine")

    assert "not running" in repr(ecr)


def test_many_clients_at_once(ecr: FakeECR) -> None:
    """Threads with clients of their own are all answered, and each request is recorded once."""
    for number in range(5):
        ecr.add_image("team/app", tags=[f"v{number}"])
    barrier = threading.Barrier(20)

    def list_twice(_: int) -> list[int]:
        barrier.wait(timeout=30)
        boto3_client = ecr.client()
        return [len(details(boto3_client)) for _ in range(2)]

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(list_twice, range(20)))

    assert found == [[5, 5]] * 20
    assert len(ecr.requests) == 40


def test_a_client_that_breaks_off(capfd: pytest.CaptureFixture[str]) -> None:
    """A connection that its client resets is nothing to speak of, and the next one is answered."""
    with FakeECR() as ecr:
        ecr.add_image("team/app")
        connection = socket.create_connection(("127.0.0.1", int(ecr.endpoint_url.rpartition(":")[2])))
        connection.sendall(b"POST / HT")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

        found = details(ecr.client())

    assert len(found) == 1
    assert capfd.readouterr().err == ""


def test_it_holds_many_images(ecr: FakeECR, boto3_client: Any) -> None:
    """Tens of thousands of images can be added, and listed in pages of a thousand."""
    ecr.add_images(
        Image(
            registry_id=REGISTRY,
            repository_name="team/app",
            digest=digest(number),
            pushed_at=PUSHED + timedelta(seconds=number),
            tags=(f"v{number}",),
        )
        for number in range(20_000)
    )

    client = Client(boto3_client)
    digests = {image.digest for image in client.describe_images("team/app")}

    assert len(digests) == 20_000
    assert len(ecr.requests) == 20
    assert client.get_image("team/app", tag="v19999").digest == digest(19_999)
