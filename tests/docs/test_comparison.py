"""The claims of docs/why.md about other libraries, each tested where the library is installed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ecrimages.testing import FakeECR, Fault

# Some of the libraries leave their sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

Listing = Callable[[], list[Any]]


@pytest.fixture
def ecr() -> Iterator[FakeECR]:
    """A FakeECR with one untagged image."""
    with FakeECR() as ecr:
        ecr.add_image("team/app")
        yield ecr


@pytest.fixture
def dataclasses(ecr: FakeECR) -> Listing:
    """A listing by boto3-dataclass-ecr."""
    caster = pytest.importorskip("boto3_dataclass_ecr.caster").ECRCaster()
    client = ecr.client()
    return lambda: caster.describe_images(client.describe_images(repositoryName="team/app")).imageDetails


@pytest.fixture
def capo(ecr: FakeECR) -> Any:
    """A client of capo-ecr."""
    library = pytest.importorskip("capo_ecr")
    credentials = {"access_key": "testing", "secret_key": "testing"}
    return library.ECRClient(endpoint=ecr.endpoint_url, region=ecr.region_name, credentials=credentials)


def test_boto3_dataclass_is_a_view_of_a_dict(dataclasses: Listing) -> None:
    """An image of boto3-dataclass-ecr cannot be hashed, and a key that is missing is a KeyError."""
    [image] = dataclasses()

    with pytest.raises(TypeError, match="unhashable"):
        hash(image)
    with pytest.raises(KeyError, match="imageTags"):
        _ = image.imageTags


def test_boto3_dataclass_has_no_error_for_a_truncated_response(ecr: FakeECR, dataclasses: Listing) -> None:
    """With boto3-dataclass-ecr a truncated response is a KeyError."""
    ecr.inject_faults(Fault.truncated())

    with pytest.raises(KeyError, match="imageDetails"):
        dataclasses()


def test_capo_returns_dicts(ecr: FakeECR, capo: Any) -> None:
    """An image of capo-ecr is a dict without a key for missing tags, and without unknown fields."""
    ecr.inject_faults(Fault.edit(lambda page: page["imageDetails"][0].update(newField=1)))

    [image] = capo.iter_describe_images("team/app")

    assert isinstance(image, dict)
    assert not {"image_tags", "newField", "new_field"} & image.keys()


def test_capo_has_no_error_for_a_truncated_response(ecr: FakeECR, capo: Any) -> None:
    """With capo-ecr a truncated response is a JSONDecodeError."""
    ecr.inject_faults(*[Fault.truncated()] * 10)

    with pytest.raises(json.JSONDecodeError):
        list(capo.iter_describe_images("team/app"))


def test_capo_follows_a_repeated_token(ecr: FakeECR, capo: Any) -> None:
    """With capo-ecr a repeated token lists images twice."""
    for _ in range(3):
        ecr.add_image("team/app")
    ecr.inject_faults(None, Fault.repeated_token())

    images = islice(capo.iter_describe_images("team/app", max_results=1), 5)

    digests = [image["image_digest"] for image in images]
    assert len(set(digests)) < len(digests)


def test_capo_has_one_class_for_unmodelled_errors(ecr: FakeECR, capo: Any) -> None:
    """capo-ecr has no class for AccessDeniedException."""
    ecr.inject_faults(*[Fault.access_denied()] * 10)

    with pytest.raises(Exception, match="AccessDeniedException") as caught:
        list(capo.iter_describe_images("team/app"))

    assert type(caught.value).__name__ == "UnknownServiceError"


def test_boto3_errors_covers_modelled_codes(ecr: FakeECR) -> None:
    """boto3-errors has importable classes for the codes of the model, changes the client, and pickles as boto3 does."""
    library = pytest.importorskip("boto3_errors")
    modelled = pytest.importorskip("boto3_errors.ecr").ImageNotFoundException
    client = ecr.client()
    library.patch_client(client)

    with pytest.raises(modelled) as caught:
        client.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "gone"}])
    ecr.inject_faults(Fault.access_denied())
    with pytest.raises(ClientError) as denied:
        client.describe_images(repositoryName="team/app")

    assert "_make_api_call" in vars(client)
    assert type(pickle.loads(pickle.dumps(caught.value))) is ClientError
    assert type(denied.value) is ClientError
