"""botocore's model of ECR grows with ECR: what fails here is something new that this library has to know.

The model may know less than the tables: that of the lowest botocore that is supported is older.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from model_strategies import IMAGE_DETAIL, OUTPUT, SERVICE, WITHOUT_DEADLINE, image_details

from ecrimages import (
    Image,
    ImageId,
    ImagePage,
    ImageScanFindingsSummary,
    ImageScanStatus,
    MalformedResponseError,
)
from ecrimages._iterator import ImageIterator
from ecrimages._lookup import ImageLookup
from ecrimages._members import _TABLES
from ecrimages._request import (
    IMAGE_IDS_PER_REQUEST,
    IMAGES_PER_PAGE,
    check_registry_id,
    image_id_members,
    listing_request,
    repository_request,
)
from ecrimages._wire import page_from_body

DIGEST = "sha256:" + "0f" * 32
INPUT: Any = SERVICE.operation_model("DescribeImages").input_shape


def structures_in(shape: Any) -> set[str]:
    """Return the names of the structures that a shape is made of."""
    if shape.type_name == "structure":
        return {shape.name}.union(*map(structures_in, shape.members.values()))
    if shape.type_name == "list":
        return structures_in(shape.member)
    if shape.type_name == "map":
        return structures_in(shape.key) | structures_in(shape.value)
    return set()


def requests_with_everything() -> list[dict[str, Any]]:
    """Return the requests that are made of calls with all of their arguments."""
    requests: list[dict[str, Any]] = []

    def describe(request: Mapping[str, Any]) -> ImagePage:
        requests.append(dict(request))
        return ImagePage(images=())

    listing = listing_request(
        "team/app",
        tag_status="TAGGED",
        image_status="ANY",
        start_token="token",
        registry_id="123456789012",
    )
    repository = repository_request("team/app", registry_id="123456789012")
    ids = [ImageId(tag="v1", digest=DIGEST)]
    assert list(ImageIterator(describe, listing, page_size=IMAGES_PER_PAGE, limit=None)) == []
    assert list(ImageLookup(describe, repository, ids, missing="skip")) == []
    return requests


@pytest.mark.parametrize(
    ("shape", "record"),
    [
        ("ImageDetail", Image),
        ("ImageScanStatus", ImageScanStatus),
        ("ImageScanFindingsSummary", ImageScanFindingsSummary),
    ],
)
def test_every_member_of_an_image_is_known(shape: str, record: type) -> None:
    """Each member that ECR may send with an image is a field of its record."""
    assert set(SERVICE.shape_for(shape).members) - set(_TABLES[record]) == set()


def test_an_image_is_made_of_known_structures() -> None:
    """No structure is part of an image that has no record of its own."""
    assert structures_in(IMAGE_DETAIL) == {"ImageDetail", "ImageScanStatus", "ImageScanFindingsSummary"}


@WITHOUT_DEADLINE
@given(image_details(plain=True))
def test_every_member_has_the_type_of_the_model(detail: dict[str, Any]) -> None:
    """What is made by the model's types can be read, and nothing of it is left to `extra`."""
    image = Image.from_dict(detail)

    assert image.extra == {}
    assert image.scan_status is None or image.scan_status.extra == {}
    assert image.scan_findings_summary is None or image.scan_findings_summary.extra == {}


@pytest.mark.parametrize("name", sorted(OUTPUT.members))
def test_every_member_of_an_answer_is_read(name: str) -> None:
    """Each member of the answer is looked at: something in it that makes no sense is noticed."""
    document = {"imageDetails": [], name: 1}

    with pytest.raises(MalformedResponseError) as caught:
        page_from_body(json.dumps(document).encode(), {})

    assert caught.value.path == name


def test_every_parameter_can_be_sent() -> None:
    """Each parameter of the request is one that some call here sends."""
    sent = set().union(*requests_with_everything())

    assert set(INPUT.members) - sent == set()
    assert set(INPUT.required_members) == {"repositoryName"}


def test_every_filter_can_be_sent() -> None:
    """Each member of the filter is an argument of a listing."""
    sent = set().union(*(request.get("filter", {}) for request in requests_with_everything()))

    assert set(SERVICE.shape_for("DescribeImagesFilter").members) - sent == set()


def test_every_part_of_an_id_can_be_sent() -> None:
    """Each member of an id is an attribute of `ImageId`."""
    sent = set(image_id_members(ImageId(tag="v1", digest=DIGEST)))

    assert set(SERVICE.shape_for("ImageIdentifier").members) - sent == set()


def test_the_limits_of_a_request() -> None:
    """Images a page and ids a request are as many as ECR allows."""
    page, ids = INPUT.members["maxResults"].metadata, INPUT.members["imageIds"].metadata

    assert (page["min"], page["max"]) == (1, IMAGES_PER_PAGE)
    assert (ids["min"], ids["max"]) == (1, IMAGE_IDS_PER_REQUEST)


def test_the_length_of_a_repositorys_name() -> None:
    """Names of the length that ECR allows are taken, and no others."""
    limits = INPUT.members["repositoryName"].metadata
    shortest, longest = "x" * limits["min"], "x" * limits["max"]

    for name in (shortest, longest):
        assert repository_request(name, registry_id=None) == {"repositoryName": name}
    for name in (shortest[1:], longest + "x"):
        with pytest.raises(ValueError, match=r"^repository_name must be 2 to 256 "):
            repository_request(name, registry_id=None)


@settings(WITHOUT_DEADLINE, max_examples=20)
@given(st.data())
def test_the_pattern_of_a_repositorys_name(data: st.DataObject) -> None:
    """Each name that ECR's pattern allows is taken."""
    limits = INPUT.members["repositoryName"].metadata
    # fullmatch= draws nothing but what the pattern matches as a whole.
    names = st.from_regex(re.compile(limits.get("pattern", "[a-z]+"), re.ASCII), fullmatch=True)
    name = data.draw(names.filter(lambda name: limits["min"] <= len(name) <= limits["max"]))

    assert repository_request(name, registry_id=None) == {"repositoryName": name}


@WITHOUT_DEADLINE
@given(st.from_regex(re.compile(INPUT.members["registryId"].metadata["pattern"], re.ASCII), fullmatch=True))
def test_the_pattern_of_a_registry(registry_id: str) -> None:
    """Each account id that ECR's pattern allows is taken."""
    check_registry_id(registry_id)


def test_the_length_of_a_tag() -> None:
    """Tags of the length that ECR allows are taken, and no others."""
    limits = SERVICE.shape_for("ImageTag").metadata
    shortest, longest = "x" * limits["min"], "x" * limits["max"]

    assert (ImageId(tag=shortest).tag, ImageId(tag=longest).tag) == (shortest, longest)
    for tag in (shortest[1:], longest + "x"):
        with pytest.raises(ValueError, match=r"^tag must be 1 to 300 characters "):
            ImageId(tag=tag)
