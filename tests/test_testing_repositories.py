from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_ecr import ECRClient

from ecrimages.testing import FakeECR

OTHER_ACCOUNT = "210987654321"


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """An ECR with five repositories in the callers' account, and one in another."""
    with FakeECR() as ecr:
        for number in range(5):
            ecr.add_repository(f"team/app-{number}")
        ecr.add_repository("team/other", registry_id=OTHER_ACCOUNT)
        yield ecr


def names(answer: Any) -> list[str]:
    """Return the names of the repositories in an answer."""
    return [repository["repositoryName"] for repository in answer["repositories"]]


def call(client: ECRClient, **parameters: Any) -> Any:
    """Call the operation with parameters that the types may forbid."""
    return client.describe_repositories(**parameters)


def test_a_repository_is_described_as_ecr_does(ecr: FakeECR) -> None:
    """boto3 shows the members of a repository that ECR always sends."""
    before = datetime.now(timezone.utc)
    ecr.add_repository("new/one")

    [repository] = ecr.client().describe_repositories(repositoryNames=["new/one"])["repositories"]

    assert before <= repository.pop("createdAt") <= datetime.now(timezone.utc)
    assert repository == {
        "repositoryArn": "arn:aws:ecr:us-east-1:123456789012:repository/new/one",
        "registryId": "123456789012",
        "repositoryName": "new/one",
        "repositoryUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/new/one",
        "imageTagMutability": "MUTABLE",
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


def test_boto3s_paginator_finds_every_repository_once(ecr: FakeECR) -> None:
    """Pages of two lead through all repositories of the account, and no other's."""
    paginator = ecr.client().get_paginator("describe_repositories")

    pages = list(paginator.paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["repositories"]) for page in pages] == [2, 2, 1]
    assert sorted(name for page in pages for name in names(page)) == [f"team/app-{n}" for n in range(5)]


def test_a_page_that_is_full_with_the_last_repository_has_no_token(ecr: FakeECR) -> None:
    """A request for exactly as many as there are gets no token."""
    answer = ecr.client().describe_repositories(maxResults=5)

    assert len(names(answer)) == 5
    assert "nextToken" not in answer


def test_a_registry_may_be_empty() -> None:
    """Without a repository the list is empty, which is no error."""
    with FakeECR() as ecr:
        answer = ecr.client().describe_repositories()

    assert names(answer) == []


def test_an_image_makes_its_repository(ecr: FakeECR) -> None:
    """A repository that came with an image is listed as well."""
    ecr.add_image("team/with-image")

    assert "team/with-image" in names(ecr.client().describe_repositories())


def test_another_accounts_registry_is_asked_by_its_id(ecr: FakeECR) -> None:
    """`registryId` leads to the repositories of that account only."""
    answer = ecr.client().describe_repositories(registryId=OTHER_ACCOUNT)

    assert names(answer) == ["team/other"]
    assert answer["repositories"][0]["registryId"] == OTHER_ACCOUNT


def test_repositories_are_found_by_name(ecr: FakeECR) -> None:
    """Names that are asked for come once each, however often they were named."""
    answer = ecr.client().describe_repositories(repositoryNames=["team/app-3", "team/app-1", "team/app-3"])

    assert sorted(names(answer)) == ["team/app-1", "team/app-3"]


def test_a_missing_repository_fails_the_whole_request(ecr: FakeECR) -> None:
    """One name that is not there is an error, with ECR's text."""
    client = ecr.client()

    with pytest.raises(client.exceptions.RepositoryNotFoundException) as caught:
        client.describe_repositories(repositoryNames=["team/app-1", "gone"])

    assert caught.value.response["Error"]["Message"] == (
        "The repository with name 'gone' does not exist in the registry with id '123456789012'"
    )


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"repositoryNames": ["No Name"]}, "repositoryNames"),
        ({"repositoryNames": [f"r-{n}" for n in range(101)]}, "repositoryNames"),
        ({"repositoryNames": ["team/app-1"], "maxResults": 5}, "maxResults"),
        ({"repositoryNames": ["team/app-1"], "nextToken": "x"}, "nextToken"),
        ({"nextToken": "no token of ours"}, "nextToken"),
        ({"maxResults": 1001}, "maxResults"),
        ({"registryId": "mine"}, "registryId"),
    ],
)
def test_parameters_that_ecr_refuses(ecr: FakeECR, parameters: dict[str, Any], refused: str) -> None:
    """What ECR would not take is an InvalidParameterException that names the parameter."""
    with pytest.raises(ClientError) as caught:
        call(ecr.client(), **parameters)

    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterException"
    assert f"at '{refused}'" in error["Message"]
