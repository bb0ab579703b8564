from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from samples import digest, needs_image_status

from ecrimages import Client, Image
from ecrimages.testing import FakeECR
from testing.expected import ABSENT, OTHER_REGISTRY, digests, error, listed

BAD_TOKEN = ("InvalidParameterException", "Invalid parameter at 'nextToken'", 400)


@pytest.mark.parametrize("page_size", [1, 2, 6, 7, 8])
def test_pages_contain_each_image_once(shared: FakeECR, shared_client: Any, page_size: int) -> None:
    """boto3's paginator finds all images, and only the last page has no token."""
    added = [shared.add_image("team/seven", digest=digest(number)).digest for number in range(7)]

    paginator = shared_client.get_paginator("describe_images")
    pages = list(paginator.paginate(repositoryName="team/seven", PaginationConfig={"PageSize": page_size}))

    assert [detail["imageDigest"] for page in pages for detail in page["imageDetails"]] == added
    assert [len(page["imageDetails"]) for page in pages[:-1]] == [page_size] * (len(pages) - 1)
    assert ["nextToken" in page for page in pages] == [True] * (len(pages) - 1) + [False]


def test_a_page_has_a_hundred_images_by_default(ecr: FakeECR, client: Any) -> None:
    """The default of `maxResults` is ECR's."""
    for _ in range(101):
        ecr.add_image("team/app")

    page = client.describe_images(repositoryName="team/app")
    rest = client.describe_images(repositoryName="team/app", nextToken=page["nextToken"])

    assert (len(page["imageDetails"]), len(rest["imageDetails"])) == (100, 1)


def test_changes_during_a_listing_move_no_other_image(ecr: FakeECR, client: Any) -> None:
    """An image that is added or deleted between two pages does not shift the second page."""
    for number in (10, 20, 30, 40, 50):
        ecr.add_image("team/app", digest=digest(number))

    page = client.describe_images(repositoryName="team/app", maxResults=3)
    ecr.add_image("team/app", digest=digest(15))
    client.batch_delete_image(repositoryName="team/app", imageIds=[{"imageDigest": digest(30)}])

    assert digests(client, nextToken=page["nextToken"]) == [digest(40), digest(50)]
    client.batch_delete_image(repositoryName="team/app", imageIds=[{"imageDigest": digest(40)}])
    assert digests(client) == [digest(10), digest(15), digest(20), digest(50)]


@needs_image_status
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [1, 2]),
        ({"filter": {}}, [1, 2]),
        ({"filter": {"tagStatus": "ANY"}}, [1, 2]),
        ({"filter": {"tagStatus": "TAGGED"}}, [1]),
        ({"filter": {"tagStatus": "UNTAGGED"}}, [2]),
        ({"filter": {"imageStatus": "ACTIVE"}}, [1, 2]),
        ({"filter": {"imageStatus": "ARCHIVED"}}, [3]),
        ({"filter": {"imageStatus": "ACTIVATING"}}, [4]),
        ({"filter": {"imageStatus": "ANY"}}, [1, 2, 3, 4]),
        ({"filter": {"imageStatus": "ANY", "tagStatus": "UNTAGGED"}}, [2, 4]),
    ],
)
def test_filters(shared: FakeECR, shared_client: Any, parameters: Any, expected: list[int]) -> None:
    """DescribeImages and ListImages list active images only, unless the filter asks for others."""
    name = {"repositoryName": "team/filters"}
    shared.add_image("team/filters", digest=digest(1), tags=["v1"])
    shared.add_image("team/filters", digest=digest(2), status=None)
    shared.add_image("team/filters", digest=digest(3), tags=["v3"], status="ARCHIVED")
    shared.add_image("team/filters", digest=digest(4), status="ACTIVATING")

    ids = shared_client.list_images(**name, **parameters)["imageIds"]

    assert digests(shared_client, **name, **parameters) == [digest(number) for number in expected]
    assert [image_id["imageDigest"] for image_id in ids] == [digest(number) for number in expected]


def test_filtered_pages_are_full(ecr: FakeECR, client: Any) -> None:
    """The filter applies before the page size."""
    for number in range(20):
        ecr.add_image("team/app", digest=digest(number), tags=[f"v{number}"] if number % 2 else [])

    paginator = client.get_paginator("describe_images").paginate(
        repositoryName="team/app", filter={"tagStatus": "TAGGED"}, PaginationConfig={"PageSize": 5}
    )

    assert [len(page["imageDetails"]) for page in paginator] == [5, 5]


def test_images_by_id(ecr: FakeECR, client: Any) -> None:
    """Tags, digests, or both find images of any status; two ids of one image return it once."""
    ecr.add_image("team/app", tags=["v1", "latest"], digest=digest(1))
    ecr.add_image("team/app", digest=digest(2))
    ecr.add_image("team/app", tags=["cold"], digest=digest(3), status="ARCHIVED")
    ids = [
        {"imageTag": "cold"},
        {"imageDigest": digest(2)},
        {"imageTag": "v1", "imageDigest": digest(1)},
        {"imageTag": "latest"},
    ]

    assert digests(client, imageIds=ids) == [digest(3), digest(2), digest(1)]


@pytest.mark.parametrize(
    ("image_id", "text"),
    [
        ({"imageTag": "v9"}, "{imageDigest:'null', imageTag:'v9'}"),
        ({"imageDigest": ABSENT}, f"{{imageDigest:'{ABSENT}', imageTag:'null'}}"),
        ({"imageTag": "v1", "imageDigest": ABSENT}, f"{{imageDigest:'{ABSENT}', imageTag:'v1'}}"),
    ],
)
@pytest.mark.parametrize("registry_id", ["123456789012", OTHER_REGISTRY])
def test_one_missing_id_fails_the_request(
    shared: FakeECR, shared_client: Any, image_id: Any, text: str, registry_id: str
) -> None:
    """The message names the first missing id."""
    shared.add_image("team/ids", tags=["v1"], digest=digest(1), registry_id=registry_id)
    ids = [{"imageTag": "v1"}, image_id, {"imageTag": "v8"}]

    found = error(shared_client.describe_images, repositoryName="team/ids", registryId=registry_id, imageIds=ids)

    message = (
        f"The image with imageId {text} does not exist within the repository with name 'team/ids' in the "
        f"registry with id '{registry_id}'"
    )
    assert found == ("ImageNotFoundException", message, 400)


def test_registries_are_separate(ecr: FakeECR, client: Any) -> None:
    """Repositories of the same name in two accounts are different ones."""
    ecr.add_image("team/app", digest=digest(1))
    ecr.add_image("team/app", digest=digest(2), registry_id=OTHER_REGISTRY)

    assert digests(client) == digests(client, registryId="123456789012") == [digest(1)]
    assert digests(client, registryId=OTHER_REGISTRY) == [digest(2)]


@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
def test_list_images(shared: FakeECR, shared_client: Any, page_size: int) -> None:
    """There is an id for each tag, and one for an untagged image, on pages of any size."""
    shared.add_image("team/tags", tags=["v1", "latest", "stable"], digest=digest(1))
    shared.add_image("team/tags", digest=digest(2))
    shared.add_image("team/tags", tags=["v3"], digest=digest(3))

    paginator = shared_client.get_paginator("list_images")
    pages = list(paginator.paginate(repositoryName="team/tags", PaginationConfig={"PageSize": page_size}))

    assert [image_id for page in pages for image_id in page["imageIds"]] == [
        {"imageDigest": digest(1), "imageTag": "latest"},
        {"imageDigest": digest(1), "imageTag": "stable"},
        {"imageDigest": digest(1), "imageTag": "v1"},
        {"imageDigest": digest(2)},
        {"imageDigest": digest(3), "imageTag": "v3"},
    ]
    assert len(pages) == -(-5 // page_size)


def test_list_images_continues_after_a_deleted_image(ecr: FakeECR, client: Any) -> None:
    """A token stays valid when the image that it refers to is gone."""
    ecr.add_image("team/app", tags=["v1", "v2"], digest=digest(1))
    ecr.add_image("team/app", tags=["v3"], digest=digest(2))
    token = client.list_images(repositoryName="team/app", maxResults=1)["nextToken"]

    client.batch_delete_image(repositoryName="team/app", imageIds=[{"imageDigest": digest(1)}])

    rest = client.list_images(repositoryName="team/app", nextToken=token)["imageIds"]
    assert rest == [{"imageDigest": digest(2), "imageTag": "v3"}]


def test_a_repository_as_ecr_describes_it(ecr: FakeECR, client: Any) -> None:
    """The fields are those that ECR always returns."""
    before = datetime.now(UTC)
    ecr.add_repository("team/app")

    [repository] = client.describe_repositories(repositoryNames=["team/app"])["repositories"]

    assert before <= repository.pop("createdAt") <= datetime.now(UTC)
    assert repository == {
        "repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/team/app",
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "repositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app",
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


@pytest.mark.parametrize(
    ("region_name", "partition", "dns_suffix"),
    [
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("nowhere", "aws", "amazonaws.com"),
    ],
)
def test_arn_and_uri_are_those_of_the_partition(region_name: str, partition: str, dns_suffix: str) -> None:
    """The partition of a region is botocore's, and aws for an unknown region."""
    with FakeECR(region_name=region_name) as ecr:
        ecr.add_repository("team/app")
        [repository] = ecr.client().describe_repositories()["repositories"]

    assert repository["repositoryArn"].startswith(f"arn:{partition}:ecr:{region_name}:")
    assert repository["repositoryUri"] == f"123456789012.dkr.ecr.{region_name}.{dns_suffix}/team/app"


def test_repositories_in_pages(ecr: FakeECR, client: Any) -> None:
    """boto3's paginator finds each repository of the account once, those of images included."""
    names = [f"team/app-{number}" for number in range(5)]
    for name in reversed(names):
        ecr.add_image(name)
    ecr.add_repository("team/other", registry_id=OTHER_REGISTRY)

    pages = list(client.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))

    found = [[repository["repositoryName"] for repository in page["repositories"]] for page in pages]
    assert found == [names[:2], names[2:4], names[4:]]
    assert "nextToken" not in client.describe_repositories(maxResults=5)
    other = client.describe_repositories(registryId=OTHER_REGISTRY)["repositories"]
    assert [repository["repositoryName"] for repository in other] == ["team/other"]


def test_repositories_by_name(ecr: FakeECR, client: Any) -> None:
    """A name that is given twice returns its repository once; one that is missing fails the request."""
    for name in ("team/a", "team/b", "team/c"):
        ecr.add_repository(name)

    found = client.describe_repositories(repositoryNames=["team/c", "team/a", "team/c"])["repositories"]
    missing = error(client.describe_repositories, repositoryNames=["team/a", "gone"])

    assert [repository["repositoryName"] for repository in found] == ["team/c", "team/a"]
    text = "The repository with name 'gone' does not exist in the registry with id '123456789012'"
    assert missing == ("RepositoryNotFoundException", text, 400)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("describe_images", {}),
        ("list_images", {}),
        ("batch_get_image", {"imageIds": [{"imageTag": "v1"}]}),
        ("batch_delete_image", {"imageIds": [{"imageTag": "v1"}]}),
        ("describe_image_scan_findings", {"imageId": {"imageTag": "v1"}}),
    ],
)
def test_a_missing_repository(shared: FakeECR, shared_client: Any, operation: str, parameters: Any) -> None:
    """A repository of another account is as missing as one that does not exist."""
    shared.add_image("team/gone", tags=["v1"], registry_id=OTHER_REGISTRY)

    found = error(getattr(shared_client, operation), repositoryName="team/gone", **parameters)

    text = "The repository with name 'team/gone' does not exist in the registry with id '123456789012'"
    assert found == ("RepositoryNotFoundException", text, 400)


@pytest.fixture(scope="module")
def tokens(shared: FakeECR, shared_client: Any) -> dict[str, str]:
    """Tokens of several listings."""
    for name in ("team/app", "team/other"):
        for number in range(3):
            shared.add_image(name, tags=[f"v{number}"], findings={"LOW": 2}, digest=digest(number))
    image_id = {"imageTag": "v1"}
    tagged = {"filter": {"tagStatus": "TAGGED"}}
    calls: dict[str, Callable[..., Any]] = {
        "images": lambda: shared_client.describe_images(repositoryName="team/app", maxResults=1),
        "again": lambda: shared_client.describe_images(repositoryName="team/app", maxResults=1),
        "tagged": lambda: shared_client.describe_images(repositoryName="team/app", maxResults=1, **tagged),
        "other": lambda: shared_client.describe_images(repositoryName="team/other", maxResults=1),
        "ids": lambda: shared_client.list_images(repositoryName="team/app", maxResults=1),
        "repositories": lambda: shared_client.describe_repositories(maxResults=1),
        "findings": lambda: shared_client.describe_image_scan_findings(
            repositoryName="team/app", imageId=image_id, maxResults=1
        ),
    }
    return {name: call()["nextToken"] for name, call in calls.items()}


@pytest.mark.parametrize(
    ("operation", "parameters", "valid"),
    [
        ("describe_images", {"repositoryName": "team/app"}, {"images", "again"}),
        ("describe_images", {"repositoryName": "team/app", "filter": {"tagStatus": "TAGGED"}}, {"tagged"}),
        ("describe_images", {"repositoryName": "team/app", "filter": {"tagStatus": "UNTAGGED"}}, set()),
        ("list_images", {"repositoryName": "team/app"}, {"ids"}),
        ("describe_repositories", {}, {"repositories"}),
        ("describe_repositories", {"registryId": OTHER_REGISTRY}, set()),
        (
            "describe_image_scan_findings",
            {"repositoryName": "team/app", "imageId": {"imageTag": "v1"}},
            {"findings"},
        ),
        (
            "describe_image_scan_findings",
            {"repositoryName": "team/app", "imageId": {"imageTag": "v2"}},
            set(),
        ),
    ],
)
def test_a_token_is_valid_for_its_listing_only(
    shared_client: Any, tokens: dict[str, str], operation: str, parameters: Any, valid: set[str]
) -> None:
    """A token of another repository, filter, operation or image is refused."""
    call = getattr(shared_client, operation)

    refused = {name for name in tokens.keys() - valid if error(call, nextToken=tokens[name], **parameters) == BAD_TOKEN}

    assert refused == tokens.keys() - valid
    for name in valid:
        assert call(nextToken=tokens[name], **parameters)


@pytest.mark.parametrize("token", ["", "token", "é", "bnVsbA==", "WyIiLCAxXQ=="])
@pytest.mark.usefixtures("tokens")
def test_a_token_that_was_never_sent(shared_client: Any, token: str) -> None:
    """It is not taken for the first page."""
    assert error(shared_client.describe_images, repositoryName="team/app", nextToken=token) == BAD_TOKEN


def test_a_token_can_be_used_again(tokens: dict[str, str], shared_client: Any) -> None:
    """Tokens differ, and each leads to the same page every time, whatever the page size."""
    pages = [digests(shared_client, nextToken=tokens[name]) for name in ("images", "again", "images")]

    assert len(set(tokens.values())) == len(tokens)
    assert pages == [[digest(1), digest(2)]] * 3
    assert digests(shared_client, nextToken=tokens["images"], maxResults=1) == [digest(1)]


@pytest.mark.slow
def test_many_images(ecr: FakeECR, client: Any) -> None:
    """Tens of thousands of images can be added and listed."""
    pushed_at = datetime(2026, 1, 1, tzinfo=UTC)
    ecr.add_images(
        Image(
            registry_id="123456789012",
            repository_name="team/app",
            digest=digest(number),
            pushed_at=pushed_at + timedelta(seconds=number),
            tags=(f"v{number}",),
        )
        for number in range(20_000)
    )

    found = [image.digest for image in Client(client).describe_images("team/app")]

    assert found == [digest(number) for number in range(20_000)]
    assert len(ecr.requests) == 20
    assert listed(client, imageIds=[{"imageTag": "v19999"}])[0]["imageDigest"] == digest(19_999)
